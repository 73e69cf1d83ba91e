"""An aligned face as the editors see it, and the measures that all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fsbench.training.triplet_folder import Role
from fsbench.types import Image

Points = NDArray[np.float64]
Mask = NDArray[np.float32]  # (H, W) in 0..1
SIZE = 256  # pixels of a crop's side, as released
TEMPLATE = "mobilefsgan"  # what the swapper of that name aligns to


class Crop(NamedTuple):
    """One aligned face."""

    pixels: Image  # (SIZE, SIZE, 3)
    points: Points  # (68, 2) in iBUG order, in pixels of the crop


Edit = Callable[[Crop, float, np.random.Generator], Image]


@dataclass(frozen=True)
class Editor:
    """A change of one face. Equal crop, strength and generator give equal pixels."""

    name: str  # what the command line calls it
    kind: str  # its folder, as MobileFSGAN's loader names it where it has one
    role: Role  # whether it changes who it is, or something else
    strengths: tuple[float, float]  # from which the strength is drawn
    edit: Edit  # raises ItemError for a face that it cannot change
    does: str  # in words


class Frame(NamedTuple):
    """Axes of a face in its crop: along the eyes, and from the eyes down; both of length 1."""

    middle: Points  # (2,) between the eyes
    right: Points  # (2,) to image right
    down: Points  # (2,)
    eyes: float  # pixels between the eyes' centres

    def at(self, x: float | Points, y: float | Points) -> Points:
        """Give points at x to the right and y down of the middle, in distances between the eyes; (..., 2)."""
        across, along = np.asarray(x, np.float64)[..., None], np.asarray(y, np.float64)[..., None]
        return np.asarray(self.middle + self.eyes * (across * self.right + along * self.down), np.float64)

    def seen(self, points: Points) -> Points:
        """Invert `at`: (..., 2) x and y of points in distances between the eyes."""
        offset = (points - self.middle) / self.eyes
        return np.stack([offset @ self.right, offset @ self.down], axis=-1)


def frame(points: Points) -> Frame:
    """Find the axes of (68, 2) points."""
    left, right = points[36:42].mean(0), points[42:48].mean(0)
    span = float(np.linalg.norm(right - left))
    along = (right - left) / span
    return Frame((left + right) / 2, along, np.array([-along[1], along[0]]), span)
