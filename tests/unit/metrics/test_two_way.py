import math

import numpy as np
import pytest

from fsbench.metrics.two_way import two_way_jackknife, two_way_mean, two_way_weights


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


def test_a_resample_holds_whole_clusters_of_both_kinds():
    raters, sets = np.repeat(np.arange(4), 5), np.tile(np.arange(5), 4)
    weights = two_way_weights(raters, sets, draws=200, seed=3).reshape(200, 4, 5)
    assert np.linalg.matrix_rank(weights[weights.sum((1, 2)) > 0]).max() == 1
    assert (weights.sum((1, 2)) == 20).all()
    assert weights.mean() == pytest.approx(1)
    assert weights.std() > 0.5


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
