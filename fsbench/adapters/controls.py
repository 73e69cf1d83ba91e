"""The two controls, whose scores are known beforehand: the target unchanged, and the source in the target's place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fsbench import align
from fsbench.adapters.one_by_one import one_by_one
from fsbench.data.frames import read_rgb
from fsbench.errors import ItemError
from fsbench.interfaces import Swapper
from fsbench.types import Face, SwapItem, Swapped


class CopyTarget(Swapper):
    """Returns the target's pixels: no identity is moved, pose and expression are kept exactly."""

    name = "copy-target"
    version = 1
    is_control = True
    trained_with = ()

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        """Give back the target's picture of each item."""
        return one_by_one(items, lambda item: Swapped(read_rgb(item.target.image.path)))


class CopySource(Swapper):
    """Returns the source's picture, moved and scaled so that its face lies where the target's face was.

    Identity is kept whole; pose and expression are the source's. Nothing is rotated, so the source's roll stays.
    """

    name = "copy-source"
    version = 1
    is_control = True
    trained_with = ()

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        """Lay the source's picture over a canvas of the target's size; beyond its border the last pixels repeat."""
        return one_by_one(items, _source_in_place)


def _source_in_place(item: SwapItem) -> Swapped:
    source = read_rgb(item.source.image.path)
    height, width = read_rgb(item.target.image.path).shape[:2]
    matrix = placement(item.source, item.target)
    return Swapped(align.crop(source, matrix, (height, width), border="edge"))


def placement(source: Face, target: Face) -> align.Matrix:
    """Find the scale and shift that give the source's landmarks the centre and the spread of the target's.

    Uses the 68 points where both faces have them: their outline holds the size of a turned face better than the five.

    Returns:
        (2, 3) matrix from pixels of the source's picture to pixels of the target's, without rotation.

    Raises:
        ItemError: all landmarks of a face coincide or are not finite.
    """
    start, end = source.landmarks, target.landmarks
    if source.landmarks68 is not None and target.landmarks68 is not None:
        start, end = source.landmarks68, target.landmarks68
    spread = [float(np.sqrt(((points - points.mean(0)) ** 2).sum(1).mean())) for points in (start, end)]
    if not all(np.isfinite(spread)) or min(spread) <= 0:
        raise ItemError(f"landmarks have the spreads {spread[0]:g} and {spread[1]:g} px; both must be above 0")
    scale = spread[1] / spread[0]
    shift = end.mean(0) - scale * start.mean(0)
    return np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])
