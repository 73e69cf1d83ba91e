"""OLD against NEW: every swapper with its verdicts, the pairs that got worse, and the exit code of a gate."""

from __future__ import annotations

from collections.abc import Sequence

from fsbench.errors import NotComparable, RecordError
from fsbench.metrics.spec import METRICS, TIMES
from fsbench.records import Provenance, Record
from fsbench.reports.compare_evidence import Evidence, evidence
from fsbench.reports.compare_match import Match, difference, match_runs, pair_difference
from fsbench.reports.compare_settings import CompareSettings
from fsbench.reports.compare_speed import judge_speed
from fsbench.reports.compare_verdict import REGRESSIONS, Judged, judge
from fsbench.reports.places import without_places
from fsbench.reports.run_files import FailedPair
from fsbench.reports.runs import Loaded, Run
from fsbench.reports.tables import one_line

COMPARE_SCHEMA = 1
FAILURES_SHOWN = 20


class Side(Record):
    """One of the two runs, as far as it may be shown to anyone."""

    title: str
    swapper_version: int
    definition_digest: str
    planned: int
    swapped: int
    provenance: Provenance


class NewFailure(Record):
    """A pair at which the new run failed and the old one did not."""

    key: str
    stage: str
    reason: str


class SwapperVerdicts(Record):
    """One swapper of one protocol before and after."""

    protocol: str
    label: str
    is_control: bool
    state: str = ""  # "gone" or "new" where one of the runs is not there, "not comparable" with `reason`
    reason: str = ""
    old: Side | None = None
    new: Side | None = None
    metrics: tuple[Judged, ...] = ()
    not_judged: tuple[str, ...] = ()  # titles of metrics in which neither way is better
    new_failures: tuple[NewFailure, ...] = ()  # the first
    new_failures_total: int = 0

    @property
    def has_regressed(self) -> bool:
        """Whether this must stop a change."""
        return not self.is_control and (self.state == "gone" or any(m.verdict in REGRESSIONS for m in self.metrics))

    @property
    def is_apart(self) -> bool:
        """Whether something of it could not be compared."""
        return self.state == "not comparable" or any(m.verdict == "not comparable" for m in self.metrics)


class Compared(Record):
    """The whole comparison; the content of compare.json."""

    schema_version: int = COMPARE_SCHEMA
    name: str
    settings: CompareSettings
    swappers: tuple[SwapperVerdicts, ...]
    problems: tuple[str, ...] = ()
    exit_code: int

    @property
    def judged(self) -> list[SwapperVerdicts]:
        """The swappers, controls left out."""
        return [found for found in self.swappers if not found.is_control]

    @property
    def moved_controls(self) -> list[str]:
        """What changed of controls, which no swapper can change: the measuring did."""
        return [
            f"{found.label}: {judged.title} {judged.verdict}"
            for found in self.swappers
            for judged in found.metrics
            if found.is_control and judged.verdict not in ("same", "new")
        ]


def compare(old: Loaded, new: Loaded, settings: CompareSettings, *, name: str) -> Compared:
    """Compare two sets of runs.

    A run that cannot be read is named in `problems`, and the others are compared all the same.

    Raises:
        RecordError: two runs of one side cannot be told apart.
        NotComparable: no run of one side goes with any of the other.
    """
    matches = match_runs(old.runs, new.runs)
    if not any(match.old is not None and match.new is not None for match in matches):
        sides = [
            ", ".join(f"{m.protocol} {m.label}" for m in matches if (m.old is None) == is_new) for is_new in (0, 1)
        ]
        raise NotComparable(
            f"no run of one side goes with one of the other; OLD holds {sides[0]}; NEW holds {sides[1]}",
            hint="compare runs of one protocol and swapper",
        )
    problems = [*(f"OLD: {text}" for text in old.problems), *(f"NEW: {text}" for text in new.problems)]
    swappers: list[SwapperVerdicts] = []
    found: dict[int, list[Evidence]] = {}
    for match in matches:
        try:
            verdicts, evidences = _collect(match, settings)
        except RecordError as error:
            problems.append(f"{match.protocol} {match.label}: {error}")
            continue
        swappers.append(verdicts)
        found[len(swappers) - 1] = evidences
    swappers = _with_verdicts(swappers, found, settings)
    lines = tuple(one_line(without_places(text)) for text in problems)
    code = _exit_code(swappers, lines)
    return Compared(name=name, settings=settings, swappers=tuple(swappers), problems=lines, exit_code=code)


def _collect(match: Match, settings: CompareSettings) -> tuple[SwapperVerdicts, list[Evidence]]:
    """Describe a match, and give the evidence of its metrics but speed, which is judged by itself."""
    found = SwapperVerdicts(
        protocol=match.protocol,
        label=match.label,
        is_control=match.is_control,
        old=_side(match.old),
        new=_side(match.new),
    )
    if match.old is None or match.new is None:
        state = "new" if match.old is None else "gone"
        return found.model_copy(update={"state": state}), []
    reason = difference(match.old, match.new) or pair_difference(match.old, match.new)
    if reason:
        return found.model_copy(update={"state": "not comparable", "reason": reason}), []
    names = list(dict.fromkeys([*METRICS, *_measured(match.old), *_measured(match.new)]))
    collected = [evidence(name, match.old, match.new, settings) for name in names if name not in TIMES]
    speed = judge_speed(match.old, match.new, settings)
    failures = _new_failures(match.old, match.new)
    update = {
        "metrics": (speed,) if speed is not None else (),
        "not_judged": _not_judged(match.old, match.new),
        "new_failures": tuple(failures[:FAILURES_SHOWN]),
        "new_failures_total": len(failures),
    }
    return found.model_copy(update=update), [one for one in collected if one is not None]


def _with_verdicts(
    swappers: Sequence[SwapperVerdicts], found: dict[int, list[Evidence]], settings: CompareSettings
) -> list[SwapperVerdicts]:
    """Judge all metrics of all swappers together; controls by themselves, since they are no claims."""
    done = list(swappers)
    for is_control in (False, True):
        places = [place for place in found for _ in found[place] if swappers[place].is_control == is_control]
        evidences = [one for place in found for one in found[place] if swappers[place].is_control == is_control]
        verdicts = judge(evidences, settings)
        for place in dict.fromkeys(places):
            own = [judged for where, judged in zip(places, verdicts, strict=True) if where == place]
            done[place] = done[place].model_copy(update={"metrics": (*own, *done[place].metrics)})
    return done


def _side(run: Run | None) -> Side | None:
    if run is None:
        return None
    result, made = run.result, run.result.provenance
    return Side(
        title=one_line(without_places(result.title)),
        swapper_version=result.swapper.version,
        definition_digest=result.definition_digest,
        planned=result.planned,
        swapped=result.swapped,
        provenance=made.model_copy(update={"command": one_line(without_places(made.command))}),
    )


def _measured(run: Run) -> list[str]:
    return [found.metric for found in run.result.measurements]


def _not_judged(old: Run, new: Run) -> tuple[str, ...]:
    titles = [found.title for run in (old, new) for found in run.result.measurements if found.better == "neither"]
    return tuple(dict.fromkeys(one_line(title) for title in titles))


def _new_failures(old: Run, new: Run) -> list[NewFailure]:
    """Name the pairs at which only the new run failed, in the order of its list."""
    before = {failure.key for failure in old.failures}
    first: dict[str, FailedPair] = {}
    for failure in new.failures:
        if failure.key not in before:
            first.setdefault(failure.key, failure)
    return [
        NewFailure(
            key=one_line(failure.key),
            stage=one_line(failure.stage),
            reason=one_line(without_places(failure.reason)),
        )
        for failure in first.values()
    ]


def _exit_code(swappers: Sequence[SwapperVerdicts], problems: Sequence[str]) -> int:
    """Give 1 for a regression, 2 for a run that could not be read, 3 for one that cannot be compared, else 0."""
    if any(found.has_regressed for found in swappers):
        return 1
    if problems:
        return 2
    return 3 if any(found.is_apart and not found.is_control for found in swappers) else 0
