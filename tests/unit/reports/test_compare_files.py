"""What a comparison writes for people and other programs."""

import json
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from fsbench.metrics.spec import METRICS
from fsbench.reports.compare import Compared, compare
from fsbench.reports.compare_files import benchmark_json, compare_json, junit_xml, write_comparison
from fsbench.reports.compare_markdown import LONGEST, comment_tag, compare_markdown
from fsbench.reports.compare_settings import CompareSettings
from fsbench.reports.compare_table import comparison_title
from fsbench.reports.runs import load_runs

N = 200


def column(shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(2, 0.3, N) + shift


@pytest.fixture
def compared(side):
    def make(*, name="mini", **new):
        side("old", pose_error=column(), id_similarity=column(seed=1) / 4)
        made = {"pose_error": column(0.5), "id_similarity": column(seed=1) / 4, **new}
        folder = side("new", **made)
        root = folder.parents[3]
        sides = [load_runs([root / one]) for one in ("old", "new")]
        return compare(sides[0], sides[1], CompareSettings(), name=name), sides[1].runs

    return make


def test_the_comment_starts_with_its_tag_and_shows_what_is_not_the_same(compared):
    text = compare_markdown(compared()[0])
    first, head, *_ = text.splitlines()
    assert first == "<!-- fsbench-compare:mini -->"
    assert head == "### mini: regression (1 worse, 1 same)"
    above = text.partition("<details>")[0]
    assert "| Pose error, deg ↓ | 2.00 | 2.50 | +0.50 \\[+0.50, +0.50\\] | 0.10 | worse | 200 of 200 |" in above
    assert "ID similarity" not in above
    assert "ID similarity" in text
    assert re.findall("<summary>(.*?)</summary>", text) == [
        *("All metrics", "Pairs that got worse most", "Where the numbers come from"),
    ]


def test_a_name_cannot_end_the_tag_early(compared):
    assert comment_tag("a --> b") == "<!-- fsbench-compare:a-----b -->"
    first, head, *_ = compare_markdown(compared(name="a --> b")[0]).splitlines()
    assert first == "<!-- fsbench-compare:a-----b -->"
    assert "-->" not in head


def test_a_comment_of_many_metrics_and_long_reasons_fits_and_says_what_was_left_out(compared):
    found, _ = compared()
    (swapper,) = found.swappers
    judged = next(one for one in swapper.metrics if one.verdict == "worse")
    many = tuple(judged.model_copy(update={"metric": f"m{i}", "title": f"Metric {i} " + "x" * 600}) for i in range(50))
    long = found.model_copy(update={"swappers": (swapper.model_copy(update={"metrics": many}),)})
    text = compare_markdown(long)
    assert len(text) <= LONGEST
    assert text.startswith("<!-- fsbench-compare:mini -->\n")
    assert "left out. compare.json holds everything" in text


def test_markup_in_a_failure_is_text_and_paths_of_the_machine_are_not_there(compared):
    keys = [f"v{video:02}/f{frame}" for video in range(40) for frame in range(5)]
    values = [None if place < 3 else value for place, value in enumerate(column())]
    found, runs = compared(
        pose_error=values,
        failed=keys[:3],
        provenance={"command": "fsbench run ff++ --data /home/ann/faces --out /srv/out"},
    )
    failure = found.swappers[0].new_failures[0].model_copy(update={"reason": "<script>alert(1)</script> | x"})
    swapper = found.swappers[0].model_copy(update={"new_failures": (failure,)})
    text = compare_markdown(found.model_copy(update={"swappers": (swapper,)}))
    assert "<script>" not in text
    assert "3 new failures" in text
    everything = text + compare_json(found) + junit_xml(found) + benchmark_json(runs, "lower")
    assert re.findall(r"/(?:home|srv|tmp|root)/\S*", everything) == []


def test_json_holds_everything_and_reads_back(compared):
    found, _ = compared()
    assert Compared.model_validate_json(compare_json(found)) == found
    content = json.loads(compare_json(found))
    assert content["exit_code"] == 1
    judged = content["swappers"][0]["metrics"]
    pose = next(one for one in judged if one["metric"] == "pose_error")
    assert pose["difference"] == pytest.approx(0.5)
    assert pose["p_holm"] == 0.0


def test_junit_counts_failures_and_each_metric_is_a_test(compared):
    root = ElementTree.fromstring(junit_xml(compared()[0]))
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "1", "0")
    failed = [case.get("name") for case in suite if case.find("failure") is not None]
    assert failed == ["Pose error"]
    assert "worse: 2.00 -> 2.50, difference +0.50" in suite.find("testcase/failure").get("message")


def test_the_benchmark_files_have_one_direction_each_and_the_keys_that_the_action_reads(compared):
    _, runs = compared()
    higher, lower = (json.loads(benchmark_json(runs, better)) for better in ("higher", "lower"))
    assert [entry["name"] for entry in higher] == ["ff++ ours: ID similarity"]
    assert [entry["name"] for entry in lower] == ["ff++ ours: Pose error"]
    for entry in higher + lower:
        assert {"name", "unit", "value"} <= set(entry) <= {"name", "unit", "value", "range", "extra"}
        assert isinstance(entry["value"], float)
        assert entry["unit"]


def test_equal_input_gives_equal_bytes(compared, tmp_path):
    found, runs = compared()
    first, second = (write_comparison(found, runs, tmp_path / name) for name in ("a", "b"))
    assert [file.name for file in first] == [
        *("compare.md", "compare.json", "compare.xml", "benchmark.bigger.json", "benchmark.smaller.json"),
    ]
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_the_title_counts_the_verdicts_the_worst_first(compared):
    assert comparison_title(compared()[0]) == "mini: regression (1 worse, 1 same)"


def test_every_metric_with_a_direction_has_a_margin_or_a_gate_of_its_own():
    from fsbench.reports.compare_settings import DEFAULTS, ELSEWHERE

    judged = {name for name, spec in METRICS.items() if spec.better != "neither"}
    assert judged - set(DEFAULTS) - set(ELSEWHERE) == set()
