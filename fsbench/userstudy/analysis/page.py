"""The analysis as one page that needs no network and no second file, and no script to be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fsbench.reports.page import page
from fsbench.reports.plots import Forest
from fsbench.reports.tables import Table, one_line
from fsbench.userstudy.analysis import figures
from fsbench.userstudy.analysis.findings import Findings
from fsbench.userstudy.analysis.means import LEVELS
from fsbench.userstudy.analysis.rater_tables import agreement_table, gold_table, raters_table, variance_table
from fsbench.userstudy.analysis.tables import contrasts_table, correlation_table, scores_table, shares_table, title

TEMPLATE = Path(__file__).with_name("page.html")


@dataclass(frozen=True)
class Part:
    """One section of the page: a heading, what to know, plots or bars, and a table."""

    heading: str
    lead: str
    table: Table
    forests: tuple[Forest, ...] = ()
    bars: tuple[figures.Bars, ...] = ()


def all_tables(findings: Findings) -> tuple[Table, ...]:
    """Give every table, in the order of the page."""
    return tuple(part.table for part in parts(findings))


def parts(findings: Findings) -> tuple[Part, ...]:
    """Lay out the page: the screened table first, as the rules were fixed before, and that of all raters beside it."""
    best, everyone = findings.best, findings.everyone
    found = [
        Part("Mean scores", "", scores_table(findings, best), figures.means_figures(findings, best)),
        Part(
            "Differences between methods",
            "Filled circles are clear differences, hollow diamonds are not; bars are 95 % intervals.",
            contrasts_table(findings, best),
            figures.contrast_figures(best),
        ),
    ]
    if best is not everyone:
        lead = "The same with the raters that screening left out."
        found.append(Part("Mean scores, all raters", lead, scores_table(findings, everyone)))
        found.append(Part("Differences between methods, all raters", "", contrasts_table(findings, everyone)))
    found.append(Part("Share of votes", "", shares_table(findings, best), bars=figures.shares_figures(findings, best)))
    metrics = correlation_table(findings)
    if metrics is not None:
        found.append(Part("Metrics and people", "", metrics, figures.correlation_figures(findings)))
    found.append(Part("Agreement and consistency", "", agreement_table(findings, best)))
    for heading, table in (
        ("Where scores differ", variance_table(findings, best)),
        ("Gold items", gold_table(findings)),
    ):
        if table is not None:
            found.append(Part(heading, "", table))
    found.append(Part("Raters", "", raters_table(findings)))
    return tuple(found)


def study_html(findings: Findings) -> str:
    """Write the page; equal findings give equal bytes."""
    import fsbench

    spec, counts = findings.spec, findings.spec.counts
    facts = [
        ("Study", spec.slug),
        ("sha256 of study.json", spec.sha256),
        ("Seed", str(spec.seed)),
        ("Planned", f"{counts.raters} raters, {counts.per_rater} sets each from a pool of {counts.sets}"),
        *((f"Run of {method.name}", method.run or "none named") for method in spec.methods),
        ("fsbench", fsbench.__version__),
    ]
    return page(
        TEMPLATE,
        title=title(findings),
        parts=parts(findings),
        levels=list(LEVELS),
        remarks=[one_line(remark) for remark in findings.remarks],
        facts=[(one_line(name), one_line(value)) for name, value in facts],
    )
