"""How sure a number is: intervals that resample whole clusters, never single frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fsbench.metrics.rows import Rows, finite_values

Statistic = Literal["mean", "variance", "rms"]
Labels = Sequence[str] | NDArray[np.generic]
DRAWS = 1 << 22  # cluster weights held at once, 32 MB


@dataclass(frozen=True)
class Interval:
    """The two ends of an interval, in the unit of the value."""

    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """How much higher one swapper's values are than another's on the same pairs."""

    value: float | None  # mean of a - b; None where no pair is in both
    interval: Interval | None
    n: int  # pairs


def cluster_bootstrap(
    values: ArrayLike,
    *labelings: Labels,
    statistic: Statistic = "mean",
    resamples: int,
    seed: int,
    level: float = 0.95,
) -> Interval | None:
    """Tell how far a statistic could have come out otherwise, had other videos or people been drawn.

    A percentile bootstrap that draws whole clusters with replacement. Frames of one video are alike, so drawing
    single frames would promise more than the data hold. Where the values depend on two things at once, such as the
    target's person and the source's, give both labelings: each makes an interval and the wider is returned.

    Args:
        values: (N,) one value a pair.
        labelings: each N labels; rows with one label are drawn together.
        statistic: "mean"; "variance", unbiased, over n - 1; or "rms", the root of the mean square.
        resamples: how many draws, 1000 for two good digits of a 95 % interval.
        seed: of the draws; every labeling starts from it, so their order does not matter.
        level: share of the draws between the ends.

    Returns:
        The interval, or None where `values` is empty or a labeling has fewer than two clusters.

    Raises:
        ValueError: a length does not fit, a number is NaN or infinite, or a setting is out of range.

    Source: percentile interval, Efron and Tibshirani 1993, chapter 13; checked against a loop that draws clusters.
    """
    found = finite_values(values, "values")
    if not labelings:
        raise ValueError("found no labeling, wanted at least one; give each row its own label if rows are independent")
    if statistic not in ("mean", "variance", "rms"):
        raise ValueError(f"statistic is '{statistic}', wanted 'mean', 'variance' or 'rms'")
    if resamples < 1 or not 0 < level < 1:
        raise ValueError(f"resamples is {resamples} and level {level}; wanted >= 1 and between 0 and 1")
    clusters = [_cluster_numbers(labels, len(found)) for labels in labelings]
    if not len(found) or any(numbers.max() < 1 for numbers in clusters):
        return None
    intervals = []
    for numbers in clusters:
        drawn = _redraw(found, numbers, statistic, resamples, np.random.default_rng(seed))
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        intervals.append(Interval(float(low), float(high)))
    return max(intervals, key=lambda interval: interval.high - interval.low)


def paired_difference(
    a: ArrayLike, b: ArrayLike, *labelings: Labels, resamples: int, seed: int, level: float = 0.95
) -> Difference:
    """Tell how much higher `a` is than `b` on the same pairs, and how sure that is.

    Both see the same faces, so what makes a face hard cancels in a - b and the interval is far narrower than two
    separate intervals suggest.

    Args:
        a: (N,) values of one swapper.
        b: (N,) values of the other, row i on the same pair; the caller leaves out pairs that one of them lacks.
        labelings: as for `cluster_bootstrap`.
        resamples: as for `cluster_bootstrap`.
        seed: as for `cluster_bootstrap`.
        level: as for `cluster_bootstrap`.

    Raises:
        ValueError: a length does not fit, or a number is NaN or infinite.
    """
    first, second = finite_values(a, "a"), finite_values(b, "b")
    if first.shape != second.shape:
        raise ValueError(f"a has {len(first)} values and b {len(second)}; wanted the pairs that both have")
    difference = first - second
    interval = cluster_bootstrap(difference, *labelings, resamples=resamples, seed=seed, level=level)
    return Difference(float(difference.mean()) if len(difference) else None, interval, len(difference))


def bootstrap_error(values: ArrayLike, labels: Labels, *, resamples: int, seed: int) -> float:
    """Give the standard error of a mean: the spread of the means of redrawn clusters.

    Of G clusters drawn with replacement the variance is (G - 1) / G of what it should be; that is put right.

    Args:
        values: (N,) one value a pair, N >= 1.
        labels: N labels of two or more clusters.
        resamples: how many draws.
        seed: of the draws.

    Raises:
        ValueError: a length does not fit, a number is NaN or infinite, or there are fewer than two clusters.

    Source: Davison and Hinkley 1997, section 2.3; checked against the textbook error of a mean of independent rows.
    """
    found = finite_values(values, "values")
    numbers = _cluster_numbers(labels, len(found))
    count = int(numbers.max(initial=-1)) + 1
    if count < 2:
        raise ValueError(f"found {count} clusters, wanted at least two")
    drawn = _redraw(found, numbers, "mean", resamples, np.random.default_rng(seed))
    return float(np.sqrt(count / (count - 1)) * drawn.std())


def wilson_interval(share: float, n: int, *, level: float = 0.95) -> Interval:
    """Tell how sure a share is when all n clusters agree, where a bootstrap would give an interval of no width.

    Args:
        share: 0..1.
        n: independent units, here clusters and not their members, since members may all be alike.
        level: of the interval.

    Source: Wilson 1927; checked against scipy.stats.binomtest.
    """
    if not 0 <= share <= 1 or n < 1:
        raise ValueError(f"share is {share} of {n}; wanted 0..1 of at least one")
    z2 = NormalDist().inv_cdf((1 + level) / 2) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = float(np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n)))) / (1 + z2 / n)
    return Interval(max(0.0, centre - half), min(1.0, centre + half))


def group_jackknife(
    clusters: Labels,
    statistic: Callable[[NDArray[np.bool_]], float],
    *,
    groups: int = 20,
    seed: int,
    level: float = 0.95,
) -> Interval | None:
    """Tell how sure a number is that belongs to a whole set, such as the Frechet distance.

    Clusters are dealt into groups, the statistic is computed again without each group, and the spread of those
    numbers gives the standard error: SE^2 = (G - 1) / G * sum of (theta_g - their mean)^2. The interval is the
    value of all rows +- the quantile of Student's t with G - 1 degrees of freedom * SE.

    Why not a bootstrap: a resample holds about 63 % of the rows, some of them several times. A covariance of so few
    different rows is further from the true one, and the Frechet distance counts that as distance, so that all
    resamples lie above the value itself: the interval would be shifted upward and can leave its own value out.
    Here no row enters twice, each set is only 1/G smaller than the whole, and the small bias that this makes is
    about the same in all G numbers and drops out of their spread.

    Args:
        clusters: N labels; rows with one label are left out together.
        statistic: takes an (N,) mask of the rows to keep, gives one finite number; called G + 1 times.
        groups: how many groups at most; as many as there are clusters where these are fewer.
        seed: of the dealing.
        level: of the interval.

    Returns:
        The interval, symmetric about the full value (so its low end may be below 0), or None where there are fewer
        than two clusters.

    Raises:
        ValueError: the statistic gave NaN or infinity, or a setting is out of range.

    Source: Shao and Tu 1995, The Jackknife and Bootstrap, section 2.3; for means checked against the textbook SE.
    """
    if not 0 < level < 1:
        raise ValueError(f"level is {level}; wanted between 0 and 1")
    of_row = deal_groups(clusters, groups=groups, seed=seed)
    count = int(of_row.max(initial=-1)) + 1
    if count < 2:
        return None
    masks = [np.ones(len(of_row), np.bool_), *(of_row != index for index in range(count))]
    theta = finite_values([statistic(mask) for mask in masks], "the statistic's values")
    return jackknife_interval(float(theta[0]), theta[1:], level=level)


def deal_groups(clusters: Labels, *, groups: int = 20, seed: int) -> NDArray[np.int64]:
    """Deal clusters into at most `groups` groups of about equal numbers of clusters.

    Returns:
        (N,) the group of each row, from 0.

    Raises:
        ValueError: fewer than two groups are asked for.
    """
    if groups < 2:
        raise ValueError(f"groups is {groups}; wanted >= 2")
    numbers = _cluster_numbers(clusters, len(clusters))
    count = int(numbers.max(initial=-1)) + 1
    group = np.empty(count, np.int64)
    group[np.random.default_rng(seed).permutation(count)] = np.arange(count) % max(1, min(groups, count))
    return np.asarray(group[numbers], np.int64)


def cluster_weights(count: int, draws: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw `count` clusters with replacement, `draws` times; tell how often each came: (draws, count).

    The same distribution as numpy's `multinomial`, which takes seven times as long.
    """
    drawn = rng.integers(count, size=(draws, count))
    drawn += np.arange(draws)[:, None] * count
    return np.bincount(drawn.ravel(), minlength=draws * count).reshape(draws, count)


def jackknife_interval(value: float, left_out: Rows, *, level: float = 0.95) -> Interval:
    """Give the interval of a number, from what it is without each of G groups, G >= 2; see `group_jackknife`."""
    from scipy import special

    degrees = len(left_out) - 1
    error = np.sqrt(degrees / len(left_out) * np.sum((left_out - left_out.mean()) ** 2))
    half = float(special.stdtrit(degrees, (1 + level) / 2) * error)
    return Interval(value - half, value + half)


def _cluster_numbers(labels: Labels, rows: int) -> NDArray[np.intp]:
    """Number the clusters from 0 in the order of their labels, so that the order of rows does not matter."""
    if len(labels) != rows:
        raise ValueError(f"{len(labels)} labels go with {rows} values; wanted one label a value")
    return np.unique(np.asarray(labels), return_inverse=True)[1].reshape(rows)


def _redraw(
    values: Rows, clusters: NDArray[np.intp], statistic: Statistic, resamples: int, rng: np.random.Generator
) -> Rows:
    """Compute the statistic of each draw from per-cluster sums: (resamples,)."""
    centre = float(values.mean())  # sums of squares about the mean keep their digits
    shifted = values - centre
    sums = np.column_stack([np.bincount(clusters), np.bincount(clusters, shifted), np.bincount(clusters, shifted**2)])
    count = len(sums)
    block = max(1, DRAWS // count)
    drawn = []
    for start in range(0, resamples, block):
        drawn.append(cluster_weights(count, min(block, resamples - start), rng) @ sums)
    n, total, squares = np.concatenate(drawn).T
    if statistic == "mean":
        return np.asarray(centre + total / n)
    if statistic == "variance":
        return np.asarray(np.clip(squares - total**2 / n, 0, None) / (n - 1))
    return np.asarray(np.sqrt(np.clip(squares / n + 2 * centre * total / n + centre**2, 0, None)))
