"""A fuller face: its outline is pushed outwards, its features stay."""

from __future__ import annotations

import numpy as np

from fsbench.editing.crop import Crop, Editor, Points, frame
from fsbench.editing.painting import around, filled
from fsbench.editing.regions import JAW, hull
from fsbench.editing.warping import bent
from fsbench.training.triplet_folder import IDENTITY
from fsbench.types import Image

# How far each of the jaw's 17 points moves, from an ear over the chin to the other, in strengths: most at the cheeks.
PROFILE = np.array([0.05, 0.3, 0.65, 0.95, 1.1, 1.1, 0.95, 0.8, 0.7, 0.8, 0.95, 1.1, 1.1, 0.95, 0.65, 0.3, 0.05])
REACH = 0.7  # how far outside the face the surroundings give way, in distances between the eyes


def chubby(crop: Crop, strength: float, random: np.random.Generator) -> Image:
    """Push the outline of cheeks, jaw and chin away from the line from nose to chin.

    Args:
        crop: the face.
        strength: by which share of its distance to that line a point of the cheek moves.
        random: makes the two sides a little unequal.
    """
    points = crop.points
    axes = frame(points)
    sides = 1 + random.uniform(-0.1, 0.1, 2)
    moved = fuller(points, strength, sides)
    still = [points[17:68], _ring(points, REACH * axes.eyes)]
    start = np.concatenate([points[JAW], *still])
    end = np.concatenate([moved, *still])
    weight = around(filled(hull(moved)), 0.1 * axes.eyes, REACH * axes.eyes)
    return bent(crop.pixels, start, end, weight)


def fuller(points: Points, strength: float, sides: Points) -> Points:
    """Give where the jaw's points (17, 2) go; `sides` (2,) weighs the left and the right of the picture."""
    top, chin = points[27], points[8]
    axis = (chin - top) / np.linalg.norm(chin - top)
    jaw = points[JAW]
    along = (jaw - top) @ axis
    outward = jaw - (top + along[:, None] * axis)
    share = PROFILE * strength * np.repeat([sides[0], 1.0, sides[1]], [8, 1, 8])
    drop = np.clip(along / np.linalg.norm(chin - top) - 0.5, 0, 1)  # the chin sinks, the ears do not
    moved = jaw + share[:, None] * outward + (share * drop * np.linalg.norm(chin - top) * 0.45)[:, None] * axis
    return np.asarray(moved, np.float64)


def _ring(points: Points, distance: float) -> Points:
    """Give points around the face that stay where they are."""
    centre = points.mean(0)
    outline = hull(points)
    away = outline - centre
    lengths = np.linalg.norm(away, axis=1, keepdims=True)
    return np.asarray(centre + away * (1 + distance / lengths), np.float64)


EDITOR = Editor(
    "chubby", "fat", IDENTITY, (0.16, 0.28), chubby, "a fuller outline: cheeks, jaw and chin are pushed outwards"
)
