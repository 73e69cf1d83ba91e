"""The tables of a study about its raters: agreement, consistency, gold items, variances, and each one alone."""

from __future__ import annotations

from fsbench.reports.tables import ABSENT, Cell, Column, Row, Section, Table, number, one_line
from fsbench.userstudy.analysis.findings import Findings, Selection
from fsbench.userstudy.analysis.quality import Rate
from fsbench.userstudy.analysis.screening import Screened, rule_sentences
from fsbench.userstudy.analysis.tables import bounded, title
from fsbench.userstudy.analysis.variances import PARTS


def agreement_table(findings: Findings, selection: Selection) -> Table:
    """Set how far raters agree with each other and with themselves."""
    same, near = (
        {rate.question: rate for rate in findings.repeats if rate.name == name}
        for name in ("same score", "at most one apart")
    )
    rows = tuple(
        Row(
            found.question.capitalize(),
            (
                bounded(found.alpha, found.interval, 2),
                Cell(str(found.units)),
                *(_rate(rates.get(found.question)) for rates in (same, near)),
                Cell(ABSENT if found.question not in same else number(same[found.question].mean, 2)),
            ),
        )
        for found in selection.agreement
    )
    return Table(
        title=title(findings, "agreement and consistency"),
        lead="",
        label="Question",
        columns=(
            *(Column("Krippendorff's alpha, ordinal"), Column("Results rated twice or more")),
            *(Column("Repeats: same score, %"), Column("Repeats: at most one apart, %"), Column("Mean change")),
        ),
        sections=(Section("", rows),),
        feet=(
            f"Alpha: 1 is perfect agreement, 0 what chance gives; {selection.name}. Its interval is the wider of the"
            " jackknife over raters and over sets.",
            "Repeats: sets that a rater saw a second time; all raters, intervals by resampling raters.",
        ),
    )


def variance_table(findings: Findings, selection: Selection) -> Table | None:
    """Set where the differences between scores come from; None where no question allows to tell."""
    known = [
        (question, found) for question, found in zip(selection.questions, selection.variances, strict=True) if found
    ]
    if not known:
        return None
    rows = [
        Row(part.capitalize(), tuple(Cell(number(100 * found.share(part), 1)) for _, found in known)) for part in PARTS
    ]
    total = Row("Variance within methods", tuple(Cell(number(found.total, 2)) for _, found in known))
    return Table(
        title=title(findings, f"where scores differ, {selection.name}"),
        lead="",
        label="Part",
        columns=tuple(Column(f"{question.capitalize()}, %") for question, _ in known),
        sections=(Section("", tuple(rows)), Section("In points squared", (total,))),
        feet=(
            "Shares of the variance of one score about its method's mean. An estimate below 0 is one that cannot be"
            " told from 0. Rater: some are strict; method x rater: some like one method; residual: chance.",
        ),
    )


def gold_table(findings: Findings) -> Table | None:
    """Set how often the gold items were answered right; None where there were none."""
    if not findings.gold:
        return None
    rows = tuple(
        Row(
            one_line(f"{rate.name}, {rate.question}"),
            (Cell(rate.wanted), _rate(rate), Cell(str(rate.n)), Cell(number(rate.mean, 2))),
        )
        for rate in findings.gold
    )
    return Table(
        title=title(findings, "gold items, all raters"),
        lead="",
        label="Shown as a result",
        columns=(Column("Right", is_number=False), Column("Passed, %"), Column("Answers"), Column("Mean score")),
        sections=(Section("", rows),),
        feet=("Intervals by resampling raters; where all answers are alike, Wilson's over the raters.",),
    )


def raters_table(findings: Findings) -> Table:
    """Set every rater with what screening looks at."""
    kept = tuple(_rater(found) for found in findings.raters if not found.is_excluded)
    excluded = tuple(_rater(found) for found in findings.excluded)
    sections = [Section("", kept), Section("Excluded", excluded, muted=True)]
    rules = "; ".join(rule_sentences(findings.spec.screening)) or "none"
    return Table(
        title=title(findings, "raters"),
        lead="",
        label="Rater",
        columns=(
            *(Column("Sets"), Column("Mean"), Column("SD"), Column("Bias"), Column("r with others")),
            *(Column("Gold passed, %"), Column("Change in repeats"), Column("Median seconds")),
            Column("Broken rules", is_number=False),
        ),
        sections=tuple(section for section in sections if section.rows),
        feet=(
            f"Rules: {rules}.",
            "Bias: mean difference to the mean of the others on the same results; r: correlation with that mean.",
        ),
    )


def _rate(rate: Rate | None) -> Cell:
    return Cell(ABSENT) if rate is None else bounded(rate.value, rate.interval, 1, scale=100)


def _rater(found: Screened) -> Row:
    rater = found.rater
    cells = (
        Cell(str(rater.sets)),
        *(_number(value, 2) for value in (rater.mean, rater.score_sd)),
        Cell(ABSENT if rater.bias is None else number(rater.bias, 2, signed=True)),
        _number(rater.correlation, 2),
        _number(None if rater.gold_passed is None else 100 * rater.gold_passed, 0),
        *(_number(rater.repeat_difference, 2), _number(rater.median_seconds, 1)),
        Cell("; ".join(found.reasons) or ABSENT),
    )
    return Row(str(rater.ordinal), cells)


def _number(value: float | None, digits: int) -> Cell:
    return Cell(ABSENT if value is None else number(value, digits))
