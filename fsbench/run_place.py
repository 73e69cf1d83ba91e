"""Where run folders go: a folder, or an address that they are sent to from a folder of this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fsbench.data.frames import file_sha256, write_atomically
from fsbench.data.places import is_address, place, reaching, write
from fsbench.engine.cache import default_folder
from fsbench.records import RESULT_FILE
from fsbench.run_folder import check_writable

SENT = ".sent.json"  # file -> sha256 of what was sent last


@dataclass(frozen=True)
class RunPlace:
    """The folder that a run writes in, and the address that it belongs at, if it is not where it lies."""

    folder: Path
    address: Path | None = None

    @classmethod
    def of(cls, text: str) -> RunPlace:
        """Find the place that `--out` names."""
        if not is_address(text):
            return cls(Path(text))
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        return cls(default_folder() / "out" / name, place(text))

    def check(self) -> None:
        """Find out before the work whether results can be written.

        Raises:
            DataError: they cannot.
        """
        check_writable(self.folder)
        if self.address is not None:
            probe = self.address / ".fsbench"
            write(probe, b"")
            with reaching(probe):
                probe.unlink()

    def send(self, part: Path) -> None:
        """Send what is new at or below a part of the folder; a result.json last, since its presence means done.

        Raises:
            DataError: the address cannot be written.
        """
        if self.address is None:
            return
        record = self.folder / SENT
        sent: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
        here = {str(path.relative_to(self.folder)): path for path in _files(part)}
        below = str(part.relative_to(self.folder))
        gone = [name for name in sent if name not in here and (name == below or name.startswith(f"{below}/"))]
        try:
            for name, path in here.items():
                if sent.get(name) != (sha256 := file_sha256(path)):
                    write(self.address / name, path.read_bytes())
                    sent[name] = sha256
            for name in gone:
                with reaching(self.address):
                    (self.address / name).unlink(missing_ok=True)
                del sent[name]
        finally:
            write_atomically(record, json.dumps(sent).encode())

    def shown(self, path: Path) -> str:
        """Name a file where the user finds it."""
        return str(path.resolve() if self.address is None else self.address / str(path.relative_to(self.folder)))


def _files(part: Path) -> Iterator[Path]:
    if part.is_file():
        yield part
        return
    paths = sorted(path for path in part.rglob("*") if path.is_file() and path.name != SENT)
    yield from (path for path in paths if path.name != RESULT_FILE)
    yield from (path for path in paths if path.name == RESULT_FILE)
