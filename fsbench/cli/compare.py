"""`fsbench compare`: tell whether a change made a swapper worse."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fsbench.cli.baseline import BASELINES

if TYPE_CHECKING:
    from fsbench.reports.compare import Compared


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("compare")(compare)


def compare(
    old: Annotated[str, typer.Argument(help="A run folder, a folder with runs below, or a baseline's name.")],
    new: Annotated[str, typer.Argument(help="The same, after the change.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the files; default: none.")] = None,
    name: Annotated[str, typer.Option(help="Of the comparison, for titles and the comment's tag.")] = "fsbench",
    config: Annotated[Path | None, typer.Option(help="TOML file with [compare]; default: fsbench.toml.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the bootstrap.")] = None,
    baselines: Annotated[Path, typer.Option(help="Folder of the baselines.")] = BASELINES,
    json_: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Compare two runs pair by pair; exit 1 on a regression, 3 where they are not comparable."""
    from fsbench.reports import compare as comparing
    from fsbench.reports.baseline import load_side
    from fsbench.reports.compare_files import compare_json, write_comparison
    from fsbench.reports.compare_settings import read_settings

    settings = read_settings(config, seed=seed)
    sides = [load_side(text, baselines) for text in (old, new)]
    compared = comparing.compare(sides[0], sides[1], settings, name=name)
    for problem in compared.problems:
        print(f"fsbench: not compared: {problem}", file=sys.stderr)
    if json_:
        print(compare_json(compared), end="")
    else:
        _print(compared)
    if out is not None:
        files = write_comparison(compared, sides[1].runs, out)
        print("written:", ", ".join(str(file) for file in files), file=sys.stderr)
    raise typer.Exit(compared.exit_code)


def _print(compared: Compared) -> None:
    from rich.console import Console

    from fsbench.cli.report import PIPE_WIDTH
    from fsbench.reports.compare_table import verdict_table
    from fsbench.reports.terminal import print_table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)
    print_table(verdict_table(compared), console)
