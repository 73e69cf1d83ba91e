"""Every figure of finished runs, written as files with their words beside."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from fsbench.data.frames import write_atomically
from fsbench.errors import DependencyError, RecordError
from fsbench.reports.comparison import measured_columns
from fsbench.reports.figures.by_pair import by_yaw, heat_maps
from fsbench.reports.figures.content import tradeoffs
from fsbench.reports.figures.draw import Make, Pen
from fsbench.reports.figures.failures import failure_table
from fsbench.reports.figures.heat_layout import heat_drawing
from fsbench.reports.figures.layout import tradeoff_chart, yaw_chart
from fsbench.reports.figures.searches import searches
from fsbench.reports.groups import Group, comparable_groups
from fsbench.reports.plots import forest
from fsbench.reports.runs import Run
from fsbench.reports.tables import one_line

FORMATS = ("svg", "png", "pdf")
WORDS_FILE = "alt-texts.md"
FIXED: Any = {
    "svg.hashsalt": "fsbench",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "axes.unicode_minus": False,
}
FIXED["text.parse_math"] = False  # a name may hold a dollar sign
DATELESS: dict[str, Any] = {"svg": {"Date": None}, "png": {}, "pdf": {"CreationDate": None, "ModDate": None}}


@dataclass(frozen=True)
class Sheet:
    """One figure that is still to be drawn."""

    name: str
    words: str  # what it shows, for readers who cannot see it
    make: Make


def write_figures(
    runs: Sequence[Run], out_folder: Path, *, formats: Sequence[str] = ("svg",), dark: bool = False
) -> tuple[list[Path], list[str]]:
    """Draw every figure that the runs have something for.

    Args:
        runs: finished runs of any protocol; each comparable group gets figures of its own.
        out_folder: made if it is not there.
        formats: of FORMATS.
        dark: light on dark.

    Returns:
        The files, and a line for each figure that could not be made.

    Raises:
        DependencyError: matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError:
        raise DependencyError(
            "figures are drawn by matplotlib, which is not installed", hint="pip install 'fsbench[figures]'"
        ) from None
    files, problems, words = [], list[str](), list[str]()
    groups = comparable_groups(runs)
    with matplotlib.rc_context(FIXED):
        for place, group in enumerate(groups, 1):
            stem = f"{place}-" if len(groups) > 1 else ""
            for sheet in _sheets(group, problems):
                made = sheet.make(Pen(dark=dark))
                for ending in formats:
                    file = out_folder / f"{stem}{sheet.name}.{ending}"
                    write_atomically(file, _rendered(made, ending, sheet.words))
                    files.append(file)
                words.append(f"## {stem}{sheet.name}\n\n{sheet.words}\n")
    if words:
        write_atomically(out_folder / WORDS_FILE, "\n".join(["# What the figures show\n", *words]).encode())
        files.append(out_folder / WORDS_FILE)
    return files, list(dict.fromkeys(problems))


def _rendered(figure: Any, ending: str, words: str) -> bytes:
    buffer = BytesIO()
    about = {"svg": {"Description": words}, "png": {"Description": words}, "pdf": {"Subject": words}}[ending]
    figure.savefig(buffer, format=ending, dpi=200, metadata={**DATELESS[ending], **about})
    return buffer.getvalue()


def _sheets(group: Group, problems: list[str]) -> Iterator[Sheet]:
    makers: list[Callable[[Group], Iterator[Sheet]]] = [_forest, _tradeoff, _yaw, _videos, _failures, _searches]
    for maker in makers:
        try:
            yield from maker(group)
        except RecordError as error:
            problems.append(one_line(str(error)))


def _forest(group: Group) -> Iterator[Sheet]:
    columns = measured_columns(group)
    plots = [(column, plot) for column in columns if (plot := forest(group, column)) is not None]
    if plots:
        words = " ".join(f"{plot.description}." for _, plot in plots)
        yield Sheet("forest", words, lambda pen: pen.forest(group, [column for column, _ in plots]))


def _tradeoff(group: Group) -> Iterator[Sheet]:
    if found := tradeoffs(group):
        words = " ".join(tradeoff_chart(one).description for one in found)
        yield Sheet("tradeoff", words, lambda pen: pen.tradeoff(found))


def _yaw(group: Group) -> Iterator[Sheet]:
    if found := by_yaw(group):
        yield Sheet("yaw", " ".join(yaw_chart(one).description for one in found), lambda pen: pen.yaw(found))


def _videos(group: Group) -> Iterator[Sheet]:
    if found := heat_maps(group):
        yield Sheet("videos", " ".join(heat_drawing(one).description for one in found), lambda pen: pen.videos(found))


def _failures(group: Group) -> Iterator[Sheet]:
    table = failure_table(group)
    names = [column.heading for column in table.columns]
    rows = [
        f"{row.label}: {', '.join(f'{cell.text} {name}' for name, cell in zip(names, row.cells, strict=True))}"
        for section in table.sections
        for row in section.rows
    ]
    yield Sheet("failures", f"{table.title}. {'. '.join(rows)}.", lambda pen: pen.failures(table))


def _searches(group: Group) -> Iterator[Sheet]:
    for place, (label, run) in enumerate(group.ranked or group.controls, 1):
        if found := searches(run):
            said = "; ".join(f"{one.key}, source {one.source_id}, {one.verdict}" for one in found)
            words = f"{one_line(label)}: source, target, result and nearest face of the gallery for {said}."
            yield Sheet(f"retrieval-{place}", words, functools.partial(Pen.searches, label=label, found=found))
