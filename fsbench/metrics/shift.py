"""Whether a number moved by more than a margin: the shift, its error, one-sided tests, and Holm over many of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fsbench.metrics.rows import finite_values
from fsbench.metrics.stats import Interval, Labels, bootstrap_error

FEWEST_CLUSTERS = 3  # of two, the spread is one number and says nothing


@dataclass(frozen=True)
class Shift:
    """By how much a number moved, and how sure that is: Student's t with `clusters` - 1 degrees of freedom."""

    value: float
    error: float  # standard error
    clusters: int

    def interval(self, *, level: float = 0.95) -> Interval:
        """Give the interval: value +- quantile of t * error."""
        from scipy import special

        half = float(special.stdtrit(self.clusters - 1, (1 + level) / 2)) * self.error
        return Interval(self.value - half, self.value + half)

    def p_above(self, margin: float) -> float:
        """Give the one-sided p of "the true shift is at most `margin`": small where it is surely more."""
        from scipy import special

        if self.error == 0:
            return float(self.value <= margin)
        return float(special.stdtr(self.clusters - 1, (margin - self.value) / self.error))

    def __neg__(self) -> Shift:
        return Shift(-self.value, self.error, self.clusters)


def paired_shift(differences: ArrayLike, *labelings: Labels, resamples: int, seed: int) -> Shift | None:
    """Tell how far paired differences lie from zero, by a bootstrap of whole clusters.

    The error is the spread of redrawn means, and the interval uses Student's t: with six videos a percentile
    interval covers 86 % where it promises 95, this one 95 (`benchmarks/compare_statistics.py`).

    Args:
        differences: (N,) new less old, one a pair.
        labelings: one or two, each N labels; rows with one label are drawn together. Of two, such as both people of a
            pair, the variances are added and that of the cells, counted in both, is taken off (Cameron, Gelbach and
            Miller 2011); never less than either alone.
        resamples: how many draws; 10,000 give the error to 0.7 %.
        seed: of the draws.

    Returns:
        The shift, or None where there is no pair or a labeling has fewer than three clusters.

    Raises:
        ValueError: a length does not fit, a number is NaN or infinite, or there is not one labeling, or two.
    """
    found = finite_values(differences, "differences")
    if len(labelings) not in (1, 2):
        raise ValueError(f"found {len(labelings)} labelings, wanted one or two; independent rows have a label each")
    counts = [len(set(np.asarray(labels).tolist())) for labels in labelings]
    if not len(found) or min(counts) < FEWEST_CLUSTERS:
        return None
    errors = [bootstrap_error(found, labels, resamples=resamples, seed=seed) for labels in labelings]
    if len(labelings) == 2:
        cells = [f"{first}\0{second}" for first, second in zip(*labelings, strict=True)]
        distinct = len(set(cells))  # as many as a labelling has clusters: they are the same
        same = [
            error for error, count in zip(errors, counts, strict=True) if count == distinct
        ]  # clusters are the cells
        common = same[0] if same else bootstrap_error(found, cells, resamples=resamples, seed=seed)
        errors.append(max(0.0, errors[0] ** 2 + errors[1] ** 2 - common**2) ** 0.5)
    return Shift(float(found.mean()), max(errors), min(counts))


def unpaired_shift(old: float, new: float, *, old_half: float, new_half: float, groups: int) -> Shift:
    """Tell how far two numbers lie apart of which only the values and their own 95 % intervals are known.

    The errors are added as if the two were independent. Two runs on the same pictures rise and fall together, so the
    true error is smaller: this asks for more proof of a change than is needed, never for less.

    Args:
        old: the number before.
        new: the number after.
        old_half: half the width of its 95 % jackknife interval.
        new_half: the same of the other.
        groups: of the jackknife, >= 2; the intervals were made with t of groups - 1 degrees of freedom.
    """
    from scipy import special

    quantile = float(special.stdtrit(groups - 1, 0.975))
    return Shift(new - old, float(np.hypot(old_half, new_half)) / quantile, groups)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p values of several tests, so that one false alarm among all of them is as rare as promised.

    Returns:
        As many, in the same order: the smallest times m, the next times m - 1, ..., never falling, at most 1.

    Source: Holm 1979; checked against a table worked by hand and statsmodels' multipletests.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, p_values[place] * (len(order) - rank)))
        adjusted[place] = highest
    return adjusted
