"""A report as one page that needs no network, no script and no second file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fsbench.errors import RecordError
from fsbench.records import RunResult
from fsbench.reports.cases import Cases, cases
from fsbench.reports.comparison import measured_columns
from fsbench.reports.groups import Group
from fsbench.reports.plots import Forest, forest
from fsbench.reports.report import Comparison
from fsbench.reports.run_files import FailedPair
from fsbench.reports.runs import Run
from fsbench.reports.tables import Table, number, one_line

TEMPLATES = Path(__file__).parent
STYLE = TEMPLATES / "report.css"
FAILURES_SHOWN = 50


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
    failures: Failures | None
    provenance: tuple[tuple[str, tuple[str, ...]], ...]  # name and lines
    problems: tuple[str, ...]


@dataclass(frozen=True)
class GroupView:
    """One comparable group as the page shows it."""

    tables: tuple[Table, ...]
    forests: tuple[Forest, ...]
    explanation: tuple[str, ...]
    definition: tuple[tuple[str, str], ...]
    definition_digest: str
    runs: tuple[RunView, ...]

    @property
    def size(self) -> int:
        """Number of runs."""
        return len(self.runs)


def report_html(
    comparisons: Sequence[Comparison], *, problems: Sequence[str] = (), published: Sequence[Table] = ()
) -> str:
    """Write the page: tables, plots, definition, pictures, failures and provenance of each comparable group.

    Args:
        comparisons: what to show, in order.
        problems: what could not be read, one line each.
        published: tables of others, shown after all that was measured.
    """
    groups = [_group_view(comparison) for comparison in comparisons]
    titles = list(dict.fromkeys(comparison.table.title for comparison in comparisons))
    title = titles[0] if len(titles) == 1 else "Face swaps measured"
    said = [one_line(text) for text in problems]
    return page(TEMPLATES / "report.html", title=title, groups=groups, problems=said, published=published)


def page(template: Path, **content: object) -> str:
    """Fill in a page of ours: all text is escaped, the style sheet is inside, and a name that is missing is an error.

    Args:
        template: a file that may import from the folder of this module's templates.
        content: what the template asks for.
    """
    import jinja2
    import markupsafe

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = markupsafe.Markup(STYLE.read_text(encoding="utf-8"))  # our own file, never a user's text
    return environment.get_template(template.name).render(style=style, **content)


def _group_view(comparison: Comparison) -> GroupView:
    group = comparison.group
    first = group.runs[0].result
    plots = [forest(group, column) for column in measured_columns(group)]
    return GroupView(
        tables=comparison.tables,
        forests=tuple(plot for plot in plots if plot is not None),
        explanation=tuple(one_line(text) for text in first.explanation),
        definition=tuple((one_line(choice), one_line(value)) for choice, value in first.definition.items()),
        definition_digest=first.definition_digest,
        runs=tuple(_run_view(label, run, group) for label, run in (*group.ranked, *group.controls)),
    )


def _run_view(label: str, run: Run, group: Group) -> RunView:
    problems: list[str] = []
    shown: list[Cases] = []
    failures = None
    try:
        if not run.is_control or not group.ranked:  # a control's pictures are the inputs again
            shown = cases(run)
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
