"""nginx -t: what each directive takes, and the one line by which it refuses
what it does not take: the directive, the value, what was expected."""

import json
import re

import pytest

from lib.expect import cache_status, is_hit, is_stored
from lib.gateway import bearer
from lib.upstream import JOBS
from lib.wait import wait_until

FRAME = """\
%%GLOBALS%%
%%MAIN%%
http {
    %%HTTP_GLOBALS%%
    batch_dial_secret_file %%SECRET_FILE%%;
    %%HTTP%%
    server {
        listen 127.0.0.1:%%PORT%%;
        %%SERVER%%
        location / {
            batch_dial on;
            %%LOCATION%%
        }
        %%LOCATIONS%%
    }
}
"""

BARE = FRAME.replace("    batch_dial_secret_file %%SECRET_FILE%%;\n", "")

EVERYWHERE = ["batch_dial off", "batch_dial_path /a", "batch_dial_schema /a",
              "batch_dial_schema_format assert", "batch_dial_schema_mode off",
              "batch_dial_ttl ACTIVE=1s", "batch_dial_max_body 1k",
              "batch_dial_memory off", "batch_dial_error_ttl 404=1s",
              "batch_dial_stale_while_revalidate 1s",
              "batch_dial_stale_if_error 1s", "batch_dial_reauth 1s",
              "batch_dial_lock_timeout 1s"]
LOCATION_ONLY = ["batch_dial_metrics", "batch_dial_purge"]
HTTP_ONLY = ["batch_dial_zone 1m", "batch_dial_redis redis://127.0.0.1",
             "batch_dial_redis_password_file /a",
             "batch_dial_redis_ca_file /a", "batch_dial_namespace a",
             "batch_dial_secret_file /a"]


@pytest.fixture
def check(world):
    """nginx -t with directives put in: (exit code, lines it printed)."""
    def run(frame=FRAME, **places):
        values = {name: "" for name in ("MAIN", "HTTP", "SERVER", "LOCATION",
                                        "LOCATIONS")}
        values.update({name.upper(): text for name, text in places.items()})
        node = world.nginx(frame, start=False, **values)
        code, said = node.test()
        return code, said.splitlines()
    return run


@pytest.fixture
def refused(check):
    """The one [emerg] line of a configuration that is refused."""
    def run(**places):
        code, said = check(**places)
        assert code == 1, said
        emerg = [line for line in said if "[emerg]" in line]
        assert len(emerg) == 1, said
        assert not [line for line in said
                    if "[alert]" in line or "[crit]" in line], said
        return emerg[0]
    return run


@pytest.fixture
def accepted(check):
    def run(**places):
        code, said = check(**places)
        assert code == 0, said
        assert not [line for line in said if "[emerg]" in line]
        assert not [line for line in said if "[warn]" in line], said
        return said
    return run


# good values

GOOD = [
    "batch_dial_path /", "batch_dial_path /x", "batch_dial_path /x/y/",
    "batch_dial_schema_format assert", "batch_dial_schema_format annotate",
    "batch_dial_schema_mode enforce", "batch_dial_schema_mode report",
    "batch_dial_schema_mode off",
    "batch_dial_ttl INIT=1s ACTIVE=500ms PAUSED=0 COMPLETE=1d CANCELLED=24d",
    "batch_dial_ttl ACTIVE=1h30m", "batch_dial_ttl COMPLETE=5",
    "batch_dial_max_body 1", "batch_dial_max_body 64m",
    "batch_dial_max_body 100k",
    "batch_dial_memory on", "batch_dial_memory OFF",
    "batch_dial_stale_while_revalidate 0",
    "batch_dial_stale_while_revalidate 24d",
    "batch_dial_stale_if_error 0", "batch_dial_stale_if_error 1h30m",
    "batch_dial_stale_if_error 24d",
    "batch_dial_reauth 1ms", "batch_dial_reauth 30", "batch_dial_reauth 24d",
    "batch_dial_lock_timeout 1ms", "batch_dial_lock_timeout 1h",
    "batch_dial_error_ttl 404=10s", "batch_dial_error_ttl 400=0 499=24d",
    "batch_dial_error_ttl 401=500ms 403=1m 404=1 410=1d 418=2s 422=0ms",
]


@pytest.mark.parametrize("directive", GOOD)
@pytest.mark.parametrize("place", ["http", "server", "location"])
def test_good_anywhere(accepted, directive, place):
    accepted(**{place: directive + ";"})


@pytest.mark.parametrize("value", ["on", "off", "ON", "Off"])
def test_good_switch(accepted, value):
    accepted(http=f"batch_dial {value};")
    accepted(server=f"batch_dial {value};")


@pytest.mark.parametrize("directive", [
    "batch_dial_zone 256k", "batch_dial_zone 16m", "batch_dial_zone 262144",
    "batch_dial_namespace a", "batch_dial_namespace " + "n" * 64,
    "batch_dial_namespace a-B_0.c",
    "batch_dial_redis redis://127.0.0.1",
    "batch_dial_redis redis://127.0.0.1:1/5",
    "batch_dial_redis redis://localhost/",
    "batch_dial_redis REDIS://user:pa%%20ss@[::1]:6380/1",
    "batch_dial_redis rediss://127.0.0.1",
    "batch_dial_redis unix:/run/redis.sock",
    "batch_dial_redis unix:/run/redis.sock?db=3",
    "batch_dial_redis redis://127.0.0.1 timeout=1ms",
    "batch_dial_redis redis://127.0.0.1 connect_timeout=1s timeout=2s",
    "batch_dial_redis redis://127.0.0.1 timeout=2s connect_timeout=1s",
    "resolver 127.0.0.1; batch_dial_redis redis://some.where",
    "batch_dial_redis redis://some.where; resolver 127.0.0.1",
])
def test_good_in_http(accepted, directive):
    accepted(http=directive.replace("%%", "%") + ";")


@pytest.mark.parametrize("directive", LOCATION_ONLY)
def test_good_in_a_location(accepted, directive):
    accepted(locations=f"location /own/ {{ {directive}; }}")


def test_metrics_and_purges_are_enough_to_make_it_used(check):
    """The zone and the keys are there, hence the warning of no secret."""
    for directive in LOCATION_ONLY:
        code, said = check(frame=BARE.replace("batch_dial on;", ""),
                           locations=f"location /own/ {{ {directive}; }}")
        assert code == 0, said
        assert [line for line in said if "batch_dial_secret_file" in line]


def test_nothing_of_it_is_used(accepted):
    accepted(frame=BARE.replace("batch_dial on;", ""))


# bad values: the directive, the value and the expectation in one line

ZONE = "a size of at least 256k"
WORD = "a word of 1 to 64 characters of A-Z a-z 0-9 - _ ."
PATHS = 'a normalised path that starts with "/"'
TIMES = "a time of at most 24d"
UP_TO_24D = "expected a time of at most 24d"
REAUTH = ("expected a time from 1ms to 24d (with 0 no read could be served "
          "from the cache)")
LOCK = "expected a time from 1ms to 1h"
CODES = ("expected CODE=time with a code of 400 to 499, other than 408 and "
         "429, and a time of at most 24d")
URL = "expected redis://[user:pass@]host[:port][/db], rediss://"

BAD = [
    ("batch_dial", "yes", '"on" or "off"'),
    ("batch_dial", '""', '"on" or "off"'),
    ("batch_dial", "on1", '"on" or "off"'),
    ("batch_dial_path", "api", PATHS),
    ("batch_dial_path", '""', PATHS),
    ("batch_dial_path", "/a?b", PATHS),
    ("batch_dial_path", '"/a#b"', PATHS),
    ("batch_dial_path", "/a//b", PATHS),
    ("batch_dial_path", "/a/./b", PATHS),
    ("batch_dial_path", "/a/../b", PATHS),
    ("batch_dial_zone", "255k", ZONE),
    ("batch_dial_zone", "0", ZONE),
    ("batch_dial_zone", "-1", ZONE),
    ("batch_dial_zone", "many", ZONE),
    ("batch_dial_zone", "1x", ZONE),
    ("batch_dial_zone", '""', ZONE),
    ("batch_dial_namespace", '""', WORD),
    ("batch_dial_namespace", "a:b", WORD),
    ("batch_dial_namespace", '"a b"', WORD),
    ("batch_dial_namespace", '"{a}"', WORD),
    ("batch_dial_namespace", "n" * 65, WORD),
    ("batch_dial_schema_format", "strict", '"assert", "annotate"'),
    ("batch_dial_schema_format", '""', '"assert", "annotate"'),
    ("batch_dial_schema_mode", "on", '"enforce", "report", "off"'),
    ("batch_dial_schema_mode", "enforced", '"enforce", "report", "off"'),
    ("batch_dial_ttl", "5s", TIMES),
    ("batch_dial_ttl", "RUNNING=5s", TIMES),
    ("batch_dial_ttl", "active=5s", TIMES),
    ("batch_dial_ttl", "=5s", TIMES),
    ("batch_dial_ttl", "ACTIVE=", TIMES),
    ("batch_dial_ttl", "ACTIVE=-1s", TIMES),
    ("batch_dial_ttl", "ACTIVE=5q", TIMES),
    ("batch_dial_ttl", "ACTIVE=25d", TIMES),
    ("batch_dial_ttl", "ACTIVE=9999999999999d", TIMES),
    ("batch_dial_memory", "yes", '"on" or "off"'),
    ("batch_dial_memory", '""', '"on" or "off"'),
    ("batch_dial_stale_while_revalidate", "-1s", UP_TO_24D),
    ("batch_dial_stale_while_revalidate", "25d", UP_TO_24D),
    ("batch_dial_stale_if_error", "soon", UP_TO_24D),
    ("batch_dial_stale_if_error", '""', UP_TO_24D),
    ("batch_dial_stale_if_error", "off", UP_TO_24D),
    ("batch_dial_stale_if_error", "9999999999999d", UP_TO_24D),
    ("batch_dial_reauth", "0", REAUTH),
    ("batch_dial_reauth", "0s", REAUTH),
    ("batch_dial_reauth", "-1", REAUTH),
    ("batch_dial_reauth", "25d", REAUTH),
    ("batch_dial_reauth", "5q", REAUTH),
    ("batch_dial_reauth", '""', REAUTH),
    ("batch_dial_lock_timeout", "0", LOCK),
    ("batch_dial_lock_timeout", "61m", LOCK),
    ("batch_dial_lock_timeout", "x", LOCK),
    ("batch_dial_lock_timeout", '""', LOCK),
    ("batch_dial_error_ttl", "10s", CODES),
    ("batch_dial_error_ttl", "404", CODES),
    ("batch_dial_error_ttl", "404=", CODES),
    ("batch_dial_error_ttl", "=10s", CODES),
    ("batch_dial_error_ttl", "404=-1s", CODES),
    ("batch_dial_error_ttl", "404=5q", CODES),
    ("batch_dial_error_ttl", "404=25d", CODES),
    ("batch_dial_error_ttl", "404:10s", CODES),
    ("batch_dial_error_ttl", "4xx=10s", CODES),
    ("batch_dial_error_ttl", "40=10s", CODES),
    ("batch_dial_error_ttl", "4040=10s", CODES),
    ("batch_dial_error_ttl", "-44=10s", CODES),
    ("batch_dial_error_ttl", "200=10s", CODES),
    ("batch_dial_error_ttl", "399=10s", CODES),
    ("batch_dial_error_ttl", "500=10s", CODES),
    ("batch_dial_error_ttl", "408=10s", CODES),
    ("batch_dial_error_ttl", "429=0", CODES),
    ("batch_dial_error_ttl", '""', CODES),
    ("batch_dial_max_body", "0", "a size from 1 to 64m"),
    ("batch_dial_max_body", "65m", "a size from 1 to 64m"),
    ("batch_dial_max_body", "big", "a size from 1 to 64m"),
    ("batch_dial_max_body", '""', "a size from 1 to 64m"),
    ("batch_dial_max_body", "-5", "a size from 1 to 64m"),
    ("batch_dial_secret_file", '""', "a file name"),
    ("batch_dial_redis_password_file", '""', "a file name"),
    ("batch_dial_redis_ca_file", '""', "a file name"),
    ("batch_dial_schema", '""', "file or file#/json/pointer"),
    ("batch_dial_schema", '"#/a"', "file or file#/json/pointer"),
    ("batch_dial_schema", '"/file#anchor"', "file or file#/json/pointer"),
    ("batch_dial_redis", '""', URL),
    ("batch_dial_redis", "127.0.0.1:6379", URL),
    ("batch_dial_redis", "http://127.0.0.1", URL),
    ("batch_dial_redis", "redis:127.0.0.1", URL),
    ("batch_dial_redis", "redis://", URL),
    ("batch_dial_redis", "redis://:6379", URL),
    ("batch_dial_redis", "redis://a:0", URL),
    ("batch_dial_redis", "redis://a:65536", URL),
    ("batch_dial_redis", "redis://a:", URL),
    ("batch_dial_redis", "redis://a/db", URL),
    ("batch_dial_redis", "redis://a/-1", URL),
    ("batch_dial_redis", "redis://a/99999999999", URL),
    ("batch_dial_redis", "redis://a/1/2", URL),
    ("batch_dial_redis", "redis://a?db=1", URL),
    ("batch_dial_redis", "redis://a_b~c", URL),
    ("batch_dial_redis", "redis://[::1", URL),
    ("batch_dial_redis", "redis://[1]", URL),
    ("batch_dial_redis", "unix:run/redis.sock", URL),
    ("batch_dial_redis", "unix:", URL),
    ("batch_dial_redis", "unix:/a?database=1", URL),
    ("batch_dial_redis", "unix:/a?db=", URL),
]

HTTP_NAMES = [line.split()[0] for line in HTTP_ONLY]


@pytest.mark.parametrize("name, value, expected", BAD,
                         ids=[f"{name} {value[:30]}"
                              for name, value, _ in BAD])
def test_bad(refused, name, value, expected):
    place = "http" if name in HTTP_NAMES else "server"
    frame = BARE if name == "batch_dial_secret_file" else FRAME
    line = refused(frame=frame, **{place: f"{name} {value};"})
    shown = value.strip('"')
    assert f'invalid value "{shown}" in "{name}" directive' in line
    assert expected in line
    assert re.search(r"nginx\.conf:\d+$", line), "says where"


@pytest.mark.parametrize("option, expected", [
    ("timeout=0", "at least 1ms"), ("timeout=", "a time such as 50ms"),
    ("timeout=x", "a time such as 50ms"), ("timeout=-1", "a time"),
    ("connect_timeout=0ms", "a time such as 50ms"),
    ("read_timeout=1s", "connect_timeout=time or timeout=time"),
    ("1s", "connect_timeout=time or timeout=time")])
def test_bad_redis_option(refused, option, expected):
    line = refused(http=f"batch_dial_redis redis://127.0.0.1 {option};")
    assert f'invalid value "{option}" in "batch_dial_redis" directive' in line
    assert expected in line


def test_redis_option_twice(refused):
    line = refused(http="batch_dial_redis redis://127.0.0.1 timeout=1s "
                        "timeout=2s;")
    assert 'invalid value "timeout=2s" in "batch_dial_redis"' in line
    assert "each option once" in line


def test_ttl_twice_in_one_list(refused):
    line = refused(location="batch_dial_ttl ACTIVE=1s ACTIVE=2s;")
    assert 'invalid value "ACTIVE=2s" in "batch_dial_ttl" directive' in line
    assert "each status once" in line


@pytest.mark.parametrize("directive", EVERYWHERE + HTTP_ONLY)
def test_duplicate(refused, directive):
    name = directive.split()[0]
    place = "http" if directive in HTTP_ONLY else "server"
    frame = BARE if name == "batch_dial_secret_file" else FRAME
    line = refused(frame=frame, **{place: f"{directive}; {directive};"})
    assert f'"{name}" directive is duplicate' in line


def test_error_ttl_twice_in_one_list(refused):
    line = refused(location="batch_dial_error_ttl 404=1s 403=1s 404=2s;")
    assert ('invalid value "404=2s" in "batch_dial_error_ttl" directive'
            in line)
    assert "each code once" in line


def test_first_bad_word_of_a_list_is_the_one_named(refused):
    line = refused(location="batch_dial_error_ttl 404=1s 408=1s 500=1s;")
    assert 'invalid value "408=1s" in "batch_dial_error_ttl"' in line


@pytest.mark.parametrize("directive", LOCATION_ONLY)
def test_duplicate_in_a_location(refused, directive):
    line = refused(locations=f"location /m {{ {directive}; {directive}; }}")
    assert f'"{directive}" directive is duplicate' in line


@pytest.mark.parametrize("first, second", [
    ("batch_dial_metrics", "batch_dial_purge"),
    ("batch_dial_purge", "batch_dial_metrics"),
    ("proxy_pass http://127.0.0.1:1", "batch_dial_purge")])
def test_location_that_another_answers(refused, first, second):
    line = refused(locations=f"location /m {{ {first}; {second}; }}")
    assert (f'"{second}" directive is in a location that another directive '
            "answers" in line)


@pytest.mark.parametrize("directive", EVERYWHERE + HTTP_ONLY
                         + LOCATION_ONLY)
def test_wrong_context(refused, directive):
    name = directive.split()[0]
    wrong = {"main": ""}
    if directive in HTTP_ONLY:
        wrong = {"main": "", "server": "", "location": ""}
    if directive in LOCATION_ONLY:
        wrong = {"main": "", "http": "", "server": ""}
    for place in wrong:
        line = refused(**{place: f"{directive};"})
        assert f'"{name}" directive is not allowed here' in line


@pytest.mark.parametrize("directive", [
    *(line.split()[0] for line in EVERYWHERE + HTTP_ONLY),
    "batch_dial on off", "batch_dial_zone 1m 2m", "batch_dial_path /a /b",
    "batch_dial_redis redis://a timeout=1s connect_timeout=1s x=1",
    "batch_dial_memory on off", "batch_dial_reauth 1s 2s",
    "batch_dial_stale_if_error 1s 2s",
    "batch_dial_stale_while_revalidate 1s 2s",
    "batch_dial_lock_timeout 1s 2s",
    "batch_dial_schema a b", "batch_dial_metrics on", "batch_dial_purge on"])
def test_wrong_number_of_arguments(refused, directive):
    name = directive.split()[0]
    if name in LOCATION_ONLY:
        line = refused(locations=f"location = /m {{ {directive}; }}")
    else:
        place = "http" if name in HTTP_NAMES else "server"
        line = refused(**{place: f"{directive};"})
    assert f'invalid number of arguments in "{name}" directive' in line


# passwords

SECRETS = [
    "redis://user:pass-SECRET@127.0.0.1:x",
    "redis://user:pass-SECRET@",
    "redis://user:pass-SECRET@127.0.0.1/x",
    "redis://pass-SECRET@127.0.0.1",
    "redis://user:pass-SECRET%%2@127.0.0.1",
    "redis://user:pass-SECRET@at@127.0.0.1",
    "redis://user:pass-SECRET/slash@127.0.0.1",
    "redis://user:pass-SECRET",
    "redis://user:pass-SECRET:6379",
    "redis://user:1pass-SECRET",
    "redis://user:pass-SECRET/1",
    "rediss://:pass-SECRET",
    "redis:user:pass-SECRET@127.0.0.1",
    "http://user:pass-SECRET@127.0.0.1",
    "user:pass-SECRET@127.0.0.1",
    "redis://user:pass-SECRET@no.such.host.invalid",
    "redis://user:pass-SECRET@127.0.0.1 timeout=x",
]


@pytest.mark.parametrize("url", SECRETS)
def test_a_password_is_never_printed(refused, url):
    url = url.replace("%%", "%")
    line = refused(http=f"batch_dial_redis {url};")
    assert "batch_dial_redis" in line
    assert "SECRET" not in line


# files

def test_secret_file_missing(refused):
    line = refused(frame=BARE,
                   http="batch_dial_secret_file /no/such/file;")
    assert ('invalid value "/no/such/file" in "batch_dial_secret_file"'
            in line)
    assert "a file that can be read" in line
    assert "No such file" in line


@pytest.mark.parametrize("content", [
    b"", b"fifteen-SECRET-", b"fifteen-SECRET-\n\n", b"\n" * 40,
    b"s" * 4097])
def test_secret_file_of_a_wrong_size(world, refused, content):
    path = world.directory / "secret"
    path.write_bytes(content)
    line = refused(frame=BARE, http=f"batch_dial_secret_file {path};")
    assert f'invalid value "{path}" in "batch_dial_secret_file"' in line
    assert "a file of 16 to 4096 bytes" in line
    assert "fifteen" not in line


@pytest.mark.parametrize("content", [
    b"sixteen-SECRET--", b"sixteen-SECRET--\r\n", b"s" * 4096,
    bytes(range(100))])
def test_secret_file_of_a_right_size(world, accepted, content):
    path = world.directory / "secret"
    path.write_bytes(content)
    accepted(frame=BARE, http=f"batch_dial_secret_file {path};")


def test_secret_file_that_is_a_directory(world, check):
    """nginx itself says why reading failed, in a line of its own."""
    code, said = check(frame=BARE,
                       http=f"batch_dial_secret_file {world.directory};")
    assert code == 1
    line, = [line for line in said if "[emerg]" in line]
    assert '"batch_dial_secret_file"' in line
    assert "expected a file" in line


def test_without_a_secret_file_there_is_a_warning(check):
    code, said = check(frame=BARE)
    assert code == 0
    warnings = [line for line in said if "[warn]" in line]
    assert len(warnings) == 1
    assert "batch_dial_secret_file" in warnings[0]
    assert "namespace" in warnings[0]


def test_relative_files_are_beside_the_configuration(world):
    node = world.nginx(BARE, start=False, MAIN="", SERVER="", LOCATION="",
                       LOCATIONS="", HTTP="batch_dial_secret_file key;"
                       "batch_dial_schema s.json#/defs/a;")
    node.write("key", "a-SECRET-of-enough-bytes")
    node.write("s.json", '{"defs": {"a": {"type": "object"}}}')
    code, said = node.test()
    assert code == 0, said


def test_password_file(world, refused, accepted):
    redis = "batch_dial_redis redis://127.0.0.1;"
    path = world.directory / "password"
    path.write_text("\n", encoding="ascii")
    line = refused(http=f"{redis} batch_dial_redis_password_file {path};")
    assert f'invalid value "{path}" in "batch_dial_redis_password_file"' \
        in line
    assert "a file of 1 to 4096 bytes" in line

    line = refused(http=f"{redis} batch_dial_redis_password_file /nowhere;")
    assert 'invalid value "/nowhere" in "batch_dial_redis_password_file"' \
        in line
    assert "a file that can be read" in line

    path.write_text("p", encoding="ascii")
    accepted(http=f"{redis} batch_dial_redis_password_file {path};")


def test_two_passwords(world, refused):
    path = world.directory / "password"
    path.write_text("file-SECRET", encoding="ascii")
    line = refused(http=f"batch_dial_redis redis://:url-SECRET@127.0.0.1;"
                        f"batch_dial_redis_password_file {path};")
    assert "batch_dial_redis_password_file" in line
    assert "expected" in line
    assert "SECRET" not in line


@pytest.mark.parametrize("name", ["batch_dial_redis_password_file",
                                  "batch_dial_redis_ca_file"])
def test_files_of_a_redis_that_is_not_there(world, refused, name):
    line = refused(http=f"{name} {world.secret_file};")
    assert f'"{name}"' in line
    assert 'without "batch_dial_redis"' in line


def test_ca_file(world, refused, accepted):
    identity = world.identity()
    tls = "batch_dial_redis rediss://127.0.0.1;"
    accepted(http=f"{tls} batch_dial_redis_ca_file {identity.ca};")

    line = refused(http=f"batch_dial_redis redis://127.0.0.1;"
                        f"batch_dial_redis_ca_file {identity.ca};")
    assert f'invalid value "{identity.ca}" in "batch_dial_redis_ca_file"' \
        in line
    assert "rediss://" in line

    for path in ("/no/such/ca.pem", identity.key):
        line = refused(http=f"{tls} batch_dial_redis_ca_file {path};")
        assert "batch_dial_redis_ca_file" in line
        assert str(path) in line


def test_redis_name_that_is_not_known(refused):
    line = refused(http="batch_dial_redis redis://no.such.host.invalid;")
    assert "redis://no.such.host.invalid" in line
    assert '"batch_dial_redis"' in line
    assert 'expected an address, a name that can be resolved now' in line


def test_redis_socket_of_a_path_too_long(refused):
    line = refused(http=f"batch_dial_redis unix:/{'p' * 120};")
    assert '"batch_dial_redis"' in line
    assert "expected a path that fits a socket address" in line


# schemas

@pytest.fixture
def schema(world):
    def write(text):
        path = world.directory / "schema.json"
        path.write_text(text if isinstance(text, str) else json.dumps(text),
                        encoding="utf-8")
        return path
    return write


def test_schema_file_missing(refused):
    line = refused(location="batch_dial_schema /no/such.json;")
    assert 'invalid value "/no/such.json" in "batch_dial_schema"' in line
    assert "expected" in line


@pytest.mark.parametrize("text", [
    "", "{", '{"type": "object"} x', '{"type": 1, "type": 2}', "\xff"])
def test_schema_that_is_no_json(schema, refused, text):
    path = schema(text)
    line = refused(location=f"batch_dial_schema {path};")
    assert f'invalid value "{path}" in "batch_dial_schema" directive' in line
    assert 'expected a JSON schema, but at "" ' in line
    assert "is not a JSON document" in line


@pytest.mark.parametrize("document, pointer", [
    ({"type": "objekt"}, "/type"),
    ({"properties": {"a": {"minimum": "1"}}}, "/properties/a/minimum"),
    ({"properties": {"a/b": {"type": []}}}, "/properties/a~1b/type"),
    ({"pattern": "("}, "/pattern"),
    ({"$ref": "#/$defs/none"}, "/$ref"),
    ({"$ref": "http://elsewhere.example/schema"}, "/$ref"),
    ({"items": [{}]}, "/items"),
    ({"allOf": []}, "/allOf"),
    ({"required": "id"}, "/required"),
    ({"enum": 1}, "/enum"),
    ("a string", ""),
    ([], "")])
def test_schema_that_does_not_compile(schema, refused, document, pointer):
    path = schema(document if document != "a string" else '"a string"')
    line = refused(location=f"batch_dial_schema {path};")
    assert f'invalid value "{path}" in "batch_dial_schema" directive' in line
    assert f'at "{pointer}"' in line


@pytest.mark.parametrize("pointer", ["/nothing", "/defs/b", "/defs/a/",
                                     "/defs/a/type/0", "/list/2", "/list/-",
                                     "/list/01"])
def test_schema_pointer_that_leads_nowhere(schema, refused, pointer):
    path = schema({"defs": {"a": {"type": "object"}}, "list": [{}, {}]})
    line = refused(location=f"batch_dial_schema {path}#{pointer};")
    assert f'invalid value "{path}#{pointer}"' in line
    assert '"batch_dial_schema" directive' in line
    assert "the pointer leads nowhere" in line


@pytest.mark.parametrize("pointer", ["", "#", "#/defs/a", "#/list/1",
                                     "#/defs/x~1y", "#/defs/"])
def test_schema_pointer_that_leads_somewhere(schema, accepted, pointer):
    path = schema({"defs": {"a": {"type": "object"}, "x/y": True, "": {}},
                   "list": [{}, {}]})
    accepted(location=f"batch_dial_schema {path}{pointer};")


def test_schema_is_read_where_it_is_used_only(accepted):
    accepted(frame=FRAME.replace("batch_dial on;", "batch_dial off;"),
             http="batch_dial_schema /no/such/file;")


def test_schema_mode_off_reads_no_file(accepted):
    accepted(location="batch_dial_schema /no/such/file;"
                      "batch_dial_schema_mode off;")


def test_variables(accepted):
    names = ["cache", "tier", "job_id", "job_status", "credential", "schema",
             "schema_error", "redis_time", "age", "ttl"]
    text = " ".join(f"$batch_dial_{name}" for name in names)
    accepted(http=f"log_format all '{text}';",
             location=f'add_header X-All "{text}";')


def test_unknown_variable(refused):
    line = refused(location='add_header X-Own "$batch_dial_nothing";')
    assert 'unknown "batch_dial_nothing" variable' in line


# what a level inherits

def asked_again(node, upstream, job):
    """Whether a second read of a job asks upstream once more."""
    node.read(job)
    before = upstream.calls(job=job)
    node.read(job)
    return upstream.calls(job=job) > before


def is_stale(answer):
    return (answer.status == 200
            and cache_status(answer).get("detail") == "stale")


def inner(start, directives):
    """A location of its own for the jobs whose ids start so."""
    return (f"location ^~ {JOBS}/{start} {{ batch_dial on; {directives} "
            "proxy_pass http://api; }")


def refusals(node, upstream, start, codes):
    """Which of these answers of upstream are remembered."""
    for code in codes:
        upstream.rule(job=f"{start}{code}", status=code)
    return [code for code in codes
            if not asked_again(node, upstream, f"{start}{code}")]


def test_error_ttl_has_defaults(gateway, upstream):
    codes = [400, 402, 403, 404, 409, 410, 418, 422, 401]
    assert refusals(gateway(), upstream, "job-", codes) \
        == [400, 403, 404, 410, 422, 401]


def test_error_ttl_changes_only_what_it_names(gateway, upstream):
    node = gateway(http_extra="batch_dial_error_ttl 404=0 418=1h;",
                   server_extra=inner("in-", "batch_dial_error_ttl 403=0;")
                   + inner("back-", "batch_dial_error_ttl 404=1h;"))
    codes = [403, 404, 409, 418, 422]
    assert refusals(node, upstream, "out-", codes) == [403, 418, 422]
    assert refusals(node, upstream, "in-", codes) == [418, 422]
    assert refusals(node, upstream, "back-", codes) == [403, 404, 418, 422]


def test_memory_is_inherited(gateway, upstream):
    node = gateway(http_extra="batch_dial_memory off;",
                   server_extra=inner("job-paused", "batch_dial_memory on;"))
    tiers = {}
    for job in ("job-complete", "job-paused"):
        assert is_stored(node.read(job))
        tiers[job] = cache_status(node.read(job))["detail"]
    assert tiers == {"job-complete": "redis", "job-paused": "memory"}


def test_stale_if_error_is_inherited(gateway, upstream):
    node = gateway(
        http_extra="batch_dial_ttl ACTIVE=1s PAUSED=1s;"
                   "batch_dial_stale_if_error 0;",
        server_extra=inner("job-paused", "batch_dial_stale_if_error 1h;"))
    for job in ("job-active", "job-paused"):
        assert is_stored(node.read(job))
        upstream.rule(job=job, status=503)
    wait_until(lambda: node.read("job-active").status == 503)
    wait_until(lambda: is_stale(node.read("job-paused")))
    assert node.read("job-active").status == 503


def test_stale_while_revalidate_is_inherited(gateway, upstream):
    node = gateway(
        http_extra="batch_dial_ttl ACTIVE=1s PAUSED=1s;"
                   "batch_dial_stale_while_revalidate 1h;",
        server_extra=inner("job-paused",
                           "batch_dial_stale_while_revalidate 0;"))
    for job in ("job-active", "job-paused"):
        assert is_stored(node.read(job))
    wait_until(lambda: is_stored(node.read("job-paused")))
    wait_until(lambda: is_stale(node.read("job-active")))


def test_reauth_is_inherited(gateway, upstream):
    """With the short one the credential is renewed, the entry being fresh."""
    node = gateway(
        http_extra="batch_dial_ttl ACTIVE=1h PAUSED=1h;"
                   "batch_dial_reauth 1h;",
        server_extra=inner("job-paused", "batch_dial_reauth 500ms;"))
    for job in ("job-active", "job-paused"):
        assert is_stored(node.read(job))
    wait_until(lambda: not is_hit(node.read("job-paused")))
    assert upstream.calls(job="job-paused") == 2
    assert is_hit(node.read("job-active"))
    assert upstream.calls(job="job-active") == 1


def test_lock_timeout_is_inherited(gateway, upstream):
    node = gateway(
        http_extra="batch_dial_lock_timeout 1h;",
        server_extra=inner("job-paused", "batch_dial_lock_timeout 100ms;"))
    upstream.rule(job="job-paused", hold={"before_headers": "gate"})
    with node.connect() as first:
        first.send("GET", f"{JOBS}/job-paused", bearer())
        upstream.wait_waiting("gate")
        follower = node.read("job-paused")
        upstream.release("gate")
        assert first.receive().status == 200
    assert follower.status == 504
    assert "lock-timeout" in json.loads(follower.body)["type"]
