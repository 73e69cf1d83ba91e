"""Stores of older versions are brought up to date with all they hold; those of later ones are refused."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect
from studies import make_study, rate

from fsbench.errors import RecordError
from fsbench.userstudy.links import read_links
from fsbench.userstudy.store import open_store
from fsbench.userstudy.store.migrate import FOLDER, KNOWN, SCHEMA
from fsbench.userstudy.store.tables import metadata

OLD = Path(__file__).parents[3] / "golden" / "userstudy" / "store_v0001"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A study as the first version wrote it: two raters, of whom the first has rated two pages of three."""
    folder = tmp_path / "old"
    folder.mkdir()
    for name in ("study.json", "links.csv"):
        shutil.copy(OLD / name, folder / name)
    with sqlite3.connect(folder / "study.sqlite") as database:
        database.executescript((OLD / "study.sql").read_text())
    return folder


def content(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(folder / "study.sqlite") as database:
        return {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in metadata.tables}


def version(folder: Path) -> str:
    with sqlite3.connect(folder / "study.sqlite") as database:
        return str(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def test_a_store_of_the_first_version_keeps_its_rows_and_its_raters_go_on(old: Path) -> None:
    before = content(old)
    assert version(old) == "0001" and len(before["rating"]) == 12
    store = open_store(old)
    assert version(old) == SCHEMA
    assert content(old) == before
    joined = store.join(read_links(old)["1"])
    assert joined is not None and rate(store, joined.session) == 1
    assert len(content(old)["rating"]) == 18
    with (
        pytest.raises(sqlite3.IntegrityError, match="never changed"),
        sqlite3.connect(old / "study.sqlite") as database,
    ):
        database.execute("UPDATE rating SET score = 0")


def test_a_store_of_a_later_version_is_refused_and_not_touched(old: Path) -> None:
    with sqlite3.connect(old / "study.sqlite") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    before = content(old)
    with pytest.raises(RecordError, match=f"the store has schema 9999, this fsbench knows up to {SCHEMA}") as caught:
        open_store(old)
    assert caught.value.hint == "pip install --upgrade fsbench"
    assert content(old) == before and version(old) == "9999"


def test_the_code_knows_every_migration_in_their_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [SCHEMA]
    assert [found.revision for found in script.walk_revisions()][::-1] == list(KNOWN)


def test_migrations_make_the_tables_and_columns_that_the_code_names(tmp_path: Path) -> None:
    made = make_study(tmp_path / "new")
    found = inspect(create_engine(f"sqlite:///{made.folder / 'study.sqlite'}"))
    assert set(found.get_table_names()) == {*metadata.tables, "alembic_version"}
    for name, table in metadata.tables.items():
        columns = {column["name"]: (str(column["type"]), column["nullable"]) for column in found.get_columns(name)}
        assert columns == {column.name: (str(column.type), column.nullable) for column in table.columns}, name
