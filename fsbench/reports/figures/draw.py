"""Figures as files, drawn by matplotlib: the same numbers, colours and shapes as on the page."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fsbench.reports.comparison import Measured
from fsbench.reports.figures.by_pair import ByYaw, HeatMap
from fsbench.reports.figures.content import Tradeoff, Value, plain
from fsbench.reports.figures.searches import Search
from fsbench.reports.figures.series import CIVIDIS, OKABE_ITO, OKABE_ITO_DARK, Series, series_of
from fsbench.reports.groups import Group
from fsbench.reports.tables import Table, one_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = {"circle": "o", "square": "s", "up": "^", "down": "v", "diamond": "D", "plus": "P"}
PAPER = {False: ("#ffffff", "#1d2127", "#8a919c"), True: ("#15181c", "#e4e7eb", "#9aa3af")}  # ground, ink, grey
PANEL = (4.2, 3.2)  # inches


class Pen:
    """Draws on a light or on a dark ground."""

    def __init__(self, *, dark: bool = False) -> None:
        self.ground, self.ink, self.grey = PAPER[dark]
        self.colours = OKABE_ITO_DARK if dark else OKABE_ITO

    def panels(self, count: int, *, columns: int = 2, size: tuple[float, float] = PANEL) -> tuple[Figure, list[Axes]]:
        """Make a figure of `count` panels."""
        from matplotlib.figure import Figure

        across = min(count, columns)
        down = -(-count // across)
        figure = Figure(figsize=(size[0] * across, size[1] * down), facecolor=self.ground, layout="constrained")
        found = [figure.add_subplot(down, across, place + 1) for place in range(count)]
        for axes in found:
            axes.set_facecolor(self.ground)
            axes.tick_params(colors=self.ink, labelsize=8)
            axes.spines[["top", "right"]].set_visible(False)
            axes.spines[["left", "bottom"]].set_color(self.grey)
            for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
                text.set_color(self.ink)
                text.set_fontsize(9)
        return figure, found

    def style(self, series: Series) -> dict[str, Any]:
        """Give colour and shape of a swapper; controls are hollow and grey."""
        colour = self.grey if series.is_control else self.colours[series.colour]
        face = self.ground if series.is_control else colour
        return {"color": colour, "marker": MARKERS[series.shape], "markerfacecolor": face, "markeredgecolor": colour}

    def legend(self, axes: Axes, **more: Any) -> None:
        """Name the series."""
        axes.legend(fontsize=7, labelcolor=self.ink, facecolor=self.ground, edgecolor=self.grey, **more)

    def forest(self, group: Group, columns: Sequence[Measured]) -> Figure:
        """Draw values with their intervals, one panel a metric and one line a swapper."""
        series = series_of(group)
        figure, panels = self.panels(len(columns), columns=3, size=(3.6, 0.9 + 0.32 * len(series)))
        for axes, column in zip(panels, columns, strict=True):
            for line, one in enumerate(series):
                found = column.found.get(one.label)
                if found is not None and found.value is not None:
                    value = Value(found.value, found.low, found.high, found.n)
                    axes.errorbar(found.value, line, xerr=_errors(value), markersize=6, capsize=3, **self.style(one))
            names = [one_line(one.label)[:28] for one in series]
            axes.set_yticks(range(len(series)), names)
            axes.set_ylim(len(series) - 0.4, -0.6)
            axes.set_title(column.heading, loc="left")
            axes.grid(axis="x", color=self.grey, alpha=0.25)
        return figure

    def tradeoff(self, found: Sequence[Tradeoff]) -> Figure:
        """Draw identity against its costs, one panel a cost, with the Pareto front."""
        figure, panels = self.panels(len(found))
        for axes, one in zip(panels, found, strict=True):
            for dot in one.framed:
                axes.update_datalim([(v, dot.y.value) for v in _ends(dot.x)] + [(dot.x.value, v) for v in _ends(dot.y)])
            axes.autoscale_view()
            limits = axes.get_xlim(), axes.get_ylim()
            front = one.front
            if len(front) > 1:
                places = [dot.x.value for dot in front], [dot.y.value for dot in front]
                axes.step(*places, where="post", color=self.grey, linestyle="--", linewidth=1, zorder=1)
            for dot in one.dots:
                if dot not in one.outside:
                    bars: dict[str, Any] = {"xerr": _errors(dot.x), "yerr": _errors(dot.y), "linestyle": "none"}
                    style = {**self.style(dot.series), "elinewidth": 1}
                    axes.errorbar(
                        dot.x.value, dot.y.value, markersize=7, label=one_line(dot.series.label), **bars, **style
                    )
            axes.set_xlim(limits[0])
            axes.set_ylim(limits[1])
            axes.set_xlabel("\n".join([one.x_heading, *textwrap.wrap(one_line(one.remark), 58)]))
            axes.set_ylabel(one.y_heading)
            axes.grid(color=self.grey, alpha=0.2)
        self.legend(panels[0])
        return figure

    def yaw(self, found: Sequence[ByYaw]) -> Figure:
        """Draw metrics by bins of the target's yaw."""
        figure, panels = self.panels(len(found))
        for axes, one in zip(panels, found, strict=True):
            step = 0.6 / max(len(one.curves), 1)
            for number_of, curve in enumerate(one.curves):
                shift = (number_of - (len(one.curves) - 1) / 2) * step
                known = [(place + shift, value) for place, value in enumerate(curve.values) if value is not None]
                xs, ys = [x for x, _ in known], [value.value for _, value in known]
                style, label = self.style(curve.series), one_line(curve.series.label)
                axes.plot(xs, ys, linewidth=1, markersize=6, label=label, **style)
                for x, value in known:
                    axes.errorbar(x, value.value, yerr=_errors(value), color=style["color"], elinewidth=1)
            axes.set_xticks(range(len(one.bins)), [f"{name}\nn = {_most(one, k)}" for k, name in enumerate(one.bins)])
            axes.set_xlabel("yaw of the target to either side, degrees")
            axes.set_ylabel(one.heading)
            axes.grid(axis="y", color=self.grey, alpha=0.25)
        self.legend(panels[0])
        return figure

    def failures(self, table: Table) -> Figure:
        """Draw the counts of failures as a matrix of swappers and stages."""
        rows = [(row.label, [int(cell.text) for cell in row.cells[:-2]]) for s in table.sections for row in s.rows]
        stages = [column.heading for column in table.columns[:-2]]
        figure, (axes,) = self.panels(1, size=(1.8 + 0.75 * len(stages), 1.0 + 0.36 * len(rows)))
        counts = [values for _, values in rows]
        most = max(max(values) for values in counts)
        axes.imshow(counts, cmap=_map(), aspect="auto", vmin=0, vmax=most or 1)
        for line, values in enumerate(counts):
            for place, value in enumerate(values):
                colour = "#000000" if value > 0.6 * most and most else "#ffffff"
                axes.text(place, line, str(value), ha="center", va="center", color=colour, fontsize=8)
        axes.set_xticks(range(len(stages)), stages)
        axes.set_yticks(range(len(rows)), [label[:28] for label, _ in rows])
        axes.set_title(f"{table.title}: lines of failures.csv", loc="left")
        return figure

    def videos(self, found: Sequence[HeatMap]) -> Figure:
        """Draw metrics by target video, hardest on the left, one panel a metric."""
        tall = 0.9 + 0.3 * len(found[0].series)
        figure, panels = self.panels(
            len(found), columns=1, size=(2.2 + 0.12 * max(len(f.videos) for f in found) + 3, tall)
        )
        for axes, one in zip(panels, found, strict=True):
            cells = [[float("nan") if value is None else value for value in row] for row in one.cells]
            picture = axes.imshow(cells, cmap=_map(), aspect="auto")
            axes.set_yticks(range(len(one.series)), [one_line(s.label)[:28] for s in one.series])
            names = [one_line(video) for video in one.videos] if len(one.videos) <= 24 else []
            axes.set_xticks(range(len(names)), names)
            axes.set_title(plain(one.heading), loc="left")
            axes.set_xlabel(f"{len(one.videos)} of {one.total} target videos, hardest left")
            bar = figure.colorbar(picture, ax=axes)
            bar.ax.tick_params(colors=self.ink, labelsize=7)
        return figure

    def searches(self, label: str, found: Sequence[Search]) -> Figure:
        """Draw what a search took results for: source, target, result, nearest face."""
        import numpy as np
        import PIL.Image

        figure, panels = self.panels(len(found), columns=2, size=(5.6, 1.8))
        for axes, one in zip(panels, found, strict=True):
            axes.imshow(np.asarray(PIL.Image.open(io.BytesIO(one.content))))
            axes.set_axis_off()
            axes.set_title(f"{one.key}: {one.verdict}", loc="left", fontsize=7)
        title = f"{one_line(label)}: source, target, result, nearest face of the gallery"
        figure.suptitle(title, color=self.ink, fontsize=9)
        return figure


Make = Callable[[Pen], "Figure"]


def _errors(value: Value) -> list[list[float]] | None:
    if value.low is None or value.high is None:
        return None
    return [[max(value.value - value.low, 0.0)], [max(value.high - value.value, 0.0)]]


def _ends(value: Value) -> list[float]:
    return [end for end in (value.value, value.low, value.high) if end is not None]


def _most(found: ByYaw, place: int) -> int:
    return max((value.n for curve in found.curves if (value := curve.values[place]) is not None), default=0)


def _map() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("cividis-10", CIVIDIS)
