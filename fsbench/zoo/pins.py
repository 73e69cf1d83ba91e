"""What a weights folder remembers: hashes of the files in it, and which licences were accepted.

`weights.lock` is JSON. A weight that nobody publishes a hash for is pinned there when it is first added, and another
file in its place is refused later.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fsbench.data.frames import write_atomically
from fsbench.errors import WeightError

LOCK_FILE = "weights.lock"
GUARD = ".fsbench.lock"  # held while the folder changes


class Pin(BaseModel):
    """What is known of one file in the folder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    sha256: str
    source_sha256: str  # of the file as it came; another than sha256 where it was converted
    origin: str  # the address, or "by hand"
    size: int  # with mtime_ns: the file whose hash was computed; where both hold, it is not computed again
    mtime_ns: int

    def still(self, path: Path) -> bool:
        """Whether a file looks untouched since its hash was computed."""
        found = path.stat()
        return (found.st_size, found.st_mtime_ns) == (self.size, self.mtime_ns)


class Pins(BaseModel):
    """The content of weights.lock."""

    model_config = ConfigDict(extra="forbid")

    version: int = 1
    accepted: dict[str, str] = Field(default_factory=dict)  # weight -> the licence as it was shown
    weights: dict[str, Pin] = Field(default_factory=dict)


def read_pins(folder: Path) -> Pins:
    """Read what a folder remembers; nothing where there is no such folder.

    Raises:
        WeightError: the file is damaged.
    """
    path = folder / LOCK_FILE
    try:
        return Pins.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Pins()
    except (OSError, ValidationError, ValueError) as error:
        problem = str(error).splitlines()[0]
        raise WeightError(
            f"{path} cannot be read: {problem}", hint="mend it, or remove it and check with `fsbench zoo verify`"
        ) from None


@contextlib.contextmanager
def changing_pins(folder: Path) -> Iterator[Pins]:
    """Change what a folder remembers; written whole at the end, or not at all after an error.

    Raises:
        WeightError: the folder cannot be written.
    """
    with exclusive(folder):
        pins = read_pins(folder)
        yield pins
        text = json.dumps(pins.model_dump(), indent=2, sort_keys=True) + "\n"
        write_atomically(folder / LOCK_FILE, text.encode())


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Let one process at a time change the folder; may be nested.

    Raises:
        WeightError: the folder cannot be written.
    """
    from filelock import FileLock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        guard = FileLock(folder / GUARD, is_singleton=True)
        guard.acquire()
    except OSError as error:
        raise WeightError(
            f"the weights folder {folder} cannot be written: {error.strerror or error}",
            hint="set FSBENCH_WEIGHTS to another folder",
        ) from None
    try:
        yield
    finally:
        guard.release()
