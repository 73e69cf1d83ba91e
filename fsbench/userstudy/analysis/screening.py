"""Which raters are left out: the rules of study.json, fixed before the first vote, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fsbench.userstudy.analysis.quality import Rater
from fsbench.userstudy.spec import Screening


@dataclass(frozen=True)
class Rule:
    """One rule: which measure of a rater, and where its limit lies."""

    name: str  # in Screening
    measure: str  # in Rater
    words: str
    is_minimum: bool
    digits: int = 2


RULES = (
    Rule("min_gold_passed", "gold_passed", "gold items passed", is_minimum=True),
    Rule("max_repeat_difference", "repeat_difference", "mean change in repeated sets", is_minimum=False),
    Rule("min_score_sd", "score_sd", "standard deviation of scores", is_minimum=True),
    Rule("min_correlation", "correlation_high", "upper end of the correlation with the others", is_minimum=True),
    Rule("min_median_seconds", "median_seconds", "median seconds a set", is_minimum=True, digits=1),
)


@dataclass(frozen=True)
class Screened:
    """One rater and every rule that was broken; none means that the rater stays."""

    rater: Rater
    reasons: tuple[str, ...]

    @property
    def is_excluded(self) -> bool:
        """Whether a rule was broken."""
        return bool(self.reasons)


def screen(raters: Sequence[Rater], rules: Screening) -> tuple[Screened, ...]:
    """Judge raters by the rules. A measure that a rater has no value of breaks no rule."""
    return tuple(Screened(rater, tuple(_broken(rater, rules))) for rater in raters)


def rule_sentences(rules: Screening) -> tuple[str, ...]:
    """Say the rules that are in use: "gold items passed >= 0.50"."""
    return tuple(
        f"{rule.words} {'>=' if rule.is_minimum else '<='} {limit:.{rule.digits}f}"
        for rule in RULES
        if (limit := getattr(rules, rule.name)) is not None
    )


def _broken(rater: Rater, rules: Screening) -> list[str]:
    broken = []
    for rule in RULES:
        limit, value = getattr(rules, rule.name), getattr(rater, rule.measure)
        if limit is None or value is None:
            continue
        if value < limit if rule.is_minimum else value > limit:
            broken.append(_comparison(rule, value, limit))
    return broken


def _comparison(rule: Rule, value: float, limit: float) -> str:
    """Write "0.14 < 0.20", with as many more digits as it takes to see the difference."""
    digits = next((d for d in range(rule.digits, 9) if f"{value:.{d}f}" != f"{limit:.{d}f}"), 9)
    return f"{rule.words} {value:.{digits}f} {'<' if rule.is_minimum else '>'} {limit:.{rule.digits}f}"
