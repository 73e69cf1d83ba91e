"""The names of a training's checkpoints, which can be listed without loading torch."""

from __future__ import annotations

import re
from pathlib import Path

NAME = "checkpoint-{:08d}.pt"
PATTERN = re.compile(r"checkpoint-(\d{8})\.pt")


def numbered(folder: Path) -> list[Path]:
    """List the checkpoints of a folder, oldest first."""
    return sorted(path for path in folder.glob("checkpoint-*.pt") if PATTERN.fullmatch(path.name))
