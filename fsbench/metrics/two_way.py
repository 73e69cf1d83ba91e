"""How sure a mean is whose values depend on two things at once, such as who rated and what was rated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fsbench.metrics.rows import Rows, finite_values
from fsbench.metrics.stats import Interval, Labels, cluster_weights, deal_groups, jackknife_interval

WEIGHTS = 1 << 22  # held at once, 32 MB


@dataclass(frozen=True)
class Mean:
    """A mean with its standard error; `degrees` of freedom are those of the rarer of the two kinds of cluster."""

    value: float
    error: float
    degrees: int
    interval: Interval
    n: int

    @property
    def half_width(self) -> float:
        """Half of the interval's width."""
        return (self.interval.high - self.interval.low) / 2


def two_way_mean(values: ArrayLike, first: Labels, second: Labels, *, level: float = 0.95) -> Mean | None:
    """Give a mean and its interval when values share a cluster of two kinds, such as a rater and a set.

    The variance is V_first + V_second - V_both: each V sums the squares of the residuals' sums over its clusters,
    over n^2, times G / (G - 1) for G clusters; `both` are the clusters of the crossing. Where chance makes that smaller
    than the larger of the two one-way variances, which cannot be in truth, that one is taken. The
    interval is the mean +- the quantile of Student's t with min(G_first, G_second) - 1 degrees of freedom times the
    root.

    Args:
        values: (N,) for instance scores, or differences between two methods in one rating.
        first: N labels, for instance raters.
        second: N labels, for instance sets.
        level: of the interval.

    Returns:
        None where a kind has fewer than two clusters.

    Raises:
        ValueError: a length does not fit, or a number is NaN or infinite.

    Source: Cameron, Gelbach and Miller 2011, Robust inference with multiway clustering, eq. 2.7 and 2.11; checked by
    hand and by its coverage of known means.
    """
    from scipy import special

    found = finite_values(values, "values")
    rows, columns = (_numbers(labels, len(found)) for labels in (first, second))
    counts = [int(numbers.max(initial=-1)) + 1 for numbers in (rows, columns)]
    if min(counts) < 2:
        return None
    value = float(found.mean())
    residuals = found - value
    crossing = np.unique(rows * counts[1] + columns, return_inverse=True)[1].reshape(len(found))
    one_way = [_cluster_variance(residuals, numbers) for numbers in (rows, columns)]
    variance = max(*one_way, sum(one_way) - _cluster_variance(residuals, crossing))
    error, degrees = float(np.sqrt(variance)), min(counts) - 1
    half = float(special.stdtrit(degrees, (1 + level) / 2)) * error
    return Mean(value, error, degrees, Interval(value - half, value + half), len(found))


def two_way_bootstrap(
    columns: ArrayLike, first: Labels, second: Labels, *, draws: int, seed: int
) -> NDArray[np.float64]:
    """Draw clusters of both kinds with replacement and give the means of each draw, for what has no formula.

    A value enters a draw as often as the product of how often its two clusters were drawn.

    Args:
        columns: (N, K) values of which K means are wanted, on the same draws; NaN where a value is absent.
        first: N labels, for instance raters.
        second: N labels, for instance sets.
        draws: how many.
        seed: of the draws.

    Returns:
        (draws, K); NaN where a draw happened to hold no value of a column.

    Source: pigeonhole bootstrap, Owen 2007, Annals of Applied Statistics 1 (2); its intervals are a little wide.
    """
    found = np.asarray(columns, np.float64)
    kinds = [_numbers(labels, len(found)) for labels in (first, second)]
    there = (~np.isnan(found)).astype(np.float64)
    filled, rng = np.nan_to_num(found), np.random.default_rng(seed)
    block, means = max(1, WEIGHTS // max(1, len(found))), []
    for start in range(0, draws, block):
        weights = np.ones((min(block, draws - start), len(found)))
        for numbers in kinds:
            count = int(numbers.max(initial=-1)) + 1
            weights *= cluster_weights(count, len(weights), rng)[:, numbers]
        with np.errstate(invalid="ignore", divide="ignore"):
            means.append((weights @ filled) / (weights @ there))
    return np.concatenate(means)


def two_way_jackknife(
    first: Labels,
    second: Labels,
    statistic: Callable[[NDArray[np.bool_]], float],
    *,
    seed: int,
    level: float = 0.95,
    groups: int = 20,
) -> Interval | None:
    """Tell how sure a number without a formula is, such as a rank correlation: the wider of two jackknife intervals.

    Args:
        first: N labels; groups of them are left out together, see `metrics.stats.group_jackknife`.
        second: N labels, which give the second interval.
        statistic: takes an (N,) mask of the rows to keep, gives a number, or NaN where those rows have none.
        seed: of the dealing into groups.
        level: of the interval.
        groups: at most so many.

    Returns:
        None where a kind has fewer than two clusters, or a part of the rows has no such number.
    """
    whole = statistic(np.ones(len(first), np.bool_))
    intervals = []
    for labels in (first, second):
        of_row = deal_groups(labels, groups=groups, seed=seed)
        theta = np.array([statistic(of_row != group) for group in range(int(of_row.max(initial=-1)) + 1)])
        if len(theta) < 2 or not np.isfinite([whole, *theta]).all():
            return None
        intervals.append(jackknife_interval(whole, theta, level=level))
    return max(intervals, key=lambda interval: interval.high - interval.low)


def _cluster_variance(residuals: Rows, clusters: NDArray[np.intp]) -> float:
    sums = np.bincount(clusters, residuals)
    return float(len(sums) / (len(sums) - 1) * (sums @ sums) / len(residuals) ** 2)


def _numbers(labels: Labels, rows: int) -> NDArray[np.intp]:
    if len(labels) != rows:
        raise ValueError(f"{len(labels)} labels go with {rows} values; wanted one label a value")
    return np.unique(np.asarray(labels), return_inverse=True)[1].reshape(rows)
