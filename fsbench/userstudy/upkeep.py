"""What the owner of a study does with it: release, withdraw, exclude, close, back up."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, RowMapping, delete, select, update

from fsbench.errors import ConfigError, RecordError
from fsbench.userstudy.spec import STORE_URL_FILE
from fsbench.userstudy.status import IDLE_HOURS, RaterStatus, status
from fsbench.userstudy.store import Store
from fsbench.userstudy.store.sessions import hashed, log, study_state
from fsbench.userstudy.store.tables import assignment, event, rater, rating, study

LEFT = ("planned", "shown")


@dataclass(frozen=True)
class Released:
    """A rater whose remaining pages others may get."""

    ordinal: int
    done: int
    pages: int  # given up


def release(store: Store, *, ordinals: Collection[int] = (), idle_hours: float = IDLE_HOURS) -> list[Released]:
    """Take the remaining pages from raters who never came or went away, so that `extend` can deal them to others.

    What they have rated stays and counts. A rater who comes back finds no page.

    Args:
        store: of the study.
        ordinals: these raters, whatever they do; with none, all who were not seen for `idle_hours`, and all who never
            came.
        idle_hours: without a sign of life.

    Raises:
        ConfigError: a rater is not there or has finished, or the study is closed.
    """
    found = {person.ordinal: person for person in status(store, idle_hours=idle_hours).raters}
    chosen = _chosen(found, ordinals)
    released = []
    with store.write() as connection:
        _refuse_closed(connection, store)
        for person in chosen:
            row = row_by_ordinal(connection, store, person.ordinal)
            mine = assignment.c.rater_id == row["id"], assignment.c.state.in_(LEFT)
            pages = connection.execute(update(assignment).where(*mine).values(state="void")).rowcount
            if pages:
                log(connection, store.study_id, "released", rater_id=row["id"], detail={"pages": pages})
                released.append(Released(person.ordinal, person.done, pages))
    return released


def _chosen(found: dict[int, RaterStatus], ordinals: Collection[int]) -> list[RaterStatus]:
    if not ordinals:
        return [person for person in found.values() if person.is_gone or person.state == "invited"]
    for ordinal in ordinals:
        if ordinal not in found:
            raise ConfigError(f"there is no rater {ordinal}; there are {len(found)}", hint="fsbench userstudy status")
        if found[ordinal].state not in ("invited", "active"):
            raise ConfigError(f"rater {ordinal} is {found[ordinal].state} and has no page left", hint="another rater")
    return [found[ordinal] for ordinal in ordinals]


def withdraw(store: Store, *, ordinal: int | None = None, pid: str = "") -> tuple[int, int]:
    """Forget a rater who asks for it: scores, times, events, consent and ids go; a number without content stays.

    SQLite overwrites what is deleted, and its log is emptied. Backups made before still hold it.

    Args:
        store: of the study.
        ordinal: the rater's number, or
        pid: the id that a crowd site gave.

    Returns:
        The rater's number, and how many scores were deleted.

    Raises:
        ConfigError: there is no such rater.
    """
    with store.write() as connection:
        row = _by_pid(connection, store, pid) if pid else row_by_ordinal(connection, store, ordinal or 0)
        pages = select(assignment.c.id).where(assignment.c.rater_id == row["id"])
        connection.execute(update(rater).where(rater.c.id == row["id"]).values(state="withdrawn"))
        scores = connection.execute(delete(rating).where(rating.c.assignment_id.in_(pages))).rowcount
        connection.execute(delete(event).where(event.c.rater_id == row["id"]))
        blank = {"state": "void", "shown_at": None, "done_at": None}
        connection.execute(update(assignment).where(assignment.c.rater_id == row["id"]).values(**blank))
        names = ("external_sha256", "language", "joined_at", "consent_version", "consented_at", "instructions_at")
        forgotten = dict.fromkeys((*names, "break_at", "finished_at", "excluded_reason"))
        connection.execute(update(rater).where(rater.c.id == row["id"]).values(**forgotten))
        log(connection, store.study_id, "withdrawn")
    _empty_log(store)
    return int(row["ordinal"]), scores


def _empty_log(store: Store) -> None:
    """Write SQLite's log back into the file, so that nothing deleted remains in it."""
    if store.engine.dialect.name == "sqlite":
        with store.engine.connect() as connection:
            raw = connection.connection.driver_connection
            busy = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] if raw is not None else 1
        if busy:
            message = "the rater is withdrawn, but the log of the database is in use and was not emptied"
            raise RecordError(message, hint="stop the server, then repeat the command")


def exclude(store: Store, ordinal: int, reason: str) -> None:
    """Keep a rater's votes out of export and analysis, for a reason that stands in both; the votes stay stored.

    Raises:
        ConfigError: there is no such rater, they withdrew, or there is no reason.
    """
    if not reason.strip():
        raise ConfigError("a rater is left out for a reason", hint='--reason "..."')
    with store.write() as connection:
        row = row_by_ordinal(connection, store, ordinal)
        if row["state"] == "withdrawn":
            raise ConfigError(f"rater {ordinal} withdrew; there is nothing to leave out", hint="another rater")
        values = {"state": "excluded", "excluded_reason": " ".join(reason.split())}
        connection.execute(update(rater).where(rater.c.id == row["id"]).values(**values))
        mine = assignment.c.rater_id == row["id"], assignment.c.state.in_(LEFT)
        connection.execute(update(assignment).where(*mine).values(state="void"))
        log(connection, store.study_id, "excluded", rater_id=row["id"])


def close(store: Store) -> None:
    """End a study: no vote comes in any more, and scores may be looked at.

    Raises:
        ConfigError: it is closed already.
    """
    with store.write() as connection:
        _refuse_closed(connection, store)
        connection.execute(update(study).where(study.c.id == store.study_id).values(state="closed"))
        log(connection, store.study_id, "closed")


def backup(store: Store, file: Path) -> Path:
    """Copy a SQLite store while raters are at work: the copy is of one moment, and whole.

    Raises:
        ConfigError: the store is in PostgreSQL, or the file is there.
        RecordError: the copy is damaged.
    """
    if store.engine.dialect.name != "sqlite":
        where = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=True)
        hint = f"pg_dump --format=custom --file={file} '{where}' (its password: {store.folder / STORE_URL_FILE})"
        raise ConfigError("the store is in PostgreSQL, which has its own backup", hint=hint)
    if file.exists():
        raise ConfigError(f"{file} is there already", hint="another --out")
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with store.engine.connect() as connection, sqlite3.connect(partial) as copy:
        raw = connection.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection):
            raise TypeError(f"SQLite's driver is {type(raw).__name__}")
        raw.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
    copy.close()
    if verdict != "ok":
        raise RecordError(f"the copy of the store is damaged: {verdict}", hint="check the disk, then try again")
    os.replace(partial, file)
    return file


def row_by_ordinal(connection: Connection, store: Store, ordinal: int) -> RowMapping:
    """Read a rater by number.

    Raises:
        ConfigError: there is none.
    """
    query = select(rater).where(rater.c.study_id == store.study_id, rater.c.ordinal == ordinal)
    row = connection.execute(query.with_for_update()).mappings().first()
    if row is None:
        raise ConfigError(f"there is no rater {ordinal}", hint=f"fsbench userstudy status {store.folder}")
    return row


def _by_pid(connection: Connection, store: Store, pid: str) -> RowMapping:
    key = hashed(store.spec.slug, pid)
    query = select(rater).where(rater.c.study_id == store.study_id, rater.c.external_sha256 == key)
    row = connection.execute(query.with_for_update()).mappings().first()
    if row is None:
        raise ConfigError("no rater came with this id", hint=f"fsbench userstudy status {store.folder}")
    return row


def _refuse_closed(connection: Connection, store: Store) -> None:
    if study_state(connection, store.study_id) == "closed":
        raise ConfigError(f"the study of {store.folder} is closed", hint=f"fsbench userstudy analyse {store.folder}")
