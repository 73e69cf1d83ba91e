"""How many times slower: the median of ratios, pass by pass, of interleaved passes, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fsbench.metrics.rows import finite_values
from fsbench.metrics.stats import Interval

FEWEST_PASSES = 10


@dataclass(frozen=True)
class Ratio:
    """New over old: 1 is equal, 2 is twice as much."""

    value: float
    interval: Interval


def median_ratio(old: ArrayLike, new: ArrayLike, *, resamples: int, seed: int, level: float = 0.95) -> Ratio:
    """Tell how many times larger `new` is, pass by pass, pass i of both having been taken one after the other.

    The median of the ratios and not the ratio of the medians: on a machine that was fast for half of the passes one
    median may fall among the fast ones and the other among the slow ones. A moving-block bootstrap draws runs of
    neighbouring passes, the same ones of both sides: a machine that is busy for a while is so for both, and for several
    passes.

    Args:
        old: (N,) times, N >= 10, > 0.
        new: (N,) times, row i taken next to row i of `old`.
        resamples: how many draws.
        seed: of the draws.
        level: of the interval.

    Raises:
        ValueError: lengths differ, there are too few passes, or a time is not a number above 0.

    Source: Kuensch 1989, The jackknife and the bootstrap for general stationary observations; block length the
        square root of N.
    """
    rows = np.stack([finite_values(old, "old"), finite_values(new, "new")]) if np.shape(old) == np.shape(new) else None
    if rows is None or rows.shape[1] < FEWEST_PASSES or rows.min() <= 0:
        raise ValueError(f"wanted equally many times above 0, at least {FEWEST_PASSES} of each")
    ratios = rows[1] / rows[0]
    medians = np.median(ratios[_blocks(len(ratios), resamples, seed)], axis=1)
    low, high = np.quantile(medians, [(1 - level) / 2, (1 + level) / 2])
    return Ratio(float(np.median(ratios)), Interval(float(low), float(high)))


def median_interval(times: ArrayLike, *, resamples: int, seed: int, level: float = 0.95) -> Interval:
    """Tell how sure the median of one series of passes is; see `median_ratio` for the draws.

    Args:
        times: (N,) of each pass, in the order in which they were taken, N >= FEWEST_PASSES.
        resamples: how many draws.
        seed: of the draws.
        level: of the interval.

    Raises:
        ValueError: there are too few passes.
    """
    rows = finite_values(times, "times")
    if len(rows) < FEWEST_PASSES:
        raise ValueError(f"found {len(rows)} passes, wanted at least {FEWEST_PASSES}")
    medians = np.median(rows[_blocks(len(rows), resamples, seed)], axis=1)
    low, high = np.quantile(medians, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def _blocks(count: int, resamples: int, seed: int) -> NDArray[np.intp]:
    """Draw places, (resamples, count), in runs of neighbours as long as the square root of the count."""
    length = max(1, round(count**0.5))
    starts = np.random.default_rng(seed).integers(0, count - length + 1, (resamples, -(-count // length)))
    return np.asarray((starts[:, :, None] + np.arange(length)).reshape(resamples, -1)[:, :count])
