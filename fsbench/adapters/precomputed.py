"""Results that were made elsewhere: a folder of pictures or videos, and FaceForensics++'s own manipulations."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from fsbench.adapters.finished import FinishedResults, whole_frame
from fsbench.adapters.result_folder import KEY_WITH_FRAME, Order, ResultFolder
from fsbench.data.ffpp import FaceForensics
from fsbench.data.frames import read_rgb
from fsbench.data.places import place
from fsbench.errors import ConfigError, ItemError
from fsbench.types import Face, FrameRef, Image, SwapItem, SwapPair, Swapped

Layout = Literal["frame", "crop"]
Unchanged = Literal["fail", "keep"]

CELLS = 8  # the face's box is compared on 8 x 8 cells: their mean brightness survives compression, pixels do not
# What the methods of FaceForensics++ were made with: two are graphics, Deepfakes a pair of autoencoders, NeuralTextures
# learnt textures; FaceShifter takes its codes from ArcFace (arXiv:1912.13457, section 3.1).
MADE_WITH = {
    **dict.fromkeys(("Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"), "none"),
    "FaceShifter": "arcface",
}
# Largest difference of a cell, in grey levels, that an unchanged frame may show. Measured on nine videos, each encoded
# twice by x264: at most 1.7 at crf 23 and 17 at crf 40, while the smallest of 48 swaps showed 20. So none for c40.
UNCHANGED_LIMITS = {"raw": 1.5, "c0": 1.5, "c23": 4.0}
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601; colour is compressed harder and tells less


class Precomputed(FinishedResults):
    """Reads finished results from a folder; a pair that has not exactly one result fails.

    Accepted for the pair "000_003/f0120", with any picture ending: 000_003/f0120.png, 000_003/120.png,
    000_003/frame_00120.png, 000_003_f0120.png, 000_003_0120.png, and frame 120 of 000_003.mp4. For a pair whose key
    has no frame, <key>.png. The target comes first in names, unless `order` says otherwise.
    """

    name = "precomputed"
    version = 1

    def __init__(
        self, *, folder: str, order: Order = "target_source", layout: Layout = "frame", trained_with: str = ""
    ) -> None:
        super().__init__(trained_with)
        if order not in get_args(Order):
            raise ConfigError(f"precomputed knows no order '{order}'", hint="order = target_source | source_target")
        if layout not in get_args(Layout):
            raise ConfigError(
                f"precomputed knows no layout '{layout}'", hint=f"layout = {' | '.join(get_args(Layout))}"
            )
        root = place(folder).resolve()
        if not folder or not root.is_dir():
            raise ConfigError(f"folder '{folder}' does not exist", hint="folder=DIR, which holds the finished results")
        self._folder, self._layout = ResultFolder(root, order), layout

    def find(self, pair: SwapPair) -> FrameRef:
        """Name the picture or frame that holds the result."""
        return self._folder.find(pair)

    def accept(self, image: Image, item: SwapItem) -> Swapped:
        """Take the picture as the layout says."""
        if self._layout == "crop":
            return Swapped(image, None)
        return whole_frame(image, item, advice="if it is a crop of the face, layout=crop")


class Manipulated(FinishedResults):
    """Reads FaceForensics++'s own manipulated videos; frame i of a result belongs to frame i of its target.

    Where a method missed a face, it wrote the target's frame unchanged. Such a result counts as a failure, or as what
    it is with unchanged=keep, which methods that change the mouth alone may need. At c40 it cannot be told.
    """

    name = "ffpp"
    version = 1

    def __init__(
        self,
        *,
        method: str,
        data: str = "",
        compression: str = "c23",
        unchanged: Unchanged = "fail",
        trained_with: str = "",
    ) -> None:
        super().__init__(trained_with or MADE_WITH.get(method, ""))
        if not method:
            raise ConfigError("'ffpp' needs a method", hint="--swapper ffpp:FaceSwap")
        if not data:
            raise ConfigError(f"ffpp:{method} needs the data set that holds its videos", hint="--data DIR")
        if unchanged not in get_args(Unchanged):
            raise ConfigError(f"ffpp knows no unchanged='{unchanged}'", hint="unchanged = fail | keep")
        self.name = f"ffpp:{method}"  # type: ignore[misc]  # a class variable elsewhere; tables name the method
        dataset = FaceForensics.open(place(data), compression=compression, split="all")
        self._method, self._clips = method, dataset.manipulated(method)
        self._limit = UNCHANGED_LIMITS.get(dataset.compression) if unchanged == "fail" else None

    def find(self, pair: SwapPair) -> FrameRef:
        """Name the frame of the manipulated video at the index of the target's frame."""
        clip = self._clips.get((pair.target_id, pair.source_id))
        if clip is None:
            raise ItemError(f"{self._method} has no video {pair.target_id}_{pair.source_id}")
        match = KEY_WITH_FRAME.fullmatch(pair.key)
        if match is None:
            raise ItemError(f"'{pair.key}' names no frame, so no frame of {clip.path.name} belongs to it")
        return clip.frame(int(match["frame"]))

    def accept(self, image: Image, item: SwapItem) -> Swapped:
        """Take the frame, unless it is the target's own."""
        result = whole_frame(image, item, advice="target and result must come from one release of the data")
        if self._limit is not None:
            difference = largest_change(image, read_rgb(item.target.image.path), item.target)
            if difference <= self._limit:
                raise ItemError(f"the method left the target frame unchanged (largest change {difference:.1f} of 255)")
        return result


def largest_change(result: Image, target: Image, face: Face) -> float:
    """Give the largest difference in brightness between two pictures over the 8 x 8 cells of a face's box.

    Returns:
        Grey levels 0..255: the mean difference of the cell where it is largest.

    Raises:
        ItemError: the box lies outside the picture.
    """
    import cv2

    limits = np.array([target.shape[1], target.shape[0]] * 2)
    left, top, right, bottom = np.clip(np.rint(face.box), 0, limits).astype(int)
    if right - left < CELLS or bottom - top < CELLS:
        raise ItemError(f"only {right - left} x {bottom - top} pixels of the face's box lie in the picture")
    inside = (slice(top, bottom), slice(left, right))
    difference = (result[inside].astype(np.float32) - target[inside]) @ LUMA
    return float(np.abs(cv2.resize(difference, (CELLS, CELLS), interpolation=cv2.INTER_AREA)).max())
