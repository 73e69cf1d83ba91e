import math

import numpy as np
import pytest

from fsbench.metrics.two_way import two_way_bootstrap, two_way_jackknife, two_way_mean


def test_the_interval_of_a_table_worked_by_hand():
    """Raters a, b give sets x, y: 1, 2 and 3, 6. Mean 3, residuals -2, -1, 0, 3.

    Sums by rater -3, 3: 18 / 16 * 2 = 2.25; by set -2, 2: 8 / 16 * 2 = 1; crossing 14 / 16 * 4 / 3 = 7 / 6.
    Variance 2.25 + 1 - 7 / 6 = 2.0833, smaller than 2.25, which is taken. t(.975, 1) = 12.706.
    """
    found = two_way_mean([1, 2, 3, 6], ["a", "a", "b", "b"], ["x", "y", "x", "y"])
    assert found is not None
    assert found.error == pytest.approx(1.5)
    assert found.interval.high - found.value == pytest.approx(12.706 * 1.5, rel=1e-4)
    assert (found.value, found.degrees, found.n) == (3, 1, 4)


def test_two_kinds_of_cluster_add_up_where_both_matter():
    rng = np.random.default_rng(0)
    raters, sets = np.repeat(np.arange(30), 30), np.tile(np.arange(30), 30)
    values = rng.normal(0, 1, 30)[raters] + rng.normal(0, 1, 30)[sets] + rng.normal(0, 0.1, 900)
    found = two_way_mean(values, raters, sets)
    assert found is not None
    by_rater, by_set = (np.array([values[of == group].mean() for group in range(30)]) for of in (raters, sets))
    expected = math.sqrt((by_rater.var(ddof=1) + by_set.var(ddof=1)) / 30)
    assert found.error == pytest.approx(expected, rel=0.03)


def test_values_that_all_stand_alone_get_the_textbook_interval():
    values = np.random.default_rng(1).normal(size=50)
    found = two_way_mean(values, np.arange(50), np.arange(50))
    assert found is not None
    assert found.error == pytest.approx(values.std(ddof=1) / math.sqrt(50))


def test_the_order_and_the_names_of_clusters_do_not_matter():
    rng = np.random.default_rng(2)
    values, raters, sets = rng.normal(size=60), np.repeat(np.arange(6), 10), np.tile(np.arange(10), 6)
    order = rng.permutation(60)
    first = two_way_mean(values, raters, sets)
    again = two_way_mean(values[order], [f"rater {place}" for place in raters[order]], sets[order])
    assert first is not None and again is not None
    assert again.error == pytest.approx(first.error)


def test_one_rater_or_one_set_gives_no_interval():
    assert two_way_mean([1, 2], ["a", "a"], ["x", "y"]) is None
    assert two_way_mean([1, 2], ["a", "b"], ["x", "x"]) is None
    assert two_way_mean([], [], []) is None


def test_a_missing_value_and_a_missing_label_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        two_way_mean([1, math.nan], ["a", "b"], ["x", "y"])
    with pytest.raises(ValueError, match="1 labels go with 2 values"):
        two_way_mean([1, 2], ["a"], ["x", "y"])


def test_resampled_means_spread_as_clusters_of_both_kinds_do():
    rng = np.random.default_rng(3)
    raters, sets = np.repeat(np.arange(25), 25), np.tile(np.arange(25), 25)
    by_rater, by_set = rng.normal(0, 1, 25), rng.normal(0, 1, 25)
    values = by_rater[raters] + by_set[sets]
    drawn = two_way_bootstrap(values[:, None], raters, sets, draws=4000, seed=4)[:, 0]
    assert drawn.std() == pytest.approx(math.sqrt((by_rater.var() + by_set.var()) / 25), rel=0.05)
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.02)


def test_columns_share_their_draws_and_absent_values_do_not_count():
    raters, sets = np.repeat(np.arange(8), 9), np.tile(np.arange(9), 8)
    values = np.random.default_rng(5).normal(size=72)
    holes = np.where(raters < 4, values, np.nan)
    drawn = two_way_bootstrap(np.stack([values, 1 - values, holes], 1), raters, sets, draws=300, seed=6)
    assert drawn[:, 0] + drawn[:, 1] == pytest.approx(1)
    assert np.nanmean(drawn[:, 2]) == pytest.approx(values[:36].mean(), abs=0.05)
    again = two_way_bootstrap(np.stack([values, 1 - values, holes], 1), raters, sets, draws=300, seed=6)
    assert np.array_equal(drawn, again, equal_nan=True)


def test_the_jackknife_of_a_mean_is_the_wider_textbook_interval():
    raters, sets = np.repeat(np.arange(5), 10), np.tile(np.arange(10), 5)
    values = np.repeat([0.0, 1, 2, 3, 4], 10) + np.tile(np.arange(10) / 10, 5)
    found = two_way_jackknife(raters, sets, lambda keep: float(values[keep].mean()), seed=0)
    assert found is not None
    error = np.std([0, 1, 2, 3, 4], ddof=1) / math.sqrt(5)
    assert found.high - values.mean() == pytest.approx(2.7764 * error, rel=1e-4)


def test_the_jackknife_gives_nothing_where_a_part_has_no_number():
    assert two_way_jackknife(["a", "b"], ["x", "y"], lambda keep: math.nan, seed=0) is None
    assert two_way_jackknife(["a", "a"], ["x", "y"], lambda keep: 1.0, seed=0) is None
