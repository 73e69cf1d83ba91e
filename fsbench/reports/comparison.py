"""The main table: swappers of one comparable group side by side, controls apart, best and second marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from fsbench.metrics.spec import METRICS, TIMES
from fsbench.records import Measurement
from fsbench.reports.groups import Group
from fsbench.reports.runs import Run
from fsbench.reports.tables import (
    ABSENT,
    Cell,
    Column,
    Mark,
    Notes,
    Row,
    Section,
    Table,
    interval,
    metric_heading,
    number,
    one_line,
    ranks,
)

DIGITS_OF_UNKNOWN = 4  # of a metric that this version does not know


@dataclass(frozen=True)
class Measured:
    """One column: measurements with equal meaning, by label; `common_n` is what most of them rest on."""

    metric: str
    title: str
    heading: str
    better: str
    digits: int
    found: dict[str, Measurement]
    common_n: int


def comparison_table(group: Group) -> Table:
    """Put the runs of a group in one table."""
    notes = Notes()
    columns = measured_columns(group)
    marks = [_ranks(column, [label for label, _ in group.ranked]) for column in columns]
    sections = [
        Section(title, tuple(_row(label, columns, marks, notes) for label, _ in members), muted)
        for title, members, muted in (("", group.ranked, False), ("Controls", group.controls, True))
        if members
    ]
    return Table(
        title=one_line(group.runs[0].result.title),
        lead=one_line(group.apart),
        label="Swapper",
        columns=tuple(Column(column.heading) for column in columns),
        sections=tuple(sections),
        notes=notes.lines,
        feet=tuple(one_line(text) for text in _feet(group, columns)),
    )


def measured_columns(group: Group) -> list[Measured]:
    """Collect what was measured, in the order of the table of metrics; other meanings get a column of their own."""
    kinds: dict[tuple[str, ...], dict[str, Measurement]] = {}
    for label, run in group.all:
        for found in run.result.measurements:
            machine = where_timed(run) if found.metric in TIMES else ""
            meaning = (found.metric, found.title, found.unit, found.better, found.definition, str(found.version))
            kinds.setdefault((*meaning, machine), {})[label] = found
    order = list(METRICS)
    places = {metric: place for place, metric in enumerate(order)}
    ordered = sorted(kinds, key=lambda kind: places.get(kind[0], len(order)))  # stable: new ones as they appeared
    return [_column(kind, kinds[kind], kinds) for kind in ordered]


def where_timed(run: Run) -> str:
    """Name the machine, and the session, in which the swappers took turns: other times are no rivals of these."""
    made = run.result.provenance
    session = made.conditions.get("session", "")
    return f"{made.machine}, session {session}" if session else made.machine


def value_digits(metric: str) -> int:
    """Tell how many digits after the point a metric is printed with."""
    return METRICS[metric].digits if metric in METRICS else DIGITS_OF_UNKNOWN


def _column(
    kind: tuple[str, ...], found: dict[str, Measurement], kinds: dict[tuple[str, ...], dict[str, Measurement]]
) -> Measured:
    metric, title, unit, better, definition, version, machine = kind
    twins = [other for other in kinds if other[:2] == kind[:2]]
    if any(other[-1] != machine for other in twins):
        title = f"{title} on {machine or 'an unknown machine'}"
    if any(other[4:6] != kind[4:6] for other in twins):
        title = f"{title} (definition {definition}, version {version})"
    common_n = Counter(one.n for one in found.values()).most_common(1)[0][0]
    heading = metric_heading(title, unit, better)
    return Measured(metric, one_line(title), heading, better, value_digits(metric), found, common_n)


def _ranks(column: Measured, ranked: Sequence[str]) -> dict[str, Mark]:
    """Mark the best and the second best printed value; equal ones share, and one alone is no ranking.

    A value that rests on fewer pairs than another takes no part: who fails on the hard ones would gain by it.
    """
    measured = {label: m for label, m in column.found.items() if label in ranked and m.value is not None}
    most = max((m.n for m in measured.values()), default=0)
    values = {label: m.value for label, m in measured.items() if m.value is not None and m.n == most}
    return ranks(values, digits=column.digits, better=column.better)


def _row(label: str, columns: Sequence[Measured], marks: Sequence[dict[str, Mark]], notes: Notes) -> Row:
    cells = [_cell(label, column, mark.get(label, ""), notes) for column, mark in zip(columns, marks, strict=True)]
    return Row(one_line(label), tuple(cells))


def _cell(label: str, column: Measured, mark: Mark, notes: Notes) -> Cell:
    found = column.found.get(label)
    if found is None:
        return Cell(ABSENT, notes=(notes.letter("not measured in this run"),))
    remarks = [one_line(found.note)] if found.note else []
    if found.value is None and not found.note:
        remarks.append("no value, and the run names no reason")
    if found.n_failed > 0:
        remarks.append(f"{one_line(label)}: {found.n_failed} failed, n = {found.n}")
    elif found.n != column.common_n:
        remarks.append(f"{one_line(label)}: n = {found.n}")
    letters = tuple(notes.letter(remark) for remark in remarks)
    if found.value is None:
        return Cell(ABSENT, notes=letters)
    return Cell(number(found.value, column.digits), interval(found.low, found.high, column.digits), mark, letters)


def _feet(group: Group, columns: Sequence[Measured]) -> list[str]:
    first = group.runs[0].result
    choices = ", ".join(f"{choice}={value}" for choice, value in first.definition.items())
    networks = ", ".join(f"{role} {name}" for role, name in first.provenance.evaluators.items())
    feet = [_counts(columns)] if columns else ["Nothing was measured."]
    if any(found.low is not None for column in columns for found in column.found.values()):
        feet.append("Brackets: 95 % intervals.")
    if group.controls:
        feet.append("Controls are no swappers: they show the ends of each scale and take no part in the ranking.")
    protocol = f"{first.config.protocol} version {first.protocol_version}"
    feet.append(f"Definition {first.definition_digest}, protocol {protocol}: {choices or 'no choices'}.")
    feet.append(f"Networks that measure: {networks or 'none'}.")
    feet.extend(_splits(group))
    feet.extend(_overlaps(group))
    feet.extend(_licences(group))
    feet.extend(_warnings(group.all))
    return feet


def _overlaps(group: Group) -> list[str]:
    """Say how near the swappers' identity networks are to those that measure; what favours a score is a warning."""
    kinds: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
    for label, run in group.ranked:
        for found in run.result.overlaps:
            about = kinds.setdefault((found.role, found.measured_by), {})
            uses = f" ({', '.join(found.uses)})" if found.uses else ""
            about.setdefault(found.kind, {})[f"{label}{uses}"] = None
    return [
        f"Identity networks beside {one_line(by)}, which measures {role}: "
        + "; ".join(f"{kind}: {one_line(', '.join(labels))}" for kind, labels in about.items())
        + "."
        for (role, by), about in kinds.items()
    ]


def _licences(group: Group) -> list[str]:
    """Say under which licence each weight file comes, so that nobody publishes or sells what he may not."""
    measuring: dict[str, dict[str, None]] = {}
    swapping: dict[str, dict[str, None]] = {}
    for label, run in group.all:
        for file, licence in run.result.provenance.licences.items():
            measuring.setdefault(licence, {})[file] = None
        for file, licence in run.result.swapper.licences.items():
            swapping.setdefault(licence, {})[f"{file} of {label}" if file != label else label] = None
    return [
        f"Licences of the weights that {do}: "
        + "; ".join(f"{one_line(', '.join(files))}: {one_line(licence)}" for licence, files in found.items())
        + "."
        for do, found in (("swap", swapping), ("measure", measuring))
        if found
    ]


def _splits(group: Group) -> list[str]:
    """Say in words why one metric has several columns: its numbers do not mean the same."""
    kinds: dict[str, dict[tuple[str, ...], None]] = {}
    for _, run in group.all:
        for found in run.result.measurements:
            machine = where_timed(run) if found.metric in TIMES else ""
            facts = (found.title, found.unit, found.better, found.definition, str(found.version), machine)
            kinds.setdefault(found.metric, {})[facts] = None
    names = ("network or title", "unit", "better way", "definition", "version of the metric", "machine")
    said = []
    for metric, found_kinds in kinds.items():
        values = [list(dict.fromkeys(column)) for column in zip(*found_kinds, strict=True)]
        differ = [
            f"{name} ({' / '.join(v or '-' for v in value)})"
            for name, value in zip(names, values, strict=True)
            if len(value) > 1
        ]
        title = METRICS[metric].title if metric in METRICS else metric
        if differ:
            said.append(f"{title} has {len(found_kinds)} columns, which are not ranked against each other; what "
                        f"differs: {', '.join(differ)}.")  # fmt: skip
    return said


def _counts(columns: Sequence[Measured]) -> str:
    """Say what n is in most columns, and name the others."""
    usual = Counter(column.common_n for column in columns).most_common(1)[0][0]
    others = [f"{column.common_n} for {column.title}" for column in columns if column.common_n != usual]
    return f"n = {usual} unless a note says otherwise{''.join(f', {other}' for other in others)}."


def _warnings(labelled: Sequence[tuple[str, Run]]) -> list[str]:
    warned: dict[str, list[str]] = {}
    for label, run in labelled:
        for warning in run.result.warnings:
            warned.setdefault(warning, []).append(label)
    return [
        f"Warning{'' if len(labels) == len(labelled) else ', ' + ', '.join(labels)}: {text}"
        for text, labels in warned.items()
    ]
