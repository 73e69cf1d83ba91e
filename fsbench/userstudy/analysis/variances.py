"""Where the differences between scores come from: raters, sets, their tastes for single methods, and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fsbench.userstudy.analysis.votes import Scores

PARTS = ("rater", "set", "rater x set", "method x rater", "method x set", "residual")


@dataclass(frozen=True)
class Variances:
    """Variance components of one question, in points squared; an estimate may fall below 0 by chance."""

    question: str
    parts: dict[str, float]  # by PARTS
    total: float

    def share(self, part: str) -> float:
        """Tell which share of the variance within methods a part makes up."""
        return self.parts[part] / self.total


def variances(scores: Scores) -> Variances | None:
    """Estimate the components of one question from the products of pairs of scores.

    With each method's mean taken out, two scores of one rater on different sets and methods share the rater alone, two
    of one rater on one method share rater and method x rater, and so on: the mean product of each kind of pair, less
    that of pairs that share nothing, is the sum of the components that they share.

    Returns:
        None where some kind of pair does not occur (one method, one rater, one set, or no set rated twice), or no
        score differs.

    Source: method of moments for crossed random effects, Searle, Casella and McCulloch 1992, Variance Components,
    chapter 5; checked on simulated raters.
    """
    visit, method = np.nonzero(~np.isnan(scores.values))
    if not len(visit):
        return None
    values = scores.values[visit, method]
    means = np.nanmean(scores.values[:, np.unique(method)], 0)
    method = np.unique(method, return_inverse=True)[1]
    rater, of_set = scores.raters[visit], scores.sets[visit]
    pairs = _pairs(values - means[method], rater, of_set, method)
    if any(count <= 0 for _, count in pairs.values()):
        return None
    mean = {kind: total / count for kind, (total, count) in pairs.items()}
    parts = {"rater": mean["r"] - mean["other"], "set": mean["s"] - mean["other"]}
    parts["rater x set"] = mean["rs"] - mean["other"] - parts["rater"] - parts["set"]
    parts["method x rater"] = mean["rm"] - mean["m"] - parts["rater"]
    parts["method x set"] = mean["sm"] - mean["m"] - parts["set"]
    total = mean["self"] - mean["m"]
    parts["residual"] = total - sum(parts.values())
    return Variances(scores.question, {name: parts[name] for name in PARTS}, total) if total > 0 else None


def _pairs(
    values: NDArray[np.float64], rater: NDArray[np.int64], of_set: NDArray[np.str_], method: NDArray[np.intp]
) -> dict[str, tuple[float, float]]:
    """Sum the products of ordered pairs, and count them, by what they share and nothing else."""
    labels = {
        "r": np.unique(rater, return_inverse=True)[1],
        "s": np.unique(of_set, return_inverse=True)[1],
        "m": method,
    }
    shared = {
        kind: np.array(_products(values, [labels[letter] for letter in kind]))
        for kind in ("r", "s", "m", "rs", "rm", "sm", "")
    }
    shared["self"] = np.array([values @ values, len(values)])
    alone = {"self": shared["self"], **{kind: shared[kind] - shared["self"] for kind in ("rs", "rm", "sm")}}
    for kind, wider in (("r", ("rs", "rm")), ("s", ("rs", "sm")), ("m", ("rm", "sm"))):
        alone[kind] = shared[kind] - shared[wider[0]] - shared[wider[1]] + shared["self"]
    alone["other"] = shared[""] - sum(alone.values())
    return {kind: (float(total), float(count)) for kind, (total, count) in alone.items()}


def _products(values: NDArray[np.float64], labels: list[NDArray[np.intp]]) -> tuple[float, float]:
    group = np.zeros(len(values), np.int64)
    for label in labels:
        group = group * (int(label.max()) + 1) + label
    numbers = np.unique(group, return_inverse=True)[1]
    sums, counts = np.bincount(numbers, values), np.bincount(numbers)
    return float(sums @ sums), float(counts @ counts)
