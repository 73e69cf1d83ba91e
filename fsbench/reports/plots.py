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


def forest(group: Group, column: Measured) -> Forest | None:
    """Lay out the plot of one column, swappers first and controls below; None where no two values differ."""
    shown = [
        (one_line(label), run.is_control, found)
        for label, run in (*group.ranked, *group.controls)
        if (found := column.found.get(label)) is not None and found.value is not None
    ]
    ends = [end for *_, found in shown for end in (found.value, found.low, found.high) if end is not None]
    if len(shown) < 2 or min(ends) == max(ends):
        return None
    left, right = _domain(min(ends), max(ends))

    def place(value: float) -> float:
        return round(MARGIN + (WIDTH - 2 * MARGIN) * (value - left) / (right - left), 2)

    points = []
    for line, (label, is_control, found) in enumerate(shown):
        value = found.value or 0.0
        text = f"{number(value, column.digits)} {interval(found.low, found.high, column.digits)}".strip()
        low, high = (None if end is None else place(end) for end in (found.low, found.high))
        points.append(
            Point(_short(label, LINE_SIGNS - len(text)), text, is_control, line * LINE_HEIGHT, place(value), low, high)
        )
    said = "; ".join(f"{label} {point.text}" for (label, *_), point in zip(shown, points, strict=True))
    height = len(points) * LINE_HEIGHT + AXIS_HEIGHT
    ticks = tuple((place(value), text) for value, text in _ticks(left, right))
    return Forest(column.heading, f"{column.heading}: {said}", WIDTH, height, tuple(points), ticks)


def _domain(low: float, high: float) -> tuple[float, float]:
    spread = high - low
    return low - 0.04 * spread, high + 0.04 * spread


def _ticks(left: float, right: float) -> Sequence[tuple[float, str]]:
    """Give round numbers between two ends with their text: as few digits as tell them apart."""
    rough = (right - left) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in STEPS if factor * power >= rough)
    digits = next((digits for digits in range(12) if math.isclose(round(step, digits), step, rel_tol=1e-9)), 12)
    first, last = math.ceil(left / step), math.floor(right / step)
    return [(place * step, number(place * step, digits)) for place in range(first, last + 1)]


def _short(label: str, longest: int) -> str:
    return label if len(label) <= longest else f"{label[: longest - 1]}…"
