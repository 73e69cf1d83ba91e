"""`fsbench report`: tables and pages from finished runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fsbench.records import Measurement
    from fsbench.reports.published import PublishedTable
    from fsbench.reports.runs import Run
    from fsbench.reports.tables import Table

PIPE_WIDTH = 120  # where the output is no terminal
Texts = list[str]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("report")(report)


def report(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders with runs below.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the files; default: none.")] = None,
    reference: Annotated[str, typer.Option(help="Swapper that the others are compared with.")] = "",
    with_published: Annotated[
        Texts | None, typer.Option(help="ff++, lfw or another data set, or a source: its published tables beside.")
    ] = None,
    layout: Annotated[
        str, typer.Option(help="table1, table2, table3, table4 or ablation: the paper's table in place of ours.")
    ] = "",
    study: Annotated[Path | None, typer.Option(help="analysis.json of a rating study, for --layout table2.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the results as JSON.")] = False,
) -> None:
    """Print the table of finished runs; with --out also write HTML, Markdown, LaTeX, CSV, Parquet and JSON."""
    from fsbench.reports.formats import write_reports
    from fsbench.reports.integrity import checked
    from fsbench.reports.published import chosen_tables
    from fsbench.reports.runs import load_runs

    published = chosen_tables(with_published or [])
    loaded = checked(load_runs(runs))
    for problem in loaded.problems:
        print(f"fsbench: {problem}", file=sys.stderr)
    if layout:
        from fsbench.reports.ratings import read_ratings, read_sizes

        beside = [*read_sizes(runs), *(read_ratings(study) if study is not None else ())]
        _print_layout(layout, loaded.runs, beside, out)
        return
    if json_:
        _print_json(loaded.runs, published)
    else:
        print_tables(loaded.runs, reference=reference, published=published)
    if out is not None:
        files = write_reports(loaded.runs, out, reference=reference, problems=loaded.problems, published=published)
        print("written:", ", ".join(str(file) for file in files.values()), file=sys.stderr)


def print_tables(runs: Sequence[Run], *, reference: str = "", published: Sequence[PublishedTable] = ()) -> None:
    """Print the tables of runs on stdout, and published ones after them."""
    from fsbench.reports.published_tables import as_tables
    from fsbench.reports.report import compare_runs

    measured = [table for comparison in compare_runs(runs, reference=reference) for table in comparison.tables]
    show([*measured, *as_tables(published)])


def _print_json(runs: Sequence[Run], published: Sequence[PublishedTable]) -> None:
    """Print the results as an array; with published numbers, an object that keeps the two apart."""
    import json

    from fsbench.reports.published_tables import published_records
    from fsbench.reports.tidy import results_json

    text = results_json(runs)
    if published:
        both = {"measured": json.loads(text), "as_published": published_records(published)}
        text = json.dumps(both, indent=2, ensure_ascii=False) + "\n"
    print(text, end="")


def _print_layout(name: str, runs: Sequence[Run], beside: Sequence[Measurement], out: Path | None) -> None:
    """Print a table of the paper; write it as LaTeX and Markdown where a folder is named."""
    from fsbench.data.frames import write_atomically
    from fsbench.reports.latex import latex
    from fsbench.reports.layouts import layout_tables
    from fsbench.reports.markdown import markdown

    tables = layout_tables(name, runs, beside)
    show(tables)
    if out is not None:
        for ending, write in (("tex", latex), ("md", markdown)):
            file = out / f"{name}.{ending}"
            write_atomically(file, "\n".join(write(table) for table in tables).encode())
            print(f"written: {file}", file=sys.stderr)


def show(tables: Iterable[Table]) -> None:
    """Print tables on stdout, as wide as the terminal is."""
    from rich.console import Console

    from fsbench.reports.terminal import print_table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    for table in tables:
        print_table(table, console)
