import numpy as np
import pytest

from fsbench.metrics import rows as rows_module
from fsbench.metrics.kernel import kernel_distance, kernel_sums


def sets(n, m, dim, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, dim)), rng.normal(size=(m, dim)) + 0.3


def test_the_kernel_distance_equals_a_loop_over_pairs():
    a, b = sets(13, 17, 5)

    def k(x, y):
        return (x @ y / 5 + 1) ** 3

    expected = (
        sum(k(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j) / (13 * 12)
        + sum(k(x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j) / (17 * 16)
        - 2 * sum(k(x, y) for x in a for y in b) / (13 * 17)
    )
    assert kernel_distance(a, b) == pytest.approx(expected, rel=1e-12)


def test_tiles_do_not_change_the_kernel_distance(monkeypatch):
    a, b = sets(50, 31, 6)
    whole = kernel_distance(a, b)
    for tile in (1, 7, 31, 49):
        monkeypatch.setattr(rows_module, "TILE", tile)
        assert kernel_distance(a, b) == pytest.approx(whole, rel=1e-11)


def test_the_kernel_distance_is_unbiased_and_may_be_negative():
    rng = np.random.default_rng(5)
    values = np.array([kernel_distance(rng.normal(size=(20, 4)), rng.normal(size=(30, 4))) for _ in range(2000)])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(len(values))
    assert values.min() < 0 < values.max()


def test_the_kernel_distance_of_all_rows_is_the_mean_over_random_subsets():
    a, b = sets(60, 60, 4)
    rng = np.random.default_rng(6)
    subsets = np.array([kernel_distance(a[rng.permutation(60)[:20]], b[rng.permutation(60)[:20]]) for _ in range(3000)])
    assert abs(subsets.mean() - kernel_distance(a, b)) < 4 * subsets.std() / np.sqrt(len(subsets))


def test_a_row_and_its_origin_are_not_compared():
    a, b = sets(6, 4, 3)
    origin = [5, -1, 0, 2]

    def k(x, y):
        return (x @ y / 3 + 1) ** 3

    between = [k(x, y) for i, x in enumerate(a) for j, y in enumerate(b) if origin[j] != i]
    expected = (
        sum(k(x, y) for i, x in enumerate(a) for j, y in enumerate(a) if i != j) / 30
        + sum(k(x, y) for i, x in enumerate(b) for j, y in enumerate(b) if i != j) / 12
        - 2 * sum(between) / 21
    )
    assert len(between) == 21
    assert kernel_distance(a, b, origin=origin) == pytest.approx(expected, rel=1e-12)


def test_equal_sets_whose_rows_are_paired_score_zero_and_without_pairs_below_zero():
    a, _ = sets(40, 1, 8)
    assert kernel_distance(a, a, origin=np.arange(40)) == pytest.approx(0, abs=1e-12)
    assert kernel_distance(a, a) < -0.01


def test_leaving_origins_out_is_unbiased_for_results_that_depend_on_their_targets():
    rng = np.random.default_rng(7)
    plain, paired = [], []
    for _ in range(1500):
        a = rng.normal(size=(20, 4))
        b = 0.8 * a + 0.6 * rng.normal(size=(20, 4))  # the same distribution, each row near its own target
        plain.append(kernel_distance(a, b))
        paired.append(kernel_distance(a, b, origin=np.arange(20)))
    error = np.std(paired) / np.sqrt(len(paired))
    assert abs(np.mean(paired)) < 4 * error
    assert np.mean(plain) < -10 * error


@pytest.mark.parametrize("tile", [3, 2048])
def test_the_distance_of_some_groups_is_that_of_their_rows(monkeypatch, tile):
    monkeypatch.setattr(rows_module, "TILE", tile)
    a, b = sets(14, 11, 3)
    origin = np.array([*range(9), -1, -1])
    rng = np.random.default_rng(8)
    a_groups = rng.integers(0, 4, 14)
    b_groups = np.array([a_groups[row] if row >= 0 else rng.integers(0, 4) for row in origin])
    sums = kernel_sums(a, b, real_groups=a_groups, swapped_groups=b_groups, origin=origin)
    kept = np.array([True, False, True, True])
    rows, columns = np.flatnonzero(kept[a_groups]), np.flatnonzero(kept[b_groups])
    place = {int(row): number for number, row in enumerate(rows)}
    inner = [place.get(int(origin[column]), -1) for column in columns]
    assert sums.distance(kept) == pytest.approx(kernel_distance(a[rows], b[columns], origin=inner), rel=1e-11)
    assert sums.distance() == pytest.approx(kernel_distance(a, b, origin=origin), rel=1e-11)


def test_an_origin_that_is_no_row_is_refused():
    a, b = sets(5, 4, 3)
    with pytest.raises(ValueError, match="origins up to 5"):
        kernel_distance(a, b, origin=[0, 1, 2, 5])


def test_groups_with_too_few_rows_are_refused():
    a, b = sets(3, 3, 2)
    groups = np.array([0, 1, 1])
    sums = kernel_sums(a, b, real_groups=groups, swapped_groups=groups)
    with pytest.raises(ValueError, match="wanted some of each"):
        sums.distance(np.array([True, False]))
