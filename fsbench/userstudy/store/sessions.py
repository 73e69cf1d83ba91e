"""Raters as they come and go: links, consent, instructions, break, end."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from fsbench.userstudy.store.interface import Joined, Prolific, Refused, Session
from fsbench.userstudy.store.tables import assignment, event, rater, study

TOKEN = re.compile(r"[0-9a-f]{32}")  # 128 random bits
LONGEST = 200  # characters of what a browser may say about itself


def now() -> str:
    """Give the time in UTC as ISO 8601."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")


def new_token() -> str:
    """Draw 128 random bits as 32 hex digits."""
    return secrets.token_hex(16)


def hashed(*texts: str) -> str:
    """Give the sha256 of texts, each on a line of its own."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def log(
    connection: Connection,
    study_id: int,
    kind: str,
    *,
    rater_id: int | None = None,
    page: int | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Write down that something happened. Details hold no token and no score."""
    connection.execute(
        insert(event).values(
            study_id=study_id,
            rater_id=rater_id,
            assignment_id=page,
            kind=kind,
            at=now(),
            detail_json=json.dumps(detail, sort_keys=True) if detail else None,
        )
    )


def session_of(row: RowMapping) -> Session:
    """Turn a row of raters into what a page may know."""
    return Session(
        rater=row["id"],
        ordinal=row["ordinal"],
        state=row["state"],
        language=row["language"],
        consent_version=row["consent_version"],
        instructions_seen=row["instructions_at"] is not None,
    )


def row_of(connection: Connection, study_id: int, rater_id: int, *, lock: bool = False) -> RowMapping:
    """Read a rater, and with `lock` keep other transactions from changing them (SQLite locks as a whole).

    Raises:
        Refused: there is no such rater in this study.
    """
    query = select(rater).where(rater.c.id == rater_id, rater.c.study_id == study_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise Refused("rater", "there is no such rater")
    return row


def study_state(connection: Connection, study_id: int) -> str:
    """Tell whether the study is draft, open or closed."""
    return str(connection.execute(select(study.c.state).where(study.c.id == study_id)).scalar_one())


def find(connection: Connection, study_id: int, token: str) -> RowMapping | None:
    """Find the rater of a token."""
    if not TOKEN.fullmatch(token):
        return None
    query = select(rater).where(rater.c.token_sha256 == hashed(token), rater.c.study_id == study_id)
    return connection.execute(query).mappings().first()


def join(connection: Connection, study_id: int, slug: str, token: str, prolific: Prolific | None) -> Joined | None:
    """Let in whoever has a rater's own link, or the open link together with an id of a crowd site."""
    row, cookie = find(connection, study_id, token), token
    if row is None and prolific is not None and prolific.pid and _is_open_link(connection, study_id, token):
        cookie = new_token()
        row = _claim(connection, study_id, hashed(slug, prolific.pid[:LONGEST]), cookie)
    if row is None:
        return None
    values: dict[str, Any] = {"joined_at": now()} if row["joined_at"] is None else {}
    if row["state"] == "invited":
        values["state"] = "active"
    if values:
        connection.execute(update(rater).where(rater.c.id == row["id"]).values(**values))
    if prolific is not None:
        attach(connection, study_id, slug, row["id"], prolific)
    log(connection, study_id, "joined", rater_id=row["id"])
    return Joined(session_of(row_of(connection, study_id, row["id"])), cookie)


def attach(connection: Connection, study_id: int, slug: str, rater_id: int, prolific: Prolific) -> None:
    """Keep hashes of the ids that a crowd site gave a rater.

    Raises:
        Refused: the rater has another id already, or the id is another rater's.
    """
    wanted = hashed(slug, prolific.pid[:LONGEST])
    row = row_of(connection, study_id, rater_id, lock=True)
    if row["external_sha256"] not in (None, wanted):
        raise Refused("rater", "this link belongs to another participant")
    taken = select(rater.c.id).where(
        rater.c.study_id == study_id, rater.c.external_sha256 == wanted, rater.c.id != rater_id
    )
    if connection.execute(taken).first():
        raise Refused("rater", "this participant takes part under another link")
    connection.execute(update(rater).where(rater.c.id == rater_id).values(external_sha256=wanted))
    ids = {"study": prolific.study_id, "session": prolific.session_id}
    detail = {name: hashed(slug, value[:LONGEST]) for name, value in ids.items() if value}
    log(connection, study_id, "crowd site", rater_id=rater_id, detail=detail)


def consent(
    connection: Connection, study_id: int, rater_id: int, version: str, language: str, answers: Mapping[str, Any]
) -> None:
    """Store that a rater agreed, to which version of the text, in which language, and what else they were asked.

    Raises:
        Refused: the rater is out, or the version is empty.
    """
    row = row_of(connection, study_id, rater_id, lock=True)
    if row["state"] not in ("invited", "active"):
        raise Refused("rater", f"this rater is {row['state']}")
    if not version:
        raise Refused("consent", "consent to a text without a version cannot be shown later")
    told = {str(key)[:LONGEST]: str(value)[:LONGEST] for key, value in list(answers.items())[:20]}
    values = {"consent_version": version[:LONGEST], "consented_at": now(), "language": language[:LONGEST]}
    connection.execute(update(rater).where(rater.c.id == rater_id).values(**values, state="active"))
    detail = {"version": version[:LONGEST], "answers": told}
    log(connection, study_id, "consented", rater_id=rater_id, detail=detail)


def mark(connection: Connection, study_id: int, rater_id: int, column: str, kind: str, **detail: bool) -> None:
    """Set the time of something that happens once, and log each time that it happens."""
    row_of(connection, study_id, rater_id)
    where = rater.c.id == rater_id, rater.c[column].is_(None)
    connection.execute(update(rater).where(*where).values(**{column: now()}))
    log(connection, study_id, kind, rater_id=rater_id, detail=detail)


def finish(connection: Connection, study_id: int, rater_id: int) -> None:
    """Mark a rater as finished; again is fine.

    Raises:
        Refused: sets remain to be rated, or the rater is withdrawn, excluded or released.
    """
    row = row_of(connection, study_id, rater_id, lock=True)
    if row["state"] == "finished":
        return
    if row["state"] != "active":
        raise Refused("rater", f"this rater is {row['state']}")
    query = select(assignment.c.id).where(assignment.c.rater_id == rater_id, assignment.c.state != "done").limit(1)
    if connection.execute(query).first():
        raise Refused("page", "not all sets are rated yet")
    connection.execute(update(rater).where(rater.c.id == rater_id).values(state="finished", finished_at=now()))
    log(connection, study_id, "finished", rater_id=rater_id)


def _is_open_link(connection: Connection, study_id: int, token: str) -> bool:
    query = select(study.c.open_token_sha256).where(study.c.id == study_id)
    return bool(TOKEN.fullmatch(token)) and connection.execute(query).scalar() == hashed(token)


def _claim(connection: Connection, study_id: int, external: str, cookie: str) -> RowMapping:
    """Give a participant their place, or the next free one; their older cookie and the place's own link end."""
    known = select(rater).where(rater.c.study_id == study_id, rater.c.external_sha256 == external)
    row = connection.execute(known.with_for_update()).mappings().first()
    if row is None:
        free = select(rater).where(
            *(rater.c.study_id == study_id, rater.c.state == "invited", rater.c.external_sha256.is_(None)),
            rater.c.joined_at.is_(None),
        )
        free = free.order_by(rater.c.ordinal).limit(1).with_for_update(skip_locked=True)
        row = connection.execute(free).mappings().first()
    if row is None:
        raise Refused("full", "no place is left in this study")
    values = {"token_sha256": hashed(cookie), "external_sha256": external}
    connection.execute(update(rater).where(rater.c.id == row["id"]).values(**values))
    return row_of(connection, study_id, row["id"])
