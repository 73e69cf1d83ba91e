"""The pages of a rater: which is next, when it was shown, and which pictures it may ask for."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, RowMapping, or_, select, update

from fsbench.userstudy.spec import ASSETS_FOLDER, StudySpec
from fsbench.userstudy.store.interface import Done, EndReason, Page, PageKind, Refused
from fsbench.userstudy.store.sessions import TOKEN, log, now, row_of, study_state
from fsbench.userstudy.store.tables import asset, assignment, item_set, rater, stimulus

_ENDED: dict[str, EndReason] = {"finished": "finished", "withdrawn": "withdrawn", "excluded": "excluded"}


def next_page(connection: Connection, study_id: int, spec: StudySpec, rater_id: int) -> Page | Done:
    """Give the page with the lowest position that is not done, or why there is none.

    Raises:
        Refused: the rater has not consented.
    """
    row = row_of(connection, study_id, rater_id)
    if row["state"] in _ENDED:
        return Done(_ENDED[row["state"]])
    state = study_state(connection, study_id)
    if state != "open":
        return Done("study closed" if state == "closed" else "study not open")
    if row["consent_version"] is None:
        raise Refused("consent", "consent comes first")
    pages = all_pages(connection, rater_id)
    todo = [page for page in pages if page["state"] in ("planned", "shown")]
    if not todo:
        return Done("released" if any(page["state"] == "void" for page in pages) else "all rated")
    pages = [page for page in pages if page["state"] != "void"]
    return _page(connection, spec, todo[0], pages, has_paused=row["break_at"] is not None)


def all_pages(connection: Connection, rater_id: int) -> list[RowMapping]:
    """Read the assignments of a rater with their sets, in their order."""
    query = (
        select(assignment, item_set.c.kind, item_set.c.source_asset, item_set.c.target_asset)
        .join(item_set, item_set.c.id == assignment.c.set_id)
        .where(assignment.c.rater_id == rater_id)
        .order_by(assignment.c.position)
    )
    return list(connection.execute(query).mappings())


def kind_of(page: RowMapping) -> PageKind:
    """Tell what a rater may know about a page."""
    return "training" if page["kind"] == "training" else "rated"


def _page(
    connection: Connection, spec: StudySpec, page: RowMapping, pages: list[RowMapping], *, has_paused: bool
) -> Page:
    kind = kind_of(page)
    alike = [other["id"] for other in pages if kind_of(other) == kind]
    done = sum(other["state"] == "done" for other in pages if kind_of(other) == "rated")
    tokens = _tokens(connection, page)
    return Page(
        id=page["id"],
        nonce=page["submit_key"],
        kind=kind,
        number=alike.index(page["id"]) + 1,
        total=len(alike),
        source=tokens[0],
        target=tokens[1],
        results=tuple(tokens[2:]),
        offer_break=kind == "rated" and 0 < spec.break_after <= done and not has_paused,
    )


def _tokens(connection: Connection, page: RowMapping) -> list[str]:
    """Give the asset ids of source, target, and the results by slot."""
    stimuli = [int(text) for text in page["stimulus_order"].split()]
    query = select(stimulus.c.id, stimulus.c.asset_id).where(stimulus.c.id.in_(stimuli))
    asset_of = {row.id: row.asset_id for row in connection.execute(query)}
    wanted = [page["source_asset"], page["target_asset"], *(asset_of[found] for found in stimuli)]
    rows = connection.execute(select(asset.c.id, asset.c.token).where(asset.c.id.in_(wanted)))
    token = {row.id: row.token for row in rows}
    return [token[place] for place in wanted]


def shown(connection: Connection, study_id: int, rater_id: int, page_id: int) -> None:
    """Note that a page is on the rater's screen: the first time counts, later ones (a reload) are logged.

    Raises:
        Refused: the page is not this rater's.
    """
    row_of(connection, study_id, rater_id, lock=True)
    own = assignment.c.id == page_id, assignment.c.rater_id == rater_id
    state = connection.execute(select(assignment.c.state).where(*own)).scalar()
    if state is None or state == "void":
        raise Refused("page", "this page is not yours")
    if state == "planned":
        connection.execute(update(assignment).where(*own).values(state="shown", shown_at=now()))
    log(connection, study_id, "shown", rater_id=rater_id, page=page_id)


def asset_path(connection: Connection, study_id: int, folder: Path, rater_id: int, token: str) -> Path | None:
    """Find the file of a picture on one of the rater's pages; None for all else, and before consent."""
    if not TOKEN.fullmatch(token):
        return None
    pages = (
        select(assignment.c.id)
        .join(item_set, item_set.c.id == assignment.c.set_id)
        .join(rater, rater.c.id == assignment.c.rater_id)
        .join(stimulus, stimulus.c.set_id == item_set.c.id)
        .where(
            *(assignment.c.rater_id == rater_id, assignment.c.state != "void"),
            *(rater.c.consent_version.is_not(None), rater.c.state.in_(("active", "finished"))),
            or_(
                *(item_set.c.source_asset == asset.c.id, item_set.c.target_asset == asset.c.id),
                stimulus.c.asset_id == asset.c.id,
            ),
        )
    )
    query = select(asset.c.rel_path).where(asset.c.study_id == study_id, asset.c.token == token, pages.exists())
    found = connection.execute(query).scalar()
    if found is None:
        return None
    path = folder / found
    inside = path.resolve().parent == (folder / ASSETS_FOLDER).resolve() and not path.is_symlink()
    return path if inside and path.is_file() else None
