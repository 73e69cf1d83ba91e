import hashlib
import json
import math

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from scipy import stats

from fsbench.metrics.spec import METRICS
from fsbench.records import Measurement, Provenance, RunConfig, RunResult, SwapperRecord, result_json
from fsbench.userstudy.analysis.correlation import correlate, metric_values, spearman
from fsbench.userstudy.analysis.votes import Scores
from fsbench.userstudy.spec import MethodSpec

PAIRS = [f"pair {place:02d}" for place in range(40)]


def write_run(folder, metric, values, *, definition="0123456789ab", failed=()):
    """Write what the analysis reads of a run: one metric, its value a pair."""
    spec = METRICS[metric]
    measurement = Measurement(
        **{"metric": metric, "title": spec.title, "version": 1, "unit": spec.unit, "better": spec.better},
        **{"value": 1.0, "n": len(values), "definition": definition},
    )
    result = RunResult(
        title="hand-made",
        config=RunConfig(protocol="ff++"),
        protocol_version=1,
        definition={},
        definition_digest="0",
        swapper=SwapperRecord(name=folder.name, label=folder.name, version=1),
        measurements=(measurement,),
        planned=len(values),
        swapped=len(values),
        provenance=Provenance(fsbench="0"),
    )
    folder.mkdir()
    (folder / "result.json").write_text(result_json(result), encoding="utf-8")
    names = ["source_id", "target_id", "cluster", "cluster2"]
    columns = {"key": PAIRS, **{name: PAIRS for name in names}, metric: list(map(float, values))}
    columns["ok"] = [pair not in failed for pair in PAIRS]
    columns["stage"] = ["verify" if pair in failed else None for pair in PAIRS]
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / "samples.parquet")
    digest = hashlib.sha256((folder / "result.json").read_bytes()).hexdigest()
    return MethodSpec(name=folder.name, run=str(folder), digest=digest)


@pytest.fixture
def quality():
    """What people and a good metric see: one method better than the other, pairs of many kinds."""
    rng = np.random.default_rng(0)
    return {"one": 2 + rng.normal(0, 0.8, 40), "two": 3 + rng.normal(0, 0.8, 40)}


def scores(quality, noise=0.3):
    rng = np.random.default_rng(1)
    raters, sets = np.repeat(np.arange(6), 40), np.tile(PAIRS, 6)
    values = np.stack([np.tile(quality[name], 6) for name in ("one", "two")], 1)
    values = np.clip(np.rint(values + rng.normal(0, noise, values.shape)), 0, 5)
    return Scores("realism", ("one", "two"), raters, sets, values)


def test_spearman_is_scipys_and_skips_what_is_absent():
    a, b = np.array([1, 2, 2, 4, 9, math.nan, 3]), np.array([2, 1, 3, 4, 7, 1, math.nan])
    assert spearman(a, b) == pytest.approx(stats.spearmanr(a[:5], b[:5]).statistic)
    assert math.isnan(spearman(a[:2], b[:2])) and math.isnan(spearman(np.ones(5), b[:5]))


def test_a_metric_that_sees_what_people_see_agrees_whichever_way_is_better(tmp_path, quality):
    for metric, sign in (("id_similarity", 1), ("pose_error", -1)):
        methods = [write_run(tmp_path / name, metric, sign * values) for name, values in quality.items()]
        ((found,), remarks) = metric_values(methods)
        correlation = correlate(scores(quality), found, seed=0)
        assert remarks == ()
        assert correlation.points == 80
        assert correlation.all_rho > 0.9 and correlation.within_rho > 0.9
        assert correlation.all_interval.low > 0.8
        for name in quality:
            (tmp_path / name).rename(tmp_path / f"{name} {metric}")


def test_a_metric_that_knows_only_the_method_agrees_overall_and_not_within(tmp_path, quality):
    rng = np.random.default_rng(5)
    methods = [write_run(tmp_path / n, "id_similarity", quality[n].mean() + rng.normal(0, 0.1, 40)) for n in quality]
    ((metric,), _) = metric_values(methods)
    found = correlate(scores(quality), metric, seed=0)
    assert found.all_rho > 0.35 and found.all_interval.low > 0.1
    assert found.within_interval.low < 0 < found.within_interval.high


def test_pairs_that_failed_and_pairs_that_nobody_rated_are_no_points(tmp_path, quality):
    methods = [write_run(tmp_path / n, "id_similarity", quality[n], failed=PAIRS[:3]) for n in quality]
    ((metric,), _) = metric_values(methods)
    everything = scores(quality)
    seen = everything.sets != PAIRS[-1]
    some = Scores(
        "realism", everything.methods, everything.raters[seen], everything.sets[seen], everything.values[seen]
    )
    assert correlate(some, metric, seed=0).points == 2 * (40 - 3 - 1)


def test_a_run_that_is_gone_is_said_and_nothing_is_compared(tmp_path, quality):
    methods = [write_run(tmp_path / "one", "id_similarity", quality["one"]), MethodSpec(name="two", run="nowhere")]
    found, remarks = metric_values(methods)
    assert found == ()
    assert "No metrics of two" in remarks[0] and "every method's run" in remarks[1]


def test_a_run_that_has_changed_since_is_said(tmp_path, quality):
    methods = [write_run(tmp_path / name, "id_similarity", values) for name, values in quality.items()]
    file = tmp_path / "one" / "result.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "title": "another"}), encoding="utf-8")
    _, remarks = metric_values(methods)
    assert remarks == ("The run of one has changed since the study was made.",)


def test_metrics_of_different_definitions_are_not_compared(tmp_path, quality):
    methods = [
        write_run(tmp_path / "one", "id_similarity", quality["one"]),
        write_run(tmp_path / "two", "id_similarity", quality["two"], definition="ba9876543210"),
    ]
    found, remarks = metric_values(methods)
    assert found == ()
    assert "not there under one definition" in remarks[0]
