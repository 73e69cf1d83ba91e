"""The paper's own tables, filled with what was measured here; a cell that nobody measured is a dash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fsbench.errors import ConfigError
from fsbench.records import Measurement
from fsbench.reports.devices import NOT_SAID, WORDS
from fsbench.reports.groups import Group, comparable_groups
from fsbench.reports.paper_tables import LAYOUTS, Entry, Layout
from fsbench.reports.runs import Run
from fsbench.reports.tables import ABSENT, Cell, Column, Notes, Row, Section, Table, interval, number, one_line

WITH_FACE_NET = " with the face net"
FOOT = "A dash: nobody measured it here. Rows and columns are the paper's, in its order; others stand below."


def layout_tables(name: str, runs: Sequence[Run], beside: Sequence[Measurement] = ()) -> list[Table]:
    """Fill a table of the paper, one for each comparable group of its protocol, since definitions do not mix.

    Args:
        name: key of LAYOUTS.
        runs: finished runs of any protocol.
        beside: numbers of other files: mean scores of a study for table 2 (`metric` is "study:real" and so on), sizes
            of an ablation ("size:size_mb"); `title` is the method or network.

    Raises:
        ConfigError: there is no such table, or no run of its protocol.
    """
    if name not in LAYOUTS:
        raise ConfigError(f"the paper has no table '{name}'; known: {', '.join(LAYOUTS)}", hint="--layout table1")
    layout = LAYOUTS[name]
    fitting = [run for run in runs if run.result.config.protocol == layout.protocol and not run.is_control]
    if not fitting:
        hint = f"fsbench run {layout.protocol} ..."
        raise ConfigError(f"{name} is filled by runs of {layout.protocol}, and there is none", hint=hint)
    if name == "table3":
        return [_devices(layout, fitting)]
    sizes = [run for run in runs if run.result.config.protocol == "size"]
    if name == "table4":
        return [_sizes(layout, Group(tuple(sizes), tuple(run.label for run in sizes)))]
    return [_filled(layout, group, sizes, beside) for group in comparable_groups(fitting)]


def _filled(layout: Layout, group: Group, sizes: Sequence[Run], beside: Sequence[Measurement]) -> Table:
    notes, taken, others = Notes(), dict[str, tuple[str, Run]](), list[tuple[str, Run]]()
    for label, run in group.ranked:
        row = layout.of(run)
        if row in layout.rows and row not in taken:
            taken[row] = label, run
        else:
            others.append((label, run))
    rows = []
    for row, (label, run) in [*taken.items(), *((label, (label, run)) for label, run in others)]:
        weighed = next((size for size in sizes if layout.of(size) == row or size.label == label), None)
        rated = [one for one in beside if one.title in (row, label, run.result.swapper.name)]
        rows.append(Row(one_line(row), tuple(_cell(entry, run, weighed, rated, notes) for entry in layout.entries)))
    known = {row.label: row for row in rows}
    empty = tuple(Cell(ABSENT) for _ in layout.entries)
    lines = [known.get(row, Row(row, empty)) for row in layout.rows]
    lines += [row for row in rows if row.label not in layout.rows]
    named = [(row, taken[row][0]) for row in layout.rows if row in taken]
    names = [f"{row} is {label}" for row, label in named if row.lower() != label.lower()]
    said = [*_columns(layout, group, beside), *_measured_with(group)]
    said += [f"Rows: {', '.join(names)}."] if names else []
    return _table(layout, lines, notes, said)


def _columns(layout: Layout, group: Group, beside: Sequence[Measurement]) -> list[str]:
    """Say what each column holds here, with its network and unit."""
    known = {one.metric: one for run in reversed(group.runs) for one in run.result.measurements}
    known |= {one.metric: one for one in beside if one.metric.startswith("study:")}
    said = []
    for entry in layout.entries:
        found = next((known[metric] for metric in entry.metrics if metric in known), None)
        if found is not None and found.metric.startswith("study:"):
            said.append(f"{entry.heading}: mean score of a rating study")
        elif found is not None:
            said.append(f"{entry.heading}: {found.title}{f', {found.unit}' if found.unit else ''}")
    return [f"Columns: {'; '.join(said)}."] if said else []


def _cell(entry: Entry, run: Run, weighed: Run | None, rated: Sequence[Measurement], notes: Notes) -> Cell:
    for metric in entry.metrics:
        kind, _, key = metric.rpartition(":")
        owner = weighed if kind == "size" else None if kind else run
        found = owner.measurement(key) if owner is not None else None
        found = found or next((one for one in rated if one.metric == metric), None)
        if found is not None and found.value is not None:
            return _number(found, entry.digits, notes)
    return Cell(ABSENT)


def _number(found: Measurement, digits: int, notes: Notes) -> Cell:
    failed = f", {found.n_failed} failed" if found.n_failed else ""
    has_n = not found.metric.endswith("_mb")
    letters = (notes.letter(f"n = {found.n}{failed}"),) if has_n else ()
    return Cell(number(found.value or 0.0, digits), interval(found.low, found.high, digits), notes=letters)


def _devices(layout: Layout, runs: Sequence[Run]) -> Table:
    notes, rows = Notes(), []
    for run in runs:
        told = {**run.result.provenance.conditions, **run.result.swapper.facts}
        words = [one_line(told.get(word, NOT_SAID)) for word in WORDS]
        found = _cell(layout.entries[0], run, None, (), notes)
        kind = f"{told.get('precision', 'float32')}, batch {told.get('batch', '1')}"
        what = notes.letter(f"{one_line(run.label)}, {kind}")
        rows.append(Row(words[0], (*map(Cell, words[1:]), replace(found, notes=(*found.notes, what)))))
    columns = (*(Column(word, is_number=False) for word in ("OS", "Framework", "Hardware")), Column("Speed, ms"))
    feet = ["Mean of the passes of the network alone, without the face net; where a swapper shows none, of its calls."]
    return _table(layout, rows, notes, feet, columns)


def _sizes(layout: Layout, group: Group) -> Table:
    notes, lines = Notes(), dict[str, Row]()
    by_label = {run.label: run for run in group.runs}
    for label, run in by_label.items():
        if label.endswith(WITH_FACE_NET):
            continue
        cell = _cell(layout.entries[0], run, None, (), notes)
        whole = by_label.get(f"{label}{WITH_FACE_NET}")
        if whole is not None and cell.text != ABSENT:
            both = _cell(layout.entries[0], whole, None, (), notes)
            if both.text != ABSENT:
                cell = replace(cell, text=f"{cell.text} + {float(both.text) - float(cell.text):.1f}")
        row = layout.of(run)
        row = row if row in layout.rows and row not in lines else one_line(label)
        lines[row] = Row(row, (replace(cell, notes=(*cell.notes, notes.letter(f"file of {one_line(label)}"))),))
    rows = [lines.get(row, Row(row, (Cell(ABSENT),))) for row in layout.rows]
    rows += [line for name, line in lines.items() if name not in layout.rows]
    return _table(layout, rows, notes, ["1 MB is 1,000,000 bytes. After +: the face network, where a swapper has one."])


def _table(
    layout: Layout, rows: Sequence[Row], notes: Notes, feet: Sequence[str], columns: Sequence[Column] = ()
) -> Table:
    shown = tuple(columns) or tuple(Column(entry.heading) for entry in layout.entries)
    said = tuple(one_line(text) for text in (*feet, FOOT))
    return Table(layout.caption, "", layout.label, shown, (Section("", tuple(rows)),), notes.lines, said)


def _measured_with(group: Group) -> list[str]:
    first = group.runs[0].result
    networks = ", ".join(f"{role} {name}" for role, name in first.provenance.evaluators.items())
    said = [f"Measured: {first.title}, definition {first.definition_digest}. Networks: {networks or 'none'}."]
    if any(one.low is not None for run in group.runs for one in run.result.measurements):
        said.append("Brackets: 95 % intervals.")
    return said
