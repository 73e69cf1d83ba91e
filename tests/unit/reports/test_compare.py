"""Verdicts of a comparison, from run folders whose numbers are known."""

import numpy as np
import pytest

from fsbench.errors import NotComparable, RecordError
from fsbench.metrics.shift import paired_shift
from fsbench.reports.compare import compare
from fsbench.reports.compare_evidence import Evidence
from fsbench.reports.compare_settings import CompareSettings, Margin
from fsbench.reports.compare_verdict import judge
from fsbench.reports.runs import load_runs

SETTINGS = CompareSettings()
CLUSTERS, FRAMES = 40, 5
N = CLUSTERS * FRAMES
KEYS = [f"v{cluster:02}/f{frame}" for cluster in range(CLUSTERS) for frame in range(FRAMES)]


def values(seed=0, shift=0.0):
    """Draw values a pair, alike in a cluster; the same seed gives the same pairs."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.normal(3, 0.5, CLUSTERS), FRAMES) + rng.normal(0, 0.3, N) + shift


def verdicts(old, new, settings=SETTINGS):
    compared = compare(load_runs([old]), load_runs([new]), settings, name="test")
    (found,) = compared.judged
    return compared, {judged.metric: judged for judged in found.metrics}


def test_the_same_numbers_are_the_same_with_a_difference_of_exactly_zero(side):
    columns = {"pose_error": values(), "id_similarity": values(1) / 5}
    compared, found = verdicts(side("old", **columns), side("new", **columns))
    assert {metric: judged.verdict for metric, judged in found.items()} == dict.fromkeys(columns, "same")
    assert [(judged.difference, judged.low, judged.high) for judged in found.values()] == [(0.0, 0.0, 0.0)] * 2
    assert compared.exit_code == 0


@pytest.mark.parametrize(
    ("shift", "verdict", "code"),
    [(0.2, "worse", 1), (-0.2, "better", 0), (0.01, "same", 0), (-0.01, "same", 0), (0.1, "unsure", 0)],
)
def test_a_shift_is_judged_by_its_margin(side, shift, verdict, code):
    noise = np.random.default_rng(5).normal(0, 0.02, N)
    compared, found = verdicts(side("old", pose_error=values()), side("new", pose_error=values(shift=shift) + noise))
    assert (found["pose_error"].verdict, compared.exit_code) == (verdict, code)
    assert found["pose_error"].difference == pytest.approx(shift, abs=0.01)
    assert found["pose_error"].n == N


def test_where_more_is_better_a_fall_is_worse(side):
    old, new = side("old", id_similarity=values() / 5), side("new", id_similarity=values() / 5 - 0.05)
    compared, found = verdicts(old, new)
    assert found["id_similarity"].verdict == "worse"
    assert found["id_similarity"].difference == pytest.approx(-0.05)
    assert compared.exit_code == 1


def test_the_pairs_that_got_worse_most_are_named_in_order(side):
    column = values()
    changed = column.copy()
    changed[[3, 7, 11]] += [1.0, 3.0, 2.0]
    _, found = verdicts(side("old", pose_error=column), side("new", pose_error=changed))
    assert [pair.key for pair in found["pose_error"].worse_pairs] == [KEYS[7], KEYS[11], KEYS[3]]
    assert found["pose_error"].worse_pairs[0].new == pytest.approx(column[7] + 3)


def test_two_clusters_give_no_verdict(side):
    labels = ["a"] * (N // 2) + ["b"] * (N // 2)
    old, new = (side(name, clusters=labels, pose_error=values(shift=shift)) for name, shift in (("o", 0), ("n", 1)))
    _, found = verdicts(old, new)
    assert found["pose_error"].verdict == "unsure"
    assert "only 2 clusters" in found["pose_error"].note


def test_lost_pairs_are_more_failures_and_are_not_in_the_difference(side):
    column = list(values())
    lost = [None if place < 4 else value for place, value in enumerate(column)]
    old, new = side("old", pose_error=column), side("new", pose_error=lost, failed=KEYS[:4])
    compared, found = verdicts(old, new)
    assert (found["pose_error"].verdict, compared.exit_code) == ("more failures", 1)
    assert (found["pose_error"].difference, found["pose_error"].n, found["pose_error"].lost) == (0.0, N - 4, 4)
    assert [failure.key for failure in compared.judged[0].new_failures] == KEYS[:4]


def test_a_metric_without_a_value_is_gone_and_a_swapper_too(side):
    old, new = side("old", pose_error=values(), fid=10.0), side("new", pose_error=values())
    compared, found = verdicts(old, new)
    assert (found["fid"].verdict, compared.exit_code) == ("gone", 1)
    side("both", "ours", pose_error=values())
    side("both", "theirs", pose_error=values())
    two = old.parents[3] / "both"
    compared = compare(load_runs([two]), load_runs([new]), SETTINGS, name="test")
    assert [found.state for found in compared.judged] == ["", "gone"]
    assert compared.exit_code == 1


def test_a_new_metric_stops_nothing(side):
    compared, found = verdicts(side("old", pose_error=values()), side("new", pose_error=values(), fid=10.0))
    assert (found["fid"].verdict, compared.exit_code) == ("new", 0)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"definition_digest": "f" * 12}, "definition"),
        ({"provenance": {"evaluators": {"identity": "arcface@1"}}}, "networks that measure"),
        ({"provenance": {"weights": {"net.pt": "0" * 64}}}, "weights"),
        ({"provenance": {"data_digest": "e" * 12}}, "data"),
        ({"protocol_version": 2}, "protocol"),
        ({"keys": [*KEYS[:-1], "other"]}, "pair list"),
    ],
)
def test_what_does_not_mean_the_same_is_not_comparable(side, change, word):
    compared, _ = verdicts(side("old", pose_error=values()), side("new", pose_error=values(shift=9), **change))
    (found,) = compared.judged
    assert (found.state, compared.exit_code) == ("not comparable", 3)
    assert word in found.reason


def test_a_metric_of_another_definition_is_not_comparable_and_the_others_are_judged(side, measure):
    old = side("old", pose_error=values(), expression_error=values(1))
    other = measure("expression_error", float(values(1).mean()), n=N, definition="f" * 12)
    new = side("new", pose_error=values(shift=1), expression_error=values(1), measurements=[other])
    compared, found = verdicts(old, new)
    assert (found["pose_error"].verdict, found["expression_error"].verdict) == ("worse", "not comparable")
    assert compared.exit_code == 1


def test_sides_with_nothing_in_common_are_refused(side):
    old, new = side("old", "a", pose_error=values()), side("new", "b", config={"protocol": "lfw"}, pose_error=values())
    with pytest.raises(NotComparable, match="no run of one side"):
        compare(load_runs([old]), load_runs([new]), SETTINGS, name="test")


def test_two_runs_that_cannot_be_told_apart_are_refused(side):
    old = side("old", pose_error=values())
    side("old", folder="bbbbbbbbbbbb", pose_error=values())
    with pytest.raises(RecordError, match="two runs of 'ours'"):
        compare(load_runs([old.parents[2]]), load_runs([old]), SETTINGS, name="test")


def test_a_run_without_samples_is_a_problem_and_the_others_are_compared(side):
    old, new = side("old", pose_error=values()), side("new", pose_error=values())
    (side("new", "theirs", pose_error=values()) / "samples.parquet").write_bytes(b"cut")
    side("old", "theirs", pose_error=values())
    compared = compare(load_runs([old.parents[2]]), load_runs([new.parents[2]]), SETTINGS, name="test")
    assert [found.label for found in compared.judged] == ["ours"]
    assert "samples.parquet" in compared.problems[0]
    assert compared.exit_code == 2


def test_a_change_of_a_control_is_a_warning(side):
    for name, shift in (("old", 0), ("new", 1)):
        side(name, "ours", pose_error=values())
        last = side(name, "copy-target", is_control=True, pose_error=values(shift=shift))
    root = last.parents[3]
    compared = compare(load_runs([root / "old"]), load_runs([root / "new"]), SETTINGS, name="test")
    assert compared.exit_code == 0
    assert compared.moved_controls == ["copy-target: Pose error worse"]


def test_set_distances_are_judged_by_both_intervals(side, measure):
    def fid(value, half):
        return [measure("fid", value, value - half, value + half, n=N)]

    for new, half, verdict in ((10.2, 0.1, "same"), (14.0, 0.5, "worse"), (12.0, 3.0, "unsure"), (6.0, 0.5, "better")):
        sides = side(f"o{new}", measurements=fid(10.0, half)), side(f"n{new}", measurements=fid(new, half))
        assert verdicts(*sides)[1]["fid"].verdict == verdict, new


def test_a_size_is_compared_as_it_is(side, measure):
    sides = [side(f"s{value}", measurements=[measure("size_mb", value)]) for value in (100.0, 100.5, 102.0)]
    assert verdicts(sides[0], sides[1])[1]["size_mb"].verdict == "same"
    assert verdicts(sides[0], sides[2])[1]["size_mb"].verdict == "worse"


def test_times_of_two_jobs_are_not_judged_and_those_of_one_are(side, measure):
    rng = np.random.default_rng(0)
    times = rng.lognormal(2, 0.05, N)

    def run(name, factor, session):
        column = times * factor
        found = measure("latency_ms", float(np.median(column)), n=N)
        return side(name, measurements=[found], session=session, latency_ms=column)

    old = run("old", 1.0, "first")
    assert verdicts(old, run("later", 2.0, "second"))[1]["latency_ms"].verdict == "unsure"
    expected = {1.0: "same", 1.02: "same", 1.15: "unsure", 1.4: "worse", 0.7: "better"}
    for factor, verdict in expected.items():
        judged = verdicts(old, run(f"x{factor}", factor, "first"))[1]["latency_ms"]
        assert judged.verdict == verdict, factor
        assert judged.difference == pytest.approx(factor)


def simulated(rng, *, metrics, shift, clusters=20, rows=5, margin=0.0):
    """Draw the evidence of one comparison: paired differences, alike in a cluster."""
    labels = np.repeat(np.arange(clusters), rows).astype(str)
    found = []
    for name in range(metrics):
        rows_of = shift + np.repeat(rng.normal(0, 0.2, clusters), rows) + rng.normal(0, 0.3, clusters * rows)
        harm = paired_shift(rows_of, labels, resamples=1000, seed=0)
        values = {"old": 3.0, "new": 3.0 + float(rows_of.mean()), "planned": len(labels), "n": len(labels)}
        found.append(Evidence(f"m{name}", "M", "", "lower", "pairs", harm=harm, margin=margin, **values))
    return found


def test_false_alarms_are_rarer_than_two_in_a_hundred_even_without_margins():
    rng = np.random.default_rng(7)
    alarms = 0
    for _ in range(500):
        judged = judge(simulated(rng, metrics=10, shift=0.0), SETTINGS)
        alarms += any(one.verdict == "worse" for one in judged)
    assert alarms < 0.02 * 500


@pytest.mark.parametrize(("shift", "fewest", "most"), [(0.2, 95, 100), (0.01, 0, 5)])
def test_a_real_loss_is_found_and_a_small_one_is_let_through(shift, fewest, most):
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(100):
        judged = judge(simulated(rng, metrics=3, shift=shift, clusters=100, rows=10, margin=0.05), SETTINGS)
        found += judged[0].verdict == "worse"
    assert fewest <= found <= most


def test_the_correction_holds_back_what_one_test_alone_would_call_worse():
    rng = np.random.default_rng(1)
    one = simulated(rng, metrics=1, shift=0.13)
    quiet = simulated(rng, metrics=60, shift=-1.0)
    alone, among = judge(one, SETTINGS)[0], judge([*one, *quiet], SETTINGS)[0]
    assert alone.p == among.p
    assert among.p_holm == pytest.approx(min(1, 61 * alone.p))
    assert (alone.verdict, among.verdict) == ("worse", "unsure")
    assert "among all metrics" in among.note


def test_margins_are_the_larger_of_absolute_and_relative():
    assert Margin(absolute=1.0, relative=0.05).of(10) == 1.0
    assert Margin(absolute=1.0, relative=0.05).of(-40) == 2.0
