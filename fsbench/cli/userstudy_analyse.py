"""`fsbench userstudy analyse`: what a finished study says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("analyse")(analyse)


def analyse(
    study: Annotated[Path, typer.Argument(help="Folder of the study, or one that `export` wrote.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the files; default: none.")] = None,
    store: Annotated[str, typer.Option(help="Address of the store, where it is not the study's own.")] = "",
    interim: Annotated[bool, typer.Option("--interim", help="Look at a study that is still open, too.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")] = False,
) -> None:
    """Print the tables of a study; with --out also write HTML, Markdown, LaTeX, CSV and JSON."""
    from fsbench.cli.report import show
    from fsbench.userstudy.analysis.files import analysis_json, write_analysis
    from fsbench.userstudy.analysis.findings import analyse as find
    from fsbench.userstudy.analysis.page import all_tables
    from fsbench.userstudy.analysis.votes import read_study

    findings = find(read_study(study, store=store, interim=interim))
    if json_:
        print(analysis_json(findings), end="")
    else:
        show(all_tables(findings))
    for remark in findings.remarks:
        print(f"fsbench: {remark}", file=sys.stderr)
    if out is not None:
        files = write_analysis(findings, out)
        print("written:", ", ".join(str(file) for file in files.values()), file=sys.stderr)
