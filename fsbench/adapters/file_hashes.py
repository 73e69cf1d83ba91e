"""Hashes of files that decide a result, each computed once while the file stays as it is."""

from __future__ import annotations

from pathlib import Path

from fsbench.data.frames import file_sha256
from fsbench.data.places import state_of
from fsbench.errors import ItemError


class FileHashes:
    """Remembers the sha256 of files by size and time of change: one video or program serves many pairs."""

    def __init__(self) -> None:
        self._known: dict[tuple[Path, int, int | str], str] = {}

    def of(self, path: Path) -> str:
        """Give the sha256 of a file.

        Raises:
            ItemError: it cannot be read.
        """
        try:
            state = state_of(path)
            key = (path, state["size"], state["changed"])
            if key not in self._known:
                self._known[key] = file_sha256(path)
        except OSError as error:
            raise ItemError(f"{path.name} cannot be read: {error.strerror or error}") from None
        return self._known[key]
