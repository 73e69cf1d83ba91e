"""`fsbench baseline`: keep the records of runs under a name, to compare later runs with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fsbench.reports.baseline import Baseline

BASELINES = Path("baselines")
Folder = Annotated[Path, typer.Option("--baselines", help="Folder of the baselines.")]
Name = Annotated[str, typer.Argument(help="Of the baseline.")]


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(help="Keep the records of runs under a name, to compare with.", no_args_is_help=True)
    group.command("save")(save)
    group.command("list")(list_)
    group.command("path")(path)
    group.command("remove")(remove)
    app.add_typer(group, name="baseline")


def save(
    name: Name,
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders with runs below.")],
    replace: Annotated[bool, typer.Option("--replace", help="Write over a baseline of that name.")] = False,
    baselines: Folder = BASELINES,
) -> None:
    """Save the records of runs, without pictures and without paths, so that they can be committed."""
    from fsbench.reports.baseline import save_baseline

    baseline = save_baseline(name, runs, baselines, replace=replace)
    print(baseline.folder)
    size = sum(file.stat().st_size for file in baseline.folder.rglob("*") if file.is_file())
    print(f"{len(baseline.runs)} runs, {size / 1000:.0f} kB", file=sys.stderr)


def list_(baselines: Folder = BASELINES) -> None:
    """List the baselines with what they hold."""
    from fsbench.errors import FsbenchError
    from fsbench.reports.baseline import load_baseline, names

    found = names(baselines)
    for name in found:
        try:
            print(_line(load_baseline(name, baselines)))
        except FsbenchError as error:
            print(f"fsbench: {name}: {error}", file=sys.stderr)
    if not found:
        print(f"no baseline in {baselines}", file=sys.stderr)


def path(name: Name, baselines: Folder = BASELINES) -> None:
    """Print where a baseline lies."""
    from fsbench.reports.baseline import baseline_folder

    print(baseline_folder(name, baselines))


def remove(name: Name, baselines: Folder = BASELINES) -> None:
    """Remove a baseline."""
    from fsbench.reports.baseline import remove_baseline

    print(f"removed {remove_baseline(name, baselines)}", file=sys.stderr)


def _line(baseline: Baseline) -> str:
    from fsbench.reports.compare_match import shown_label

    runs = ", ".join(f"{run.result.config.protocol} {shown_label(run)}" for run in baseline.runs)
    commits = {run.result.provenance.commit[:12] for run in baseline.runs} - {""}
    made = f" (commit {', '.join(sorted(commits))})" if commits else ""
    return f"{baseline.name}: {runs}{made}"
