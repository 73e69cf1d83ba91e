"""What a look at a data folder found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DataReport:
    """The outcome of `fsbench data check`."""

    lines: tuple[str, ...]  # what is there, then one line a problem
    pairs_planned: int
    pairs_possible: int
    ok: bool  # nothing is missing or broken


def listing(names: Sequence[str], *, most: int = 3) -> str:
    """Name the first few and show that there are more."""
    return ", ".join(names[:most]) + (" ..." if len(names) > most else "")
