"""The tables of a study about its methods: the paper's table, differences, shares of votes, agreement with metrics."""

from __future__ import annotations

from fsbench.metrics.stats import Interval
from fsbench.reports.tables import ABSENT, Cell, Column, Notes, Row, Section, Table, interval, number, one_line, ranks
from fsbench.userstudy.analysis.contrasts import Contrast, Omnibus
from fsbench.userstudy.analysis.findings import Findings, Selection
from fsbench.userstudy.analysis.means import LEVELS, MethodScore
from fsbench.userstudy.analysis.screening import rule_sentences
from fsbench.userstudy.power import expected_half_width
from fsbench.userstudy.spec import HIGHEST, LOWEST

DIGITS = 2
SCALE = (
    f"Scores are whole numbers from {LOWEST} to {HIGHEST}, {HIGHEST} is best. This is no scale of the ITU: these means"
    " cannot be pooled with scores from 1 to 5."
)


def bounded(
    value: float | None, found: Interval | None, digits: int, *, signed: bool = False, scale: float = 1
) -> Cell:
    """Set a number with its interval, or a dash where there is none."""
    if value is None:
        return Cell(ABSENT)
    low, high = (None, None) if found is None else (found.low * scale, found.high * scale)
    return Cell(number(value * scale, digits, signed=signed), interval(low, high, digits, signed=signed))


def title(findings: Findings, what: str = "") -> str:
    """Name a table of this study, with the data where the spec names it."""
    spec = findings.spec
    data = f" ({spec.data})" if spec.data and spec.data not in spec.title else ""
    interim = ", interim" if findings.is_interim else ""
    return one_line(f"{spec.title}{data}{interim}{f': {what}' if what else ''}")


def scores_table(findings: Findings, selection: Selection) -> Table:
    """Set the paper's table: the mean score of each method in each question, the best and the second marked."""
    notes, methods = Notes(), findings.spec.method_names
    columns = [_column(selection, question, methods, notes) for question in selection.questions]
    sections = [
        Section("", tuple(Row(one_line(name), tuple(column[name] for column in columns)) for name in methods)),
        _corrected(selection, methods, notes),
        _hidden(findings, selection),
    ]
    return Table(
        title=title(findings, f"mean scores, {selection.name}"),
        lead="",
        label="Method",
        columns=tuple(Column(f"{question.capitalize()} ↑") for question in selection.questions),
        sections=tuple(section for section in sections if section.rows),
        notes=notes.lines,
        feet=tuple(one_line(foot) for foot in _feet(findings, selection)),
    )


def contrasts_table(findings: Findings, selection: Selection) -> Table:
    """Set the paired differences between every two methods, with their tests."""
    sections = []
    for question, overall in zip(selection.questions, selection.omnibus, strict=True):
        rows = tuple(_contrast(found) for found in selection.contrasts if found.question == question)
        sections.append(Section(f"{question.capitalize()}{_omnibus(overall)}", rows))
    return Table(
        title=title(findings, f"differences between methods, {selection.name}"),
        lead="",
        label="Methods",
        columns=(
            *(Column("Difference"), Column("p"), Column("p, Holm"), Column("Detectable")),
            *(Column("Verdict", is_number=False), Column("Visits")),
        ),
        sections=tuple(sections),
        feet=(
            "Difference: the first method's mean less the second's over the visits that showed both, with its 95 %"
            " interval, clustered by raters and sets.",
            "p: Wilcoxon's signed rank test (zeros after Pratt) on the raters' own mean differences; Holm's correction"
            " is over the pairs of methods of one question. Beside each question: Friedman's test over all methods.",
            "Detectable: the true difference that a study of this size and spread would find with a chance of 80 %."
            " No clear difference is not the same as equal.",
            "Higher and lower are said where the interval leaves out 0 and the corrected p is below 0.05.",
            *_reached(findings, selection),
        ),
    )


def shares_table(findings: Findings, selection: Selection) -> Table:
    """Set which share of the votes gave each score."""
    sections = [
        Section(
            question.capitalize(),
            tuple(_shares(selection.score(name, question)) for name in findings.spec.method_names),
        )
        for question in selection.questions
    ]
    return Table(
        title=title(findings, f"share of votes, {selection.name}"),
        lead="",
        label="Method",
        columns=(*(Column(f"{level}, %") for level in LEVELS), Column("Median")),
        sections=tuple(sections),
        feet=(
            "Brackets: 95 % intervals by a bootstrap over raters and sets together; for shares of 0 and 100 %, Wilson's"
            " for as many votes as there are raters or sets, whichever are fewer.",
        ),
    )


def correlation_table(findings: Findings) -> Table | None:
    """Set how far the metrics of the same runs agree with people; None where there are none to compare."""
    if not findings.correlations:
        return None
    sections = []
    for question in findings.best.questions:
        rows = tuple(
            Row(
                one_line(found.heading),
                (
                    bounded(found.all_rho, found.all_interval, DIGITS, signed=True),
                    bounded(found.within_rho, found.within_interval, DIGITS, signed=True),
                    Cell(str(found.points)),
                ),
            )
            for found in findings.correlations
            if found.question == question
        )
        sections.append(Section(question.capitalize(), rows))
    feet = [
        "Spearman's rank correlation of a result's mean score with its metric, turned so that + means that the metric"
        " agrees with people. All results: over sets and methods together. Within a method: the mean of the methods'"
        " own, which does not see differences between methods.",
        f"Brackets: 95 % intervals, the wider of the jackknife over raters and over sets; {findings.best.name}.",
        *findings.remarks,
    ]
    return Table(
        title=title(findings, "do the metrics rank results as people do?"),
        lead="",
        label="Metric",
        columns=(Column("All results"), Column("Within a method"), Column("Results")),
        sections=tuple(sections),
        feet=tuple(one_line(foot) for foot in feet),
    )


def _column(selection: Selection, question: str, methods: tuple[str, ...], notes: Notes) -> dict[str, Cell]:
    found = {name: selection.score(name, question) for name in methods}
    most = max(score.n for score in found.values())
    means = {name: score.mean for name, score in found.items() if score.mean is not None and score.n == most}
    marks = ranks(means, digits=DIGITS)
    cells = {}
    for name, score in found.items():
        remarks = [] if score.n == most else [f"{one_line(name)}: n = {score.n}"]
        if marks.get(name) == "best":
            remarks += _ties(selection, question, name, [other for other, mark in marks.items() if mark == "second"])
        cell = bounded(score.mean, score.interval, DIGITS)
        letters = tuple(notes.letter(remark) for remark in remarks)
        cells[name] = Cell(cell.text, cell.interval, marks.get(name, ""), letters)
    return cells


def _ties(selection: Selection, question: str, best: str, seconds: list[str]) -> list[str]:
    """Say where the best mean is not clearly better than the second."""
    return [
        f"not clearly better than {one_line(other)} ({found.verdict})"
        for other in seconds
        for found in selection.contrasts
        if found.question == question
        and {found.method, found.reference} == {best, other}
        and found.verdict not in ("higher", "lower")
    ]


def _corrected(selection: Selection, methods: tuple[str, ...], notes: Notes) -> Section:
    plain = "a result has too few votes to weigh raters by consistency: the raters' bias alone is taken out"
    rows = []
    for name in methods:
        cells = [
            Cell(
                ABSENT if name not in found.means else number(found.means[name], DIGITS),
                notes=() if found.weighted or not found.means else (notes.letter(plain),),
            )
            for found in selection.corrected
        ]
        rows.append(Row(one_line(name), tuple(cells)))
    return Section("Bias-corrected means (ITU-T P.910, Annex E)", tuple(rows), muted=True)


def _hidden(findings: Findings, selection: Selection) -> Section:
    means = {(rate.name, rate.question): rate.mean for rate in findings.gold}
    names = sorted(
        {rate.name for rate in findings.gold},
        key=lambda name: -max(means.get((name, q), 0) for q in selection.questions),
    )
    rows = []
    for name in names:
        values = [means.get((name, question)) for question in selection.questions]
        cells = [Cell(ABSENT if value is None else number(value, DIGITS)) for value in values]
        rows.append(Row(one_line(f"{name}, shown as a result"), tuple(cells)))
    return Section("Hidden gold items, all raters", tuple(rows), muted=True)


def _feet(findings: Findings, selection: Selection) -> list[str]:
    excluded = findings.excluded
    rules = "; ".join(rule_sentences(findings.spec.screening)) or "none"
    broken = "; ".join(f"rater {found.rater.ordinal} ({', '.join(found.reasons)})" for found in excluded)
    feet = [
        f"{selection.raters} raters, {selection.sets} sets, {selection.votes} scores.",
        SCALE,
        "Brackets: 95 % intervals, clustered by raters and sets, with Student's t.",
        f"Rules of screening, fixed before the first vote: {rules}.",
    ]
    whole = f"{len(excluded)} of {len(findings.raters)} raters broke a rule"
    feet.append(f"{whole}: {broken}." if excluded else "No rater broke a rule.")
    if findings.screened is None:
        feet.append("No rater is left after screening, so there is no screened table.")
    return feet


def _reached(findings: Findings, selection: Selection) -> list[str]:
    """Compare the intervals with what could be expected before the study opened."""
    counts = findings.spec.counts
    widths = [found.estimate.half_width for found in selection.contrasts if found.estimate]
    if not widths or min(counts.raters, counts.sets) < 2:
        return []
    expected = expected_half_width(raters=counts.raters, per_rater=counts.per_rater, sets=counts.sets)
    return [
        f"Half-widths: +-{expected.difference:.2f} was expected of the study as planned; from +-{min(widths):.2f} to"
        f" +-{max(widths):.2f} was reached."
    ]


def _contrast(found: Contrast) -> Row:
    cells = (
        bounded(found.value, found.interval, DIGITS, signed=True),
        *(Cell(p_text(p)) for p in (found.p, found.p_holm)),
        Cell(ABSENT if found.detectable is None else number(found.detectable, DIGITS)),
        *(Cell(found.verdict), Cell(str(found.n))),
    )
    return Row(one_line(f"{found.method} less {found.reference}"), cells)


def p_text(p: float | None) -> str:
    """Write a p-value: three digits, and what is smaller as a bound."""
    if p is None:
        return ABSENT
    return "<0.001" if p < 0.001 else number(p, 3)


def _omnibus(found: Omnibus) -> str:
    if found.statistic is None:
        return ""
    text = p_text(found.p)
    return f" (Friedman {found.statistic:.2f}, p {text if text[0] == '<' else f'= {text}'}, {found.raters} raters)"


def _shares(found: MethodScore) -> Row:
    cells = [bounded(share.value, share.interval, 1, scale=100) for share in found.shares]
    median = None if found.median is None else float(found.median)
    blank = [Cell(ABSENT)] * (len(LEVELS) - len(cells))
    return Row(one_line(found.method), (*cells, *blank, bounded(median, found.median_interval, 0)))
