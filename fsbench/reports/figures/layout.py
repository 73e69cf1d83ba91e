"""Where the parts of a chart stand on a page: lengths in units of the drawing, y down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fsbench.reports.figures.by_pair import ByYaw
from fsbench.reports.figures.content import Tradeoff, Value, axis_ends, plain, shown
from fsbench.reports.figures.series import Series
from fsbench.reports.plots import round_ticks
from fsbench.reports.tables import one_line

WIDTH, HEIGHT = 420.0, 290.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 12.0, 46.0
RADIUS = 5.5


@dataclass(frozen=True)
class Mark:
    """A shape with its intervals; `path` and `bars` are drawings, `text` says it in words."""

    path: str
    bars: str
    css: str  # "s0" ... "s6" or "control"
    text: str


@dataclass(frozen=True)
class Key:
    """One line of a legend; its shape stands at 7, 7."""

    path: str
    css: str
    label: str


@dataclass(frozen=True)
class Chart:
    """Marks over two axes, with lines between some of them."""

    heading: str
    x_title: str
    y_title: str
    description: str
    width: float
    height: float
    x_ticks: tuple[tuple[float, str, str], ...]  # place, text, second line
    y_ticks: tuple[tuple[float, str], ...]
    lines: tuple[tuple[str, str], ...]  # drawing and css
    marks: tuple[Mark, ...]
    keys: tuple[Key, ...]
    remark: str = ""
    left: float = LEFT
    bottom: float = HEIGHT - BOTTOM


def tradeoff_chart(found: Tradeoff) -> Chart:
    """Lay out identity against its cost; the front is a line of steps."""
    xs, x_ticks = _axis([dot.x for dot in found.framed], LEFT, WIDTH - RIGHT)
    ys, y_ticks = _axis([dot.y for dot in found.framed], HEIGHT - BOTTOM, TOP)
    marks, said = [], []
    for dot in found.dots:
        x, y = _place(dot.x.value, xs), _place(dot.y.value, ys)
        words = f"{one_line(dot.series.label)}: {found.x_heading} {_text(dot.x)}; {found.y_heading} {_text(dot.y)}"
        if dot not in found.outside:
            marks.append(Mark(shape(dot.series, x, y), _cross(dot.x, dot.y, xs, ys), css_of(dot.series), words))
        said.append(words + (", on the Pareto front" if dot.on_front else ""))
    corners = [(_place(dot.x.value, xs), _place(dot.y.value, ys)) for dot in found.front]
    lines = ((_steps(corners), "front"),) if len(corners) > 1 else ()
    return Chart(
        heading=f"{plain(found.y_heading)} against {plain(found.x_heading)}",
        x_title=found.x_heading,
        y_title=found.y_heading,
        description=f"{found.y_heading} against {found.x_heading}. {'. '.join(said)}.",
        width=WIDTH,
        height=HEIGHT,
        x_ticks=tuple((place, text, "") for place, text in x_ticks),
        y_ticks=tuple(y_ticks),
        lines=lines,
        marks=tuple(marks),
        keys=_keys([dot.series for dot in found.dots if dot not in found.outside]),
        remark=one_line(found.remark),
    )


def yaw_chart(found: ByYaw) -> Chart:
    """Lay out a metric by bins of yaw: bins side by side, swappers beside each other within a bin."""
    ys, y_ticks = _axis([value for curve in found.curves for value in curve.values if value], HEIGHT - BOTTOM, TOP)
    step = (WIDTH - LEFT - RIGHT) / len(found.bins)
    apart = min(12.0, step / (len(found.curves) + 1))
    marks, lines, said = [], [], []
    for number_of, curve in enumerate(found.curves):
        shift = (number_of - (len(found.curves) - 1) / 2) * apart
        points = []
        for place, value in enumerate(curve.values):
            if value is None:
                continue
            x, y = LEFT + (place + 0.5) * step + shift, _place(value.value, ys)
            points.append((x, y))
            digits = shown(found.metric, value.value)
            words = f"{one_line(curve.series.label)}, yaw {found.bins[place]} degrees: {digits}, n = {value.n}"
            marks.append(Mark(shape(curve.series, x, y), _upright(x, value, ys), css_of(curve.series), words))
            said.append(words)
        lines.append(("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), css_of(curve.series)))
    ticks = []
    for place, name in enumerate(found.bins):
        here = [value for value in (curve.values[place] for curve in found.curves) if value is not None]
        counts = sorted({value.n for value in here})
        ticks.append(
            (
                round(LEFT + (place + 0.5) * step, 1),
                name,
                f"n = {' to '.join(str(n) for n in counts[:: len(counts) - 1 or 1])}",
            )
        )
    return Chart(
        heading=f"{plain(found.heading)}, by yaw",
        x_title="yaw of the target to either side, degrees",
        y_title=found.heading,
        description=f"{found.heading} by yaw of the target. {'. '.join(said)}.",
        width=WIDTH,
        height=HEIGHT,
        x_ticks=tuple(ticks),
        y_ticks=tuple(y_ticks),
        lines=tuple(lines),
        marks=tuple(marks),
        keys=_keys([curve.series for curve in found.curves]),
    )


def shape(series: Series, x: float, y: float, radius: float = RADIUS) -> str:
    """Draw the shape of a swapper around a point."""
    r = radius
    if series.shape == "circle":
        return f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z"
    third = r * 0.38
    corners: dict[str, Sequence[tuple[float, float]]] = {
        "square": [(-0.85, -0.85), (0.85, -0.85), (0.85, 0.85), (-0.85, 0.85)],
        "up": [(0, -1.1), (1.05, 0.85), (-1.05, 0.85)],
        "down": [(0, 1.1), (1.05, -0.85), (-1.05, -0.85)],
        "diamond": [(0, -1.2), (1.2, 0), (0, 1.2), (-1.2, 0)],
    }
    if series.shape in corners:
        points = [(x + dx * r, y + dy * r) for dx, dy in corners[series.shape]]
    else:
        arm, out = third, r * 1.15
        turns = [(arm, out), (arm, arm), (out, arm), (out, -arm), (arm, -arm), (arm, -out)]
        points = [(x + dx, y + dy) for dx, dy in [*turns, *((-dx, -dy) for dx, dy in turns)]]
    return "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in points) + "z"


def css_of(series: Series) -> str:
    """Name the class of a swapper's colour."""
    return "control" if series.is_control else f"s{series.colour}"


def _keys(series: Sequence[Series]) -> tuple[Key, ...]:
    return tuple(Key(shape(one, 7, 7, 5), css_of(one), one_line(one.label)) for one in series)


def _axis(
    values: Sequence[Value], start: float, end: float
) -> tuple[tuple[float, float, float, float], list[tuple[float, str]]]:
    scale = (*axis_ends(values), start, end)
    return scale, [(round(_place(value, scale), 1), text) for value, text in round_ticks(scale[0], scale[1])]


def _place(value: float, scale: tuple[float, float, float, float]) -> float:
    low, high, start, end = scale
    return start + (end - start) * (value - low) / (high - low)


def _cross(x: Value, y: Value, xs: tuple[float, float, float, float], ys: tuple[float, float, float, float]) -> str:
    middle, line = _place(x.value, xs), _place(y.value, ys)
    if x.low is None or x.high is None:
        return _upright(middle, y, ys)
    low, high = (min(max(_place(end, xs), LEFT), WIDTH) for end in (x.low, x.high))  # a control's may lie beyond
    return f"M{low:.1f} {line:.1f}H{high:.1f}" + _upright(middle, y, ys)


def _upright(x: float, value: Value, ys: tuple[float, float, float, float]) -> str:
    if value.low is None or value.high is None:
        return ""
    low, high = (min(max(_place(end, ys), 0.0), HEIGHT - BOTTOM) for end in (value.low, value.high))
    return f"M{x:.1f} {low:.1f}V{high:.1f}"


def _steps(corners: Sequence[tuple[float, float]]) -> str:
    first, *rest = corners
    return f"M{first[0]:.1f} {first[1]:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in rest)


def _text(value: Value) -> str:
    bounds = "" if value.low is None or value.high is None else f" [{value.low:.4g}, {value.high:.4g}]"
    return f"{value.value:.4g}{bounds}"
