"""A report as one page that needs no network and no second file, and can be read without its script."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from fsbench.errors import RecordError
from fsbench.records import RunResult
from fsbench.reports.cases import Cases, cases
from fsbench.reports.comparison import measured_columns
from fsbench.reports.figures.by_pair import by_yaw, heat_maps
from fsbench.reports.figures.content import tradeoffs
from fsbench.reports.figures.failures import failure_table
from fsbench.reports.figures.heat_layout import Heat, heat_drawing
from fsbench.reports.figures.layout import Chart, tradeoff_chart, yaw_chart
from fsbench.reports.figures.searches import Search, searches
from fsbench.reports.groups import Group
from fsbench.reports.page import TEMPLATES, page
from fsbench.reports.plots import Forest, forest
from fsbench.reports.report import Comparison
from fsbench.reports.run_files import FailedPair
from fsbench.reports.runs import Run
from fsbench.reports.tables import Table, number, one_line

FAILURES_SHOWN = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Failures:
    """What failed in one run: how often at which stage, and the first lines."""

    stages: tuple[tuple[str, int], ...]
    first: tuple[FailedPair, ...]
    total: int


@dataclass(frozen=True)
class RunView:
    """One run as the page shows it. `problems` say what of its folder could not be read."""

    label: str
    is_control: bool
    planned: int
    swapped: int
    cases: tuple[Cases, ...]
    searches: tuple[Search, ...]
    failures: Failures | None
    provenance: tuple[tuple[str, tuple[str, ...]], ...]  # name and lines
    problems: tuple[str, ...]


@dataclass(frozen=True)
class GroupView:
    """One comparable group as the page shows it."""

    tables: tuple[Table, ...]
    forests: tuple[Forest, ...]
    charts: tuple[Chart, ...]  # identity against its cost
    yaws: tuple[Chart, ...]
    heats: tuple[Heat, ...]
    failures: Table | None
    explanation: tuple[str, ...]
    definition: tuple[tuple[str, str], ...]
    definition_digest: str
    runs: tuple[RunView, ...]

    @property
    def size(self) -> int:
        """Number of runs."""
        return len(self.runs)


def report_html(
    comparisons: Sequence[Comparison],
    *,
    problems: Sequence[str] = (),
    published: Sequence[Table] = (),
    back: str = "",
) -> str:
    """Write the page: tables, plots, definition, pictures, failures and provenance of each comparable group.

    Args:
        comparisons: what to show, in order.
        problems: what could not be read, one line each.
        published: tables of others, shown after all that was measured.
        back: address of the page that leads here, if one does.
    """
    groups = [_group_view(comparison) for comparison in comparisons]
    titles = list(dict.fromkeys(comparison.table.title for comparison in comparisons))
    title = titles[0] if len(titles) == 1 else "Face swaps measured"
    said = [one_line(text) for text in problems]
    content: dict[str, Any] = {"title": title, "groups": groups, "problems": said, "published": published, "back": back}
    return page(TEMPLATES / "report.html", **content)


def _group_view(comparison: Comparison) -> GroupView:
    group = comparison.group
    first = group.runs[0].result
    plots = [forest(group, column) for column in measured_columns(group)]
    return GroupView(
        tables=comparison.tables,
        forests=tuple(plot for plot in plots if plot is not None),
        charts=tuple(tradeoff_chart(found) for found in tradeoffs(group)),
        yaws=_readable(lambda: tuple(map(yaw_chart, by_yaw(group))), ()),
        heats=_readable(lambda: tuple(map(heat_drawing, heat_maps(group))), ()),
        failures=_readable(lambda: failure_table(group), None),
        explanation=tuple(one_line(text) for text in first.explanation),
        definition=tuple((one_line(choice), one_line(value)) for choice, value in first.definition.items()),
        definition_digest=first.definition_digest,
        runs=tuple(_run_view(label, run, group) for label, run in (*group.ranked, *group.controls)),
    )


def _readable(make: Callable[[], T], otherwise: T) -> T:
    """Leave a figure out where a run's files cannot be read; the part about that run says so."""
    try:
        return make()
    except RecordError:
        return otherwise


def _run_view(label: str, run: Run, group: Group) -> RunView:
    problems: list[str] = []
    shown: list[Cases] = []
    looked: list[Search] = []
    failures = None
    try:
        if not run.is_control or not group.ranked:  # a control's pictures are the inputs again
            shown, looked = cases(run), searches(run)
    except RecordError as error:
        problems.append(one_line(str(error)))
    try:
        failures = _failures(run)
    except RecordError as error:
        problems.append(one_line(str(error)))
    result = run.result
    return RunView(
        label=one_line(label),
        is_control=run.is_control,
        planned=result.planned,
        swapped=result.swapped,
        cases=tuple(shown),
        searches=tuple(looked),
        failures=failures,
        provenance=_provenance(result),
        problems=tuple(problems),
    )


def _failures(run: Run) -> Failures:
    stages = Counter(one_line(failure.stage) for failure in run.failures)
    first = tuple(
        FailedPair(one_line(failure.key), one_line(failure.stage), one_line(failure.reason))
        for failure in run.failures[:FAILURES_SHOWN]
    )
    return Failures(tuple(stages.most_common()), first, len(run.failures))


def _provenance(result: RunResult) -> tuple[tuple[str, tuple[str, ...]], ...]:
    made = result.provenance
    commit = f", commit {made.commit}{' with changes not committed' if made.dirty else ''}" if made.commit else ""
    settings = (f"{name} = {value}" for name, value in result.swapper.args.items())
    weights = {**made.weights, **result.swapper.weights}
    lines = {
        "Swapper": (f"{result.swapper.name} version {result.swapper.version}", *settings),
        "Command": (made.command,),
        "fsbench": (made.fsbench + commit,),
        "Networks that measure": tuple(f"{role}: {name}" for role, name in made.evaluators.items()),
        "Weights, sha256": tuple(f"{file}: {sha256}" for file, sha256 in weights.items()),
        "Data digest": (made.data_digest,),
        "Started": (made.started,),
        "Seconds": (number(made.seconds, 1), *(f"{name}: {number(took, 1)}" for name, took in made.stages.items())),
        "Computed, not cached": tuple(f"{stage}: {count}" for stage, count in made.computed.items()),
        "Python": (made.python,),
        "Packages": (", ".join(f"{name} {version}" for name, version in made.packages.items()),),
        "Machine": (made.machine,),
        "Conditions": tuple(f"{name}: {value}" for name, value in made.conditions.items()),
    }
    return tuple((name, tuple(one_line(text) for text in texts)) for name, texts in lines.items() if any(texts))
