import warnings

import numpy as np
import pytest
from scipy import linalg

from fsbench.metrics import distribution
from fsbench.metrics import rows as rows_module
from fsbench.metrics.distribution import frechet_distance, frechet_from_moments, frechet_without_groups
from fsbench.metrics.kernel import kernel_distance


def two_sets(rows, other_rows, dimensions, seed=1):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(dimensions, dimensions)) / np.sqrt(dimensions) + np.eye(dimensions)
    return rng.normal(size=(rows, dimensions)), rng.normal(0.2, 1.1, size=(other_rows, dimensions)) @ mixing


def moments(a, b):
    return a.mean(axis=0), np.cov(a, rowvar=False), b.mean(axis=0), np.cov(b, rowvar=False)


def pytorch_fid(a, b):
    from pytorch_fid.fid_score import calculate_frechet_distance

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return calculate_frechet_distance(*moments(a, b))


def by_root_of_covariance(a, b):
    """Compute the definition with scipy's eigenvalues of the two symmetric roots, exact for any rank."""
    mean1, cov1, mean2, cov2 = moments(a, b)
    roots = []
    for covariance in (cov1, cov2):
        values, vectors = linalg.eigh(covariance)
        roots.append(vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T)
    return np.sum((mean1 - mean2) ** 2) + np.trace(cov1 + cov2) - 2 * linalg.svdvals(roots[0] @ roots[1]).sum()


@pytest.mark.parametrize(("rows", "other"), [(400, 400), (400, 90), (70, 300)])
def test_frechet_distance_equals_pytorch_fid_where_covariances_have_full_rank(rows, other):
    a, b = two_sets(rows, other, 64)
    expected = pytorch_fid(a, b)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)
    assert frechet_from_moments(*moments(a, b)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("rows", "other"), [(2, 2), (10, 30), (64, 64), (64, 65), (65, 65), (30, 500), (500, 30)])
def test_frechet_distance_equals_the_definition_at_every_rank(rows, other):
    a, b = two_sets(rows, other, 64)
    assert frechet_distance(a, b) == pytest.approx(by_root_of_covariance(a, b), rel=1e-7)
    assert frechet_from_moments(*moments(a, b)) == pytest.approx(by_root_of_covariance(a, b), rel=1e-6)


def test_the_two_routes_to_the_root_agree():
    a, b = two_sets(300, 200, 32)
    mean1, cov1, mean2, cov2 = moments(a, b)
    expected = distribution._root_from_rows(a, b, (mean1, mean2))
    assert distribution._root_by_cholesky(cov1.copy(), cov2.copy()) == pytest.approx(expected, rel=1e-12)
    assert distribution._root_by_eigh(cov1, cov2) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("rows", [2, 40, 63, 64, 65, 66, 80, 400])
@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_equal_sets_are_at_distance_zero_at_every_rank(rows, scale):
    rng = np.random.default_rng(2)
    a = rng.exponential(size=(rows, 64)) * scale + 5 * scale
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-10 * np.sum(a.var(axis=0)))
    assert frechet_distance(a, a[::-1]) == pytest.approx(0, abs=1e-10 * np.sum(a.var(axis=0)))


@pytest.mark.parametrize("dead", [0.0, 3.0])
@pytest.mark.parametrize("faint", [0.0, 1e-9, 1e-5])
def test_dead_and_faint_feature_channels_do_no_harm(dead, faint):
    a, b = two_sets(400, 300, 32)
    noise = np.random.default_rng(3).normal(size=(700, 16)) * faint
    wide_a = np.column_stack([a, np.full((400, 16), dead) + noise[:400]])
    wide_b = np.column_stack([b, np.full((300, 16), dead) + noise[400:]])
    expected = frechet_distance(a, b)
    assert frechet_distance(wide_a, wide_b) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(wide_a, wide_a) == pytest.approx(0, abs=1e-9)
    assert frechet_from_moments(*moments(wide_a, wide_b)) == pytest.approx(expected, rel=1e-6)


def test_a_faint_direction_costs_no_digits():
    for seed in range(10):
        a, b = two_sets(400, 300, 8, seed=seed)
        faint = np.random.default_rng(seed).normal(size=(400, 1)) * 1e-7
        turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(9, 9))).Q  # so that no channel holds it alone
        turned = np.hstack([a, faint]) @ turn, np.hstack([b, faint[:300]]) @ turn
        assert frechet_distance(*turned) == pytest.approx(frechet_distance(a, b), rel=1e-11)


def test_a_shift_adds_its_square():
    a, b = two_sets(300, 200, 16)
    b = b - b.mean(axis=0) + a.mean(axis=0)
    shift = np.arange(16.0)
    assert frechet_distance(a, b + shift) == pytest.approx(frechet_distance(a, b) + shift @ shift, rel=1e-12)


def test_the_frechet_distance_of_equal_distributions_falls_with_the_number_of_rows():
    rng = np.random.default_rng(4)
    values = [frechet_distance(rng.normal(size=(n, 32)), rng.normal(size=(n, 32))) for n in (20, 100, 1000, 10000)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("metric", [frechet_distance, kernel_distance])
@pytest.mark.parametrize(("real", "swapped"), [((1, 4), (9, 4)), ((9, 4), (1, 4)), ((0, 4), (9, 4)), ((9, 4), (9, 5))])
def test_sets_without_a_spread_or_of_other_width_are_refused(metric, real, swapped):
    with pytest.raises(ValueError, match="N and M >= 2"):
        metric(np.ones(real), np.ones(swapped))


def test_moments_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="means are"):
        frechet_from_moments(np.ones(3), np.eye(4), np.ones(3), np.eye(4))
    with pytest.raises(ValueError, match="wanted equal shapes"):
        frechet_from_moments(np.ones(3), np.eye(3), np.ones(4), np.eye(4))
    with pytest.raises(ValueError, match="means are"):
        frechet_from_moments(np.ones(3), np.eye(3), np.ones(1), np.eye(3))


@pytest.mark.parametrize(("n", "m", "dim"), [(60, 50, 4), (300, 280, 40), (30, 25, 40)])
def test_leaving_out_groups_equals_the_distance_of_the_rows_that_stay(n, m, dim):
    rng = np.random.default_rng(9)
    real, swapped = rng.normal(5, 1, (n, dim)), rng.normal(5.2, 1.1, (m, dim))
    groups = rng.integers(0, 4, n), rng.integers(0, 4, m)
    found = frechet_without_groups(real, swapped, real_groups=groups[0], swapped_groups=groups[1])
    wanted = [frechet_distance(real[groups[0] != g], swapped[groups[1] != g]) for g in range(4)]
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


@pytest.mark.parametrize(("rows", "dead"), [(400, False), (400, True), (20, False)])
def test_tiles_of_float32_rows_give_the_distance_of_all_at_once(monkeypatch, rows, dead):
    """By Cholesky, by the triangles of a singular set, and where there are fewer rows than columns."""
    a, b = (np.asarray(part, np.float32) for part in two_sets(rows, rows, 32))
    if dead:
        a[:, 3] = b[:, 3] = 1
    groups = np.arange(rows) % 4
    whole = frechet_distance(a.astype(np.float64), b.astype(np.float64))
    left_out = frechet_without_groups(a, b, real_groups=groups, swapped_groups=groups)
    monkeypatch.setattr(rows_module, "TILE", 7)
    assert frechet_distance(a, b) == pytest.approx(whole, rel=1e-9)
    again = frechet_without_groups(a, b, real_groups=groups, swapped_groups=groups)
    assert again == pytest.approx(left_out, rel=1e-8)


def test_large_sets_are_not_copied_whole():
    """Float32 rows stay as they are: what the distance needs besides does not grow with their number."""
    import tracemalloc

    peaks = []
    for rows in (6000, 24000):
        a = np.random.default_rng(0).normal(size=(rows, 16)).astype(np.float32)
        tracemalloc.start()
        frechet_distance(a, a)
        peaks.append(tracemalloc.get_traced_memory()[1] / a.nbytes)
        tracemalloc.stop()
    assert peaks[1] < 0.6  # a copy in float64 alone would be 2
