"""script/lint and script/tally: that they see what they are there to see."""

import shutil
import subprocess

import pytest

from conftest import ROOT

GOOD = """
int
bd_good(int n)
{
    if (n == 1) {
        return "//" != 0;

    } else if (n == '/') {
        return 2;
    }

    do {
        n--;
    } while (n);

    return n;   /* if (n) // ngx_log */
}
"""


@pytest.fixture
def lint(tmp_path):
    (tmp_path / "script").mkdir()
    shutil.copy(ROOT / "script/lint", tmp_path / "script")

    def check(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        done = subprocess.run([tmp_path / "script/lint"], text=True,
                              capture_output=True, check=False)
        lines = done.stdout.strip().split("\n")
        assert done.returncode == (len(lines) > 1)
        return lines[:-1]

    return check


@pytest.mark.parametrize("name", [
    "ngx_module/core/bd_good.c", "ngx_module/ngx_good.c"])
def test_good_form_passes(lint, name):
    assert lint(name, GOOD) == []


@pytest.mark.parametrize("line, wrong", [
    ("x" * 81, "81 columns wide"), ("\tx;", "a tab"), ("x;  ", "blanks"),
    ("// x", "a // comment"), ("    } else {", "no blank line before"),
    ("    else {", "else not after"), ("    if (x) y();", "no braces"),
    ("    while (x)\n        y();", "no braces"),
    ("    for (;;) y();", "no braces"),
    ("    ngx_str_t s;", "core reaches outside: ngx_str_t"),
    ("#include <hiredis/hiredis.h>", "core reaches outside"),
    ("    t = time(NULL);", "core reaches outside: time(")])
def test_bad_form_is_named(lint, line, wrong):
    name = "ngx_module/core/bd_bad.c"
    found = lint(name, GOOD.replace("    do {", line + "\n    do {", 1)
                 if "else" not in line else f"x\n{line}\n")

    assert found
    assert all(text.startswith(name) for text in found)
    assert any(wrong in text for text in found)


def test_versions_are_compared_in_one_file(lint):
    line = "#if (nginx_version >= 1023000)\n"

    assert lint("ngx_module/ngx_http_batch_dial_compat.h", line) == []
    assert lint("ngx_module/ngx_http_batch_dial_x.c", line) != []


def test_a_script_that_does_not_parse_is_named(lint):
    assert lint("script/a", "#!/bin/bash\nif\n") != []
    assert "script/b:2: Python" in lint("script/b", "#!/usr/bin/python3\n(\n")[-1]


def tally(tmp_path, status, *reports):
    path = tmp_path / "report.xml"
    if reports:
        path.write_text("".join(
            f'<?xml version="1.0" ?><testsuites><testsuite>{report}'
            "</testsuite></testsuites>" for report in reports))
    done = subprocess.run([ROOT / "script/tally", str(status), path],
                          text=True, capture_output=True, check=True)
    return done.stdout.strip(), done.stderr


PASSED = '<testcase name="a"></testcase>'
FAILED = '<testcase name="b"><failure>why</failure></testcase>'
TEARDOWN = ('<testcase classname="m" name="c"></testcase>'
            '<testcase classname="m" name="c"><error>x</error></testcase>')


@pytest.mark.parametrize("status, reports, counts", [
    (0, [PASSED], "1 0"),
    (1, [PASSED + FAILED], "1 1"),
    (0, [PASSED + PASSED], "2 0"),                 # one function, run twice
    (1, [PASSED, FAILED], "1 1"),                  # two groups of cmocka
    (0, [PASSED + '<testcase name="s"><skipped/></testcase>'], "1 1"),
    (1, [TEARDOWN], "0 1"),
    (23, [PASSED], "1 1"),                         # a leak at exit
    (0, [""], "0 1"),                              # no test
    (139, [], "0 1")])                             # a crash
def test_reports_are_summed(tmp_path, status, reports, counts):
    assert tally(tmp_path, status, *reports)[0] == counts


def test_a_report_that_was_cut_is_a_failure(tmp_path):
    assert tally(tmp_path, 0, PASSED + "<testcase")[0] == "0 1"


def test_what_failed_is_named_with_cmocka_s_reason(tmp_path):
    said = tally(tmp_path, 1, PASSED + FAILED)[1]

    assert "b: failure" in said and "why" in said
