"""Bringing a store to the schema of this version, and refusing one from a later version."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from fsbench.errors import RecordError
from fsbench.userstudy.store.engine import reading, writing

SCHEMA = "0002"  # the newest migration
KNOWN = ("0001", "0002")
FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x66736264  # PostgreSQL's advisory lock, so that two servers that start at once do not both migrate


def upgrade(engine: Engine) -> str:
    """Run the migrations that the store lacks, all in one transaction.

    Returns:
        The schema that it had before, "" for a new store.

    Raises:
        RecordError: the store was written by a later version.
        NotSaved: the store cannot be written.
    """
    with reading(engine) as connection:
        found = _schema(connection)
    if found == SCHEMA:
        return found  # the usual case, without Alembic, which takes a while to import
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = _schema(connection)
        if found != SCHEMA:
            _run(connection)
    return found


def _schema(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    found = str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")
    if found and found not in KNOWN:
        message = f"the store has schema {found}, this fsbench knows up to {SCHEMA}"
        raise RecordError(message, hint="pip install --upgrade fsbench")
    return found


def _run(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, SCHEMA)
