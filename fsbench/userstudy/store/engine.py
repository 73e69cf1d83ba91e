"""The database behind a store: where it is, how it is opened, and what its transactions promise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from fsbench.errors import ConfigError, DependencyError, RecordError
from fsbench.userstudy.spec import STORE_FILE, STORE_URL_FILE
from fsbench.userstudy.store.interface import NotSaved

BUSY_SECONDS = 15
CONNECTIONS = 15  # of a process to PostgreSQL at most; PostgreSQL itself allows 100 in all
WRITES = "fsbench_writes"  # execution option of a connection that will write
POSTGRESQL = "postgresql+psycopg"
URL_HINT = f"--store {POSTGRESQL}://USER:PASSWORD@HOST/DATABASE"


def address(folder: Path, url: str = "") -> str:
    """Tell where the store of a study folder is: the address given, the one in its file, or the SQLite file in it."""
    file = folder / STORE_URL_FILE
    if not url and file.exists():
        url = file.read_text(encoding="utf-8").strip()
    return url or f"sqlite:///{(folder / STORE_FILE).resolve()}"


def connect(url: str) -> Engine:
    """Open a database.

    Raises:
        ConfigError: the address is none, or of another kind of database.
        DependencyError: the driver is not installed.
        RecordError: there is no database, or it does not let us in.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("the address of the store is not one of a database", hint=URL_HINT) from None
    if parsed.drivername not in ("sqlite", POSTGRESQL):
        message = f"a store cannot be kept in '{parsed.drivername}'; wanted {POSTGRESQL}, or no address for SQLite"
        raise ConfigError(message, hint=URL_HINT)
    try:
        engine = create_engine(parsed, pool_pre_ping=parsed.drivername != "sqlite", **_arguments(parsed.drivername))
    except ModuleNotFoundError as error:
        message = f"a store in PostgreSQL needs the package '{error.name}'"
        raise DependencyError(message, hint="pip install 'fsbench[postgres]'") from None
    if parsed.drivername == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    try:
        with engine.connect():
            pass
    except DBAPIError as error:
        engine.dispose()
        where = parsed.render_as_string(hide_password=True)
        raise RecordError(f"the store {where} cannot be opened: {cause(error)}", hint=URL_HINT) from None
    return engine


def _arguments(driver: str) -> dict[str, Any]:
    if driver == "sqlite":
        return {"connect_args": {"timeout": BUSY_SECONDS}}
    # all connections are kept: opening one costs the server a password hash, which a busy machine has no time for
    return {"connect_args": {"connect_timeout": BUSY_SECONDS}, "pool_size": CONNECTIONS, "max_overflow": 0}


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver begins no transaction of its own; `_begin_sqlite` does
    for pragma in (
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "journal_mode=WAL",
        "synchronous=FULL",  # NORMAL may lose the last commit when the power goes
        "foreign_keys=ON",
        "secure_delete=ON",  # what a rater withdraws is overwritten
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection for looking: all that is read in one block is of one moment (SQLite)."""
    try:
        with engine.connect() as connection, connection.begin():
            yield connection
    except (DBAPIError, NoConnection) as error:
        message = f"the store cannot be read: {cause(error)}"
        raise RecordError(message, hint="is the disk or the database there?") from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Give a connection for one transaction: all of it is on disk when the block is left, or nothing.

    Raises:
        NotSaved: the database could not write.
    """
    try:
        with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        if _is_refusal(error):
            raise
        raise NotSaved(cause(error)) from error
    except NoConnection as error:
        raise NotSaved(cause(error)) from error


def _is_refusal(error: DBAPIError) -> bool:
    """Tell a statement that the database rightly refuses, a mistake of ours, from a database that cannot write.

    Source: PostgreSQL's classes of SQLSTATE: data, integrity, syntax, PL/pgSQL.
    """
    state = getattr(error.orig, "sqlstate", None) or ""
    return isinstance(error.orig, sqlite3.IntegrityError) or state[:2] in ("22", "23", "42", "P0")


def cause(error: DBAPIError | NoConnection) -> str:
    """Give what the driver said, in one line and without the statement."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(said).split()) or type(said).__name__
