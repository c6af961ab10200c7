"""ARCHITECTURE.md against the sources: the map names every file once, and
what it says of Redis is what the code writes."""

import re

import pytest

from lib import sources

TEXT = (sources.ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")

SCRIPTS = {
    "lease": ["acquire", "extend", "store", "end"],
    "announce": ["begin", "gone", "through", "expired", "generation"],
    "liveness": ["note"],
}


def mapped(title):
    """The names in the first column of the table under a bold title."""
    table = re.search(rf"(?s)\*\*{title}\*\*.*?\n\n(.*?)\n\n", TEXT).group(1)
    return re.findall(r"(?m)^\| `(\w+)` \|", table)


def rows(heading):
    """The cells of a table's rows, under that line of it."""
    table = re.search(rf"(?s)\n{re.escape(heading)}\n\|[-|]+\|\n(.*?)\n\n",
                      TEXT).group(1)
    return [line.strip("| ").split(" | ") for line in table.split("\n")]


def stems(folder, prefix=""):
    return {path.stem.removeprefix(prefix) for path in folder.glob("*.[ch]")}


def laid_out(header, start, end):
    """A layout told in the comment of a header, as a block of its own."""
    told = re.search(rf"(?s)\n( \*   {start}.*?)\n \*{end}",
                     sources.source(f"core/{header}")).group(1)
    return re.sub(r"(?m)^ \*(   )?", "", told)


def names_in_redis():
    return laid_out("bd_key.h", "bd:", r"\n \* <credential>")


def scripts():
    """{file: {name: text}} of all scripts in the glue, as they are sent."""
    found = {}
    for path in sorted(sources.MODULE.glob("*.c")):
        for name, literals in re.findall(
                rf"(?s)ngx_str_t +{sources.PREFIX}(\w+)_text = "
                r"ngx_string\((.*?)\);\n", path.read_text(encoding="utf-8")):
            file = found.setdefault(path.stem.removeprefix(sources.PREFIX), {})
            file[name] = "".join(re.findall(r'"([^"]*)"', literals))
    return found


def test_map_names_every_file_of_the_core_once():
    names = mapped("Core")
    assert len(names) == len(set(names))
    assert set(names) == stems(sources.MODULE / "core")


def test_map_names_every_file_of_the_glue_once():
    names = mapped("Glue")
    assert len(names) == len(set(names))
    assert set(names) == stems(sources.MODULE, sources.PREFIX)


def test_layers_are_those_of_the_header():
    words = " ".join(sources.glue("module.h").replace(" *", "").split())
    layers = re.search(r"one way: (core <- .*?)\.", words).group(1)
    assert layers.replace("<-", "←") in TEXT


def test_entry_is_laid_out_as_told():
    header = sources.source("core/bd_entry.h")
    lines = [line.split() for line in header.split("\n")
             if re.match(r" \* +(\d+|end)  ", line)]
    told = rows("| offset | size | field |")
    assert [row[0] for row in told] == [words[1] for words in lines]
    for row, words in zip(told, lines):
        if words[1] != "56":
            assert row[1] == words[2], row


def test_event_is_laid_out_as_told():
    assert laid_out("bd_event.h", "offset  size", "/") in TEXT


def test_names_are_those_told():
    assert f"```text\n{names_in_redis()}\n```" in TEXT


def test_each_field_has_its_value_and_expiry_told():
    names = re.findall(r"(?m)^  (\S.*?)  ", names_in_redis())
    told = [name for row in rows("| field | value | expiry of the hash |")
            for name in re.findall(r"`(.*?)`", row[0])]
    assert told == [name for group in names for name in group.split(", ")]


def test_statuses_are_numbered_as_told():
    names = sources.variables()["$batch_dial_job_status"]
    told = ", ".join(f"{number} {name}"
                     for number, name in enumerate(names, 1))
    assert f"0 other, {told}" in TEXT


def test_events_are_those_told():
    names = re.findall(r"\bBD_EVENT_([A-Z]+)(?: = 1)?,? +/\*|"
                       r"\n    BD_EVENT_([A-Z]+),?\n",
                       sources.source("core/bd_event.h").replace(",\n",
                                                                 ",\n\n"))
    told = [name for row in rows("| event | the host, once | each worker |")
            for name in row[0].split(", ")]
    assert told == ["".join(pair) for pair in names]


def test_no_script_is_missing():
    assert {file: sorted(names) for file, names in scripts().items()} \
        == {file: sorted(names) for file, names in SCRIPTS.items()}


@pytest.mark.parametrize("file, name", [
    (file, name) for file, names in SCRIPTS.items() for name in names])
def test_script_is_the_one_sent(file, name):
    script = scripts()[file][name]
    assert re.search(rf"(?s)\n\*\*{name}\*\* \(`{file}`\).*?\n\n```lua\n"
                     rf"{re.escape(script)}\n```\n", TEXT)
    assert len(script) <= int(re.search(r"longer than (\d+) bytes",
                                        TEXT).group(1))


def test_no_other_script_is_told():
    assert TEXT.count("```lua\n") == sum(map(len, SCRIPTS.values()))


def test_numbers_are_those_told():
    text = sources.all_of_it()
    for name, value, _ in rows("| name | value | |"):
        prefix = "" if name.startswith("`BD_") else sources.PREFIX.upper()
        numbers = re.findall(rf"#define {prefix}{name.strip('`')} +(\d+)",
                             text)
        assert numbers == [value], name


def test_what_is_stored_has_the_name_and_expiry_told(gateway, redis_server):
    gateway().read("job-complete")

    key = b"bd:default:{job-complete}"
    fields = next(fields for _, name, fields in redis_server.contents()
                  if name == key)
    (field, value), = fields.items()
    assert re.fullmatch(rb"e:[0-9a-f]{64}", field)
    assert value[:8] == b"BD\x02\x00\x04\x00\xc8\x00"
    assert value[20:24] == bytes(4)

    lengths = [int.from_bytes(value[at:at + 2], "little")
               for at in (40, 42, 44, 46)]
    extra = int.from_bytes(value[48:52], "little")
    body = int.from_bytes(value[52:56], "little")
    assert len(value) == 56 + sum(lengths) + extra + body + 32
    assert value[56:56 + lengths[0]] == b"application/json"

    ttl = int.from_bytes(value[16:20], "little")
    stale = 300_000
    assert 0 < redis_server.command("PTTL", key) - stale <= ttl


def test_what_is_known_of_a_credential_has_the_name_told(gateway,
                                                         redis_server):
    gateway().read("job-complete")

    (name, fields), = [(name, fields) for _, name, fields
                       in redis_server.contents() if b":c:" in name]
    assert re.fullmatch(rb"bd:default:c:\{[0-9a-f]{64}\}", name)
    value = fields[b"a"]
    assert value[:8] == b"BL\x01" + bytes(5)
    assert len(value) == 16 + 32
    assert 0 < redis_server.command("PTTL", name) <= 30_000 + 300_000


def test_refusals_of_redis_are_those_told():
    words = sources.names(sources.glue("redis_reader.c"),
                          "ngx_http_batch_dial_redis_refusals")
    told = re.search(r"refuses to serve \((.*?)\)", TEXT, re.S).group(1)
    assert re.findall(r"`(\w+)`", told) == words
