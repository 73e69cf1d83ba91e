import numpy as np
import pytest

from fsbench.metrics.ratio import median_ratio


def busy(n, seed):
    """Draw times of a machine that is busy now and then, for several passes."""
    rng = np.random.default_rng(seed)
    load = np.repeat(rng.choice([1.0, 1.0, 1.6], -(-n // 7)), 7)[:n]
    return load * rng.lognormal(0, 0.05, n), load * rng.lognormal(0, 0.05, n)


def test_twice_as_long_is_two_with_no_doubt():
    old, _ = busy(40, 1)
    found = median_ratio(old, 2 * old, resamples=1000, seed=0)
    assert (found.value, found.interval.low, found.interval.high) == pytest.approx((2, 2, 2))


def test_the_interval_holds_the_true_ratio_on_a_busy_machine():
    inside = 0
    for seed in range(300):
        old, new = busy(60, seed)
        found = median_ratio(old, 1.3 * new, resamples=500, seed=seed)
        inside += found.interval.low <= 1.3 <= found.interval.high
    assert inside >= 0.9 * 300


@pytest.mark.parametrize(
    ("old", "new"),
    [([1.0] * 10, [1.0] * 11), ([1.0] * 9, [1.0] * 9), ([1.0] * 10, [0.0] * 10), ([1.0] * 10, [np.nan] * 10)],
)
def test_what_cannot_be_compared_is_refused(old, new):
    with pytest.raises(ValueError, match=r"wanted|new"):
        median_ratio(old, new, resamples=100, seed=0)
