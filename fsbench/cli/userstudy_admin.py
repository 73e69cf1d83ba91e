"""`fsbench userstudy` for the owner of a study: status, release, extend, withdraw, exclude, close, export, backup."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fsbench.userstudy.status import StudyStatus
    from fsbench.userstudy.store import Store

Folder = Annotated[Path, typer.Argument(help="Folder of the study.")]
Url = Annotated[str, typer.Option("--store", help="Address of the store, where it is not the study's own.")]
Idle = Annotated[float, typer.Option(help="Hours without a sign of life after which a rater counts as gone.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(group: typer.Typer) -> None:
    """Add the commands."""
    for command in (status, release, extend, withdraw, exclude, close, export, backup):
        group.command(command.__name__)(command)


@contextmanager
def opened(study: Path, url: str) -> Iterator[Store]:
    """Open a study's store for one command; a database that cannot write is the user's to mend."""
    from fsbench.catalog import load
    from fsbench.errors import RecordError

    store: Store = load("fsbench.userstudy.store:open_store")(study, url)
    not_saved: type[Exception] = load("fsbench.userstudy.store:NotSaved")
    try:
        yield store
    except not_saved as error:
        raise RecordError(f"the store cannot be written: {error}", hint="is its disk full, or read-only?") from None
    finally:
        store.close()


def status(study: Folder, idle_hours: Idle = 24.0, store: Url = "", json_: AsJson = False) -> None:
    """Print who came, who is done, who is gone, and how far the sets are. Never a score."""
    from fsbench.userstudy.status import status as find

    with opened(study, store) as found:
        result = find(found, idle_hours=idle_hours)
    if json_:
        print(json.dumps(result.content(), indent=2))
    else:
        _print_status(result)


def _print_status(found: StudyStatus) -> None:
    states = ", ".join(f"{count} {state}" for state, count in sorted(found.states.items()))
    print(f"{found.title}: {found.state}")
    print(f"raters: {states}" + (f"; {found.gone} of the active gone" if found.gone else ""))
    print(
        f"main sets: {found.main_done} of {found.main_planned} rated ({found.completion:.0%});"
        f" each {found.views_low} to {found.views_high} times; last at {found.last_submit or 'no time'}"
    )
    print(f"{'rater':>5}  {'state':<10}{'pages':>9}  {'seconds a page':>14}  last seen")
    for one in found.raters:
        pace = "" if one.pace is None else f"{one.pace:.0f}"
        seen = "" if one.idle is None else f"{one.idle / 3600:.1f} h ago"
        more = (", gone" if one.is_gone else "") + (f", {one.released} pages given up" if one.released else "")
        print(f"{one.ordinal:>5}  {one.state:<10}{f'{one.done}/{one.planned}':>9}  {pace:>14}  {seen}{more}")


def release(
    study: Folder,
    rater: Annotated[list[int] | None, typer.Option(help="Only this rater, again for more.")] = None,
    idle_hours: Idle = 24.0,
    store: Url = "",
) -> None:
    """Take the remaining pages from raters who never came or are gone, so that `extend` can deal them to others."""
    from fsbench.userstudy.upkeep import release as do

    with opened(study, store) as found:
        released = do(found, ordinals=rater or (), idle_hours=idle_hours)
    for one in released:
        print(f"rater {one.ordinal}: {one.pages} pages given up, {one.done} rated ones stay")
    if released:
        print(f"fsbench userstudy extend {study} deals them to new raters", file=sys.stderr)
    else:
        print("nobody to release")


def extend(
    study: Folder,
    raters: Annotated[int | None, typer.Option(help="How many; default: as many as what was left needs.")] = None,
    store: Url = "",
    address: Annotated[str, typer.Option(help="Where the server is, for the links.")] = "http://127.0.0.1:8501",
) -> None:
    """Add raters: they get what others left, then the sets rated least. Prints their links."""
    from fsbench.userstudy.extend import extend as do
    from fsbench.userstudy.links import JOIN

    with opened(study, store) as found:
        added = do(found, raters=raters)
    print(f"{len(added.tokens)} raters added; {added.taken_over} sets that others left are dealt to them")
    if added.remaining:
        print(f"{added.remaining} sets that others left are still nobody's", file=sys.stderr)
    for ordinal, token in enumerate(added.tokens, added.first):
        print(f"rater {ordinal}: {address.rstrip('/')}{JOIN}{token}")


def withdraw(
    study: Folder,
    rater: Annotated[int | None, typer.Argument(help="The rater's number.")] = None,
    prolific: Annotated[str, typer.Option(help="Or the id that a crowd site gave.")] = "",
    store: Url = "",
) -> None:
    """Delete all that a rater said and did, as they ask."""
    from fsbench.errors import ConfigError
    from fsbench.userstudy.upkeep import withdraw as do

    if (rater is None) == (not prolific):
        raise ConfigError("one rater is withdrawn at a time", hint="fsbench userstudy withdraw STUDY NUMBER")
    with opened(study, store) as found:
        ordinal, scores = do(found, ordinal=rater, pid=prolific)
    print(f"rater {ordinal} withdrawn: {scores} scores deleted; backups and exports made before still hold them")


def exclude(
    study: Folder,
    rater: Annotated[int, typer.Argument(help="The rater's number.")],
    reason: Annotated[str, typer.Option(help="Why; it stands in exports and analyses.")] = "",
    store: Url = "",
) -> None:
    """Leave a rater's votes out of export and analysis, for a reason other than the study's own screening rules."""
    from fsbench.userstudy.upkeep import exclude as do

    with opened(study, store) as found:
        do(found, rater, reason)
    print(f"rater {rater} is left out: {reason}")


def close(study: Folder, store: Url = "") -> None:
    """End a study: no vote comes in any more, and scores may be looked at."""
    from fsbench.userstudy.status import status as find
    from fsbench.userstudy.upkeep import close as do

    with opened(study, store) as found:
        do(found)
        result = find(found)
    print(f"closed with {result.main_done} of {result.main_planned} main sets rated ({result.completion:.0%})")
    print(f"fsbench userstudy analyse {study}", file=sys.stderr)


def export(
    study: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the files.")],
    interim: Annotated[bool, typer.Option("--interim", help="Export a study that is still open, too.")] = False,
    store: Url = "",
) -> None:
    """Write the votes as CSV, Parquet and JSON, who took part, and a P.910 matrix a question."""
    from fsbench.userstudy.analysis.votes import left_out
    from fsbench.userstudy.export import export as do
    from fsbench.userstudy.export import raters

    with opened(study, store) as found:
        files = do(found, out, interim=interim)
        remarks = left_out(raters(found))
    for remark in remarks:
        print(f"fsbench: {remark}", file=sys.stderr)
    print("written:", ", ".join(str(file) for file in files.values()))


def backup(
    study: Folder,
    out: Annotated[Path, typer.Option("--out", "-o", help="The SQLite file to write.")],
    store: Url = "",
) -> None:
    """Copy a SQLite store, also while raters are at work."""
    from fsbench.userstudy.upkeep import backup as do

    with opened(study, store) as found:
        print(do(found, out))
