"""What holds for many metrics at once: one table a property."""

import numpy as np
import pytest

from fsbench.metrics.distribution import frechet_distance, frechet_from_moments
from fsbench.metrics.geometry import angle_l2_error, l2_error
from fsbench.metrics.identity import cosine, retrieve
from fsbench.metrics.kernel import kernel_distance
from fsbench.metrics.stats import cluster_bootstrap, group_jackknife, paired_difference

SETTINGS = {"resamples": 200, "seed": 1}


def labels(rows):
    return [f"video{index % 7}" for index in range(len(rows))]


def moments(a, b):
    return a.mean(axis=0), np.cov(a, rowvar=False), b.mean(axis=0), np.cov(b, rowvar=False)


def ends(interval):
    return np.array([interval.low, interval.high])


PAIRED = {  # row i of one belongs to row i of the other -> one number
    "cosine": lambda a, b: cosine(a, b).mean(),
    "l2": lambda a, b: l2_error(a, b).mean(),
    "angle": lambda a, b: angle_l2_error(a[:, :3], b[:, :3]).mean(),
    "retrieval": lambda a, b: retrieve(a, b, probe_labels=labels(a), gallery_labels=labels(b)).rank.mean(),
}
SETS = {"frechet": frechet_distance, "kernel": kernel_distance}
OTHER = {
    "moments": lambda a, b: frechet_from_moments(*moments(a, b)),
    "bootstrap": lambda a, b: ends(cluster_bootstrap(a[:, 0], labels(a), statistic="rms", **SETTINGS)).sum(),
    "difference": lambda a, b: paired_difference(a[:, 0], b[:, 0], labels(a), **SETTINGS).value,
    "jackknife": lambda a, b: ends(group_jackknife(labels(a), lambda kept: a[kept, 0].mean(), seed=1)).sum(),
}
ALL = {**PAIRED, **SETS, **OTHER}
ZERO_ON_EQUAL = {name: ALL[name] for name in ("l2", "angle", "frechet", "moments", "difference")}
SYMMETRIC = {name: ALL[name] for name in ("cosine", "l2", "angle", "frechet", "kernel", "moments")}
SCALE_FREE = {name: ALL[name] for name in ("cosine", "retrieval")}


def two_sets(rows=64, dimensions=8, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, dimensions)), rng.normal(0.3, 1.2, size=(rows, dimensions))


@pytest.mark.parametrize("metric", ZERO_ON_EQUAL.values(), ids=ZERO_ON_EQUAL)
@pytest.mark.parametrize("shape", [(64, 8), (8, 64)], ids=["tall", "wide"])
def test_equal_inputs_score_zero(metric, shape):
    rows, _ = two_sets(*shape)
    assert metric(rows, rows) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("metric", SYMMETRIC.values(), ids=SYMMETRIC)
def test_the_order_of_the_two_sets_does_not_matter(metric):
    a, b = two_sets()
    assert metric(a, b) == pytest.approx(metric(b, a), rel=1e-10)


@pytest.mark.parametrize("metric", SCALE_FREE.values(), ids=SCALE_FREE)
@pytest.mark.parametrize("size", [1e-200, 1e-3, 7, 1e200])
def test_the_length_of_rows_does_not_matter(metric, size):
    a, b = two_sets()
    lengths = np.linspace(1, 9, len(a))[:, None]
    assert metric(a * size * lengths, b / lengths) == pytest.approx(metric(a, b), rel=1e-12)


@pytest.mark.parametrize("metric", {**PAIRED, **SETS}.values(), ids={**PAIRED, **SETS})
def test_the_order_of_rows_does_not_matter(metric):
    a, b = two_sets(63)
    shuffled = np.random.default_rng(2).permutation(9) * 7  # whole turns of seven keep each row's label
    order = (shuffled[:, None] + np.arange(7)).ravel()
    assert metric(a[order], b[order]) == pytest.approx(metric(a, b), rel=1e-10)


@pytest.mark.parametrize("metric", SETS.values(), ids=SETS)
def test_a_set_may_be_shuffled_without_the_other(metric):
    a, b = two_sets()
    assert metric(a[np.random.default_rng(2).permutation(len(a))], b) == pytest.approx(metric(a, b), rel=1e-10)


@pytest.mark.parametrize("metric", ALL.values(), ids=ALL)
def test_inputs_are_left_as_they_were(metric):
    a, b = two_sets()
    before = a.copy(), b.copy()
    a.flags.writeable = b.flags.writeable = False
    metric(a, b)
    assert np.array_equal(a, before[0])
    assert np.array_equal(b, before[1])


@pytest.mark.parametrize("metric", ALL.values(), ids=ALL)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_none_is_refused_and_never_scored(metric, bad):
    a, b = two_sets()
    a[5, 0] = bad
    with np.errstate(invalid="ignore"), pytest.raises(ValueError, match="NaN or infinity"):
        metric(a, b)


@pytest.mark.parametrize("metric", ALL.values(), ids=ALL)
def test_the_same_call_gives_the_same_number(metric):
    assert metric(*two_sets()) == metric(*two_sets())


@pytest.mark.parametrize("metric", PAIRED.values(), ids=PAIRED)
def test_rows_of_different_width_are_refused(metric):
    a, b = two_sets()
    with pytest.raises(ValueError, match="wanted"):
        metric(a, b[:, :2])
