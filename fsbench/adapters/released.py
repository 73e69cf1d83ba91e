"""Results that authors released for FaceForensics++: HiFiFace's videos and MegaFS's frames, as the archives come."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import get_args

from fsbench.adapters.finished import FinishedResults, whole_frame
from fsbench.adapters.result_folder import KEY_WITH_FRAME, Order
from fsbench.data.archives import unpacked
from fsbench.data.frames import PICTURES, VIDEOS
from fsbench.errors import ConfigError, DataError, ItemError
from fsbench.types import FrameRef, Image, SwapItem, SwapPair, Swapped

PAIR = re.compile(r"(?<![0-9])([0-9]{3})_([0-9]{3})(?![0-9])")
NUMBER = re.compile(r"([0-9]+)$")  # the last number of a picture's name, behind the pair where both are in one name


class Released(FinishedResults):
    """Finds the result of each pair in an archive or its folder by the pair of video ids in the path."""

    version = 1
    endings: tuple[str, ...]

    def __init__(self, *, archive: str, order: Order = "target_source") -> None:
        super().__init__()
        if order not in get_args(Order):
            raise ConfigError(f"{self.name} knows no order '{order}'", hint=f"order = {' | '.join(get_args(Order))}")
        if not archive:
            raise ConfigError(f"{self.name} needs its authors' archive", hint="archive=FILE, or its unpacked folder")
        self._archive, self._order = Path(archive).expanduser().resolve(), order
        if not self._archive.exists():
            raise ConfigError(f"the archive '{archive}' is not there", hint="docs/rows.md tells where to get it")

    @cached_property
    def _files(self) -> dict[tuple[str, str], list[Path]]:
        """The files by (target id, source id)."""
        found: dict[tuple[str, str], list[Path]] = {}
        for path in _below(unpacked(self._archive), self.endings):
            pairs = PAIR.findall("/".join(path.with_suffix("").parts[-3:]))
            if pairs:
                first, second = pairs[-1]
                key = (first, second) if self._order == "target_source" else (second, first)
                found.setdefault(key, []).append(path)
        if not found:
            kinds = ", ".join(self.endings[:3])
            raise DataError(
                f"{self._archive.name} holds no file ({kinds} ...) whose path names a pair like 000_003",
                hint="is it the right archive? --swapper precomputed reads other layouts",
            )
        return found

    def _candidates(self, pair: SwapPair) -> list[Path]:
        found = self._files.get((pair.target_id, pair.source_id), [])
        if not found:
            raise ItemError(f"{self._archive.name} has nothing for {pair.target_id}_{pair.source_id}")
        return found


class HiFiFaceVideos(Released):
    """HiFiFace's 1000 videos of FaceForensics++'s pairs; frame i of a result belongs to frame i of its target."""

    name = "hififace-ff++"
    endings = VIDEOS

    def find(self, pair: SwapPair) -> FrameRef:
        """Name the frame of the pair's video at the index of the target's frame."""
        found = self._candidates(pair)
        if len(found) > 1:
            raise ItemError(f"{len(found)} videos may be the result: {' and '.join(path.name for path in found)}")
        return FrameRef(found[0], _frame(pair))

    def accept(self, image: Image, item: SwapItem) -> Swapped:
        """Take the frame, which must have the target's size."""
        return whole_frame(image, item, advice="videos of another compression or size belong to another data set")


class MegaFSFrames(Released):
    """MegaFS's frames of 256 pixels: crops whose place in the frame their authors do not tell.

    The number in a picture's name is taken for the index of the target's frame, unless `frame_map` says otherwise: a
    CSV file with the columns pair, number, frame.
    """

    name = "megafs-ff++"
    endings = PICTURES

    def __init__(self, *, archive: str, order: Order = "target_source", frame_map: str = "") -> None:
        super().__init__(archive=archive, order=order)
        self._map = read_frame_map(Path(frame_map).expanduser()) if frame_map else None

    def find(self, pair: SwapPair) -> FrameRef:
        """Name the picture whose number stands for the target's frame."""
        frame, found = _frame(pair), []
        for path in self._candidates(pair):
            match = NUMBER.search(PAIR.sub("", path.stem))
            if match is None:
                continue
            number = int(match[1])
            if self._map is not None:
                number = self._map.get((f"{pair.target_id}_{pair.source_id}", number), -1)
            found += [path] if number == frame else []
        if len(found) == 1:
            return FrameRef(found[0])
        name = f"{pair.target_id}_{pair.source_id}"
        if not found:
            raise ItemError(f"no picture of {name} has the number of frame {frame}; a frame_map tells other numbering")
        raise ItemError(f"{len(found)} pictures of {name} may be frame {frame}: {found[0].name} and {found[1].name}")

    def accept(self, image: Image, item: SwapItem) -> Swapped:
        """Take the crop, whose place is not known."""
        return Swapped(image, None)


def read_frame_map(path: Path) -> dict[tuple[str, int], int]:
    """Read which frame of the target a numbered picture shows: CSV with the columns pair, number, frame.

    Raises:
        ConfigError: the file cannot be read, or a line is not like that.
    """
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            return {(row["pair"], int(row["number"])): int(row["frame"]) for row in csv.DictReader(lines)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"the frame map {path} cannot be read: {error}", hint="CSV with the columns pair, number, frame"
        ) from None


def _frame(pair: SwapPair) -> int:
    match = KEY_WITH_FRAME.fullmatch(pair.key)
    if match is None:
        raise ItemError(f"'{pair.key}' names no frame, so no part of the archive belongs to it")
    return int(match["frame"])


def _below(folder: Path, endings: tuple[str, ...]) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in endings and not path.name.startswith("."):
            yield path
