"""Histories as one page: a plot and a column a metric, changes marked; no network, and no script to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fsbench.reports.compare_verdict import Judged
from fsbench.reports.history import History, Reading, Series
from fsbench.reports.page import page
from fsbench.reports.plots import round_ticks
from fsbench.reports.tables import ABSENT, Cell, Column, Notes, Row, Section, Table, interval, number, one_line

TEMPLATE = Path(__file__).parent / "history.html"
WIDTH, HEIGHT = 460.0, 210.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 14.0, 22.0, 34.0
NAMES_SHOWN = 4  # along the axis, so that they do not touch


@dataclass(frozen=True)
class Mark:
    """A reading as drawn."""

    x: float
    y: float
    low: float | None
    high: float | None
    text: str
    verdict: str  # of a change, else empty
    anchor: str  # of the word beside a change


@dataclass(frozen=True)
class TimePlot:
    """One metric over time. Lengths are in units of the drawing, y down."""

    heading: str
    description: str
    marks: tuple[Mark, ...]
    line: str  # the path through the values, broken where one is absent
    ticks: tuple[tuple[float, str], ...]
    names: tuple[tuple[float, str], ...]
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class HistoryView:
    """One history as the page shows it."""

    history: History
    table: Table
    plots: tuple[TimePlot, ...]


def history_html(found: Sequence[History], *, problems: Sequence[str] = ()) -> str:
    """Write the page."""
    views = []
    for one in found:
        plots = [_plot(one, series) for series in one.series]
        views.append(HistoryView(one, history_table(one), tuple(plot for plot in plots if plot is not None)))
    return page(TEMPLATE, title="History of face swaps measured", views=views, problems=[one_line(p) for p in problems])


def change_lines(found: Sequence[History]) -> list[str]:
    """Say each change on a line, the first one first."""
    lines = []
    for one in found:
        for place, moment in enumerate(one.moments):
            for series in one.series:
                change = series.readings[place].change
                if change is not None:
                    where = f"{moment.date} {moment.commit}".strip()
                    lines.append(f"{where}  {one.protocol} {one.label}  {series.heading}: {_said(change, series)}")
    return lines


def history_table(one: History) -> Table:
    """Set all numbers of a history as a table, a row a run."""
    notes = Notes()
    rows = [
        Row(" ".join(filter(None, (moment.date, moment.commit))), tuple(_cell(s, place, notes) for s in one.series))
        for place, moment in enumerate(one.moments)
    ]
    return Table(
        title=f"{one.protocol}: {one.label}",
        lead="",
        label="Run",
        columns=tuple(Column(series.heading) for series in one.series),
        sections=(Section("", tuple(rows)),),
        notes=notes.lines,
        feet=("Brackets: 95 % intervals. A commit with + had changes that were not committed.",),
    )


def _cell(series: Series, place: int, notes: Notes) -> Cell:
    reading = series.readings[place]
    letters = (notes.letter(f"change: {_said(reading.change, series)}"),) if reading.change is not None else ()
    if reading.value is None:
        return Cell(ABSENT, notes=letters)
    bounds = interval(reading.low, reading.high, series.digits)
    return Cell(number(reading.value, series.digits), bounds, notes=letters)


def _said(change: Judged, series: Series) -> str:
    old, new = (ABSENT if v is None else number(v, series.digits) for v in (change.old, change.new))
    bounds = interval(change.low, change.high, series.digits, signed=True)
    by = "" if change.difference is None else f", by {number(change.difference, series.digits, signed=True)} {bounds}"
    lost = f", {change.lost} pairs lost" if change.verdict == "more failures" else ""
    return f"{change.verdict}, {old} to {new}{by}".rstrip() + lost


def _plot(one: History, series: Series) -> TimePlot | None:
    """Lay out the plot of one metric; None where there is no value."""
    shown = [reading for reading in series.readings if reading.value is not None]
    ends = [end for reading in shown for end in (reading.value, reading.low, reading.high) if end is not None]
    if not ends:
        return None
    spread = max(ends) - min(ends) or abs(ends[0]) * 0.1 or 1.0
    bottom, top = min(ends) - 0.06 * spread, max(ends) + 0.06 * spread
    step = (WIDTH - LEFT - RIGHT) / max(1, len(one.moments) - 1)

    def across(place: int) -> float:
        return round(LEFT + step * place if len(one.moments) > 1 else (LEFT + WIDTH - RIGHT) / 2, 2)

    def down(value: float) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - bottom) / (top - bottom), 2)

    marks = []
    for reading in shown:
        x, value = across(reading.moment), reading.value or 0.0
        low, high = (None if end is None else down(end) for end in (reading.low, reading.high))
        verdict = reading.change.verdict if reading.change is not None else ""
        anchor = "end" if x > WIDTH - 90 else "start" if x < 90 else "middle"
        marks.append(Mark(x, down(value), low, high, _reading_text(one, series, reading), verdict, anchor))
    said = "; ".join(mark.text for mark in marks)
    every = -(-len(one.moments) // NAMES_SHOWN)
    names = tuple((across(place), m.name) for place, m in enumerate(one.moments) if place % every == 0)
    ticks = tuple((down(value), text) for value, text in round_ticks(bottom, top))
    return TimePlot(series.heading, f"{series.heading}: {said}", tuple(marks), _line(shown, marks), ticks, names)


def _reading_text(one: History, series: Series, reading: Reading) -> str:
    value = ABSENT if reading.value is None else number(reading.value, series.digits)
    bounds = interval(reading.low, reading.high, series.digits)
    change = f" ({reading.change.verdict})" if reading.change is not None else ""
    moment = one.moments[reading.moment]
    return f"{moment.date} {moment.commit}".strip() + f": {value} {bounds}".rstrip() + change


def _line(shown: Sequence[Reading], marks: Sequence[Mark]) -> str:
    """Draw from value to value; lift the pen where a run has none."""
    words, before = [], None
    for reading, mark in zip(shown, marks, strict=True):
        words.append(f"{'L' if before == reading.moment - 1 else 'M'}{mark.x} {mark.y}")
        before = reading.moment
    return "".join(words)
