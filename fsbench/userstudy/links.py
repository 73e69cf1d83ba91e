"""The secrets of a study on disk: join links and database addresses, in files that only their owner reads."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from fsbench.errors import RecordError
from fsbench.userstudy.spec import LINKS_FILE
from fsbench.userstudy.store.content import Links

COLUMNS = ("rater", "path")
OPEN = "open"  # the row of the link that hands out places
JOIN = "/join/"


def write_secret(path: Path, text: str) -> None:
    """Write a file of mode 600, never readable by others, not even for a moment."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def write_links(folder: Path, links: Links) -> Path:
    """Write links.csv: one line a rater, and the open link."""
    rows = [(str(ordinal), token) for ordinal, token in enumerate(links.raters, 1)]
    return _write(folder, [*rows, (OPEN, links.open)])


def add_links(folder: Path, first: int, tokens: tuple[str, ...]) -> Path:
    """Add lines for new raters."""
    rows = [(name, token) for name, token in read_links(folder).items() if name != OPEN]
    rows += [(str(ordinal), token) for ordinal, token in enumerate(tokens, first)]
    rows += [(OPEN, token) for name, token in read_links(folder).items() if name == OPEN]
    return _write(folder, rows)


def read_links(folder: Path) -> dict[str, str]:
    """Read the tokens by rater, "1" onwards, and "open".

    Raises:
        RecordError: the file is not there or is no table of links.
    """
    file = folder / LINKS_FILE
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return {row["rater"]: row["path"].removeprefix(JOIN) for row in csv.DictReader(lines)}
    except (OSError, KeyError, AttributeError) as error:
        message = f"the links of {folder} cannot be read: {error}"
        raise RecordError(message, hint=f"{LINKS_FILE} as `fsbench userstudy create` wrote it") from None


def _write(folder: Path, rows: list[tuple[str, str]]) -> Path:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((name, f"{JOIN}{token}") for name, token in rows)
    write_secret(folder / LINKS_FILE, buffer.getvalue())
    return folder / LINKS_FILE
