"""Finding the finished result of a pair in a folder, by the names that people give such files. Never by guessing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from fsbench.data.frames import PICTURES, VIDEOS
from fsbench.errors import ItemError
from fsbench.types import FrameRef, SwapPair

Order = Literal["target_source", "source_target"]

KEY_WITH_FRAME = re.compile(r"(?P<head>.+)/f(?P<frame>[0-9]+)")  # "000_003/f0120"
NUMBERED = re.compile(r"(?:(?P<head>.+?)_)??(?:frame_|f)?(?P<frame>[0-9]+)", re.IGNORECASE)  # "000_003_frame_120"

Listing = dict[
    tuple[str, int | None], list[Path]
]  # (what is before the frame number, number) -> files; (stem, None) too


class ResultFolder:
    """A folder of results: nested (`000_003/f0120.png`), flat (`000_003_0120.png`) or videos (`000_003.mp4`)."""

    def __init__(self, root: Path, order: Order) -> None:
        self._root, self._order = root, order
        self._listings: dict[tuple[Path, int], Listing] = {}

    def find(self, pair: SwapPair) -> FrameRef:
        """Give the one file (and frame) that holds the result of a pair.

        Raises:
            ItemError: there is none, or more than one, since either may be the wrong one.
        """
        match = KEY_WITH_FRAME.fullmatch(pair.key)
        name = self._name(pair, match["head"] if match else pair.key)
        frame = int(match["frame"]) if match else None
        found = [FrameRef(path) for path in self._pictures(name, frame)]
        if frame is not None:
            found += [FrameRef(path, frame) for path in self._listing(self._root, VIDEOS).get((name, None), [])]
        if len(found) == 1:
            return found[0]
        if found:
            names = " and ".join(str(ref.path.relative_to(self._root)) for ref in found)
            raise ItemError(f"{len(found)} files may be the result: {names}; leave one")
        raise ItemError(f"no result in {self._root}: looked for {_accepted(name, frame)}")

    def _name(self, pair: SwapPair, head: str) -> str:
        """Give the name of the pair as this folder orders it; keys have the target first."""
        if self._order == "target_source":
            return head
        ends = ((pair.target_id, "_", pair.source_id), (pair.target.path.stem, "__", pair.source.path.stem))
        for target, joint, source in ends:
            start = f"{target}{joint}{source}"
            if head == start or head.startswith(f"{start}__"):  # a pair that is listed twice has an ending
                return f"{source}{joint}{target}{head[len(start) :]}"
        raise ItemError(f"the order of target and source in '{pair.key}' cannot be told")

    def _pictures(self, name: str, frame: int | None) -> list[Path]:
        flat = self._listing(self._root, PICTURES)
        if frame is None:
            folder, _, stem = name.rpartition("/")
            nested = self._listing(self._root / folder, PICTURES).get((stem, None), []) if folder else []
            return nested + flat.get((name.replace("/", "_"), None), [])
        nested = self._listing(self._root / name, PICTURES).get(("", frame), [])
        return nested + flat.get((name, frame), [])

    def _listing(self, folder: Path, endings: tuple[str, ...]) -> Listing:
        """List a folder once, by name and, for numbered files, by number too; again when it has changed."""
        try:
            state = (folder / endings[0], folder.stat().st_mtime_ns)
        except OSError:
            return {}
        if state not in self._listings:
            listing: Listing = {}
            for path in sorted(folder.iterdir()):
                if path.suffix.lower() not in endings or path.name.startswith("."):
                    continue
                listing.setdefault((path.stem, None), []).append(path)
                if match := NUMBERED.fullmatch(path.stem):
                    listing.setdefault((match["head"] or "", int(match["frame"])), []).append(path)
            self._listings[state] = listing
        return self._listings[state]


def _accepted(name: str, frame: int | None) -> str:
    if frame is None:
        return f"{name}.png"
    video = f"{name}{VIDEOS[0]}"
    return f"{name}/f{frame:04d}.png, {name}/{frame}.png, {name}_{frame:04d}.png and {video} (or other endings)"
