"""Runs over time: each metric of a swapper in the order in which it was measured, and where it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fsbench.errors import RecordError
from fsbench.metrics.spec import METRICS, TIMES
from fsbench.reports.compare_evidence import Evidence, evidence
from fsbench.reports.compare_match import shown_label
from fsbench.reports.compare_settings import CompareSettings
from fsbench.reports.compare_verdict import Judged, Verdict, judge
from fsbench.reports.comparison import value_digits
from fsbench.reports.groups import comparable_groups
from fsbench.reports.integrity import edits
from fsbench.reports.places import without_places
from fsbench.reports.runs import Loaded, Run
from fsbench.reports.tables import metric_heading, one_line

By = Literal["date", "commit"]
CHANGES: tuple[Verdict, ...] = ("worse", "better", "more failures", "gone")
COMMIT_SIGNS = 10


@dataclass(frozen=True)
class Moment:
    """One run in its order. `name` is what the axis says."""

    name: str
    date: str
    commit: str


@dataclass(frozen=True)
class Reading:
    """One metric at one moment; `change` where it moved since the last change."""

    moment: int  # place in History.moments
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_failed: int
    change: Judged | None = None


@dataclass(frozen=True)
class Series:
    """One metric over all moments."""

    metric: str
    heading: str
    digits: int
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class History:
    """One swapper under equal conditions. `apart` says what keeps it out of the first history of its protocol."""

    protocol: str
    label: str
    title: str
    definition_digest: str
    apart: str
    moments: tuple[Moment, ...]
    series: tuple[Series, ...]


def histories(loaded: Loaded, settings: CompareSettings, *, by: By) -> tuple[list[History], list[str]]:
    """Sort runs into histories, controls left out.

    Args:
        loaded: runs, in any order.
        settings: margins and corrections for what counts as a change.
        by: "date" for a point a run; "commit" for a point a commit, its last run.

    Returns:
        The histories, and a line for each run that could not be used.
    """
    problems = list(loaded.problems)
    sound = []
    for run in loaded.runs:
        edited = edits(run)
        problems += edited
        if not edited and not run.is_control:
            sound.append(run)
    sound.sort(key=lambda run: (run.result.provenance.started, str(run.folder)))
    found = []
    for protocol in dict.fromkeys(run.result.config.protocol for run in sound):
        for group in comparable_groups([run for run in sound if run.result.config.protocol == protocol]):
            for label in dict.fromkeys(shown_label(run) for run in group.runs):
                own = [run for run in group.runs if shown_label(run) == label]
                try:
                    found.append(_history(own, label, group.apart, settings, by))
                except RecordError as error:
                    problems.append(str(error))
    return found, problems


def _history(runs: Sequence[Run], label: str, apart: str, settings: CompareSettings, by: By) -> History:
    kept = list(runs) if by == "date" else list({_commit(run): run for run in runs}.values())
    result = kept[-1].result
    names = [name for name in dict.fromkeys([*METRICS, *_measured(kept)]) if any(run.measurement(name) for run in kept)]
    changes = _changes(kept, [name for name in names if name not in TIMES], settings)
    return History(
        protocol=result.config.protocol,
        label=label,
        title=one_line(without_places(result.title)),
        definition_digest=result.definition_digest,
        apart=one_line(without_places(apart)).replace("the first table", "the first history of this protocol"),
        moments=tuple(_moment(run, by) for run in kept),
        series=tuple(_series(name, kept, changes) for name in names),
    )


def _changes(runs: Sequence[Run], names: Sequence[str], settings: CompareSettings) -> dict[tuple[str, int], Judged]:
    """Find the moments at which a metric is surely and beyond its margin not what it was since its last change.

    Each run is compared pair by pair with the first run after the last change, so that a slow drift is found as
    well once it adds up to more than the margin.
    """
    since = dict.fromkeys(names, 0)
    found: dict[tuple[str, int], Judged] = {}
    for place in range(1, len(runs)):
        evidences: list[Evidence] = []
        for name in names:
            one = evidence(name, runs[since[name]], runs[place], settings)
            evidences += [one] if one is not None else []
        for judged in judge(evidences, settings):
            if judged.verdict in CHANGES:
                found[judged.metric, place] = judged
                since[judged.metric] = place
    return found


def _series(name: str, runs: Sequence[Run], changes: dict[tuple[str, int], Judged]) -> Series:
    measured = [run.measurement(name) for run in runs]
    known = next(one for one in reversed(measured) if one is not None)
    readings = tuple(
        Reading(place, one.value, one.low, one.high, one.n, one.n_failed, changes.get((name, place)))
        if one is not None
        else Reading(place, None, None, None, 0, 0, changes.get((name, place)))
        for place, one in enumerate(measured)
    )
    return Series(name, metric_heading(one_line(known.title), known.unit, known.better), value_digits(name), readings)


def _moment(run: Run, by: By) -> Moment:
    made = run.result.provenance
    date = made.started[:16].replace("T", " ") or run.folder.name
    commit = made.commit[:COMMIT_SIGNS] + ("+" if made.dirty else "")
    return Moment((commit if by == "commit" else "") or date[:10], date, commit)


def _commit(run: Run) -> str:
    made = run.result.provenance
    return f"{made.commit}{'+' if made.dirty else ''}" if made.commit else f"run {run.folder}"


def _measured(runs: Sequence[Run]) -> list[str]:
    return [one.metric for run in runs for one in run.result.measurements]
