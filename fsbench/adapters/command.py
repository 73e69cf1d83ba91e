"""An external program as a swapper: one call a pair, pictures in and out as files."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from fsbench.adapters import process
from fsbench.adapters.declared import identity_networks
from fsbench.adapters.file_hashes import FileHashes
from fsbench.adapters.one_by_one import one_by_one
from fsbench.data.frames import PICTURES, png_bytes, read_rgb
from fsbench.errors import ConfigError, ItemError
from fsbench.interfaces import Swapper
from fsbench.types import IdentityUse, SwapItem, SwapPair, Swapped

PLACEHOLDERS = ("source", "target", "output")
HINT = "call='python swap.py {source} {target} {output}'"


class Command(Swapper):
    """Runs a program for each pair; it reads two PNG files and writes the result as a third picture.

    The files lie in a fresh temporary folder; the program runs in `cwd`, or else in the folder fsbench was started
    from, without a shell. When the program or a file named in the call changes, pairs are swapped anew; what else the
    program reads is not seen.
    """

    name = "command"
    version = 1

    def __init__(
        self, *, call: str, timeout: float = 120, cwd: str = "", suffix: str = ".png", trained_with: str = ""
    ) -> None:
        self._made_with = identity_networks(trained_with)
        self._folder = Path(cwd).expanduser().resolve()
        if not self._folder.is_dir():
            raise ConfigError(f"cwd '{cwd}' is no folder", hint="leave it out to run where fsbench was started")
        if not timeout > 0:
            raise ConfigError(f"timeout is {timeout:g} seconds; it must be above 0", hint="timeout=120")
        if suffix.lower() not in PICTURES:
            raise ConfigError(f"suffix '{suffix}' is no picture format", hint=f"suffix = {' | '.join(PICTURES)}")
        self._timeout, self._suffix, self._hashes = timeout, suffix, FileHashes()
        self._words = _words(call)
        self._words[0] = process.program(self._words[0], self._folder)

    def identity_networks(self) -> tuple[IdentityUse, ...] | None:
        """Name what the user says."""
        return self._made_with

    def fingerprint(self, pair: SwapPair) -> str:
        """Hash the program and the files named in the call, so that an edited script swaps anew."""
        paths = (self._folder / Path(word).expanduser() for word in self._words if not process.fields(word))
        return " ".join(f"{path.name}:{self._hashes.of(path)}" for path in paths if path.is_file())

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        """Call the program once an item; whatever goes wrong with it is an ItemError that quotes its stderr."""
        return one_by_one(items, self._swap_one)

    def _swap_one(self, item: SwapItem) -> Swapped:
        target = read_rgb(item.target.image.path)
        with tempfile.TemporaryDirectory(prefix="fsbench-") as name:
            folder = Path(name)
            files = {"source": folder / "source.png", "target": folder / "target.png"}
            files["output"] = folder / f"output{self._suffix}"
            files["source"].write_bytes(png_bytes(read_rgb(item.source.image.path)))
            files["target"].write_bytes(png_bytes(target))
            notes, values = folder / "stderr.txt", {name: str(path) for name, path in files.items()}
            words = [process.filled(word, values) for word in self._words]
            process.run(words, folder=self._folder, timeout=self._timeout, notes=notes)
            if not files["output"].is_file():
                raise ItemError(f"the program ended well but wrote no {files['output'].name}{process.quote(notes)}")
            result = read_rgb(files["output"])
        if result.shape != target.shape:
            found, wanted = (f"{image.shape[1]} x {image.shape[0]}" for image in (result, target))
            raise ItemError(f"the program wrote {found} pixels, the target has {wanted}")
        return Swapped(result)


def _words(call: str) -> list[str]:
    words = process.words_of(call, hint=HINT)
    found = [field for word in words for field in process.fields(word)]
    if unknown := sorted(set(found) - set(PLACEHOLDERS)):
        raise ConfigError(f"call has the unknown placeholder {{{unknown[0]}}}", hint=HINT)
    if missing := [name for name in PLACEHOLDERS if name not in found]:
        raise ConfigError(f"call lacks {{{'}, {'.join(missing)}}}", hint=HINT)
    return words
