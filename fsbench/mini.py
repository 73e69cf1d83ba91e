"""The mini data set, ready to run: built once, with manipulated videos by the landmark swapper."""

from __future__ import annotations

from pathlib import Path

from fsbench.adapters.landmark import Landmark
from fsbench.data import mini
from fsbench.data.frames import decode_frames, pixel_sha256, png_bytes, write_atomically
from fsbench.errors import ItemError
from fsbench.evaluators.detectors import Dlib
from fsbench.types import Face, FrameRef, Image, ImageRef, SwapItem, SwapPair


def is_made(cache_folder: Path, *, manipulated: bool) -> bool:
    """Tell whether `ready` has nothing left to make."""
    root = mini.location(cache_folder)
    return (root / "manipulated_sequences").is_dir() if manipulated else root.is_dir()


def ready(cache_folder: Path, *, manipulated: bool = False) -> Path:
    """Give the folder of the mini set, making it at the first call; manipulated videos only where they are wanted."""
    return make(mini.location(cache_folder), cache_folder if manipulated else None)


def make(root: Path, cache_folder: Path | None) -> Path:
    """Make the mini set at a place, with manipulated videos where there is a cache for their frames."""
    return mini.build(root, _LandmarkSwap(cache_folder / "data") if cache_folder else None)


class _LandmarkSwap:
    """Swaps one frame with another by the landmark swapper, for the mini set's manipulated videos."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._detector, self._swapper = Dlib(), Landmark()
        self._faces: dict[str, Face] = {}

    def __call__(self, source: Image, target: Image) -> Image:
        """Give the target frame with the source's face.

        Raises:
            ItemError: a frame shows no face, or the swap failed.
        """
        nowhere = FrameRef(self._folder)
        pair = SwapPair("mini", nowhere, nowhere, "source", "target")
        outcome = self._swapper.swap([SwapItem(pair, self._face(source), self._face(target))])[0]
        if isinstance(outcome, ItemError):
            raise outcome
        return outcome.image

    def _face(self, frame: Image) -> Face:
        sha256 = pixel_sha256(frame)
        if sha256 not in self._faces:
            path = self._folder / "frames" / f"{sha256[:32]}.png"
            write_atomically(path, png_bytes(frame))
            found = self._detector.detect([ImageRef(path, sha256)])[0]
            if not found:
                raise ItemError("no face found")
            self._faces[sha256] = found[0]
        return self._faces[sha256]


def items(root: Path, cache_folder: Path, *, count: int = 3) -> list[SwapItem]:
    """Make a few ready swaps from the mini set, for trying a swapper."""
    detector, faces = Dlib(), {}
    videos = sorted((root / "original_sequences" / "youtube" / "c23" / "videos").glob("*.mp4"))
    for video in videos[: 2 * count]:
        frame = decode_frames(video, [0])[0]
        if isinstance(frame, ItemError):
            raise frame
        sha256 = pixel_sha256(frame)
        path = cache_folder / "data" / "frames" / f"{sha256[:32]}.png"
        write_atomically(path, png_bytes(frame))
        faces[video] = detector.detect([ImageRef(path, sha256)])[0][0]
    pairs = list(zip(videos[::2], videos[1::2], strict=False))[:count]
    return [
        SwapItem(
            SwapPair(f"{t.stem}_{s.stem}/f0000", FrameRef(s, 0), FrameRef(t, 0), s.stem, t.stem), faces[s], faces[t]
        )
        for t, s in pairs
    ]
