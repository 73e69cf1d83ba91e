"""Where the parts of a forest plot stand: values and intervals of one metric, one line a swapper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fsbench.reports.comparison import Measured
from fsbench.reports.groups import Group
from fsbench.reports.tables import interval, number, one_line

WIDTH = 360.0  # of the drawing, in its own units; near the pixels it is shown with
MARGIN = 14.0  # left and right, so that the first and last tick's text fits
LINE_HEIGHT = 38.0
AXIS_HEIGHT = 26.0
LINE_SIGNS = 48  # letters and digits that fit side by side
STEPS = (1, 2, 2.5, 5, 10)  # round numbers to put ticks at
TICKS = 5  # at most


@dataclass(frozen=True)
class Point:
    """One swapper's line: a mark at `x`, a bar from `low` to `high` where there is an interval."""

    label: str
    text: str  # the value and its interval, as the table prints them
    is_control: bool
    y: float
    x: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Forest:
    """One plot. Lengths are in units of the drawing, y down."""

    heading: str
    description: str  # says in words what the plot shows
    width: float
    height: float
    points: tuple[Point, ...]
    ticks: tuple[tuple[float, str], ...]
    zero: float | None = None  # where differences are none


@dataclass(frozen=True)
class Line:
    """What one line of a forest plot says, in the unit of the metric."""

    label: str
    value: float
    low: float | None
    high: float | None
    is_control: bool = False  # or whatever else takes no part in the ranking


def forest(group: Group, column: Measured) -> Forest | None:
    """Lay out the plot of one column, swappers first and controls below; None where no two values differ."""
    lines = [
        Line(label, found.value, found.low, found.high, run.is_control)
        for label, run in (*group.ranked, *group.controls)
        if (found := column.found.get(label)) is not None and found.value is not None
    ]
    return forest_of(column.heading, lines, digits=column.digits)


def forest_of(heading: str, lines: Sequence[Line], *, digits: int, signed: bool = False) -> Forest | None:
    """Lay out a plot of values with their intervals, one line each; None where no two values differ.

    Args:
        heading: what the values are.
        lines: from the top.
        digits: after the point, of the values that are written beside.
        signed: whether values are differences, which are written with their sign.
    """
    ends = [end for line in lines for end in (line.value, line.low, line.high) if end is not None]
    if len(lines) < 2 or min(ends) == max(ends):
        return None
    left, right = _domain(min(ends), max(ends))

    def place(value: float) -> float:
        return round(MARGIN + (WIDTH - 2 * MARGIN) * (value - left) / (right - left), 2)

    points, said = [], []
    for number_of, line in enumerate(lines):
        label, bounds = one_line(line.label), interval(line.low, line.high, digits, signed=signed)
        text = f"{number(line.value, digits, signed=signed)} {bounds}".strip()
        low, high = (None if end is None else place(end) for end in (line.low, line.high))
        shown = _short(label, LINE_SIGNS - len(text))
        points.append(Point(shown, text, line.is_control, number_of * LINE_HEIGHT, place(line.value), low, high))
        said.append(f"{label} {text}")
    height = len(points) * LINE_HEIGHT + AXIS_HEIGHT
    ticks = tuple((place(value), text) for value, text in round_ticks(left, right))
    zero = place(0) if signed and left < 0 < right else None
    return Forest(heading, f"{heading}: {'; '.join(said)}", WIDTH, height, tuple(points), ticks, zero)


def _domain(low: float, high: float) -> tuple[float, float]:
    spread = high - low
    return low - 0.04 * spread, high + 0.04 * spread


def round_ticks(left: float, right: float) -> Sequence[tuple[float, str]]:
    """Give round numbers between two ends with their text: as few digits as tell them apart."""
    rough = (right - left) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in STEPS if factor * power >= rough)
    digits = next((digits for digits in range(12) if math.isclose(round(step, digits), step, rel_tol=1e-9)), 12)
    first, last = math.ceil(left / step), math.floor(right / step)
    return [(place * step, number(place * step, digits)) for place in range(first, last + 1)]


def _short(label: str, longest: int) -> str:
    return label if len(label) <= longest else f"{label[: longest - 1]}…"
