import sqlite3
from pathlib import Path

import pytest

from fsbench.engine.cache import Cache, default_folder, key_of
from fsbench.errors import DataError


def test_what_was_put_is_found_and_the_rest_is_left_out(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put({"a": b"1", "b": b"2"})
    assert cache.get(["a", "b", "c"]) == {"a": b"1", "b": b"2"}
    assert len(cache) == 2


def test_more_keys_than_a_statement_takes_are_looked_up(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    entries = {f"k{number}": str(number).encode() for number in range(1234)}
    cache.put(entries)
    assert cache.get(entries) == entries


def test_two_runs_may_write_at_the_same_time(tmp_path: Path) -> None:
    one, other = Cache(tmp_path), Cache(tmp_path)
    for number in range(50):
        one.put({f"one{number}": b"x"})
        other.put({f"other{number}": b"y"})
    assert len(one) == len(other) == 100


def test_what_was_put_survives_a_close(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put({"a": b"1"})
    cache.close()
    assert Cache(tmp_path).get(["a"]) == {"a": b"1"}


def test_nothing_is_stored_when_a_transaction_fails(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with pytest.raises(DataError, match="cannot be used"):
        cache.put({"a": b"1", "b": None})  # type: ignore[dict-item]
    assert cache.get(["a"]) == {}
    cache.put({"c": b"3"})
    assert cache.get(["c"]) == {"c": b"3"}


def test_a_damaged_database_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "entries.sqlite").write_bytes(b"this is no database, but long enough to be read as one" * 100)
    with pytest.raises(DataError, match="cannot be used: file is not a database"):
        Cache(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be made"):
        Cache(tmp_path / "file" / "cache")


def test_a_picture_is_named_by_key_and_pixels(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    path = cache.put_picture("ab" * 32, "cd" * 32, b"png")
    assert path.read_bytes() == b"png"
    assert path == cache.picture("ab" * 32, "cd" * 32)
    assert path != cache.picture("ab" * 32, "ef" * 32)


def test_the_key_depends_on_every_part_and_not_on_their_order() -> None:
    assert key_of(a=1, b=[2]) == key_of(b=[2], a=1)
    assert len({key_of(a=1), key_of(a=2), key_of(b=1), key_of(a="1")}) == 4


def test_the_environment_moves_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FSBENCH_CACHE", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("FSBENCH_CACHE")
    assert default_folder().name == "fsbench"


def test_a_full_disk_keeps_what_is_there(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put({"a": b"1"})
    pages = cache._database.execute("PRAGMA page_count").fetchone()[0]
    cache._database.execute(f"PRAGMA max_page_count={pages + 1}")
    with pytest.raises(DataError, match="full"):
        cache.put({"big": bytes(10_000_000)})
    assert cache.get(["a", "big"]) == {"a": b"1"}
    assert sqlite3.connect(tmp_path / "entries.sqlite").execute("PRAGMA integrity_check").fetchone() == ("ok",)
