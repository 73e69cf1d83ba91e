"""How far raters agree: Krippendorff's ordinal alpha, with an interval that respects raters and sets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fsbench.metrics.stats import Interval
from fsbench.metrics.two_way import two_way_jackknife
from fsbench.userstudy.analysis.votes import Scores


@dataclass(frozen=True)
class Agreement:
    """Alpha of one question; 1 is perfect, 0 what chance gives."""

    question: str
    alpha: float | None  # None where no result was rated twice, or all scores are equal
    interval: Interval | None
    units: int  # results that at least two raters rated


def agreement(scores: Scores, *, seed: int) -> Agreement:
    """Measure agreement in one question; a unit is one method's result in one set.

    The interval is the wider of two delete-a-group jackknife intervals, over raters and over sets. The usual bootstrap
    of alpha resamples pairs of votes as if each came from raters of its own; in simulated 18 x 40 studies its 95 %
    interval held alpha in about 77 %, this one in about 98 %.

    Args:
        scores: of one question.
        seed: of the dealing into groups.
    """

    def alpha(keep: NDArray[np.bool_]) -> float:
        return ordinal_alpha(ratings(scores.raters[keep], scores.sets[keep], scores.values[keep]))

    whole = ratings(scores.raters, scores.sets, scores.values)
    units = int((np.sum(~np.isnan(whole), axis=0) > 1).sum())
    value = ordinal_alpha(whole)
    if math.isnan(value):
        return Agreement(scores.question, None, None, units)
    return Agreement(scores.question, value, two_way_jackknife(scores.raters, scores.sets, alpha, seed=seed), units)


def ratings(raters: NDArray[np.int64], sets: NDArray[np.str_], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lay out visits as a table of raters and units: (raters, sets * methods), NaN where nothing was rated."""
    rows, row = np.unique(raters, return_inverse=True)
    columns, column = np.unique(sets, return_inverse=True)
    table = np.full((len(rows), len(columns), values.shape[1]), np.nan)
    table[row, column] = values
    return table.reshape(len(rows), -1)


def ordinal_alpha(table: NDArray[np.float64]) -> float:
    """Give Krippendorff's alpha with the ordinal distance; NaN where it has no value.

    Args:
        table: (raters, units), NaN where a rater did not rate.

    Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability; by evalica.
    """
    import evalica
    import pandas as pd

    pairable = table[:, np.sum(~np.isnan(table), axis=0) > 1]
    pairable = pairable[(~np.isnan(pairable)).any(1)]
    known = pairable[~np.isnan(pairable)]
    if not len(known) or (known == known[0]).all():
        return math.nan
    return float(evalica.alpha(pd.DataFrame(pairable), distance="ordinal").alpha)
