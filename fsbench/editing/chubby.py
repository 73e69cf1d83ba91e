"""A fuller face: its outline is pushed outwards, its features stay."""

from __future__ import annotations

import numpy as np

from fsbench.adapters.colour import to_lab
from fsbench.editing.crop import SIZE, Crop, Editor, Frame, Points, frame
from fsbench.editing.frequency import skin_band
from fsbench.editing.painting import around, blurred, curve, filled, laid, lines
from fsbench.editing.regions import JAW, hull, skin
from fsbench.editing.warping import bent
from fsbench.training.triplet_folder import IDENTITY
from fsbench.types import Image

# How far each of the jaw's 17 points moves, from an ear over the chin to the other, in strengths: most at the cheeks.
PROFILE = np.array([0.05, 0.3, 0.65, 0.95, 1.1, 1.1, 0.8, 0.45, 0.25, 0.45, 0.8, 1.1, 1.1, 0.95, 0.65, 0.3, 0.05])
SMOOTH = 0.9  # share of wrinkles that a full face has lost, at strength 0.16
CHEEK = 7.5  # L of Lab by which cheeks are lighter, at strength 0.16
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
    wide = bent(crop.pixels, start, end, weight)
    bent_points = np.concatenate([moved, points[17:68]])
    return padded(Crop(wide, bent_points), axes, strength)


def padded(crop: Crop, axes: Frame, strength: float) -> Image:
    """Lay fat under the skin: its texture is stretched smooth, cheeks stand out, and the chin has a fold below it."""
    import cv2

    points = crop.points
    share = strength / 0.16
    weight = skin(crop)
    lab = to_lab(crop.pixels)
    lightness = lab[..., 0].copy()
    lightness -= np.asarray(SMOOTH * share * skin_band(lightness, weight), np.float32)
    seen = axes.seen(points)
    cheeks = np.zeros_like(lightness)
    for corner, jaw in ((48, 3), (54, 13)):
        at = axes.at(0.45 * seen[corner, 0] + 0.55 * seen[jaw, 0], 0.5 * seen[33, 1] + 0.5 * seen[corner, 1])
        y, x = np.mgrid[:SIZE, :SIZE]
        distance = np.hypot(x - at[0], y - at[1]) / axes.eyes
        cheeks += np.exp(-((distance / 0.3) ** 2)).astype(np.float32) - 0.6 * np.exp(-((distance / 0.6) ** 2))
    lightness += share * CHEEK * cheeks
    lab[..., 0] = lightness
    face = laid(crop.pixels, np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255, np.float32), weight)
    return _second_chin(Crop(face, points), axes, share)


def _second_chin(crop: Crop, axes: Frame, share: float) -> Image:
    """Shade the neck below the chin, where a second one casts its shadow."""
    seen = axes.seen(crop.points)
    under = seen[4:13] + np.array([0, 0.16]) * np.sin(np.linspace(0.15, np.pi - 0.15, 9))[:, None]
    fold = lines([curve(axes.at(*under.T))], 0.03 * axes.eyes)
    inner = filled(np.concatenate([curve(axes.at(*under.T)), curve(crop.points[4:13])[::-1]]))
    shade = 0.75 * blurred(fold, 0.05 * axes.eyes) - 0.12 * blurred(inner, 0.04 * axes.eyes)
    dark = crop.pixels * (1 - np.clip(share * shade, -0.15, 0.45))[..., None]
    reach = around(np.maximum(fold, inner), 0.05 * axes.eyes, 0.2 * axes.eyes)
    return laid(crop.pixels, np.asarray(dark, np.float32), reach)


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
    "chubby", "fat", IDENTITY, (0.12, 0.2), chubby, "a fuller outline: cheeks, jaw and chin are pushed outwards"
)
