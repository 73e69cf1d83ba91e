"""The analysis in every format, and its numbers line by line for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from fsbench.data.frames import write_atomically
from fsbench.metrics.stats import Interval
from fsbench.reports.latex import latex
from fsbench.reports.markdown import markdown
from fsbench.reports.tidy import Field, csv_text
from fsbench.userstudy.analysis.findings import Findings, Selection
from fsbench.userstudy.analysis.page import all_tables, study_html
from fsbench.userstudy.analysis.quality import Rater

ANALYSIS_COLUMNS = (*("selection", "statistic", "question", "name", "reference", "value", "low", "high", "n", "note"),)
RATER_COLUMNS = (*Rater.__dataclass_fields__, "excluded", "reasons")
Line = tuple[Field, ...]


def write_analysis(findings: Findings, out_folder: Path, *, stem: str = "analysis") -> dict[str, Path]:
    """Write the analysis as HTML, Markdown, LaTeX, CSV and JSON; equal votes give equal bytes.

    Returns:
        The files by ending.
    """
    contents = analysis_texts(findings)
    files = {ending: out_folder / f"{stem}.{ending}" for ending in contents}
    for ending, file in files.items():
        write_atomically(file, contents[ending].encode())
    return files


def analysis_texts(findings: Findings) -> dict[str, str]:
    """Give the content of the analysis in every format, by file ending."""
    tables = all_tables(findings)
    *for_paper, _raters = tables  # one line a rater fits no page of a paper
    return {
        "html": study_html(findings),
        "md": "\n".join(markdown(table) for table in tables),
        "tex": "\n".join(latex(table) for table in for_paper),
        "csv": csv_text(ANALYSIS_COLUMNS, analysis_lines(findings)),
        "json": analysis_json(findings),
        "raters.csv": csv_text(RATER_COLUMNS, rater_lines(findings)),
    }


def analysis_json(findings: Findings) -> str:
    """Write the lines of the CSV as JSON, with the study and its raters."""
    content = {
        "title": findings.spec.title,
        "study_sha256": findings.spec.sha256,
        "numbers": [dict(zip(ANALYSIS_COLUMNS, line, strict=True)) for line in analysis_lines(findings)],
        "raters": [dict(zip(RATER_COLUMNS, line, strict=True)) for line in rater_lines(findings)],
        "remarks": list(findings.remarks),
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def rater_lines(findings: Findings) -> list[Line]:
    """Give one line a rater, as RATER_COLUMNS."""
    return [(*vars(found.rater).values(), found.is_excluded, "; ".join(found.reasons)) for found in findings.raters]


def analysis_lines(findings: Findings) -> list[Line]:
    """Give one line a number, as ANALYSIS_COLUMNS: full digits, absent values as None."""
    same = findings.best is findings.everyone
    selections = [findings.everyone] if same else [findings.best, findings.everyone]
    lines = [line for selection in selections for line in _selection(selection)]
    for rate in findings.gold:
        lines.append(_line("all raters", "gold_passed", rate.question, rate.name, rate.value, rate.interval, rate.n))
        lines.append(_line("all raters", "gold_mean", rate.question, rate.name, rate.mean, None, rate.n))
    for rate in findings.repeats:
        lines.append(_line("all raters", "repeats", rate.question, rate.name, rate.value, rate.interval, rate.n))
    for found in findings.correlations:
        where = (findings.best.name, found.question, found.metric)
        for statistic, value, interval in (
            ("rho_all", found.all_rho, found.all_interval),
            ("rho_within", found.within_rho, found.within_interval),
        ):
            lines.append(_line(where[0], statistic, *where[1:], value, interval, found.points))
    return lines


def _selection(selection: Selection) -> Iterator[Line]:
    name = selection.name
    for found in selection.scores:
        at, method, n = found.question, found.method, found.n
        yield _line(name, "mean", at, method, found.mean, found.interval, n)
        yield _line(name, "median", at, method, found.median, found.median_interval, n)
        for share in found.shares:
            yield _line(name, f"share_{share.score}", at, method, share.value, share.interval, n)
    for corrected in selection.corrected:
        note = "" if corrected.weighted else "bias alone, raters not weighted"
        for method, mean in corrected.means.items():
            yield _line(name, "bias_corrected_mean", corrected.question, method, mean, None, None, note=note)
    yield from _contrasts(selection)
    for agreement in selection.agreement:
        yield _line(name, "alpha", agreement.question, "", agreement.alpha, agreement.interval, agreement.units)
    for variances in (found for found in selection.variances if found):
        for part, value in variances.parts.items():
            yield _line(name, "variance", variances.question, part, value, None, None)


def _contrasts(selection: Selection) -> Iterator[Line]:
    for overall in selection.omnibus:
        yield _line(selection.name, "friedman_p", overall.question, "", overall.p, None, overall.raters)
    for found in selection.contrasts:
        for statistic, value, interval, n, note in (
            ("difference", found.value, found.interval, found.n, found.verdict),
            ("wilcoxon_p", found.p, None, found.raters, ""),
            ("wilcoxon_p_holm", found.p_holm, None, found.raters, ""),
            ("detectable_difference", found.detectable, None, found.n, ""),
        ):
            names = (found.question, found.method)
            yield _line(selection.name, statistic, *names, value, interval, n, reference=found.reference, note=note)


def _line(
    selection: str,
    statistic: str,
    question: str,
    name: str,
    value: float | None,
    interval: Interval | None,
    n: int | None,
    *,
    reference: str = "",
    note: str = "",
) -> Line:
    low, high = (interval.low, interval.high) if interval else (None, None)
    return (selection, statistic, question, name, reference, value, low, high, n, note)
