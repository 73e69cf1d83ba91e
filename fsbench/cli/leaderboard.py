"""`fsbench leaderboard`: many runs as a small site."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("leaderboard")(leaderboard)


def leaderboard(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders with runs below.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the site.")],
    title: Annotated[str, typer.Option(help="Of the site.")] = "",
) -> None:
    """Write a site of tables, one for each definition, with a page for each run; it needs no server."""
    from fsbench.reports.integrity import checked
    from fsbench.reports.leaderboard import write_leaderboard
    from fsbench.reports.runs import load_runs

    loaded = checked(load_runs(runs))
    for problem in loaded.problems:
        print(f"fsbench: {problem}", file=sys.stderr)
    index, *pages = write_leaderboard(loaded.runs, out, title=title, problems=loaded.problems)
    print(f"{index.resolve()} and {len(pages)} pages of runs")
