"""`fsbench explain`: a run's numbers under another definition, from what it measured already."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fsbench.reports.runs import Run

Texts = list[str]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    run: Annotated[Path | None, typer.Argument(help="A run folder, or a folder with one swapper's run.")] = None,
    as_: Annotated[str, typer.Option("--as", help="Preset whose choices are taken.")] = "",
    set_: Annotated[Texts | None, typer.Option("--set", help="CHOICE=VALUE, differing from it.")] = None,
    swapper: Annotated[str, typer.Option(help="Which swapper, where the folder holds several.")] = "",
    persons: Annotated[Path | None, typer.Option(help="As for run, for --set hit=person.")] = None,
    source_frames: Annotated[Path | None, typer.Option(help="As for run, for --set source_frame=listed.")] = None,
    page: Annotated[bool, typer.Option("--page", help="Print the page of all choices and presets.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Score a run under another definition without measuring anew: what moves, by how much, choice by choice."""
    from fsbench.cli.report import show
    from fsbench.cli.settings import pairs_of
    from fsbench.errors import ConfigError

    if page:
        from fsbench.explain.page import page_text

        print(page_text(), end="")
        return
    if run is None:
        raise ConfigError("no run is named", hint="fsbench explain RUN --as reliableswap")
    from fsbench.engine.remote_cache import open_cache
    from fsbench.explain.flips import explain as explained
    from fsbench.explain.tables import explanation_json, explanation_tables

    chosen = _one(run, swapper)
    settings: dict[str, Any] = {"persons": persons, "source_frames": source_frames}
    given = {name: str(file) for name, file in settings.items() if file}
    cache = open_cache()
    try:
        choices = pairs_of("--set", set_ or [])
        found = explained(chosen, cache, preset=as_, choices=choices, settings=given, notify=_announce)
    finally:
        cache.close()
    if json_:
        print(explanation_json(found), end="")
    else:
        show(explanation_tables(found))


def _one(path: Path, label: str) -> Run:
    """Find the run that is meant; controls only where they are named.

    Raises:
        ConfigError: there are several, or none of that label.
    """
    from fsbench.errors import ConfigError
    from fsbench.reports.integrity import checked
    from fsbench.reports.runs import load_runs

    loaded = checked(load_runs([path]))
    for problem in loaded.problems:
        print(f"fsbench: {problem}", file=sys.stderr)
    named = [run for run in loaded.runs if run.label == label] if label else list(loaded.runs)
    chosen = named if len(named) == 1 else [run for run in named if not run.is_control or label]
    if len(chosen) != 1:
        labels = ", ".join(dict.fromkeys(run.label for run in loaded.runs))
        found = f"{len(chosen)} runs" + (f" of '{label}'" if label else "")
        raise ConfigError(f"{path} holds {found}, wanted one; swappers: {labels}", hint="give the run folder itself")
    return chosen[0]


def _announce(line: str) -> None:
    print(f"-- {line}", file=sys.stderr)
