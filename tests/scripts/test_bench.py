"""The parts of script/bench that only reckon; no server is needed."""

import re
import sys
import xml.etree.ElementTree

import pytest

from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests/bench"))
sys.path.insert(0, str(ROOT / "tests/integration"))

import bench_equal
import bench_growth
import bench_report
import bench_stats
import bench_svg
from bench_scenarios import SCENARIOS, Scenario, choose
from lib.client import Response

BASE = Scenario("base", "baseline", "plain", "return", "/")
HIT = Scenario("hit", "gateway", "gateway", "cached", "/", baseline="base",
               limit=1.2, also="base", store="redis", store_limit=2.5)

# The machine slows down in the second round: each ratio is 1.1 all the same.
ROUNDS = [
    {"base": {"cpu": 10.0, "rate": 100}, "hit": {"cpu": 11.0, "rate": 90,
                                                 "store_cpu": 2.0}},
    {"base": {"cpu": 20.0, "rate": 50}, "hit": {"cpu": 22.0, "rate": 45,
                                                "store_cpu": 2.2}},
    {"base": {"cpu": 10.0, "rate": 100}, "hit": {"cpu": 11.0, "rate": 90,
                                                 "store_cpu": 2.1}},
]


def answer(status=200, body=b"{}", **headers):
    response = Response("HTTP/1.1", status, "", [
        (name.replace("_", "-"), value) for name, value in headers.items()])
    response.body = body
    return response


# choosing

def test_a_scenario_brings_its_baselines():
    assert [one.name for one in choose(["memory-304"])] == [
        "return-200", "return-304", "memory-304"]


def test_an_unknown_scenario_is_named():
    with pytest.raises(ValueError, match="no scenario nonsense; there are"):
        choose(["nonsense"])


def test_scenarios_have_names_of_their_own_and_baselines_that_exist():
    names = {one.name for one in SCENARIOS}
    assert len(names) == len(SCENARIOS)
    assert {one.baseline for one in SCENARIOS} <= names | {None}
    assert {one.also for one in SCENARIOS} <= names | {None}


@pytest.mark.parametrize("name, limit", [
    ("memory-hit", 1.20), ("memory-304", 1.10), ("redis-hit", 1.40),
    ("miss", 1.20), ("pass", 1.05)])
def test_goals(name, limit):
    assert {one.name: one.limit for one in SCENARIOS}[name] == limit


# equality of peers

def test_answers_alike_have_no_differences():
    mine = answer(ETag='"1"', Age="3")
    assert bench_equal.differences(mine, answer(ETag='"2"', Age="12")) == []


def test_another_status_is_a_difference():
    assert bench_equal.differences(answer(), answer(404)) == [
        "status 404, not 200"]


def test_another_body_is_a_difference_also_of_the_same_size():
    assert bench_equal.differences(answer(), answer(body=b"[]"))


def test_a_header_too_few_is_named():
    found = bench_equal.differences(answer(Cache_Status="x" * 40), answer())
    assert len(found) == 1 and "without ['cache-status']" in found[0]


def test_slack_is_counted_in_bytes_of_the_wire():
    extra = answer(Via="x" * 10)            # "Via: xxxxxxxxxx\r\n"
    assert bench_equal.header_bytes(extra) == 17
    assert bench_equal.differences(answer(), extra, slack=17) == []
    assert bench_equal.differences(answer(), extra, slack=16)


# statistics

def test_quartiles_of_one_and_of_many():
    assert bench_stats.quartiles([3]) == [3, 3]
    assert bench_stats.quartiles([1, 2, 3, 4, 5]) == [2, 4]


def test_ratios_are_taken_within_rounds():
    base, hit = bench_stats.summarize([BASE, HIT], ROUNDS)
    assert base["cpu"] == 10 and "ratio" not in base and base["met"] is None
    assert hit["ratio"] == pytest.approx(1.1)
    assert hit["ratio_quartiles"] == pytest.approx([1.1, 1.1])
    assert hit["also_ratio"] == pytest.approx(1.1)
    assert hit["store_cpu"] == 2.1


@pytest.mark.parametrize("ratio, store_cpu, met", [
    (1.2, 2.5, True), (1.21, 2.5, False), (1.2, 2.51, False)])
def test_a_goal_is_met_with_all_its_limits(ratio, store_cpu, met):
    assert bench_stats.met({"ratio": ratio, "limit": 1.2, "store_limit": 2.5,
                            "store_cpu": store_cpu}) is met


# report

def test_the_table_leaves_out_columns_without_figures():
    rows = bench_stats.summarize([BASE, HIT], ROUNDS)
    titles, base, hit = bench_report.table(rows).splitlines()
    assert "p50" not in titles and "ratio" in titles
    assert base.split()[:3] == ["base", "10.00", "-"]
    assert hit.split()[:3] == ["hit", "11.00", "1.10"]
    assert "yes" in hit and "2.10 redis" in hit


def test_the_markdown_has_as_many_cells_in_each_line():
    lines = bench_report.markdown(
        bench_stats.summarize([BASE, HIT], ROUNDS)).splitlines()
    assert len(lines) == 4
    assert len({line.count("|") for line in lines}) == 1


# chart

def test_the_chart_is_xml_with_a_bar_for_each_row():
    rows = bench_stats.summarize([BASE, HIT], ROUNDS)
    root = xml.etree.ElementTree.fromstring(
        bench_svg.comparison(rows, "a <machine> & its kernel"))
    space = "{http://www.w3.org/2000/svg}"
    bars = [one for one in root.iter(f"{space}rect")
            if one.get("fill") != "#ffffff"]
    words = [one.text for one in root.iter(f"{space}text")]
    assert len(bars) == 3                   # two workers, one store
    assert "a <machine> & its kernel" in words
    assert "11.00 + 2.10 · 1.10 x base (goal 1.20)" in words


def test_bars_are_in_proportion_and_within_the_chart():
    root = xml.etree.ElementTree.fromstring(bench_svg.chart("t", "c", [
        ("s", [bench_svg.Bar("a", 1, "peer"), bench_svg.Bar("b", 4, "peer")])
    ]))
    bars = [one for one in root if one.get("fill") == "#4c78b5"]
    widths = [float(one.get("width")) for one in bars]
    assert widths[1] == pytest.approx(4 * widths[0], abs=0.5)
    assert all(float(one.get("x")) + width < bench_svg.WIDTH
               for one, width in zip(bars, widths))


def test_sections_may_have_scales_of_their_own():
    sections = [("s", [bench_svg.Bar("a", 1, "peer")]),
                ("t", [bench_svg.Bar("b", 4, "peer")])]
    widths = [re.findall('width="([0-9.]+)" height="18"', bench_svg.chart(
        "t", "c", sections, together=together)) for together in (True, False)]
    assert widths == [["115.0", "460.0"], ["460.0", "460.0"]]


# growth

def judged(figure, values):
    return bench_growth.judge([{figure: value} for value in values])[0]


def test_a_leak_is_growth():
    leak = judged("private_kb", range(10000, 19000, 1000))
    assert leak.growth == 4000 and leak.within is False


def test_what_comes_and_goes_is_no_growth():
    assert judged("private_kb", [9000, 15000, 9000] * 4).within is True


def test_no_descriptor_may_stay_open():
    assert judged("files", [20, 20, 20, 20]).within is True
    assert judged("files", [20, 20, 20, 21]).within is False


def test_free_blocks_that_become_fewer_are_growth():
    name = "batch_dial_zone_blocks_free"
    assert judged(name, [9000, 9000, 5000]).within is False
    assert judged(name, [5000, 9000, 9000]).within is True


def test_a_zone_may_be_a_little_fuller():
    name = "batch_dial_zone_blocks_used"
    assert judged(name, [10000, 10100, 10200]).within is True
    assert judged(name, [10000, 10100, 10201]).within is False


def test_what_has_no_limit_is_told_only():
    assert judged("rss_kb", [1, 2, 3]).within is None


def test_gauges_are_those_of_the_zone():
    assert bench_growth.gauges({
        "batch_dial_requests_total": {"hit": 1},
        "batch_dial_zone_blocks": {"used": 3, "free": 5},
        "batch_dial_zone_evictions_total": 7}) == {
            "batch_dial_zone_blocks.used": 3,
            "batch_dial_zone_blocks.free": 5}
