import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from fsbench.metrics.shift import Shift, holm, paired_shift, unpaired_shift
from fsbench.metrics.stats import bootstrap_error


def clustered(clusters, seed, *, shift, rows=10):
    """Draw differences of which those in one cluster are alike."""
    rng = np.random.default_rng([clusters, seed])
    labels = np.repeat(np.arange(clusters), rows).astype(str)
    return shift + np.repeat(rng.normal(0, 1, clusters), rows) + rng.normal(0, 1, clusters * rows), labels


@pytest.mark.parametrize("clusters", [6, 12, 30])
def test_the_interval_holds_the_true_shift_in_95_of_100_simulated_data_sets(clusters):
    hits = 0
    for seed in range(1000):
        differences, labels = clustered(clusters, seed, shift=0.3)
        interval = paired_shift(differences, labels, resamples=1000, seed=seed).interval()
        hits += interval.low <= 0.3 <= interval.high
    assert 930 <= hits <= 970


def test_with_one_row_a_cluster_error_interval_and_p_are_those_of_scipys_t_test():
    values = np.random.default_rng(3).normal(0.4, 1, 40)
    found = paired_shift(values, np.arange(40).astype(str), resamples=200_000, seed=1)
    expected = stats.ttest_1samp(values, 0.1, alternative="greater")
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found.error == pytest.approx(stats.sem(values), rel=0.01)
    assert (found.interval().low, found.interval().high) == pytest.approx((low, high), abs=0.01)
    assert found.p_above(0.1) == pytest.approx(expected.pvalue, rel=0.05)


def test_an_exact_error_gives_scipys_interval_and_p():
    shift = Shift(0.5, 0.2, 9)
    assert (shift.interval().low, shift.interval().high) == pytest.approx(stats.t.interval(0.95, 8, 0.5, 0.2))
    assert shift.p_above(0.1) == pytest.approx(stats.t.sf(2.0, 8))
    assert (-shift).p_above(0.1) == pytest.approx(stats.t.sf(-3.0, 8))


def test_a_shift_without_spread_is_certain():
    shift = paired_shift([0.2] * 6, list("aabbcc"), resamples=1000, seed=0)
    assert shift.error == pytest.approx(0, abs=1e-12)
    assert Shift(0.2, 0.0, 3).p_above(0.1) == 0.0
    assert Shift(0.1, 0.0, 3).p_above(0.1) == 1.0


def test_two_clusters_or_no_pair_give_no_shift():
    assert paired_shift([1.0, 2.0, 3.0], ["a", "a", "b"], resamples=1000, seed=0) is None
    assert paired_shift([1.0, 2.0, 3.0], ["a", "b", "c"], ["x", "x", "y"], resamples=1000, seed=0) is None
    assert paired_shift([], [], resamples=1000, seed=0) is None


def crossed(seed, *, shift):
    """Draw differences that depend on both people of a pair; each pair of two out of 24 with a chance of a third."""
    rng = np.random.default_rng(seed)
    first, second = np.nonzero(rng.uniform(size=(24, 24)) < 1 / 3)
    effects = rng.normal(0, 1, (2, 24))
    values = shift + effects[0, first] + effects[1, second] + rng.normal(0, 1, len(first))
    return values, first.astype(str), second.astype(str)


@pytest.mark.slow
def test_with_two_labellings_the_interval_holds_the_truth_as_often_and_that_of_one_does_not():
    both = one = 0
    for seed in range(1000):
        values, first, second = crossed(seed, shift=0.3)
        interval = paired_shift(values, first, second, resamples=500, seed=seed).interval()
        both += interval.low <= 0.3 <= interval.high
        interval = paired_shift(values, first, resamples=500, seed=seed).interval()
        one += interval.low <= 0.3 <= interval.high
    assert 930 <= both <= 970
    assert one < 900


def test_a_second_labelling_that_says_nothing_new_changes_nothing():
    values, labels = clustered(8, 1, shift=0)
    alone = [str(place) for place in range(len(values))]
    once = paired_shift(values, labels, resamples=4000, seed=1)
    assert paired_shift(values, labels, alone, resamples=4000, seed=1).error == pytest.approx(once.error)
    assert paired_shift(values, labels, labels, resamples=4000, seed=1) == once


def test_what_is_no_number_or_has_no_labelling_is_refused():
    with pytest.raises(ValueError, match="differences"):
        paired_shift([1.0, float("nan"), 2.0], list("abc"), resamples=1000, seed=0)
    with pytest.raises(ValueError, match="labeling"):
        paired_shift([1.0, 2.0], resamples=1000, seed=0)
    with pytest.raises(ValueError, match="wanted at least two"):
        bootstrap_error([1.0, 2.0], ["a", "a"], resamples=1000, seed=0)


def test_two_numbers_with_intervals_of_their_own_differ_with_both_errors():
    quantile = stats.t.ppf(0.975, 19)
    found = unpaired_shift(10.0, 12.0, old_half=3 * quantile, new_half=4 * quantile, groups=20)
    assert (found.value, found.error, found.clusters) == (2.0, pytest.approx(5.0), 20)


def test_holm_is_the_table_worked_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []


def test_holm_equals_statsmodels():
    rng = np.random.default_rng(0)
    for count in (1, 2, 7, 30):
        p_values = rng.uniform(0, 1, count) ** 3
        assert holm(list(p_values)) == pytest.approx(multipletests(p_values, method="holm")[1])
