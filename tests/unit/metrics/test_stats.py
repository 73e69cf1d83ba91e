import numpy as np
import pytest

from fsbench.metrics.distribution import frechet_distance
from fsbench.metrics.stats import (
    Interval,
    cluster_bootstrap,
    cluster_weights,
    group_jackknife,
    paired_difference,
    wilson_interval,
)

SETTINGS = {"resamples": 4000, "seed": 1}
STATISTICS = {
    "mean": np.mean,
    "variance": lambda values: np.var(values, ddof=1),
    "rms": lambda values: np.sqrt(np.mean(values**2)),
}


def clustered(clusters=20, rows=10, between=1.0, within=0.3, seed=1, centre=0.0):
    """Draw values of which those in one cluster are alike; cluster sizes differ."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 2 * rows, clusters)
    labels = np.repeat([f"video{index}" for index in range(clusters)], sizes)
    values = centre + np.repeat(rng.normal(0, between, clusters), sizes) + rng.normal(0, within, len(labels))
    return values, labels


def width(interval):
    return interval.high - interval.low


@pytest.mark.parametrize("statistic", STATISTICS)
def test_the_bootstrap_equals_a_loop_that_draws_clusters(statistic):
    values, labels = clustered(clusters=12, rows=4, centre=2.0)
    parts = [values[labels == label] for label in np.unique(labels)]
    rng = np.random.default_rng(99)
    draws = np.array(
        [
            STATISTICS[statistic](np.concatenate([parts[i] for i in rng.integers(len(parts), size=len(parts))]))
            for _ in range(8000)
        ]
    )
    for level in (0.5, 0.8, 0.95):
        found = cluster_bootstrap(values, labels, statistic=statistic, resamples=50_000, seed=1, level=level)
        expected = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
        assert [found.low, found.high] == pytest.approx(expected, abs=0.1 * draws.std())


def test_the_bootstrap_of_two_clusters_is_the_one_on_paper():
    found = cluster_bootstrap([1, 3, 10, 20], ["a", "a", "b", "b"], **SETTINGS)  # 2 or 8.5 or 15: 1/4, 1/2, 1/4
    assert (found.low, found.high) == (pytest.approx(2), pytest.approx(15))
    middle = cluster_bootstrap([1, 3, 10, 20], ["a", "a", "b", "b"], **SETTINGS, level=0.4)
    assert (middle.low, middle.high) == (pytest.approx(8.5), pytest.approx(8.5))


def test_how_often_clusters_are_drawn_has_the_moments_of_the_multinomial():
    draws, count = 200_000, 5
    weights = cluster_weights(count, draws, np.random.default_rng(2))
    assert weights.shape == (draws, count) and set(weights.sum(1)) == {count}
    assert weights.mean(0) == pytest.approx(1, abs=0.01)
    wanted = np.eye(count) - 1 / count  # n (diag(p) - p p') for n = count, p = 1 / count
    np.testing.assert_allclose(np.cov(weights, rowvar=False), wanted, atol=0.01)


def test_large_clusters_weigh_by_their_rows():
    found = cluster_bootstrap([0, 0, 0, 1], ["a", "a", "a", "b"], **SETTINGS, level=0.4)
    assert (found.low, found.high) == (pytest.approx(0.25), pytest.approx(0.25))  # not the mean of means, 0.5


def test_an_interval_that_takes_frames_for_independent_is_too_narrow():
    values, labels = clustered()
    frames = [f"frame{index}" for index in range(len(values))]
    assert width(cluster_bootstrap(values, labels, **SETTINGS)) > 2 * width(
        cluster_bootstrap(values, frames, **SETTINGS)
    )


def test_the_interval_covers_the_truth_as_often_as_it_says_and_one_over_frames_does_not():
    covered = {"videos": 0, "frames": 0}
    for study in range(150):
        values, labels = clustered(clusters=40, rows=5, seed=study)
        for name, groups in (("videos", labels), ("frames", np.arange(len(values)))):
            found = cluster_bootstrap(values, groups, resamples=300, seed=study)
            covered[name] += found.low <= 0 <= found.high
    assert 0.86 <= covered["videos"] / 150 <= 0.99
    assert covered["frames"] / 150 < 0.75


def test_of_two_labelings_the_wider_interval_is_given_in_either_order():
    values, labels = clustered()
    frames = np.array([f"frame{index}" for index in range(len(values))])
    alone = cluster_bootstrap(values, labels, **SETTINGS)
    assert cluster_bootstrap(values, labels, frames, **SETTINGS) == alone
    assert cluster_bootstrap(values, frames, labels, **SETTINGS) == alone


def test_the_order_of_rows_does_not_change_the_interval():
    values, labels = clustered()
    order = np.random.default_rng(2).permutation(len(values))
    a = cluster_bootstrap(values, labels, **SETTINGS)
    b = cluster_bootstrap(values[order], list(labels[order]), **SETTINGS)
    assert (a.low, a.high) == (pytest.approx(b.low, rel=1e-12), pytest.approx(b.high, rel=1e-12))


def test_values_far_from_zero_keep_their_variance():
    values, labels = clustered()
    near = cluster_bootstrap(values, labels, statistic="variance", **SETTINGS)
    far = cluster_bootstrap(values + 1e8, labels, statistic="variance", **SETTINGS)
    assert (far.low, far.high) == (pytest.approx(near.low, rel=1e-6), pytest.approx(near.high, rel=1e-6))


def test_blocks_of_draws_do_not_change_the_interval(monkeypatch):
    values, labels = clustered()
    whole = cluster_bootstrap(values, labels, **SETTINGS)
    monkeypatch.setattr("fsbench.metrics.stats.DRAWS", 999)
    assert cluster_bootstrap(values, labels, **SETTINGS) == whole


@pytest.mark.parametrize(
    ("values", "labelings"),
    [([], [[]]), ([1, 2, 3], [["a", "a", "a"]]), ([1, 2, 3], [["a", "b", "c"], ["a", "a", "a"]]), ([1], [["a"]])],
)
def test_too_few_clusters_give_no_interval(values, labelings):
    assert cluster_bootstrap(values, *labelings, **SETTINGS) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": [1.0, np.nan]}, "NaN"),
        ({"values": [1.0]}, "2 labels go with 1 values"),
        ({"values": [[1.0], [2.0]]}, "wanted \\(N,\\)"),
        ({"statistic": "median"}, "wanted 'mean', 'variance' or 'rms'"),
        ({"resamples": 0}, "resamples is 0"),
        ({"level": 95}, "level 95"),
    ],
)
def test_settings_that_do_not_fit_are_refused(change, message):
    settings = {"values": [1.0, 2.0], **SETTINGS, **change}
    with pytest.raises(ValueError, match=message):
        cluster_bootstrap(settings.pop("values"), ["a", "b"], **settings)


def test_a_bootstrap_without_labels_is_refused():
    with pytest.raises(ValueError, match="found no labeling"):
        cluster_bootstrap([1.0, 2.0], **SETTINGS)


def test_a_paired_difference_is_surer_than_two_separate_intervals():
    hard, labels = clustered()
    rng = np.random.default_rng(3)
    a, b = hard + rng.normal(0.1, 0.05, len(hard)), hard + rng.normal(0, 0.05, len(hard))
    found = paired_difference(a, b, labels, **SETTINGS)
    assert found.value == pytest.approx((a - b).mean())
    assert found.n == len(hard)
    assert 0 < found.interval.low < found.value < found.interval.high
    assert width(found.interval) < 0.1 * width(cluster_bootstrap(a, labels, **SETTINGS))


def test_a_paired_difference_changes_its_sign_with_the_order():
    a, labels = clustered(seed=4)
    b = a * 0.9 + 0.1
    ahead, behind = (paired_difference(*pair, labels, **SETTINGS) for pair in ((a, b), (b, a)))
    assert ahead.value == -behind.value
    assert ahead.interval.low == pytest.approx(-behind.interval.high)


def test_a_difference_of_no_pairs_has_no_value():
    found = paired_difference([], [], [], **SETTINGS)
    assert (found.value, found.interval, found.n) == (None, None, 0)


def test_a_difference_of_unequal_lengths_is_refused():
    with pytest.raises(ValueError, match="a has 2 values and b 1"):
        paired_difference([1, 2], [1], ["a", "b"], **SETTINGS)


def test_the_jackknife_of_a_mean_is_the_textbook_t_interval():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    found = group_jackknife(list("abcd"), lambda kept: values[kept].mean(), seed=1)
    half = 3.182446305284263 * values.std(ddof=1) / 2  # t of 3 degrees of freedom from a printed table
    assert (found.low, found.high) == (pytest.approx(4 - half), pytest.approx(4 + half))


def test_the_jackknife_leaves_out_whole_clusters_and_each_row_once():
    clusters, masks = np.repeat([f"video{index}" for index in range(47)], 3), []

    def statistic(kept):
        masks.append(kept)
        return 0.0

    assert group_jackknife(clusters, statistic, groups=20, seed=1) == Interval(0, 0)
    assert masks[0].all()
    left_out = ~np.array(masks[1:])
    assert left_out.shape == (20, 141)
    assert np.array_equal(left_out.sum(axis=0), np.ones(141))
    assert np.array_equal(left_out.reshape(20, 47, 3).all(axis=2), left_out.reshape(20, 47, 3).any(axis=2))
    assert set(left_out.sum(axis=1)) == {6, 9}  # 2 or 3 videos each


def test_the_seed_decides_how_clusters_are_dealt():
    values, labels = clustered()
    found = [group_jackknife(labels, lambda kept: values[kept].mean(), groups=5, seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("clusters", [[], ["a"], ["a", "a", "a"]])
def test_the_jackknife_of_too_few_clusters_gives_no_interval(clusters):
    assert group_jackknife(clusters, lambda kept: 1.0, seed=1) is None


def test_a_statistic_that_gives_no_number_is_refused():
    with pytest.raises(ValueError, match="NaN or infinity"):
        group_jackknife(["a", "b"], lambda kept: float("nan"), seed=1)


@pytest.mark.parametrize("change", [{"groups": 1}, {"level": 1.0}])
def test_jackknife_settings_that_do_not_fit_are_refused(change):
    with pytest.raises(ValueError, match="wanted"):
        group_jackknife(["a", "b"], lambda kept: 1.0, seed=1, **change)


def test_a_bootstrap_of_the_frechet_distance_would_miss_its_own_value_and_the_jackknife_does_not():
    rng = np.random.default_rng(5)
    real, swapped = rng.normal(size=(300, 16)), rng.normal(0.1, 1, size=(300, 16))
    value = frechet_distance(real, swapped)
    draws = [rng.integers(300, size=300) for _ in range(200)]
    resampled = [frechet_distance(real[rows], swapped[rows]) for rows in draws]
    assert np.quantile(resampled, 0.025) > value
    found = group_jackknife(np.arange(300), lambda kept: frechet_distance(real[kept], swapped[kept]), seed=1)
    assert found.low < value < found.high


def test_the_jackknife_of_the_frechet_distance_has_the_width_of_repeated_studies():
    rng = np.random.default_rng(6)
    values, halves = [], []
    for study in range(60):
        real, swapped = rng.normal(size=(200, 4)), rng.normal(0.5, 1.3, size=(200, 4))
        values.append(frechet_distance(real, swapped))
        found = group_jackknife(
            np.arange(200), lambda kept, a=real, b=swapped: frechet_distance(a[kept], b[kept]), seed=study
        )
        halves.append(width(found) / 2)
    assert np.mean(halves) == pytest.approx(2.093 * np.std(values, ddof=1), rel=0.35)


@pytest.mark.parametrize(("hits", "n"), [(0, 8), (8, 8), (3, 7), (1, 1)])
def test_the_wilson_interval_equals_scipys(hits, n):
    from scipy import stats as reference

    found = wilson_interval(hits / n, n)
    wanted = reference.binomtest(hits, n).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


def test_a_share_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"wanted 0\.\.1"):
        wilson_interval(1.5, 3)
