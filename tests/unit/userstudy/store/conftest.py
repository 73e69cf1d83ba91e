"""Studies in both kinds of database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from postgres import postgres_server
from studies import Made, make_study


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL database on loopback."""
    pytest.importorskip("psycopg", reason="needs psycopg: pip install 'fsbench[postgres]'")
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The address of the store: the study's own SQLite file, or a PostgreSQL server."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres"))


@pytest.fixture
def make(tmp_path: Path, url: str) -> Any:
    """Make studies, each of a name of its own, since one PostgreSQL database holds them all."""

    def made(**changes: Any) -> Made:
        return make_study(tmp_path / f"noise-{uuid.uuid4().hex[:12]}", url=url, **changes)

    return made
