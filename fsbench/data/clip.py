"""One video, as a file or as a folder of its frames."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fsbench.data.frames import PICTURES, count_frames
from fsbench.errors import ItemError
from fsbench.types import FrameRef


@dataclass(frozen=True)
class Clip:
    """A video whose frames can be named before they are read."""

    video_id: str  # "012", or "012_026" of a manipulated one
    path: Path
    is_folder: bool  # of pictures 0000.png, 0001.png ...; numbers from 0 or 1, without a gap

    def length(self) -> int:
        """Count the frames, without decoding.

        Raises:
            ItemError: the video cannot be opened or is empty, or the folder's numbers have a gap.
        """
        frames = len(self._pictures) if self.is_folder else count_frames(self.path)
        if frames == 0:
            raise ItemError(f"{self.path.name} holds no frames")
        return frames

    def frame(self, index: int) -> FrameRef:
        """Name the frame at a position from 0. The frame of a video is not looked for before it is read.

        Raises:
            ItemError: the folder has no such frame, or a gap in its numbers.
            ValueError: the index is negative.
        """
        if index < 0:
            raise ValueError(f"wanted an index from 0, found {index}")
        if not self.is_folder:
            return FrameRef(self.path, index)
        if index >= len(self._pictures):
            raise ItemError(f"folder {self.path.name} holds {len(self._pictures)} frames, not frame {index}")
        return FrameRef(self._pictures[index])

    @cached_property
    def _pictures(self) -> tuple[Path, ...]:
        return _numbered(self.path)


def _numbered(folder: Path) -> tuple[Path, ...]:
    """Sort the pictures of a folder by number, and refuse what would shift the frames."""
    by_number: dict[int, Path] = {}
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise ItemError(f"folder {folder.name} cannot be read: {error.strerror or error}") from None
    for path in paths:
        if path.suffix.lower() not in PICTURES:
            continue
        if not (path.stem.isascii() and path.stem.isdigit()):
            raise ItemError(f"folder {folder.name} holds {path.name}; wanted numbered frames such as 0000.png")
        twin = by_number.setdefault(int(path.stem), path)
        if twin != path:
            raise ItemError(f"folder {folder.name} holds one frame twice: {twin.name} and {path.name}")
    numbers = sorted(by_number)
    if numbers and numbers[0] > 1:
        raise ItemError(f"the frames of folder {folder.name} start at {numbers[0]}; wanted 0 or 1")
    for before, after in itertools.pairwise(numbers):
        if after != before + 1:
            raise ItemError(f"folder {folder.name} lacks frame number {before + 1}")
    return tuple(by_number[number] for number in numbers)
