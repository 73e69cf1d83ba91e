"""Which methods differ: paired differences with intervals, and tests on the raters' own means, corrected by Holm."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fsbench.metrics.stats import Interval
from fsbench.metrics.two_way import Mean, two_way_mean
from fsbench.userstudy.analysis.votes import Scores
from fsbench.userstudy.power import detectable_difference

SIGNIFICANT = 0.05
Verdict = Literal["higher", "lower", "no clear difference", "too few to tell"]


@dataclass(frozen=True)
class Contrast:
    """One method against another in one question, on the visits that showed both."""

    question: str
    method: str
    reference: str
    n: int  # visits
    value: float | None  # mean of method less reference
    estimate: Mean | None  # with its interval; None with fewer than two raters or sets
    raters: int  # whose means the test compares
    p: float | None  # Wilcoxon's signed rank test, two-sided
    p_holm: float | None  # over the pairs of methods of the question
    detectable: float | None  # true difference that such a study finds with a chance of 80 %
    verdict: Verdict

    @property
    def interval(self) -> Interval | None:
        """The interval of the difference, where there is one."""
        return self.estimate.interval if self.estimate else None


@dataclass(frozen=True)
class Omnibus:
    """Whether any method differs, in one question: Friedman's test over the raters' means."""

    question: str
    raters: int
    statistic: float | None  # None with fewer than three methods or two raters
    p: float | None


def contrasts(scores: Scores) -> tuple[Contrast, ...]:
    """Compare every two methods in one question.

    The interval takes raters and sets as drawn by chance; the test takes one number a rater and asks whether raters
    agree on the sign. "Higher" and "lower" are said only where both do: the interval leaves out 0 and the corrected p
    is below 0.05.

    Source: Wilcoxon 1945 with Pratt's zeros (1959), Holm 1979; by scipy and statsmodels.
    """
    pairs = list(combinations(range(len(scores.methods)), 2))
    differences = [scores.values[:, first] - scores.values[:, second] for first, second in pairs]
    found = [_rater_means(scores.raters, difference) for difference in differences]
    ps = [_wilcoxon(means) for means in found]
    holm = _holm(ps)
    return tuple(
        _contrast(scores, pair, difference, len(means), p, corrected)
        for pair, difference, means, p, corrected in zip(pairs, differences, found, ps, holm, strict=True)
    )


def omnibus(scores: Scores) -> Omnibus:
    """Test whether all methods score alike, on the means of the raters who rated every one.

    Source: Friedman 1937, by scipy.
    """
    from scipy import stats

    raters = np.unique(scores.raters)
    by_rater = np.array([_mean_by_method(scores.values[scores.raters == rater]) for rater in raters])
    whole = by_rater[~np.isnan(by_rater).any(1)] if len(by_rater) else np.empty((0, len(scores.methods)))
    if len(scores.methods) < 3 or len(whole) < 2 or (whole == whole[:, :1]).all():
        return Omnibus(scores.question, len(whole), None, None)
    statistic, p = stats.friedmanchisquare(*whole.T)
    return Omnibus(scores.question, len(whole), float(statistic), float(p))


def _contrast(
    scores: Scores,
    pair: tuple[int, int],
    difference: NDArray[np.float64],
    raters: int,
    p: float | None,
    corrected: float | None,
) -> Contrast:
    kept = ~np.isnan(difference)
    values = difference[kept]
    estimate = two_way_mean(values, scores.raters[kept], scores.sets[kept])
    return Contrast(
        question=scores.question,
        method=scores.methods[pair[0]],
        reference=scores.methods[pair[1]],
        n=len(values),
        value=float(values.mean()) if len(values) else None,
        estimate=estimate,
        raters=raters,
        p=p,
        p_holm=corrected,
        detectable=detectable_difference(estimate.error, estimate.degrees) if estimate else None,
        verdict=_verdict(estimate, corrected),
    )


def _verdict(estimate: Mean | None, p: float | None) -> Verdict:
    if estimate is None or p is None:
        return "too few to tell"
    if p >= SIGNIFICANT or estimate.interval.low <= 0 <= estimate.interval.high:
        return "no clear difference"
    return "higher" if estimate.value > 0 else "lower"


def _rater_means(raters: NDArray[np.int64], difference: NDArray[np.float64]) -> NDArray[np.float64]:
    kept = ~np.isnan(difference)
    numbers = np.unique(raters[kept], return_inverse=True)[1]
    # sums of whole numbers are exact, so that equal means are equal and ties are seen
    return np.asarray(np.bincount(numbers, difference[kept]) / np.maximum(np.bincount(numbers), 1))


def _mean_by_method(values: NDArray[np.float64]) -> NDArray[np.float64]:
    there = ~np.isnan(values)
    counts = there.sum(0)
    return np.asarray(np.where(counts > 0, np.nansum(values, 0) / np.maximum(counts, 1), np.nan))


def _wilcoxon(means: NDArray[np.float64]) -> float | None:
    from scipy import stats

    if len(means) < 2:
        return None
    if not means.any():
        return 1.0  # no rater prefers one
    return float(stats.wilcoxon(means, zero_method="pratt").pvalue)


def _holm(ps: list[float | None]) -> list[float | None]:
    from statsmodels.stats.multitest import multipletests

    known = [p for p in ps if p is not None]
    corrected = iter(multipletests(known, method="holm")[1]) if known else iter(())
    return [None if p is None else float(next(corrected)) for p in ps]
