"""The figures of a study: means and differences with intervals, agreement of metrics, and bars of the votes."""

from __future__ import annotations

from dataclasses import dataclass

from fsbench.metrics.stats import Interval
from fsbench.reports.plots import Forest, Line, forest_of
from fsbench.reports.tables import metric_heading, number, one_line
from fsbench.userstudy.analysis.findings import Findings, Selection
from fsbench.userstudy.analysis.means import MethodScore

WIDTH = 360.0  # of a drawing, in its own units
BAR_HEIGHT = 18.0
LINE_HEIGHT = 44.0
NARROWEST = 22.0  # a part that can hold its number
LABEL_SIGNS = 48


@dataclass(frozen=True)
class Part:
    """One score's part of a bar."""

    score: int
    x: float
    width: float
    text: str  # the share in percent where it fits, else nothing


@dataclass(frozen=True)
class Bar:
    """One method's votes: the parts stand from 0 at the left to 5 at the right."""

    label: str
    y: float
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Bars:
    """One question's bars. Lengths are in units of the drawing, y down."""

    heading: str
    description: str
    width: float
    height: float
    bar_height: float
    bars: tuple[Bar, ...]


def means_figures(findings: Findings, selection: Selection) -> tuple[Forest, ...]:
    """Draw each question's means with their intervals."""
    plots = []
    for question in selection.questions:
        lines = [
            Line(name, score.mean, *_ends(score.interval))
            for name in findings.spec.method_names
            if (score := selection.score(name, question)).mean is not None
        ]
        plots.append(forest_of(metric_heading(f"{question.capitalize()}, mean score", "", "higher"), lines, digits=2))
    return tuple(plot for plot in plots if plot is not None)


def contrast_figures(selection: Selection) -> tuple[Forest, ...]:
    """Draw each question's differences between methods; what touches 0 is no clear difference."""
    plots = []
    for question in selection.questions:
        lines = [
            Line(
                f"{found.method} less {found.reference}",
                found.value,
                *_ends(found.interval),
                is_control=found.verdict not in ("higher", "lower"),
            )
            for found in selection.contrasts
            if found.question == question and found.value is not None
        ]
        plots.append(forest_of(f"{question.capitalize()}, difference", lines, digits=2, signed=True))
    return tuple(plot for plot in plots if plot is not None)


def correlation_figures(findings: Findings) -> tuple[Forest, ...]:
    """Draw how far each metric agrees with people, a plot a question."""
    plots = []
    for question in findings.best.questions:
        lines = [
            Line(found.heading, found.all_rho, *_ends(found.all_interval))
            for found in findings.correlations
            if found.question == question and found.all_rho is not None
        ]
        plots.append(
            forest_of(f"{question.capitalize()}, Spearman's rho over all results", lines, digits=2, signed=True)
        )
    return tuple(plot for plot in plots if plot is not None)


def shares_figures(findings: Findings, selection: Selection) -> tuple[Bars, ...]:
    """Draw which share of the votes gave each score, a bar a method."""
    return tuple(
        _bars(question, [selection.score(name, question) for name in findings.spec.method_names])
        for question in selection.questions
    )


def _ends(found: Interval | None) -> tuple[float | None, float | None]:
    return (None, None) if found is None else (found.low, found.high)


def _bars(question: str, scores: list[MethodScore]) -> Bars:
    bars, said = [], []
    for place, score in enumerate(found for found in scores if found.shares):
        parts, x = [], 0.0
        for share in score.shares:
            width = round(WIDTH * share.value, 2)
            text = number(100 * share.value, 0) if width >= NARROWEST else ""
            parts.append(Part(share.score, round(x, 2), width, text))
            x += WIDTH * share.value
        label = one_line(score.method)
        bars.append(
            Bar(
                label if len(label) <= LABEL_SIGNS else f"{label[: LABEL_SIGNS - 1]}…",
                place * LINE_HEIGHT,
                tuple(parts),
            )
        )
        words = ", ".join(f"{share.score}: {number(100 * share.value, 0)} %" for share in score.shares)
        said.append(f"{label} {words}")
    heading = f"{question.capitalize()}, share of votes"
    height = len(bars) * LINE_HEIGHT
    return Bars(heading, f"{heading}: {'; '.join(said)}", WIDTH, height, BAR_HEIGHT, tuple(bars))
