"""Takes the folders of a machine out of texts that go to others: a comment, a committed file."""

from __future__ import annotations

import re
from pathlib import PurePath

STARTS = r"(?<![^\s'\"=(\[{,;:>|])"  # a path begins a word; "ff++/x" and "https://x" hold none
ABSOLUTE = re.compile(STARTS + r"(?:~?/(?![/\s]|$)|[A-Za-z]:[\\/](?!/)|\\\\)[^\s'\"<>|;,()\[\]]*")
BORDERS = ("/", "\\")


def without_places(text: str) -> str:
    """Replace each absolute path in a text by its last part.

    >>> without_places("cannot read '/home/ann/swaps/a.png': no such file")
    "cannot read 'a.png': no such file"
    """
    return ABSOLUTE.sub(lambda found: last_part(found[0]), text)


def last_part(path: str) -> str:
    """Give the last part of a path of any system; what is no absolute path stays as it is."""
    if not ABSOLUTE.match(path):
        return path
    return PurePath(path.replace("\\", "/").rstrip("/")).name or "folder"
