"""`fsbench userstudy simulate`: a rehearsal with raters who do not exist."""

from __future__ import annotations

import json
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fsbench.userstudy.simulate.drive import Crowd, Report
    from fsbench.userstudy.simulate.truth import Truth
    from fsbench.userstudy.store import Store


class Through(str, Enum):
    """What stands between the raters and the store."""

    store = "store"
    server = "server"


def register(group: typer.Typer) -> None:
    """Add the command."""
    group.command("simulate")(simulate)


def simulate(
    study: Annotated[Path, typer.Argument(help="Folder of the study; it is not changed.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the rehearsal, to be made.")],
    through: Annotated[Through, typer.Option(help="server: the real one, by its protocol.")] = Through.server,
    raters: Annotated[int | None, typer.Option(min=1, help="How many; default: as the study has.")] = None,
    mean: Annotated[list[str] | None, typer.Option(help="METHOD=MEAN, or three means by question; again.")] = None,
    clickers: Annotated[float, typer.Option(help="Share of raters who click at random.")] = 0.0,
    straight: Annotated[float, typer.Option(help="Share of raters who give nearly always one score.")] = 0.0,
    quitters: Annotated[int, typer.Option(min=0, help="So many go away after five pages.")] = 0,
    think: Annotated[float, typer.Option(min=0, help="Mean seconds on a page.")] = 0.0,
    at_once: Annotated[int, typer.Option(min=1, help="Raters at the same time.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of what raters think.")] = 0,
    store: Annotated[str, typer.Option(help="Address of a database for the rehearsal; default: SQLite.")] = "",
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Copy a study, let raters with known means rate all of the copy, and close it, ready to be analysed."""
    from fsbench.cli.userstudy_admin import opened
    from fsbench.userstudy.simulate.drive import Crowd, settle
    from fsbench.userstudy.simulate.rehearsal import rehearse
    from fsbench.userstudy.simulate.truth import Truth, means_of
    from fsbench.userstudy.upkeep import close

    crowd = Crowd(at_once=at_once, think=think, quitters=quitters, seed=seed)
    with opened(study, "") as origin:
        means = means_of(origin.spec.method_names, mean or [])
        limit = origin.spec.screening.min_median_seconds
        is_hasty = limit is not None and think < 2 * limit
        rehearse(origin, out, raters=raters, is_hasty=is_hasty, url=store)
    with opened(out, "") as copy:
        report = _drive(copy, Truth(copy, means, seed=seed, clickers=clickers, straight=straight), crowd, through)
        settle(report, copy)
        is_whole = report.finished == report.raters and not report.errors
        if is_whole:
            close(copy)
    _tell(report, out, as_json=json_, is_closed=is_whole)
    if report.errors:
        raise typer.Exit(1)


def _drive(store: Store, truth: Truth, crowd: Crowd, through: Through) -> Report:
    from fsbench.cli.progress import bar
    from fsbench.userstudy.links import OPEN, read_links
    from fsbench.userstudy.simulate.browser import ServerClient
    from fsbench.userstudy.simulate.clients import StoreClient
    from fsbench.userstudy.simulate.drive import drive, serving

    links = {int(name): token for name, token in read_links(store.folder).items() if name != OPEN}
    counts = store.spec.counts
    pages = counts.training + counts.per_rater + counts.gold + counts.repeats
    with bar("rate", pages * len(links)) as advance:
        if through is Through.store:
            store.open_study()
            return drive(lambda: StoreClient(store), truth, links, crowd, on_page=lambda: advance(1))
        with serving(store.folder) as server:
            return drive(lambda: ServerClient(server.address), truth, links, crowd, on_page=lambda: advance(1))


def _tell(report: Report, out: Path, *, as_json: bool, is_closed: bool) -> None:
    for error in report.errors[:10]:
        print(f"fsbench: {error}", file=sys.stderr)
    content = {
        **{"raters": report.raters, "finished": report.finished, "pages": report.pages, "scores": report.stored},
        **{"seconds": report.seconds, "wait_p50": report.wait(0.5), "wait_p95": report.wait(0.95)},
        "errors": report.errors,
    }
    if as_json:
        print(json.dumps(content, indent=2))
    else:
        waits = [f"{report.wait(share) or 0:.3f} s" for share in (0.5, 0.95)]
        print(
            f"{report.finished} of {report.raters} simulated raters finished; {report.pages} pages acknowledged,"
            f" {report.stored} scores stored in {report.seconds:.1f} s; a page waits {waits[0]} (95 %: {waits[1]})"
        )
    hint = f"fsbench userstudy analyse {out}" if is_closed else f"fsbench userstudy status {out}"
    print(hint, file=sys.stderr)
