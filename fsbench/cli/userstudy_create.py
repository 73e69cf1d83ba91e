"""`fsbench userstudy create`: a study from finished runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fsbench.userstudy.create import Created

COUNTS = ("sets", "raters", "per_rater")


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("create")(create)


def create(
    runs: Annotated[list[Path] | None, typer.Argument(help="Run folders, or folders with runs below.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the study, to be made.")] = Path("study"),
    sets: Annotated[int | None, typer.Option(help="Pool of sets; default: 240, or as many as there are.")] = None,
    raters: Annotated[int | None, typer.Option(help="How many people; default: 18.")] = None,
    per_rater: Annotated[int | None, typer.Option(help="Sets that each rates; default: 40.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of sets, plan and analysis; default: 0.")] = None,
    title: Annotated[str | None, typer.Option(help="Of the study; raters may see it.")] = None,
    data: Annotated[str, typer.Option(help="mini: make runs on the mini set first.")] = "",
    controls: Annotated[bool, typer.Option("--controls", help="Rate copy-target and copy-source too.")] = False,
    store: Annotated[str, typer.Option(help="postgresql+psycopg://...; default: SQLite in the folder.")] = "",
    config: Annotated[Path | None, typer.Option(help="TOML file with further keys of study.json.")] = None,
    address: Annotated[str, typer.Option(help="Where the server will be, for the links.")] = "http://127.0.0.1:8501",
) -> None:
    """Draw sets that every method finished, cut their pictures, deal the plan, and print the raters' links."""
    from fsbench.cli.progress import bar
    from fsbench.errors import ConfigError
    from fsbench.userstudy.create import create as make
    from fsbench.userstudy.create import refuse_used

    settings = _settings(
        config, {"seed": seed, "title": title}, dict(zip(COUNTS, (sets, raters, per_rater), strict=True))
    )
    refuse_used(out)
    if data not in ("", "mini"):
        raise ConfigError(f"--data {data}: only mini can be made here", hint="fsbench run ... and name its folders")
    if not runs and not data:
        raise ConfigError("no run is named", hint="fsbench userstudy create RUN [RUN ...], or --data mini")
    places = [*(runs or []), *(_mini(out) if data else [])]
    _tell(make(places, out, settings=settings, controls=controls, store=store, progress=bar), address)


def _settings(file: Path | None, texts: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
    """Merge the file with the flags."""
    from fsbench.cli.settings import read_toml

    settings = read_toml(file) if file else {}
    settings |= {name: value for name, value in texts.items() if value is not None}
    given = {name: value for name, value in counts.items() if value is not None}
    table = settings.get("counts", {})
    return {**settings, "counts": {**table, **given} if isinstance(table, dict) else table}


def _mini(out: Path) -> list[Path]:
    """Make runs on the mini set beside the study."""
    from fsbench.cli.progress import bar
    from fsbench.userstudy.mini_runs import mini_runs

    folder = out.resolve().with_name(f"{out.resolve().name}-runs")
    print(f"runs on the mini set, in {folder}", file=sys.stderr)
    return mini_runs(folder, progress=bar, notify=lambda line: print(f"-- {line}", file=sys.stderr))


def _tell(created: Created, address: str) -> None:
    from fsbench.userstudy.links import JOIN
    from fsbench.userstudy.spec import LINKS_FILE

    for remark in created.remarks:
        print(f"fsbench: {remark}", file=sys.stderr)
    spec, counts = created.spec, created.spec.counts
    pages = counts.per_rater + counts.training + counts.gold + counts.repeats
    print(f"{spec.title}: {', '.join(spec.method_names)}; {counts.sets} sets, made from {spec.data or 'runs'}")
    print(
        f"{counts.raters} raters with {pages} pages each: {counts.training} training, {counts.per_rater} sets,"
        f" {counts.gold} gold, {counts.repeats} repeated"
    )
    if created.expected is not None:
        print(created.expected.sentence)
    base = address.rstrip("/")
    for ordinal, token in enumerate(created.links.raters, 1):
        print(f"rater {ordinal}: {base}{JOIN}{token}")
    print(f"crowd site: {base}{JOIN}{created.links.open}?PROLIFIC_PID=...&STUDY_ID=...&SESSION_ID=...")
    print(f"links are secrets; they are kept in {created.folder / LINKS_FILE} alone", file=sys.stderr)
