"""What figures show, before anything is drawn: numbers that a file and a page draw alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fsbench.reports.comparison import Measured, measured_columns, value_digits
from fsbench.reports.figures.series import Series, series_of
from fsbench.reports.groups import Group
from fsbench.reports.tables import number

IDENTITY_AXES = ("id_retrieval", "lfw_cosine_mean", "id_similarity")  # the first that was measured
COST_AXES = ("pose_error", "expression_error")


@dataclass(frozen=True)
class Value:
    """A number with its 95 % interval, where it has one."""

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Dot:
    """One swapper of a trade-off."""

    series: Series
    x: Value
    y: Value
    on_front: bool  # no other swapper is at least as good in both and better in one


@dataclass(frozen=True)
class Tradeoff:
    """Identity against what it costs."""

    metric: str
    x_heading: str
    y_heading: str
    dots: tuple[Dot, ...]

    @property
    def framed(self) -> list[Dot]:
        """The dots that the axes are made for: the swappers, or all where there is but one."""
        ranked = [dot for dot in self.dots if not dot.series.is_control]
        return ranked if len(ranked) > 1 else list(self.dots)

    @property
    def outside(self) -> list[Dot]:
        """The controls that lie beyond the axes: the ends of the scale, which would press the swappers together."""
        ends = [axis_ends([(dot.x, dot.y)[axis] for dot in self.framed]) for axis in (0, 1)]
        inside = [
            all(low <= value.value <= high for value, (low, high) in zip((dot.x, dot.y), ends, strict=True))
            for dot in self.dots
        ]
        return [dot for dot, seen in zip(self.dots, inside, strict=True) if not seen and dot not in self.framed]

    @property
    def remark(self) -> str:
        """Where the controls are that lie beyond the axes."""
        said = [f"{d.series.label} at {d.x.value:.4g}, {d.y.value:.4g}" for d in self.outside]
        return f"Beyond the axes: {'; '.join(said)}." if said else ""

    @property
    def front(self) -> list[Dot]:
        """The dots of the Pareto front, from the left."""
        return sorted((dot for dot in self.dots if dot.on_front), key=lambda dot: (dot.x.value, dot.y.value))


def tradeoffs(group: Group) -> list[Tradeoff]:
    """Set identity against pose and expression error, where both were measured."""
    columns = {column.metric: column for column in reversed(measured_columns(group))}
    y = next((columns[metric] for metric in IDENTITY_AXES if metric in columns), None)
    found = [] if y is None else [_tradeoff(group, columns[metric], y) for metric in COST_AXES if metric in columns]
    return [one for one in found if len(one.dots) > 1]


def plain(heading: str) -> str:
    """Give a heading without the arrow that says which way is better."""
    return heading.replace("↑", "").replace("↓", "").strip()


def shown(metric: str, value: float) -> str:
    """Write a value with the digits of its metric."""
    return number(value, value_digits(metric))


def _tradeoff(group: Group, x: Measured, y: Measured) -> Tradeoff:
    places: list[tuple[Series, Value, Value]] = []
    for one in series_of(group):
        ends = [column.found.get(one.label) for column in (x, y)]
        values = [Value(m.value, m.low, m.high, m.n) for m in ends if m is not None and m.value is not None]
        if len(values) == 2:
            places.append((one, values[0], values[1]))
    ranked = [(a, b) for one, a, b in places if not one.is_control]
    dots = [Dot(one, a, b, not one.is_control and _is_best(a, b, ranked, x, y)) for one, a, b in places]
    return Tradeoff(x.metric, x.heading, y.heading, tuple(dots))


def _is_best(a: Value, b: Value, others: Sequence[tuple[Value, Value]], x: Measured, y: Measured) -> bool:
    """Tell whether no other is as good in both and better in one, by what a table prints; fewer pairs take no part."""
    most = max(min(left.n, right.n) for left, right in others)
    if min(a.n, b.n) < most:
        return False
    mine = round(a.value, x.digits), round(b.value, y.digits)
    for left, right in others:
        one = round(left.value, x.digits), round(right.value, y.digits)
        if min(left.n, right.n) == most and one != mine and one[0] <= mine[0] and one[1] >= mine[1]:
            return False
    return True


def axis_ends(values: Sequence[Value]) -> tuple[float, float]:
    """Give the ends of an axis that shows values with their intervals, and a little beyond."""
    ends = [one for value in values for one in (value.value, value.low, value.high) if one is not None]
    spread = (max(ends) - min(ends)) or abs(max(ends)) or 1.0
    return min(ends) - 0.06 * spread, max(ends) + 0.06 * spread
