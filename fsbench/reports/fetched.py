"""Run folders at an address, brought here to be read: all of them but the swapped pictures."""

from __future__ import annotations

import hashlib
from pathlib import Path

import platformdirs

from fsbench.data.frames import write_atomically
from fsbench.data.places import is_address, place, reaching
from fsbench.records import SWAPS_FOLDER


def fetched(path: Path) -> Path:
    """Give the path, or for an address the folder of this machine that now holds the same runs.

    Raises:
        DataError: the address cannot be read.
        DependencyError: the package for it is not installed.
    """
    text = str(path)
    if not is_address(text):
        return path
    address = place(text)
    name = hashlib.sha256(str(address).encode()).hexdigest()[:16]
    folder = Path(platformdirs.user_cache_dir("fsbench")) / "fetched" / name / address.name
    with reaching(address):
        files = {str(file.relative_to(address)): file for file in address.rglob("*") if file.is_file()}
        wanted = {name: file for name, file in files.items() if SWAPS_FOLDER not in name.split("/")}
        for name, file in wanted.items():
            write_atomically(folder / name, file.read_bytes())
    for old in [old for old in folder.rglob("*") if old.is_file() and str(old.relative_to(folder)) not in wanted]:
        old.unlink()
    return folder
