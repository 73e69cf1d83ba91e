"""Each metric gives the number that a hand or a public reference gives. The files are never written by a test."""

import json
from pathlib import Path

import pytest

from fsbench.metrics.distribution import frechet_distance
from fsbench.metrics.geometry import angle_l2_error, l2_error
from fsbench.metrics.identity import cosine, retrieve
from fsbench.metrics.kernel import kernel_distance
from fsbench.metrics.spec import METRICS

GOLDEN = Path(__file__).parents[2] / "golden"

COMPUTE = {
    "id_retrieval": lambda **inputs: retrieve(**inputs).hits().mean(),
    "id_retrieval_top5": lambda **inputs: retrieve(**inputs).hits(5).mean(),
    "id_retrieval_strict": lambda **inputs: retrieve(**inputs).hits().mean(),
    "id_similarity": lambda **inputs: cosine(**inputs).mean(),
    "target_leakage": lambda **inputs: cosine(**inputs).mean(),
    "pose_error": lambda **inputs: angle_l2_error(**inputs).mean(),
    "expression_error": lambda **inputs: l2_error(**inputs).mean(),
    "fid": frechet_distance,
    "kid": kernel_distance,
}


def load(metric):
    return json.loads((GOLDEN / f"{metric}.json").read_text(encoding="utf-8"))


CASES = [(metric, index) for metric in COMPUTE for index in range(len(load(metric)["cases"]))]


@pytest.mark.parametrize(("metric", "index"), CASES)
def test_the_metric_gives_the_golden_value(metric, index):
    case = load(metric)["cases"][index]
    assert set(case) == {"by", "inputs", "expected", "tolerance"}
    assert COMPUTE[metric](**case["inputs"]) == pytest.approx(case["expected"], rel=0, abs=case["tolerance"])


@pytest.mark.parametrize("metric", COMPUTE)
def test_the_golden_file_belongs_to_the_version_of_the_metric(metric):
    content = load(metric)
    assert content["metric"] == metric
    assert content["metric_version"] == METRICS[metric].version


def test_golden_tolerances_are_tight():
    for metric in COMPUTE:
        for case in load(metric)["cases"]:
            assert case["tolerance"] <= 1e-6 * max(1, abs(case["expected"]))
