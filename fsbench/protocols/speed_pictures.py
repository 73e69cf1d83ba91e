"""The faces that times are taken with: one source and a few targets of any folder of pictures or videos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from fsbench.data.frames import PICTURES
from fsbench.engine.bench import Bench
from fsbench.errors import DataError
from fsbench.protocols.swapping import find_faces
from fsbench.types import Face, FrameRef, SwapItem, SwapPair

VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm")
TARGETS = 8  # what one call costs may depend on the picture, so there are several
LOOKED_AT = 64  # pictures; a folder whose first ones show no face is not searched to its end


def first_pictures(folder: Path) -> list[FrameRef]:
    """Name the first pictures of a folder, by path, or where it has none the first frame of its first videos.

    Raises:
        DataError: there is neither.
    """
    found = list(islice(_files(folder, PICTURES), LOOKED_AT))
    if found:
        return [FrameRef(path) for path in found]
    videos = list(islice(_files(folder, VIDEOS), LOOKED_AT))
    if not videos:
        raise DataError(f"{folder} holds no pictures and no videos", hint="--data FOLDER, or --data mini")
    return [FrameRef(path, 0) for path in videos]


def faces_to_time(bench: Bench, refs: list[FrameRef]) -> tuple[tuple[FrameRef, Face], list[tuple[FrameRef, Face]]]:
    """Give the source and the targets: the first picture with a face, and the next ones.

    Raises:
        DataError: fewer than two pictures show a face.
    """
    with_face: list[tuple[FrameRef, Face]] = []
    for start in range(0, len(refs), TARGETS + 1):
        some = refs[start : start + TARGETS + 1]
        found = find_faces(bench, some, "largest")
        with_face += [(ref, face) for ref in some if isinstance(face := found[ref], Face)]
        if len(with_face) > TARGETS:
            break
    if len(with_face) < 2:
        message = f"{len(with_face)} of the first {len(refs)} pictures show a face, two are needed"
        raise DataError(message, hint="--data FOLDER with faces, or --data mini")
    return with_face[0], with_face[1 : TARGETS + 1]


def items_of_pass(
    source: tuple[FrameRef, Face], targets: list[tuple[FrameRef, Face]], *, number: int, batch: int
) -> list[SwapItem]:
    """Give what one pass swaps: the source on the next `batch` targets, from the first again after the last."""
    chosen = [targets[(number * batch + place) % len(targets)] for place in range(batch)]
    return [
        SwapItem(
            SwapPair(f"{pass_key(number)}/{place}", source[0], target[0], source[0].path.stem, target[0].path.stem),
            source[1],
            target[1],
        )
        for place, target in enumerate(chosen)
    ]


def pass_key(number: int) -> str:
    """Name a pass by its number from 0."""
    return f"pass/{number + 1:05d}"


def block_of_pass(place: int, passes: int) -> str:
    """Name the run of neighbouring passes, as long as the root of their number, that an interval draws together."""
    length = max(1, round(passes**0.5))
    return f"passes from {place // length * length + 1}"


def _files(folder: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(files) if name.lower().endswith(endings))
