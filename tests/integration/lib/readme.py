"""README.md as the tests read it: its samples, its sections, its tables.

A sample is a fenced block.  Where expected output has "...", on a line of its
own or within one, anything may stand.
"""

import pathlib
import re
import types

ROOT = pathlib.Path(__file__).resolve().parents[3]
README = ROOT / "README.md"

# Who runs the samples of which section.  test_readme.py sees to it that
# there is no other; tests/scripts and tests/docker run theirs.
RUNNERS = {
    ("Quick start", "console", "script/server"): "scripts",
    ("Quick start", "console", "curl"): "scripts",
    ("Quick start", "console", "export"): "docker",
    ("Configuration", "nginx", None): "integration",
    ("How it works", "text", None): "nobody: a picture",
    ("Install", "console", "script/build"): "scripts",
    ("Install", "console", "./configure"): "scripts",
    ("batch_dial_redis", "nginx", None): "integration",
    ("batch_dial_schema", "nginx", None): "integration",
    ("batch_dial_schema_resolve", "nginx", None): "integration",
    ("batch_dial_ttl", "nginx", None): "integration",
    ("batch_dial_error_ttl", "nginx", None): "integration",
    ("batch_dial_reauth", "nginx", None): "integration",
    ("Metrics", "console", "curl"): "scripts",
    ("Schema validation", "console", "curl"): "scripts",
    ("Schema validation", "console", "echo"): "scripts",
    ("Operations", "console", "redis-cli"): "integration",
}


def samples(path=README):
    """Every fenced block: heading, language, text, command (first word)."""
    found, heading, block = [], None, None
    for line in path.read_text(encoding="utf-8").split("\n"):
        if block is not None:
            if line == "```":
                block.text = "\n".join(block.lines) + "\n"
                match = re.match(r"\$ (\S+)", block.text)
                block.command = match.group(1) if match else None
                found.append(block)
                block = None
            else:
                block.lines.append(line)
        elif line.startswith("```"):
            block = types.SimpleNamespace(heading=heading, language=line[3:],
                                          lines=[])
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()
    assert block is None, f"{path}: a block has no end"
    return found


def sample(heading, command=None):
    """The samples of one section, those that begin with a command."""
    found = [block for block in samples() if block.heading == heading
             and (command is None or block.command == command)]
    assert found, f"no sample of {command} under {heading}"
    return found


def session(block):
    """A console sample as [(command, expected output)]."""
    parts = re.split(r"(?m)^\$ (.*)\n", block.text)
    assert parts[0] == "", f"output before a command: {parts[0]}"
    return list(zip(parts[1::2], parts[2::2]))


def agree(expected, text):
    """Whether a text is what a sample says."""
    pattern = ""
    for line in expected.rstrip("\n").split("\n"):
        if line.strip() == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*".join(map(re.escape, line.split("..."))) + r"\n"
    text = text.replace("\r\n", "\n").rstrip("\n") + "\n"
    return re.fullmatch(pattern, text) is not None


def section(heading):
    """The text of a section, up to the next heading, without its samples."""
    text = README.read_text(encoding="utf-8")
    text = re.sub(r"(?ms)^```.*?^```$", "", text)
    match = re.search(rf"(?ms)^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", text)
    assert match, f"no section {heading}"
    return match.group(1)


def rows(heading):
    """The rows of the tables of a section, as lists of cells."""
    found = []
    for line in section(heading).split("\n"):
        if line.startswith("|") and not line.startswith("|---"):
            found.append([cell.strip() for cell
                          in line.strip("|").split("|")])
    return found[1:]


def coded(text):
    """What stands between backquotes."""
    return re.findall(r"`([^`]+)`", text)
