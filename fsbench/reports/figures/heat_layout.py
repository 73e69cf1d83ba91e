"""Where the tiles of a heat map stand on a page: lengths in units of the drawing, y down."""

from __future__ import annotations

from dataclasses import dataclass

from fsbench.reports.figures.by_pair import HeatMap
from fsbench.reports.figures.content import shown
from fsbench.reports.figures.series import heat
from fsbench.reports.tables import one_line

CELL, WIDE_CELL, LABEL = 13.0, 24.0, 128.0  # wide where there are few videos
FEW = 24


@dataclass(frozen=True)
class Tile:
    """One cell of a heat map."""

    x: float
    y: float
    fill: str  # empty where there is no value
    text: str


@dataclass(frozen=True)
class Heat:
    """A heat map with its scale."""

    heading: str
    description: str
    width: float
    height: float
    tiles: tuple[Tile, ...]
    labels: tuple[tuple[float, str], ...]
    scale: tuple[str, str, tuple[str, ...]]  # lowest, highest, colours between
    remark: str
    cell: float  # width of a tile


def heat_drawing(found: HeatMap) -> Heat:
    """Lay out a heat map: swappers below each other, videos side by side."""
    low, high = found.ends
    cell = WIDE_CELL if len(found.videos) <= FEW else CELL
    tiles, labels = [], []
    for line, (series, row) in enumerate(zip(found.series, found.cells, strict=True)):
        y = line * (CELL + 2)
        label = one_line(series.label)
        labels.append((y + CELL - 3, label if len(label) <= 20 else f"{label[:19]}…"))
        for place, (video, value) in enumerate(zip(found.videos, row, strict=True)):
            said = "no value" if value is None else shown(found.metric, value)
            fill = "" if value is None else heat(value, low, high)
            tiles.append(Tile(LABEL + place * cell, y, fill, f"{label}, video {one_line(video)}: {said}"))
    width = LABEL + len(found.videos) * cell
    remark = (
        f"The {len(found.videos)} hardest of {found.total} target videos"
        if found.total > len(found.videos)
        else (f"All {found.total} target videos")
    )
    hardest, easiest = one_line(found.videos[0]), one_line(found.videos[-1])
    description = (
        f"{found.heading} by target video, hardest on the left. {remark}, from {hardest} to {easiest}; values from "
        f"{shown(found.metric, low)} to {shown(found.metric, high)}."
    )
    colours = tuple(heat(low + (high - low) * step / 8, low, high) for step in range(9))
    scale = (shown(found.metric, low), shown(found.metric, high), colours)
    height = len(found.series) * (CELL + 2)
    return Heat(found.heading, description, width, height, tuple(tiles), tuple(labels), scale, remark, cell)
