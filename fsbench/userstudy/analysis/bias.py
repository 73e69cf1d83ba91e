"""Scores with each rater's bias and inconsistency taken out: the model of ITU-T P.910, Annex E."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fsbench.userstudy.analysis.votes import Scores

STEPS = 1000
CHANGE = 1e-8
EPSILON = 1e-8  # keeps the weight of a rater without any residual finite
COLLAPSED = 0.1  # points; a rater cannot be that consistent on a scale of whole numbers


@dataclass(frozen=True)
class BiasModel:
    """What the model finds, in points of the scale. A score is quality + the rater's bias + noise."""

    quality: NDArray[np.float64]  # (U,) of each unit
    bias: NDArray[np.float64]  # (R,) of each rater, mean 0
    inconsistency: NDArray[np.float64]  # (R,) standard deviation of each rater's noise
    settled: bool  # whether the last step changed less than CHANGE


@dataclass(frozen=True)
class Corrected:
    """The bias-corrected means of one question."""

    question: str
    means: dict[str, float]  # method -> mean over its sets
    weighted: bool  # whether consistent raters weigh more; False where the model has no such solution


def bias_model(
    raters: NDArray[np.intp], units: NDArray[np.intp], scores: NDArray[np.float64], *, weighted: bool = True
) -> BiasModel:
    """Fit quality, bias and inconsistency by alternating projection.

    Args:
        raters: (N,) number of the rater of each score, 0 .. R - 1, each at least once.
        units: (N,) number of the rated result, 0 .. U - 1, each at least once.
        scores: (N,).
        weighted: weigh raters by 1 / inconsistency^2, as the recommendation does; False gives plain least squares.

    Source: ITU-T P.910 (10/2023), Annex E; Li et al. 2020, A simple model for subject behavior in subjective
    experiments. Checked against `sureal` 0.9.0.
    """
    of_unit, of_rater = np.bincount(units), np.bincount(raters)
    quality = np.bincount(units, scores) / of_unit
    bias = np.bincount(raters, scores - quality[units]) / of_rater
    settled = False
    for _ in range(STEPS):
        before = quality
        noise = scores - quality[units] - bias[raters]
        centre = np.bincount(raters, noise) / of_rater
        inconsistency = np.sqrt(np.bincount(raters, (noise - centre[raters]) ** 2) / of_rater)
        weights = 1 / (inconsistency**2 + EPSILON) if weighted else np.ones(len(of_rater))
        quality = np.bincount(units, weights[raters] * (scores - bias[raters])) / np.bincount(units, weights[raters])
        bias = np.bincount(raters, scores - quality[units]) / of_rater
        settled = bool(np.linalg.norm(before - quality) < CHANGE)
        if settled:
            break
    return BiasModel(quality + bias.mean(), bias - bias.mean(), inconsistency, settled)


def bias_corrected(scores: Scores) -> Corrected:
    """Give each method's mean after correction, over the sets with equal weight.

    Where a result has few votes, the model's likelihood has no maximum: it can rise without end by giving one rater
    all the weight. This is seen by an inconsistency near 0; the bias alone is then taken out, by least squares.
    """
    visit, method = np.nonzero(~np.isnan(scores.values))
    if not len(visit):
        return Corrected(scores.question, {}, False)
    raters = np.unique(scores.raters[visit], return_inverse=True)[1]
    sets = np.unique(scores.sets, return_inverse=True)[1]
    keys, units = np.unique(sets[visit] * len(scores.methods) + method, return_inverse=True)
    values = scores.values[visit, method]
    found = bias_model(raters, units, values)
    weighted = found.settled and bool(found.inconsistency.min() > COLLAPSED)
    if not weighted:
        found = bias_model(raters, units, values, weighted=False)
    of_method = keys % len(scores.methods)
    means = {
        name: float(found.quality[of_method == place].mean())
        for place, name in enumerate(scores.methods)
        if (of_method == place).any()
    }
    return Corrected(scores.question, means, weighted)
