"""One report in every format, written next to each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fsbench.data.frames import write_atomically
from fsbench.reports.html import report_html
from fsbench.reports.latex import latex
from fsbench.reports.markdown import markdown
from fsbench.reports.paired import PAIRED_COLUMNS, paired_lines
from fsbench.reports.published import PublishedTable
from fsbench.reports.published_tables import as_tables, published_csv, published_json
from fsbench.reports.report import Comparison, compare_runs
from fsbench.reports.runs import Run
from fsbench.reports.tables import Table
from fsbench.reports.tidy import csv_text, results_csv, results_json, results_parquet


def write_reports(
    runs: Sequence[Run],
    out_folder: Path,
    *,
    stem: str = "report",
    reference: str = "",
    problems: Sequence[str] = (),
    published: Sequence[PublishedTable] = (),
) -> dict[str, Path]:
    """Write a report of finished runs as HTML, Markdown, LaTeX, CSV, Parquet and JSON.

    Args:
        runs: finished runs.
        out_folder: made if it is not there.
        stem: name of the files without their ending.
        reference: label of the swapper that the others are compared with; the first one where it is empty.
        problems: what could not be read, so that the page says so too.
        published: tables of others to set beside, in a block of their own.

    Returns:
        The files by ending; "paired.csv" only where a group has several swappers to compare pair by pair, and
        "published.csv", "published.json" only where something published is set beside.

    Raises:
        ConfigError: no swapper is called like `reference`.
    """
    comparisons = compare_runs(runs, reference=reference)
    contents = report_texts(runs, comparisons, problems=problems, published=published)
    groups = [comparison.group for comparison in comparisons]
    whole = {**{ending: text.encode() for ending, text in contents.items()}, "parquet": results_parquet(groups)}
    files = {ending: out_folder / f"{stem}.{ending}" for ending in whole}
    for ending, file in files.items():
        write_atomically(file, whole[ending])
    return files


def report_texts(
    runs: Sequence[Run],
    comparisons: Sequence[Comparison],
    *,
    problems: Sequence[str] = (),
    published: Sequence[PublishedTable] = (),
) -> dict[str, str]:
    """Give the content of a report in every format, by file ending."""
    beside = as_tables(published)
    tables: list[Table] = [*(table for comparison in comparisons for table in comparison.tables), *beside]
    texts = {
        "html": report_html(comparisons, problems=problems, published=beside),
        "md": "\n".join(markdown(table) for table in tables),
        "tex": "\n".join(latex(table) for table in tables),
        "csv": results_csv([comparison.group for comparison in comparisons]),
        "json": results_json(runs),
    }
    if published:
        texts |= {"published.csv": published_csv(published), "published.json": published_json(published)}
    lines = [line for place, found in enumerate(comparisons, 1) for line in paired_lines(place, found.paired)]
    return {**texts, "paired.csv": csv_text(PAIRED_COLUMNS, lines)} if lines else texts
