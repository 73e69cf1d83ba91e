"""`fsbench figures`: finished runs as pictures for papers and talks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Texts = list[str]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("figures")(figures)


def figures(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders with runs below.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")],
    format_: Annotated[Texts | None, typer.Option("--format", help="svg, png or pdf, again for more.")] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Light on a dark ground.")] = False,
) -> None:
    """Draw intervals, identity against its cost, scores by yaw and by video, failures and retrieval examples."""
    from fsbench.errors import ConfigError
    from fsbench.reports.figures.files import FORMATS, write_figures
    from fsbench.reports.integrity import checked
    from fsbench.reports.runs import load_runs

    formats = format_ or ["svg"]
    for name in formats:
        if name not in FORMATS:
            raise ConfigError(f"no format is called '{name}'; known: {', '.join(FORMATS)}", hint="--format svg")
    loaded = checked(load_runs(runs))
    files, problems = write_figures(loaded.runs, out, formats=formats, dark=dark)
    for problem in (*loaded.problems, *problems):
        print(f"fsbench: {problem}", file=sys.stderr)
    for file in files:
        print(file)
