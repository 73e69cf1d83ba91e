"""An external program as a swapper: one call a pair, pictures in and out as files."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import string
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from fsbench.adapters.file_hashes import FileHashes
from fsbench.adapters.one_by_one import one_by_one
from fsbench.data.frames import PICTURES, png_bytes, read_rgb
from fsbench.errors import ConfigError, ItemError
from fsbench.interfaces import Swapper
from fsbench.types import SwapItem, SwapPair, Swapped

PLACEHOLDERS = ("source", "target", "output")
HINT = "call='python swap.py {source} {target} {output}'"
TAIL = 500  # characters of stderr that a failure quotes


class Command(Swapper):
    """Runs a program for each pair; it reads two PNG files and writes the result as a third picture.

    The files lie in a fresh temporary folder; the program runs in `cwd`, or else in the folder fsbench was started
    from, without a shell. When the program or a file named in the call changes, pairs are swapped anew; what else the
    program reads is not seen.
    """

    name = "command"
    version = 1

    def __init__(self, *, call: str, timeout: float = 120, cwd: str = "", suffix: str = ".png") -> None:
        self._folder = Path(cwd).expanduser().resolve()
        if not self._folder.is_dir():
            raise ConfigError(f"cwd '{cwd}' is no folder", hint="leave it out to run where fsbench was started")
        if not timeout > 0:
            raise ConfigError(f"timeout is {timeout:g} seconds; it must be above 0", hint="timeout=120")
        if suffix.lower() not in PICTURES:
            raise ConfigError(f"suffix '{suffix}' is no picture format", hint=f"suffix = {' | '.join(PICTURES)}")
        self._timeout, self._suffix, self._hashes = timeout, suffix, FileHashes()
        self._words = _words(call)
        self._words[0] = self._program(self._words[0])

    def fingerprint(self, pair: SwapPair) -> str:
        """Hash the program and the files named in the call, so that an edited script swaps anew."""
        paths = (self._folder / Path(word).expanduser() for word in self._words if not _fields(word))
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
            self._run([_filled(word, files) for word in self._words], folder)
            if not files["output"].is_file():
                raise ItemError(f"the program ended well but wrote no {files['output'].name}{_quote(folder)}")
            result = read_rgb(files["output"])
        if result.shape != target.shape:
            found, wanted = (f"{image.shape[1]} x {image.shape[0]}" for image in (result, target))
            raise ItemError(f"the program wrote {found} pixels, the target has {wanted}")
        return Swapped(result)

    def _run(self, words: list[str], folder: Path) -> None:
        # stderr goes to a file: a pipe that nobody reads would block a program that says much
        with (folder / "stderr.txt").open("wb") as errors:
            try:
                process = subprocess.Popen(
                    words,
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    start_new_session=True,  # a group of its own, so that its children end with it
                )
            except OSError as error:
                raise ItemError(f"{words[0]} cannot be started: {error.strerror}") from None
            try:
                code = process.wait(self._timeout)
            except subprocess.TimeoutExpired:
                raise ItemError(f"no result after {self._timeout:g} s, stopped{_quote(folder)}") from None
            finally:
                _end(process)
        if code:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            raise ItemError(f"the program {how}{_quote(folder)}")

    def _program(self, word: str) -> str:
        found = shutil.which(str(self._folder / Path(word).expanduser()) if os.sep in word else word)
        if found is None:
            raise ConfigError(f"there is no program '{word}'", hint="give its full path, or install it")
        return str(Path(found).absolute())


def _words(call: str) -> list[str]:
    try:
        words = shlex.split(call)
        found = [field for word in words for field in _fields(word)]
    except ValueError as error:
        raise ConfigError(f"call cannot be split into words: {error}", hint=HINT) from None
    if not words:
        raise ConfigError("call is empty", hint=HINT)
    if unknown := sorted(set(found) - set(PLACEHOLDERS)):
        raise ConfigError(f"call has the unknown placeholder {{{unknown[0]}}}", hint=HINT)
    if missing := [name for name in PLACEHOLDERS if name not in found]:
        raise ConfigError(f"call lacks {{{'}, {'.join(missing)}}}", hint=HINT)
    return words


def _fields(word: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(word) if name is not None]


def _filled(word: str, files: dict[str, Path]) -> str:
    return word.format(**{name: str(path) for name, path in files.items()})


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the group is gone already
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _quote(folder: Path) -> str:
    path = folder / "stderr.txt"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4 * TAIL))
        lines = file.read().decode("utf-8", "replace").split("\n")
    text = " | ".join(" ".join(line.split()) for line in lines if line.strip())
    text = "".join(character if character.isprintable() else "?" for character in text)
    return f": {text[-TAIL:]}" if text else ""
