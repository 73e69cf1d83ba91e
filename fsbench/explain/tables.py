"""What an explanation says, as tables and as JSON."""

from __future__ import annotations

import json
from typing import Any

from fsbench.explain.flips import Explained, Flip, moved
from fsbench.explain.replay import Rescored
from fsbench.records import Measurement
from fsbench.reports.comparison import value_digits
from fsbench.reports.tables import (
    ABSENT,
    Cell,
    Column,
    Notes,
    Row,
    Section,
    Table,
    interval,
    metric_heading,
    number,
    one_line,
)

Columns = list[tuple[str, Rescored]]


def explanation_tables(found: Explained) -> list[Table]:
    """Give the values under the two definitions, and how far each choice alone moves them."""
    return [_values(found), *([_moves(found)] if found.flips else [])]


def explanation_json(found: Explained) -> str:
    """Write everything as one JSON object."""
    content = {
        "run": str(found.run.folder),
        "label": found.run.label,
        "definition": found.run.result.definition,
        "wanted": found.wanted,
        "as_measured": _dumped(found.own.values()),
        "together": {**_state(found.together), "command": found.command},
        "answered": None if found.answered is None else _state(found.answered),
        "flips": [
            {"choice": f.choice, "old": f.old, "new": f.new, **_state(f.rescored), "command": f.command}
            for f in found.flips
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _state(found: Rescored) -> dict[str, Any]:
    return {
        "measurements": _dumped(found.measurements.values()),
        "lacking": dict(found.lacking),
        "stops": found.stopped,
    }


def _dumped(measurements: Any) -> list[dict[str, Any]]:
    return [measurement.model_dump(mode="json") for measurement in measurements]


def _values(found: Explained) -> Table:
    notes = Notes()
    others: Columns = [(found.wanted, found.together)]
    if found.answered is not None:
        others.append(("what the cache answers of it", found.answered))
    columns = [Column("as measured"), Column("n")]
    for title, _ in others:
        columns += [Column(one_line(title)), Column("n"), Column("moves by")]
    rows = []
    for metric, before in found.own.items():
        cells = [_cell(before, notes), Cell(str(before.n))]
        for _, rescored in others:
            cells += _after(metric, before, rescored, notes)
        rows.append(Row(metric_heading(before.title, before.unit, before.better), tuple(cells)))
    feet = ["Brackets: 95 % intervals. Nothing was swapped or measured anew: all of it comes from the cache."]
    if not found.flips:
        feet.append("Every choice is the run's own already: nothing to flip.")
    if found.answered is not None:
        whole = [f"{f.choice}={f.new}" for f in found.flips if not f.rescored.needs and not f.rescored.stopped]
        feet.append(f"What the cache answers of it: {', '.join(whole)}.")
    if found.command:
        feet.append(f"What the cache lacks for {found.wanted}: {found.together.needs}. This makes it: {found.command}")
    title = f"{found.run.label} as measured, and under {found.wanted}"
    lead = one_line(found.run.result.title)
    return Table(
        one_line(title), lead, "Metric", tuple(columns), (Section("", tuple(rows)),), notes.lines,
        tuple(one_line(text) for text in feet),
    )  # fmt: skip


def _after(metric: str, before: Measurement, rescored: Rescored, notes: Notes) -> list[Cell]:
    after = rescored.measurements.get(metric)
    if after is None:
        return [Cell(ABSENT, notes=(notes.letter(_why(rescored)),)), Cell(ABSENT), Cell(ABSENT)]
    return [_cell(after, notes), Cell(str(after.n)), _difference(before, after)]


def _why(rescored: Rescored) -> str:
    if rescored.stopped:
        return f"this definition stops the run: {one_line(rescored.stopped)}"
    return f"not in the cache: {rescored.needs}" if rescored.needs else "not measured under this definition"


def _cell(measured: Measurement, notes: Notes) -> Cell:
    digits = value_digits(measured.metric)
    if measured.value is None:
        return Cell(ABSENT, notes=(notes.letter(one_line(measured.note) or "no value, and no reason named"),))
    return Cell(number(measured.value, digits), interval(measured.low, measured.high, digits))


def _difference(before: Measurement, after: Measurement) -> Cell:
    if before.value is None or after.value is None:
        return Cell(ABSENT)
    if before.value == after.value:
        return Cell("0")
    return Cell(number(after.value - before.value, value_digits(before.metric), signed=True))


def _moves(found: Explained) -> Table:
    notes = Notes()
    shown = moved(found.flips, found.own)
    columns = [found.own[metric] for metric in shown]
    rows = [_flip_row(flip, columns, notes) for flip in found.flips]
    feet = ["One choice at a time, the others as in the run. Choices act together, so the moves need not add up."]
    still = [one.title for metric, one in found.own.items() if metric not in shown]
    if still:
        feet.append(f"No choice that the cache answers moves {', '.join(still)}.")
    for flip in found.flips:
        if flip.command:
            feet.append(f"{flip.choice}={flip.new} needs {flip.rescored.needs} that the cache lacks: {flip.command}")
    return Table(
        title="How far each choice moves the numbers",
        lead="",
        label="Choice",
        columns=tuple(Column(metric_heading(one.title, one.unit, one.better)) for one in columns) or (Column("moves"),),
        sections=(Section("", tuple(rows)),),
        notes=notes.lines,
        feet=tuple(one_line(text) for text in feet),
    )


def _flip_row(flip: Flip, columns: list[Measurement], notes: Notes) -> Row:
    cells = []
    for before in columns:
        after = flip.rescored.measurements.get(before.metric)
        if after is None:
            cells.append(Cell(ABSENT, notes=(notes.letter(_why(flip.rescored)),)))
        else:
            cells.append(_difference(before, after))
    if not columns:
        why = _why(flip.rescored) if flip.rescored.needs or flip.rescored.stopped else ""
        cells = [Cell(ABSENT, notes=(notes.letter(why),)) if why else Cell("0")]
    return Row(one_line(f"{flip.choice}: {flip.old} to {flip.new}"), tuple(cells))
