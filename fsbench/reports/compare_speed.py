"""The gate of speed: the ratio pass by pass, judged only where both were measured turn by turn in one job."""

from __future__ import annotations

from typing import Any

import numpy as np

from fsbench.metrics.ratio import FEWEST_PASSES, Ratio, median_ratio
from fsbench.records import Measurement
from fsbench.reports.compare_settings import CompareSettings, SpeedGate
from fsbench.reports.compare_verdict import Judged, Verdict
from fsbench.reports.runs import Run
from fsbench.reports.tables import one_line

SPEED = "latency_ms"
SESSION = "session"  # column of samples.parquet that a protocol with interleaved timing fills


def judge_speed(old: Run, new: Run, settings: CompareSettings) -> Judged | None:
    """Judge the times of two runs; None where neither has any.

    Raises:
        RecordError: the samples of a run cannot be read.
    """
    before, after = old.measurement(SPEED), new.measurement(SPEED)
    known = before or after
    if known is None or ((before is None or before.value is None) and (after is None or after.value is None)):
        return None
    if before is None or before.value is None:
        return _judged(known, before, after, old, verdict="new", note="not in the old run")
    if after is None or after.value is None:
        return _judged(known, before, after, old, verdict="gone", note="not in the new run")
    reason = _apart(old, new, before, after)
    if reason:
        return _judged(known, before, after, old, verdict="not comparable", note=reason)
    times = old.values(SPEED), new.values(SPEED)
    common = [key for key in old.samples["key"] if key in times[0] and key in times[1]]
    if times[0] and times[0] == times[1]:
        return _judged(known, before, after, old, verdict="same", n=len(common), difference=1.0)
    sessions = _sessions(old), _sessions(new)
    if len(sessions[0]) != 1 or sessions[0] != sessions[1]:
        note = "not measured turn by turn in one run: times of two jobs differ by themselves, so they are not judged"
        return _judged(known, before, after, old, verdict="unsure", note=note)
    if len(common) < FEWEST_PASSES:
        note = f"{len(common)} common passes, {FEWEST_PASSES} are needed for a verdict"
        return _judged(known, before, after, old, verdict="unsure", note=note, n=len(common))
    rows = [np.array([column[key] for key in common]) for column in times]
    ratio = median_ratio(*rows, resamples=min(settings.resamples, 2000), seed=settings.seed)
    verdict, note = speed_verdict(ratio, settings.speed)
    bounds = {"difference": ratio.value, "low": ratio.interval.low, "high": ratio.interval.high}
    fail = settings.speed.fail
    return _judged(known, before, after, old, verdict=verdict, note=note, n=len(common), margin=fail, **bounds)


def speed_verdict(ratio: Ratio, gate: SpeedGate) -> tuple[Verdict, str]:
    """Fail what is slower by the factor `fail` and surely slower by `warn`; say so of what is slower by `warn`."""
    low, high = ratio.interval.low, ratio.interval.high
    if ratio.value >= gate.fail and low > gate.warn:
        return "worse", ""
    if ratio.value >= gate.warn and low > 1:
        return "unsure", f"warning: slower by more than {gate.warn:g} times"
    if ratio.value <= 1 / gate.warn and high < 1:
        return "better", ""
    return ("same" if 1 / gate.warn <= low and high <= gate.warn else "unsure"), ""


def _sessions(run: Run) -> set[str]:
    """Name the sessions in which the passes were timed: swappers timed turn by turn share one."""
    return {str(name) for name in run.samples.get(SESSION, []) if name is not None}


def _apart(old: Run, new: Run, before: Measurement, after: Measurement) -> str:
    machines = [run.result.provenance.machine for run in (old, new)]
    if machines[0] != machines[1]:
        return one_line(f"machine: {machines[0]} / {machines[1]}")
    if (before.definition, before.version) != (after.definition, after.version):
        return f"definition: {before.definition} version {before.version} / {after.definition} version {after.version}"
    return ""


def _judged(
    known: Measurement, before: Measurement | None, after: Measurement | None, old: Run, **found: Any
) -> Judged:
    content: dict[str, Any] = {
        **{"metric": SPEED, "title": one_line(known.title), "unit": known.unit, "better": "lower", "method": "passes"},
        **{"old": before.value if before else None, "new": after.value if after else None},
        **{"difference": None, "low": None, "high": None, "margin": None},
        **{"n": 0, "planned": old.result.planned, "lost": 0, "regained": 0},
    }
    return Judged(**{**content, **found})
