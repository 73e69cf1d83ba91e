"""How well each rater answered: gold items, repeated sets, spread, agreement with the others, time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from fsbench.metrics.stats import Interval, cluster_bootstrap, wilson_interval
from fsbench.userstudy.spec import HIGHEST, LOWEST

if TYPE_CHECKING:
    import pandas as pd

RESAMPLES = 2000
ONE_SCORE = ["set", "method", "question"]  # what is rated by one score


@dataclass(frozen=True)
class Rater:
    """One rater; None where the study gave nothing to judge by."""

    ordinal: int
    sets: int  # main sets
    votes: int  # main votes
    mean: float | None
    score_sd: float | None  # of the main votes
    bias: float | None  # mean difference to the mean of the others on the same results
    correlation: float | None  # with that mean
    correlation_high: float | None  # upper end of its one-sided 95 % interval: few votes say little
    gold: int  # answers to gold questions
    gold_passed: float | None  # share of them that is right
    repeat_difference: float | None  # mean absolute change in repeated sets
    median_seconds: float | None  # from showing a main set to its submit


@dataclass(frozen=True)
class Rate:
    """A share of answers, over all raters."""

    name: str
    question: str
    value: float
    interval: Interval | None  # by resampling raters
    n: int
    mean: float  # of the scores, or of the absolute changes
    wanted: str = ""  # the right scores of a gold item


def raters(votes: pd.DataFrame) -> tuple[Rater, ...]:
    """Judge every rater who gave a vote."""
    main = votes[votes["kind"] == "main"].assign(others=lambda found: others_mean(found))
    gold, repeated = gold_answers(votes), repeat_changes(votes)
    return tuple(
        _rater(int(ordinal), *(table[table["rater"] == ordinal] for table in (main, gold, repeated)))
        for ordinal in sorted(votes["rater"].unique())
    )


def others_mean(main: pd.DataFrame) -> pd.Series:
    """Give, for each vote, the mean of the other raters' scores of the same result; NaN where there is none."""
    scores = main.groupby(ONE_SCORE, sort=False)["score"]
    count = scores.transform("count")
    return ((scores.transform("sum") - main["score"]) / (count - 1).where(count > 1)).astype(np.float64)


def gold_answers(votes: pd.DataFrame) -> pd.DataFrame:
    """Give the gold votes that have a right answer, with `passed`."""
    gold = votes[(votes["kind"] == "gold") & (votes["expect_low"].notna() | votes["expect_high"].notna())]
    above = gold["score"] >= gold["expect_low"].fillna(-np.inf)
    return gold.assign(passed=above & (gold["score"] <= gold["expect_high"].fillna(np.inf)))


def repeat_changes(votes: pd.DataFrame) -> pd.DataFrame:
    """Give the votes on repeated sets whose first answer is there, with `change`: second less first."""
    again, key = votes[votes["kind"] == "repeat"], ["rater", *ONE_SCORE]
    first = votes.loc[votes["kind"] == "main", [*key, "score"]]
    again = again.assign(set=again["repeat_of"])
    pairs = again.merge(first, on=key, suffixes=("", "_first"), how="inner")
    return pairs.assign(change=pairs["score"] - pairs["score_first"])


def correlation_high(correlation: float, n: int) -> float:
    """Give the upper end of the one-sided 95 % interval of a correlation of n > 3 pairs.

    Source: Fisher 1921, z = atanh(r) with standard error 1 / sqrt(n - 3).
    """
    near = min(max(correlation, -1 + 1e-12), 1 - 1e-12)  # atanh has no value at 1
    return math.tanh(math.atanh(near) + NormalDist().inv_cdf(0.95) / math.sqrt(n - 3))


def gold_rates(votes: pd.DataFrame, *, seed: int) -> tuple[Rate, ...]:
    """Tell how often each kind of gold item was answered right, by item and question."""
    gold = gold_answers(votes)
    groups = gold.groupby(["method", "question"], sort=True)
    return tuple(
        _rate(str(name), str(question), found, found["passed"], found["score"], seed, _wanted(found))
        for (name, question), found in groups
    )


def repeat_rates(votes: pd.DataFrame, *, seed: int) -> tuple[Rate, ...]:
    """Tell how often a repeated set got the same score, and one at most one point away, by question."""
    changes = repeat_changes(votes)
    return tuple(
        _rate(name, str(question), found, found["change"].abs() <= within, found["change"].abs(), seed)
        for question, found in changes.groupby("question", sort=True)
        for name, within in (("same score", 0), ("at most one apart", 1))
    )


def _wanted(gold: pd.DataFrame) -> str:
    """Say the right scores, "4 to 5"; pages may differ in them."""
    ends = [gold["expect_low"].fillna(LOWEST).astype(int), gold["expect_high"].fillna(HIGHEST).astype(int)]
    return ", ".join(sorted({f"{low} to {high}" for low, high in zip(*ends, strict=True)}))


def _rate(
    name: str, question: str, rows: pd.DataFrame, hits: pd.Series, size: pd.Series, seed: int, wanted: str = ""
) -> Rate:
    values, people = hits.to_numpy(np.float64), rows["rater"].to_numpy()
    share = float(values.mean())
    if share in (0, 1):
        interval: Interval | None = wilson_interval(share, len(np.unique(people)))
    else:
        interval = cluster_bootstrap(values, people, resamples=RESAMPLES, seed=seed)
    return Rate(name, question, share, interval, len(values), float(size.mean()), wanted)


def _rater(ordinal: int, main: pd.DataFrame, gold: pd.DataFrame, repeated: pd.DataFrame) -> Rater:
    shared = main[main["others"].notna()]
    mine, others = shared["score"].to_numpy(np.float64), shared["others"].to_numpy(np.float64)
    defined = len(mine) > 3 and np.ptp(mine) > 0 and np.ptp(others) > 0
    correlation = float(np.corrcoef(mine, others)[0, 1]) if defined else None
    pages = main.drop_duplicates("set")
    seconds = (pages["at"] - pages["shown_at"]).dt.total_seconds().dropna()
    return Rater(
        ordinal=ordinal,
        sets=len(pages),
        votes=len(main),
        mean=float(main["score"].mean()) if len(main) else None,
        score_sd=float(main["score"].std(ddof=1)) if len(main) > 1 else None,
        bias=float((mine - others).mean()) if len(mine) else None,
        correlation=correlation,
        correlation_high=None if correlation is None else correlation_high(correlation, len(mine)),
        gold=len(gold),
        gold_passed=float(gold["passed"].mean()) if len(gold) else None,
        repeat_difference=float(repeated["change"].abs().mean()) if len(repeated) else None,
        median_seconds=float(seconds.median()) if len(seconds) else None,
    )
