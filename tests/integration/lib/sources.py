"""What the module's C sources say, read without a compiler: directives,
variables, counters, problem types and log messages."""

import math
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
MODULE = ROOT / "ngx_module"
PREFIX = "ngx_http_batch_dial_"

CONTEXTS = {"NGX_HTTP_MAIN_CONF": "http", "NGX_HTTP_SRV_CONF": "server",
            "NGX_HTTP_LOC_CONF": "location"}


def source(name):
    return (MODULE / name).read_text(encoding="utf-8")


def glue(name):
    return source(f"{PREFIX}{name}")


def all_of_it():
    return "\n".join(path.read_text(encoding="utf-8")
                     for path in sorted(MODULE.rglob("*.[ch]")))


def strings(text):
    """The string literals, with adjacent ones joined."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r'"\s*\n\s*"', "", text)
    return [literal.replace('\\"', '"')
            for literal in re.findall(r'"((?:\\.|[^"\\\n])*)"', text)]


def body(text, name):
    """The initializer of the table of that name."""
    match = re.search(rf"\b{name}\[\w*\] = \{{\n(.*?)\n\}};", text, re.S)
    assert match, f"no table {name}"
    return match.group(1)


def names(text, table):
    """The strings of a table of ngx_string()s, empty ones left out."""
    return re.findall(r'ngx_string\("([^"]+)"\)', body(text, table))


def directives():
    """{name: (contexts, takes arguments)} of ngx_command_t[]."""
    text = glue("directives.c")
    macros = dict(re.findall(r"#define (NGX_\w+) +\\\n +(NGX_[A-Z_|]+)\n",
                             text))
    found = {}
    for name, flags in re.findall(
            r'\{ ngx_string\("(\w+)"\),\s+([A-Z0-9_|]+),',
            body(text, f"{PREFIX}commands")):
        for macro, value in macros.items():
            flags = flags.replace(macro, value)
        flags = flags.split("|")
        found[name] = ([word for flag, word in CONTEXTS.items()
                        if flag in flags], "NGX_CONF_NOARGS" not in flags)
    return found


def product(text):
    """The number that "24 * 3600" stands for."""
    return math.prod(map(int, re.findall(r"\d+", text)))


def define(text, name):
    """The number a #define stands for."""
    match = re.search(rf"#define {PREFIX.upper()}{name}\s+([0-9 *()]+)\n",
                      text)
    assert match, f"no {name}"
    return product(match.group(1))


def merged(text, kind, name):
    """What ngx_conf_merge_<kind>_value() leaves a directive at."""
    match = re.search(rf"ngx_conf_merge_{kind}\(conf->{name},\s+prev->{name},"
                      rf"\s+([^;]+)\);", text)
    assert match, f"{name} is not merged"
    return match.group(1).strip('"')


def size(number):
    """A number of bytes as nginx writes it."""
    for unit in "", "k", "m":
        if number % 1024:
            break
        number, last = number // 1024, number
    else:
        return f"{last}m"
    return f"{number}{unit}"


def time(ms):
    """A time as nginx writes it."""
    for unit, length in (("h", 3600000), ("m", 60000), ("s", 1000)):
        if ms and ms % length == 0:
            return f"{ms // length}{unit}"
    return f"{ms}ms"


def ttl_defaults():
    """"INIT=5s ..." of bd_ttl_default(), without statuses not stored."""
    found = []
    for status, value in re.findall(r"\[BD_STATUS_(\w+)\] = ([0-9 *]+)",
                                    source("core/bd_ttl.c")):
        ms = product(value)
        if ms:
            found.append(f"{status}={time(ms)}")
    return " ".join(found)


def error_ttl_defaults(text):
    """"400=30s ..." of the table of the codes that are remembered."""
    table = body(text, f"{PREFIX}error_ttls")
    return " ".join(f"{code}={time(product(ms))}" for code, ms
                    in re.findall(r"\{ (\d+), ([0-9 *]+) \}", table))


def default_time(text, name):
    """What a directive of one time is left at: "10s", "0"."""
    value = merged(text, "msec_value", name)
    macro = value.removeprefix(PREFIX.upper())
    return value if macro == value else time(define(text, macro))


def defaults():
    """{name: default} of the directives that have one."""
    conf, parsed = glue("conf.c"), glue("directives_redis.c")
    times_of = glue("directives_ttl.c")
    times = {name: re.search(
        rf"ngx_conf_init_msec_value\(rcf->{name}, (\d+)\)", parsed).group(1)
        for name in ("connect_timeout", "timeout")}
    namespace = re.search(r'ngx_str_set\(&mcf->namespace, "(\w+)"\)', conf)
    enums = {"FORMAT_ASSERT": "assert", "MODE_ENFORCE": "enforce"}

    def enum(name):
        return enums[re.search(r"(FORMAT|MODE)_\w+$", merged(
            conf, "uint_value", name)).group()]

    def flag(name):
        return {"0": "off", "1": "on"}[merged(conf, "value", name)]

    return {
        "batch_dial": flag("enable"),
        "batch_dial_memory": flag("memory"),
        "batch_dial_path": merged(conf, "str_value", "path"),
        "batch_dial_zone": size(define(glue("shm.h"), "ZONE_DEFAULT")),
        "batch_dial_redis": f"connect_timeout={times['connect_timeout']}ms "
                            f"timeout={times['timeout']}ms",
        "batch_dial_namespace": namespace.group(1),
        "batch_dial_schema_format": enum("schema_format"),
        "batch_dial_schema_mode": enum("schema_mode"),
        "batch_dial_ttl": ttl_defaults(),
        "batch_dial_error_ttl": error_ttl_defaults(times_of),
        **{f"batch_dial_{name}": default_time(times_of, name) for name in (
            "stale_while_revalidate", "stale_if_error", "reauth",
            "lock_timeout")},
        "batch_dial_max_body": size(define(conf, "MAX_BODY")),
    }


def variables():
    """{name: values}; no values where they are no enumeration."""
    text = glue("variables.c")
    found = {f"${name}": [] for name in names(text, f"{PREFIX}vars")}
    found["$batch_dial_cache"] = names(text, f"{PREFIX}cache_names")
    found["$batch_dial_tier"] = names(text, f"{PREFIX}tier_names")
    found["$batch_dial_schema"] = names(text, f"{PREFIX}schema_names")
    found["$batch_dial_job_status"] = re.findall(
        r'"([A-Z]+)"', body(source("core/bd_ttl.c"), "bd_status_names"))
    return found


def counters():
    """{metric: {label: values}} of the lists of stats.h and metrics.c."""
    found = {}
    for name, labels in re.findall(
            r'X\(\w+, "(\w+_total)",(?: "counter",)?\s*\\?\s*'
            r'"((?:\w+=\\"\w+\\",?)*)"',
            glue("stats.h") + glue("metrics.c")):
        metric = found.setdefault(f"batch_dial_{name}", {})
        for label, value in re.findall(r'(\w+)=\\"(\w+)\\"', labels):
            values = metric.setdefault(label, [])
            if value not in values:
                values.append(value)
    return found


def problems():
    """{word: status} of the problem types the module makes."""
    text = source("core/bd_problem.c")
    used = set(re.findall(r"\bBD_PROBLEM_(\w+)", "".join(
        path.read_text(encoding="utf-8")
        for path in MODULE.glob("*.c")))) - {"N"}
    return {word: int(status) for kind, status, word in re.findall(
        r'\[BD_PROBLEM_(\w+)\] = \{\s+(\d+), "([\w-]+)"', text)
        if kind in used}


def log_formats():
    """Format strings that may be a line of the error log."""
    return [literal for literal in strings(all_of_it())
            if literal.startswith("batch_dial: ")]
