"""ARCHITECTURE.md against the sources: the map names every file once, and
what it says of Redis is what the code writes."""

import re

from lib import sources

TEXT = (sources.ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def mapped(title):
    """The names in the first column of the table under a bold title."""
    table = re.search(rf"(?s)\*\*{title}\*\*.*?\n\n(.*?)\n\n", TEXT).group(1)
    return re.findall(r"(?m)^\| `(\w+)` \|", table)


def stems(folder, prefix=""):
    return {path.stem.removeprefix(prefix) for path in folder.glob("*.[ch]")}


def test_map_names_every_file_of_the_core_once():
    names = mapped("Core")
    assert len(names) == len(set(names))
    assert set(names) == stems(sources.MODULE / "core")


def test_map_names_every_file_of_the_glue_once():
    names = mapped("Glue")
    assert len(names) == len(set(names))
    assert set(names) == stems(sources.MODULE, sources.PREFIX)


def test_entry_is_laid_out_as_told():
    header = sources.source("core/bd_entry.h")
    laid_out = [line.split() for line in header.split("\n")
                if re.match(r" \* +(\d+|end)  ", line)]
    told = [re.split(r" \| ", line.strip("| ")) for line in TEXT.split("\n")
            if re.match(r"\| (\d+|end) \|", line)]
    assert ([row[0] for row in told] == [words[1] for words in laid_out])
    for row, words in zip(told, laid_out):
        if words[1] != "32":
            assert row[1] == words[2], row


def test_statuses_are_numbered_as_told():
    names = sources.variables()["$batch_dial_job_status"]
    told = ", ".join(f"{number} {name}"
                     for number, name in enumerate(names, 1))
    assert f"0 other, {told}" in TEXT


def test_script_is_the_one_sent():
    text = sources.glue("store.c")
    table = text[text.index("put_script = ngx_string("):]
    script = "".join(re.findall(r'"((?:[^"])*)"',
                                table[:table.index(");\n")]))
    assert f"```lua\n{script}\n```" in TEXT


def test_what_is_stored_has_the_name_and_expiry_told(gateway, redis_server):
    gateway().read("job-complete")

    (_, key, fields), = redis_server.contents()
    (field, value), = fields.items()
    assert key == b"bd:default:{job-complete}"
    assert re.fullmatch(rb"e:[0-9a-f]{64}", field)
    assert value[:4] == b"BD\x01\x04"
    assert value[16:20] == bytes(4)

    lengths = [int.from_bytes(value[at:at + 2], "little")
               for at in (20, 22, 24, 26)]
    body = int.from_bytes(value[28:32], "little")
    assert len(value) == 32 + sum(lengths) + body + 32
    assert value[32:32 + lengths[0]] == b"application/json"

    ttl = int.from_bytes(value[12:16], "little")
    assert 0 < redis_server.command("PTTL", key) <= ttl


def test_refusals_of_redis_are_those_told():
    words = sources.names(sources.glue("redis_reader.c"),
                          "ngx_http_batch_dial_redis_refusals")
    told = re.search(r"refuses to serve \((.*?)\)", TEXT, re.S).group(1)
    assert re.findall(r"`(\w+)`", told) == words
