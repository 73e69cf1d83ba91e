"""From numbers to measurements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from fsbench.metrics.spec import METRICS, TIMES
from fsbench.protocols.presets import FFppDefinition
from fsbench.protocols.scoring import Network, Scorer
from fsbench.protocols.set_distances import Rows

DLIB = Network("dlib ResNet", "dlib-resnet@1()")


def scorer(labels: Sequence[str] | Sequence[tuple[str, ...]], *, planned: int | None = None) -> Scorer:
    """Score pairs k0, k1, ... that belong to the given clusters."""
    clusters = {f"k{n}": (label,) if isinstance(label, str) else label for n, label in enumerate(labels)}
    return Scorer(FFppDefinition(), clusters, len(labels) if planned is None else planned, 200, 0)


def keyed(*values: float) -> dict[str, float]:
    return {f"k{n}": value for n, value in enumerate(values)}


def rows(values: Sequence[Sequence[float]], *, name: str = "k") -> Rows:
    keys = [f"{name}{n}" for n in range(len(values))]
    return Rows(keys, np.array(values, np.float32).reshape(len(values), len(values[0]) if values else 0), keys)


def test_a_value_is_the_mean_in_the_unit_that_is_printed() -> None:
    found = scorer("aabb").of_pairs("id_retrieval", DLIB, keyed(1, 0, 1, 1)).measurement
    assert (found.value, found.unit, found.better, found.n, found.n_failed) == (75.0, "%", "higher", 4, 0)
    assert found.low is not None and found.high is not None
    assert 0 <= found.low <= 75 <= found.high <= 100


def test_the_numbers_of_the_pairs_keep_their_own_scale() -> None:
    assert scorer("ab").of_pairs("id_retrieval", DLIB, keyed(1, 0)).per_pair == {"k0": 1, "k1": 0}


def test_the_root_of_the_mean_square_is_not_the_mean() -> None:
    errors = keyed(0, 0, 6, 8)
    mean = scorer("abcd").of_pairs("pose_error", DLIB, errors).measurement
    rms = scorer("abcd").of_pairs("pose_error", DLIB, errors, statistic="rms").measurement
    assert (mean.value, rms.value) == (3.5, 5.0)  # (0 + 0 + 36 + 64) / 4 = 25


def test_the_variance_is_unbiased() -> None:
    found = scorer("abcd").of_pairs("lfw_cosine_var", DLIB, keyed(1, 2, 3, 4), statistic="variance").measurement
    assert found.value == pytest.approx(5 / 3)


def test_pairs_without_a_number_are_counted_as_failed() -> None:
    found = scorer("abcd").of_pairs("pose_error", DLIB, keyed(1, 2, 3)).measurement
    assert (found.n, found.n_failed) == (3, 1)


@pytest.mark.parametrize("metric", ["pose_error", "id_similarity", "target_leakage", "coverage"])
def test_a_metric_without_any_number_is_null_and_says_so(metric: str) -> None:
    scored = scorer("abc").of_pairs(metric, DLIB, {})
    found = scored.measurement
    assert found.value is found.low is found.high is None
    assert (found.n, found.n_failed, found.note) == (0, 3, "no pair has a value")
    assert scored.per_pair == {}


def test_the_variance_of_one_number_is_null() -> None:
    found = scorer("ab").of_pairs("lfw_cosine_var", DLIB, keyed(0.5), statistic="variance").measurement
    assert (found.value, found.n, found.n_failed) == (None, 1, 1)


def test_zero_is_a_value_and_not_an_absence() -> None:
    found = scorer("ab").of_pairs("pose_error", DLIB, keyed(0, 0)).measurement
    assert (found.value, found.low, found.high) == (0, 0, 0)


@pytest.mark.parametrize(
    ("labels", "note"),
    [
        ("aaaa", "no interval from one cluster"),
        ("aabb", "only 2 clusters: the interval is too narrow"),
        ("abcdefghi", "only 9 clusters: the interval is too narrow"),
        ("abcdefghij", ""),
    ],
)
def test_few_clusters_are_told(labels: str, note: str) -> None:
    found = scorer(labels).of_pairs("pose_error", DLIB, keyed(*range(len(labels)))).measurement
    assert found.note == note
    assert (found.low is None) == (found.high is None) == (note == "no interval from one cluster")


def test_a_note_stands_before_the_one_on_clusters() -> None:
    found = scorer("aabb").of_pairs("pose_error", DLIB, keyed(1, 2, 3, 4), note="mind the gap").measurement
    assert found.note == "mind the gap; only 2 clusters: the interval is too narrow"


def test_of_two_labellings_the_wider_interval_is_given() -> None:
    values = keyed(0, 0, 10, 10)
    by_first = scorer(["a", "a", "b", "b"]).of_pairs("pose_error", DLIB, values).measurement
    both = scorer([("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]).of_pairs("pose_error", DLIB, values).measurement
    assert (both.low, both.high) == (by_first.low, by_first.high) == (0, 10)


def test_coverage_is_the_share_of_planned_swaps_with_a_verified_result() -> None:
    found = scorer("aabb").covered({"k0", "k1", "k2"}).measurement
    assert (found.value, found.n, found.n_failed, found.title) == (75.0, 4, 1, "Coverage")


def test_a_definition_names_every_choice_the_metric_its_version_and_the_network() -> None:
    base = scorer("ab").of_pairs("pose_error", DLIB, keyed(1, 2)).measurement.definition
    other_network = Network("dlib ResNet", "dlib-resnet@2()")
    changed = Scorer(FFppDefinition(hit="frame"), {"k0": ("a",), "k1": ("b",)}, 2, 200, 0)
    others = [
        scorer("ab").of_pairs("expression_error", DLIB, keyed(1, 2)),
        scorer("ab").of_pairs("pose_error", other_network, keyed(1, 2)),
        changed.of_pairs("pose_error", DLIB, keyed(1, 2)),
    ]
    assert len({base, *(scored.measurement.definition for scored in others)}) == 4
    assert scorer("ab").of_pairs("pose_error", DLIB, keyed(3, 4)).measurement.definition == base


UNTITLED = (
    "fid",
    "kid",
    "coverage",
    "network_gflop",
    "network_error",
    "memory_mb",
    "size_mb",
    "parameters",
    "fp32_mb",
    "fp16_mb",
)


@pytest.mark.parametrize("metric", sorted(set(METRICS) - {*UNTITLED, "int8_mb", *TIMES}))
def test_a_title_names_the_network_that_measured(metric: str) -> None:
    found = scorer("ab").of_pairs(metric, DLIB, keyed(0.5, 0.6)).measurement
    assert found.title == f"{METRICS[metric].title} (dlib ResNet)"


@pytest.mark.parametrize("name", ["efflite0", "clip", "inception-v4", "myinception", "pixel"])
def test_bare_fid_and_kid_are_never_printed_for_another_network_than_inception(name: str) -> None:
    network = Network("Net", f"{name}@1()")
    titles = [
        s.measurement.title for s in scorer("ab").of_sets(network, rows([[0], [1]]), rows([[0], [1]]), reference="")
    ]
    assert titles == ["FD-Net", "KD-Net"]


def test_fid_and_kid_are_printed_for_inception() -> None:
    network = Network("Inception-v3", "inception@1()")
    titles = [
        s.measurement.title for s in scorer("ab").of_sets(network, rows([[0], [1]]), rows([[0], [1]]), reference="")
    ]
    assert titles == ["FID", "KID"]


def test_equal_sets_of_targets_and_their_own_results_are_at_distance_zero() -> None:
    features = np.random.default_rng(0).normal(size=(12, 4)).tolist()
    fid, kid = scorer("abcdefghijkl").of_sets(DLIB, rows(features), rows(features), reference="targets")
    for found in (fid.measurement, kid.measurement):
        assert found.value == pytest.approx(0, abs=1e-6)
        assert found.low == pytest.approx(0, abs=1e-6)
        assert (found.n, found.n_failed) == (12, 0)
        assert found.note.startswith("reference: targets, n = 12")
    assert fid.per_pair == kid.per_pair == {}


def test_the_frechet_distance_of_one_dimension_is_worked_out_by_hand() -> None:
    # means 1 and 4; variances 2 and 8 (unbiased): (1 - 4)^2 + 2 + 8 - 2 sqrt(16) = 11
    fid, _ = scorer("ab").of_sets(DLIB, rows([[0], [2]]), rows([[2], [6]], name="other"), reference="targets")
    assert fid.measurement.value == pytest.approx(11)


@pytest.mark.parametrize(("real", "swapped"), [(1, 5), (5, 1), (0, 5), (5, 0), (0, 0)])
def test_a_distance_needs_two_pictures_on_each_side(real: int, swapped: int) -> None:
    sides = [rows([[float(n)] for n in range(count)]) for count in (real, swapped)]
    for scored in scorer("abcde").of_sets(DLIB, sides[0], sides[1], reference="targets"):
        found = scored.measurement
        assert found.value is found.low is found.high is None
        assert found.note == f"reference: targets, n = {real}; a distance needs two pictures on each side"
        assert (found.n, found.n_failed) == (swapped, 5 - swapped)


def test_fewer_pictures_than_features_are_told() -> None:
    fid, kid = scorer("abc").of_sets(DLIB, rows([[0, 1, 2, 3]] * 3), rows([[0, 1, 2, 3]] * 3), reference="targets")
    assert fid.measurement.note.endswith("; fewer pictures than features (4): compare only with equal n")
    assert "features" not in kid.measurement.note


def test_a_frechet_distance_has_no_negative_end() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 12, 2)).tolist()
    fid, _ = scorer("abcdefghijkl").of_sets(DLIB, rows(a), rows(b), reference="targets")
    assert fid.measurement.low is not None and fid.measurement.low >= 0


PAPER = {
    "cosface-acc9928": ["id_retrieval"],
    "arcface-w600k-r50": ["lfw_cosine_mean", "lfw_cosine_var"],
    "hopenet": ["pose_error"],
    "deep3d": ["expression_error"],
}


@pytest.mark.parametrize(("name", "metric"), [(name, metric) for name, own in PAPER.items() for metric in own])
def test_the_papers_bare_titles_are_for_the_papers_own_networks(name: str, metric: str) -> None:
    found = scorer("ab").of_pairs(metric, Network("Net", f"{name}@1()"), keyed(0.5, 0.6)).measurement
    assert found.title == METRICS[metric].title


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("cosface-acc9928+flip", "id_retrieval"),
        ("cosface-acc9928", "lfw_cosine_mean"),
        ("cosface-acc9928", "id_similarity"),
        ("arcface-w600k-r50", "id_retrieval"),
        ("hopenet+float16", "pose_error"),
        ("6drepnet", "pose_error"),
        ("deep3d", "shape_error"),
    ],
)
def test_a_network_of_the_paper_in_another_column_or_another_form_is_named(name: str, metric: str) -> None:
    found = scorer("ab").of_pairs(metric, Network("Net", f"{name}@1()"), keyed(0.5, 0.6)).measurement
    assert found.title == f"{METRICS[metric].title} (Net)"


@pytest.mark.parametrize("name", ["inception+frame", "inception-plain", "inception+float16"])
def test_fid_by_inception_in_another_form_names_it(name: str) -> None:
    network = Network("Net", f"{name}@1()")
    found = scorer("ab").of_sets(network, rows([[0], [1]]), rows([[0], [1]]), reference="")
    assert [scored.measurement.title for scored in found] == ["FID (Net)", "KID (Net)"]
