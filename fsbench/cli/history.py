"""`fsbench history`: how the metrics moved over many runs."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class Axis(str, Enum):
    """What the points stand for."""

    date = "date"
    commit = "commit"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("history")(history)


def history(
    runs: Annotated[list[Path], typer.Argument(help="Folders with runs or baselines below.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The page; default: history.html beside them.")
    ] = None,
    by: Annotated[Axis, typer.Option(help="A point a run, or a point a commit.")] = Axis.date,
    config: Annotated[Path | None, typer.Option(help="TOML file with [compare]; default: fsbench.toml.")] = None,
) -> None:
    """Draw each metric over runs as one HTML page with changes marked; print the changes."""
    from fsbench.data.frames import write_atomically
    from fsbench.reports.compare_settings import read_settings
    from fsbench.reports.history import histories
    from fsbench.reports.history_page import change_lines, history_html
    from fsbench.reports.runs import load_runs

    found, problems = histories(load_runs(runs), read_settings(config), by=by.value)
    for problem in problems:
        print(f"fsbench: {problem}", file=sys.stderr)
    file = out or (runs[0] if runs[0].is_dir() else runs[0].parent) / "history.html"
    write_atomically(file, history_html(found, problems=problems).encode())
    for line in change_lines(found):
        print(line)
    print(f"written: {file}", file=sys.stderr)
