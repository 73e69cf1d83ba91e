"""What each method scored: means, medians and the share of each score, with intervals that respect raters and sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from fsbench.metrics.stats import Interval, wilson_interval
from fsbench.metrics.two_way import Mean, two_way_bootstrap, two_way_mean
from fsbench.userstudy.analysis.votes import Scores
from fsbench.userstudy.spec import HIGHEST, LOWEST

LEVELS = range(LOWEST, HIGHEST + 1)
DRAWS = 2000  # of the bootstrap
ENDS = (0.025, 0.975)


@dataclass(frozen=True)
class Share:
    """How large a part of the votes gave one score."""

    score: int
    value: float  # 0..1
    interval: Interval | None


@dataclass(frozen=True)
class MethodScore:
    """One method in one question."""

    question: str
    method: str
    n: int  # votes
    mean: float | None
    estimate: Mean | None  # with its interval; None with fewer than two raters or sets
    median: int | None
    median_interval: Interval | None
    shares: tuple[Share, ...]

    @property
    def interval(self) -> Interval | None:
        """The interval of the mean, where there is one."""
        return self.estimate.interval if self.estimate else None


def method_scores(scores: Scores, *, seed: int, draws: int = DRAWS) -> tuple[MethodScore, ...]:
    """Sum up one question, method by method.

    The mean has a two-way clustered interval; shares and medians, which have no formula, the percentile interval of a
    two-way bootstrap, and a share of 0 or 1, which no resample can move, Wilson's for as many votes as there are raters
    or sets, whichever are fewer.

    Args:
        scores: of one question.
        seed: of the bootstrap.
        draws: of the bootstrap.
    """
    levels = np.stack([scores.values == level for level in LEVELS], axis=-1).astype(np.float64)  # (V, M, 6)
    levels[np.isnan(scores.values)] = np.nan
    clusters = min(len(np.unique(scores.raters)), len(np.unique(scores.sets)))
    flat = levels.reshape(len(levels), -1)
    drawn = None
    if clusters > 1:
        drawn = two_way_bootstrap(flat, scores.raters, scores.sets, draws=draws, seed=seed)
        drawn = drawn.reshape(draws, len(scores.methods), len(LEVELS))
    found = []
    for place, method in enumerate(scores.methods):
        kept = ~np.isnan(scores.values[:, place])
        values = scores.values[kept, place]
        parts = drawn[:, place][np.isfinite(drawn[:, place]).all(1)] if drawn is not None else None
        shares = tuple(_shares(values, parts, clusters)) if len(values) else ()
        found.append(
            MethodScore(
                question=scores.question,
                method=method,
                n=len(values),
                mean=float(values.mean()) if len(values) else None,
                estimate=two_way_mean(values, scores.raters[kept], scores.sets[kept]),
                median=_median(np.array([share.value for share in shares])) if shares else None,
                median_interval=_median_interval(parts),
                shares=shares,
            )
        )
    return tuple(found)


def _shares(values: np.ndarray, drawn: np.ndarray | None, clusters: int) -> Iterator[Share]:
    for place, level in enumerate(LEVELS):
        value = float((values == level).mean())
        if drawn is None or not len(drawn):
            yield Share(level, value, None)
        elif value in (0, 1):
            yield Share(level, value, wilson_interval(value, clusters))
        else:
            low, high = np.quantile(drawn[:, place], ENDS)
            yield Share(level, value, Interval(float(low), float(high)))


def _median(shares: np.ndarray) -> int:
    """Give the lowest score that at least half of the votes do not exceed."""
    return int(LEVELS[int(np.argmax(np.cumsum(shares) >= 0.5 - 1e-9))])


def _median_interval(drawn: np.ndarray | None) -> Interval | None:
    if drawn is None or not len(drawn):
        return None
    medians = np.argmax(np.cumsum(drawn, axis=1) >= 0.5 - 1e-9, axis=1)
    low, high = np.quantile(medians, ENDS, method="inverted_cdf")
    return Interval(float(LEVELS[int(low)]), float(LEVELS[int(high)]))
