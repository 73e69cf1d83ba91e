"""The store at an address that many machines share: segments of entries, pictures as objects, an index at home.

An object store can neither change a file nor look up a key fast. So each transaction becomes an object of its own that
never changes, and every machine keeps an index of them in SQLite, which it brings up to date when it starts. Pictures
are written whole before the segment that names them, and read where they are.
"""

from __future__ import annotations

import base64
import json
import os
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from fsbench.data.places import is_address, place, reaching, write
from fsbench.engine.cache import Cache, default_folder

SEGMENTS = "CREATE TABLE IF NOT EXISTS segments (name TEXT PRIMARY KEY) WITHOUT ROWID"


def open_cache() -> Cache:
    """Open the store that FSBENCH_CACHE names: a folder, or an address.

    Raises:
        DataError: it cannot be read or written.
    """
    named = os.environ.get("FSBENCH_CACHE", "")
    return RemoteCache(place(named), default_folder()) if is_address(named) else Cache(default_folder())


class RemoteCache(Cache):
    """A store at an address, with its index in a folder of this machine.

    Raises:
        DataError: the address cannot be read or written, or the index is damaged.
    """

    def __init__(self, address: Path, folder: Path) -> None:
        super().__init__(folder)
        self.address = address
        with self._database_errors():
            self._database.execute(SEGMENTS)
        self._learn()
        self._pictures = {path.name for path in self._listed("pictures", ".png")}

    def put(self, entries: Mapping[str, bytes]) -> None:
        """Store entries as one segment, and in the index."""
        if not entries:
            return
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}.jsonl"
        lines = (json.dumps([key, base64.b64encode(value).decode()]) for key, value in entries.items())
        write(self.address / "entries" / name, ("\n".join(lines) + "\n").encode())
        self._index(name, entries)

    def picture(self, key: str, sha256: str) -> Path:
        """Where the picture with that key and those pixels is, or would be: at the address."""
        return self.address / "pictures" / key[:2] / f"{key[:32]}-{sha256[:32]}.png"

    def holds(self, picture: Path) -> bool:
        """Tell whether a picture was there when this store was opened, or came since; asks nobody."""
        return picture.name in self._pictures

    def put_picture(self, key: str, sha256: str, png: bytes) -> Path:
        """Store a picture, unless it is there already."""
        path = self.picture(key, sha256)
        if not self.holds(path):
            write(path, png)
            self._pictures.add(path.name)
        return path

    def clear(self) -> None:
        """Remove the entries and pictures of all runs at the address, and the index."""
        for kind, ending in (("pictures", ".png"), ("entries", ".jsonl")):
            for path in self._listed(kind, ending):
                with reaching(path):
                    path.unlink()
        self._pictures.clear()
        with self._database_errors():
            self._database.execute("DELETE FROM segments")
            self._database.execute("DELETE FROM entries")

    def _learn(self) -> None:
        """Take in the segments that other runs wrote; where some are gone, start the index anew."""
        present = {path.name: path for path in self._listed("entries", ".jsonl")}
        with self._database_errors():
            known = {name for (name,) in self._database.execute("SELECT name FROM segments")}
            if not known <= present.keys():
                self._database.execute("DELETE FROM segments")
                self._database.execute("DELETE FROM entries")
                known = set()
        for name in sorted(present.keys() - known):
            with reaching(present[name]):
                lines = present[name].read_text(encoding="utf-8").splitlines()
            pairs = (json.loads(line) for line in lines)
            self._index(name, {key: base64.b64decode(value) for key, value in pairs})

    def _index(self, name: str, entries: Mapping[str, bytes]) -> None:
        super().put(entries)
        with self._database_errors():
            self._database.execute("INSERT OR REPLACE INTO segments VALUES (?)", (name,))

    def _listed(self, kind: str, ending: str) -> list[Path]:
        folder = self.address / kind
        with reaching(self.address):
            return [path for path in folder.rglob("*") if path.suffix == ending] if folder.is_dir() else []
