"""From evidence to verdicts: a change must lie beyond its margin, and stay so among all that was tested."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from fsbench.metrics.shift import holm
from fsbench.records import Record
from fsbench.reports.compare_evidence import Evidence, Method, WorsePair
from fsbench.reports.compare_settings import CompareSettings

Verdict = Literal["better", "worse", "same", "unsure", "gone", "more failures", "not comparable", "new"]
REGRESSIONS: tuple[Verdict, ...] = ("worse", "gone", "more failures")


class Judged(Record):
    """One metric with its verdict, in printed units."""

    metric: str
    title: str
    unit: str
    better: Literal["higher", "lower"]
    method: Method
    verdict: Verdict
    old: float | None
    new: float | None
    difference: float | None  # new - old; of "passes" new / old
    low: float | None  # 95 % interval of the difference
    high: float | None
    margin: float | None
    p: float | None = None  # one-sided, of no harm beyond the margin
    p_holm: float | None = None  # the same among all that were tested
    n: int
    planned: int
    lost: int
    regained: int
    note: str = ""
    worse_pairs: tuple[WorsePair, ...] = ()


def judge(found: Sequence[Evidence], settings: CompareSettings) -> list[Judged]:
    """Give each metric its verdict.

    Worse: the 95 % interval of the change lies beyond the margin on the bad side, and the one-sided p of that,
    adjusted by Holm over all metrics judged together, is at most alpha. Better: the same on the good side. Same: the
    interval lies inside the margin, or no number differs. Unsure: neither. More failures: not worse, but more pairs
    were lost than `failures` allows.
    """
    tested = [place for place, one in enumerate(found) if one.harm is not None and one.margin is not None]
    worse = {place: _p(found[place], worse=True) for place in tested}
    better = {place: _p(found[place], worse=False) for place in tested}
    adjusted = dict(zip(tested, holm(list(worse.values())), strict=True))
    adjusted_better = dict(zip(tested, holm(list(better.values())), strict=True))
    return [
        _judged(
            one,
            settings,
            p=worse.get(place),
            p_worse=adjusted.get(place, 1.0),
            p_better=adjusted_better.get(place, 1.0),
            is_tested=place in adjusted,
        )
        for place, one in enumerate(found)
    ]


def _p(one: Evidence, *, worse: bool) -> float:
    if one.harm is None or one.margin is None:
        raise ValueError("only what has a shift and a margin can be tested")
    return (one.harm if worse else -one.harm).p_above(one.margin)


def _judged(
    one: Evidence, settings: CompareSettings, *, p: float | None, p_worse: float, p_better: float, is_tested: bool
) -> Judged:
    verdict, note = _verdict(one, settings, p_worse=p_worse, p_better=p_better)
    low, high = _bounds(one)
    difference = None if one.old is None or one.new is None else one.new - one.old
    return Judged(
        metric=one.metric,
        title=one.title,
        unit=one.unit,
        better=one.better,
        method=one.method,
        verdict=verdict,
        old=one.old,
        new=one.new,
        difference=difference,
        low=low,
        high=high,
        margin=one.margin,
        p=p,
        p_holm=p_worse if is_tested else None,
        n=one.n,
        planned=one.planned,
        lost=one.lost,
        regained=one.regained,
        note="; ".join(text for text in (one.note, note) if text),
        worse_pairs=one.worse_pairs,
    )


def _bounds(one: Evidence) -> tuple[float | None, float | None]:
    if one.harm is None:
        return None, None
    interval = (one.harm if one.better == "lower" else -one.harm).interval()
    return interval.low, interval.high


def _verdict(one: Evidence, settings: CompareSettings, *, p_worse: float, p_better: float) -> tuple[Verdict, str]:
    """Give the verdict, and what a reader must know beyond the numbers."""
    if one.settled:
        return one.settled, ""
    net, allowed = one.lost - one.regained, settings.failures / 100 * one.planned
    too_many = net > allowed
    lost = f"{one.lost} pairs lost, {one.regained} regained" if one.lost or one.regained else ""
    if one.method == "failures":
        return ("more failures" if too_many else "better" if -net > allowed else "same"), lost
    verdict, note = _of_change(one, settings, p_worse=p_worse, p_better=p_better)
    if too_many and verdict != "worse":
        return "more failures", lost
    return verdict, "; ".join(text for text in (note, lost) if text)


def _of_change(one: Evidence, settings: CompareSettings, *, p_worse: float, p_better: float) -> tuple[Verdict, str]:
    harm, margin = one.harm, one.margin
    if one.is_identical:
        return "same", ""
    if margin is None:
        return "unsure", f"no margin is known for {one.metric}"
    if one.method == "whole" and harm is None:
        value = one.harm_value or 0.0
        return ("worse" if value > margin else "better" if value < -margin else "same"), ""
    if harm is None:
        return "unsure", ""
    interval = harm.interval()
    if -margin <= interval.low and interval.high <= margin:
        return "same", ""
    if interval.low > margin:
        return (
            ("worse", "") if p_worse <= settings.alpha else ("unsure", "beyond the margin alone, not among all metrics")
        )
    if interval.high < -margin:
        return (
            ("better", "")
            if p_better <= settings.alpha
            else ("unsure", "beyond the margin alone, not among all metrics")
        )
    return "unsure", ""
