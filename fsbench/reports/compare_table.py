"""A comparison as a table, one section a swapper: the same for the terminal and for Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from fsbench.reports.compare import Compared, SwapperVerdicts
from fsbench.reports.compare_verdict import Judged, Verdict
from fsbench.reports.comparison import value_digits
from fsbench.reports.tables import ABSENT, Cell, Column, Notes, Row, Section, Table, interval, metric_heading, number

QUIET: tuple[Verdict, ...] = ("same",)
ORDER: tuple[Verdict, ...] = (*("worse", "more failures", "gone", "not comparable", "unsure", "better", "new", "same"),)
HEADINGS = {0: "no regression", 1: "regression", 2: "incomplete", 3: "not comparable"}
METHODS = {
    "pairs": "Differences are of the same pairs, with clustered 95 % intervals",
    "sets": "set distances have no value a pair: the errors of both jackknife intervals are added as if independent",
    "passes": "of latency the ratio new / old is given",
}


def comparison_title(compared: Compared) -> str:
    """Put the outcome in one line: "fsbench mini: regression (2 worse, 9 same)"."""
    counts: Counter[str] = Counter(judged.verdict for found in compared.judged for judged in found.metrics)
    counts.update(found.state for found in compared.judged if found.state)
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ORDER if counts[verdict])
    return f"{compared.name}: {HEADINGS[compared.exit_code]} ({said or 'nothing to compare'})"


def verdict_table(compared: Compared, *, left_out: Collection[Verdict] = ()) -> Table:
    """Set the verdicts of all swappers as a table; rows with a verdict in `left_out` are not in it."""
    notes = Notes()
    sections = [
        Section(f"{found.protocol}: {found.label}", rows)
        for found in compared.judged
        if (rows := tuple(_rows(found, notes, left_out)))
    ]
    return Table(
        title=comparison_title(compared),
        lead="",
        label="Metric",
        columns=(
            *(Column("Old"), Column("New"), Column("Difference"), Column("Margin")),
            *(Column("Verdict", is_number=False), Column("Pairs")),
        ),
        sections=tuple(sections),
        notes=notes.lines,
        feet=tuple(_feet(compared)),
    )


def _rows(found: SwapperVerdicts, notes: Notes, left_out: Collection[Verdict]) -> list[Row]:
    rows = [_row(judged, notes) for judged in found.metrics if judged.verdict not in left_out]
    if found.state:
        letters = (notes.letter(found.reason),) if found.reason else ()
        empty = Cell(ABSENT)
        rows.append(Row("all", (empty, empty, empty, empty, Cell(found.state, notes=letters), empty)))
    return rows


def _row(judged: Judged, notes: Notes) -> Row:
    digits = value_digits(judged.metric)
    old, new = (Cell(ABSENT if value is None else number(value, digits)) for value in (judged.old, judged.new))
    letters = (notes.letter(judged.note),) if judged.note else ()
    pairs = f"{judged.n} of {judged.planned}" if judged.n and judged.planned else ABSENT
    cells = (old, new, _difference(judged, digits), Cell(_margin(judged, digits)), Cell(judged.verdict, notes=letters))
    return Row(metric_heading(judged.title, judged.unit, judged.better), (*cells, Cell(pairs)))


def _difference(judged: Judged, digits: int) -> Cell:
    if judged.difference is None:
        return Cell(ABSENT)
    if judged.method == "passes":
        return Cell(f"x {number(judged.difference, 2)}", interval(judged.low, judged.high, 2))
    bounds = interval(judged.low, judged.high, digits, signed=True)
    return Cell(number(judged.difference, digits, signed=True), bounds)


def _margin(judged: Judged, digits: int) -> str:
    if judged.margin is None:
        return ABSENT
    if judged.method == "passes":
        return f"x {judged.margin:g}"
    text = number(judged.margin, digits)
    return f"{judged.margin:.1g}" if judged.margin and not float(text) else text  # 0.01 is not 0.0


def _feet(compared: Compared) -> list[str]:
    used = dict.fromkeys(judged.method for found in compared.judged for judged in found.metrics)
    words = "; ".join(text for method, text in METHODS.items() if method in used)
    settings = compared.settings
    feet = [f"{words[0].upper()}{words[1:]}."] if words else []
    feet.append(
        f"Worse and better: the interval lies beyond the margin, and p <= {settings.alpha:g} one-sided after Holm over "
        f"all metrics. Same: inside the margin, or equal to the last digit. {settings.resamples} resamples, "
        f"seed {settings.seed}."
    )
    unjudged = list(dict.fromkeys(title for found in compared.judged for title in found.not_judged))
    feet += [f"Not judged, as neither way is better: {', '.join(unjudged)}."] if unjudged else []
    if compared.moved_controls:
        moved = "; ".join(compared.moved_controls)
        feet.append(f"Warning: controls changed, so the measuring did and not only the swapper: {moved}.")
    return feet + [f"Not compared: {problem}" for problem in compared.problems]
