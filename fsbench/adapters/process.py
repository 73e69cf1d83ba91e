"""Running an external program for one pair: its words, its time, its end, and what it said on stderr."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import string
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from fsbench.errors import ConfigError, ItemError

TAIL = 500  # characters of stderr that a failure quotes


def words_of(call: str, *, hint: str) -> list[str]:
    """Split a call as a shell would.

    Raises:
        ConfigError: it is empty or a quote is not closed.
    """
    try:
        words = shlex.split(call)
        for word in words:
            fields(word)
    except ValueError as error:
        raise ConfigError(f"call cannot be split into words: {error}", hint=hint) from None
    if not words:
        raise ConfigError("call is empty", hint=hint)
    return words


def fields(word: str) -> list[str]:
    """Name the {placeholders} of a word.

    Raises:
        ValueError: a brace is not closed.
    """
    return [name for _, name, _, _ in string.Formatter().parse(word) if name is not None]


def filled(word: str, values: Mapping[str, str]) -> str:
    """Put values in the place of a word's placeholders."""
    return word.format(**values)


def program(word: str, folder: Path) -> str:
    """Find the program that a call starts with, by its path from a folder or on PATH.

    Raises:
        ConfigError: there is none.
    """
    found = shutil.which(str(folder / Path(word).expanduser()) if os.sep in word else word)
    if found is None:
        raise ConfigError(f"there is no program '{word}'", hint="give its full path, or install it")
    return str(Path(found).absolute())


def run(words: Sequence[str], *, folder: Path, timeout: float, notes: Path) -> None:
    """Run a program without a shell and wait for its end; it and its children are ended when the time is over.

    Args:
        words: the program and its arguments.
        folder: where it runs.
        timeout: seconds.
        notes: the file that takes its stderr; a pipe that nobody reads would block a program that says much.

    Raises:
        ItemError: it cannot be started, takes too long, or ends with an error; the reason quotes its stderr.
    """
    with notes.open("wb") as errors:
        try:
            process = subprocess.Popen(
                words,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,  # a group of its own, so that its children end with it
            )
        except OSError as error:
            raise ItemError(f"{words[0]} cannot be started: {error.strerror}") from None
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ItemError(f"no result after {timeout:g} s, stopped{quote(notes)}") from None
        finally:
            _end(process)
    if code:
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise ItemError(f"the program {how}{quote(notes)}")


def quote(notes: Path) -> str:
    """Give the end of what a program said on stderr, in one line, behind a colon; empty where it said nothing."""
    with notes.open("rb") as file:
        file.seek(max(0, notes.stat().st_size - 4 * TAIL))
        lines = file.read().decode("utf-8", "replace").split("\n")
    text = " | ".join(" ".join(line.split()) for line in lines if line.strip())
    text = "".join(character if character.isprintable() else "?" for character in text)
    return f": {text[-TAIL:]}" if text else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the group is gone already
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
