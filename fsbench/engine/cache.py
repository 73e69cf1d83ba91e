"""The content-addressed store: small values in SQLite, pictures as files beside it.

A key is a hash over everything that can change the value, so an entry never goes stale. Values are
written by the parent process alone, in transactions; a picture is written whole before the entry that names it. Two
runs may use one store at the same time. Whatever was stored before a crash is there after it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import platformdirs

from fsbench.data.frames import write_atomically
from fsbench.data.places import is_address
from fsbench.errors import DataError

# with a rowid: rows are kept apart from the tree of keys, which stays as low as one of keys alone
SCHEMA = "CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL)"
LOOKUPS_AT_ONCE = 500  # SQLite allows 999 variables in a statement in its oldest builds


def default_folder() -> Path:
    """Where the store is: the environment variable FSBENCH_CACHE, or the user's cache folder.

    Where FSBENCH_CACHE is an address, this is the folder of this machine that belongs to it.
    """
    named, own = os.environ.get("FSBENCH_CACHE", ""), Path(platformdirs.user_cache_dir("fsbench"))
    if is_address(named):
        return own / "remote" / hashlib.sha256(named.encode()).hexdigest()[:16]
    return Path(named) if named else own


def key_of(**parts: Any) -> str:
    """Name a value by all that can change it: the sha256 of the sorted JSON of the parts."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Cache:
    """A store in a folder, which is made if it is not there.

    Raises:
        DataError: the folder cannot be written, or its database is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(
                f"the cache folder {folder} cannot be made: {error.strerror}",
                hint="set FSBENCH_CACHE to a folder that can be written",
            ) from None
        with self._database_errors():
            self._database = sqlite3.connect(folder / "entries.sqlite", timeout=60, isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.execute(SCHEMA)

    def close(self) -> None:
        """Close the database; nothing is lost without it."""
        self._database.close()

    def get(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Look up many keys; those that are not there are left out."""
        found: dict[str, bytes] = {}
        iterator = iter(keys)
        with self._database_errors():
            while block := list(islice(iterator, LOOKUPS_AT_ONCE)):
                marks = ",".join("?" * len(block))
                found.update(self._database.execute(f"SELECT key, value FROM entries WHERE key IN ({marks})", block))
        return found

    def put(self, entries: Mapping[str, bytes]) -> None:
        """Store entries in one transaction."""
        if not entries:
            return
        with self._database_errors():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?)", entries.items())
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def picture(self, key: str, sha256: str) -> Path:
        """Where the picture with that key and those pixels is, or would be."""
        return self.folder / "pictures" / key[:2] / f"{key[:32]}-{sha256[:32]}.png"

    def holds(self, picture: Path) -> bool:
        """Tell whether a picture, as `picture` names it, is there."""
        return picture.exists()

    def put_picture(self, key: str, sha256: str, png: bytes) -> Path:
        """Store a picture, unless it is there already."""
        path = self.picture(key, sha256)
        if not path.exists():
            write_atomically(path, png)
            path.chmod(0o444)  # run folders hold the same file: who edits a picture there must not change the store
        return path

    def __len__(self) -> int:
        with self._database_errors():
            return int(self._database.execute("SELECT count(*) FROM entries").fetchone()[0])

    @contextmanager
    def _database_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise DataError(
                f"the cache {self.folder} cannot be used: {error}",
                hint="free disk space, or `fsbench cache clear`, or set FSBENCH_CACHE to another folder",
            ) from error
