"""How many times slower: the ratio of two medians of interleaved passes, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fsbench.metrics.rows import finite_values
from fsbench.metrics.stats import Interval

FEWEST_PASSES = 10


@dataclass(frozen=True)
class Ratio:
    """New over old: 1 is equal, 2 is twice as much."""

    value: float
    interval: Interval


def median_ratio(old: ArrayLike, new: ArrayLike, *, resamples: int, seed: int, level: float = 0.95) -> Ratio:
    """Tell how many times larger the median of `new` is, pass i of both having been taken one after the other.

    A moving-block bootstrap draws runs of neighbouring passes, the same ones of both sides: a machine that is busy
    for a while is so for both, and for several passes.

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
    count = rows.shape[1]
    length = max(1, round(count**0.5))
    starts = np.random.default_rng(seed).integers(0, count - length + 1, (resamples, -(-count // length)))
    places = (starts[:, :, None] + np.arange(length)).reshape(resamples, -1)[:, :count]
    medians = np.median(rows[:, places], axis=2)
    low, high = np.quantile(medians[1] / medians[0], [(1 - level) / 2, (1 + level) / 2])
    middle = np.median(rows, axis=1)
    return Ratio(float(middle[1] / middle[0]), Interval(float(low), float(high)))
