"""Where in a crop the skin of the face is, and which colours hair and skin have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fsbench.adapters.colour import to_lab
from fsbench.adapters.face_mask import foreign_weight, with_forehead
from fsbench.editing.crop import SIZE, Crop, Mask, Points, frame
from fsbench.editing.painting import around, blurred, filled, inside

JAW, BROWS, NOSE, LIPS, INNER_LIPS = slice(0, 17), slice(17, 27), slice(27, 36), slice(48, 60), slice(60, 68)
LEFT_BROW, RIGHT_BROW, LEFT_EYE, RIGHT_EYE = slice(17, 22), slice(22, 27), slice(36, 42), slice(42, 48)
BROW = 0.12  # how high brow hair may reach, in distances from the brows to the base of the nose
DIFFERENT = 12.0  # in Lab: how far hair is from skin and background
DARKEST = 30  # per cent of a brow's pixels, the darkest, that are surely hair


def hull(points: Points) -> Points:
    """Give the convex outline (K, 2) of points."""
    import cv2

    return np.asarray(cv2.convexHull(points.astype(np.float32))[:, 0], np.float64)


def face(points: Points) -> Mask:
    """Give the whole face with its forehead."""
    return filled(hull(with_forehead(points)))


def skin(crop: Crop) -> Mask:
    """Give how surely a pixel is skin of this face: no eye, brow, lip or nostril, no hair and no background."""
    points = crop.points
    sure = _surely(points)
    if not sure.any():
        return np.zeros((SIZE, SIZE), np.float32)
    foreign = foreign_weight(crop.pixels, with_forehead(points), sure, brow=BROW)
    weight = inside(face(points), 10) * (1 - foreign)
    return np.asarray(weight * (1 - features(points)), np.float32)


def features(points: Points) -> Mask:
    """Give eyes, brows, lips and nostrils with a soft rim around."""
    parts = [hull(points[part]) for part in (LEFT_EYE, RIGHT_EYE, LEFT_BROW, RIGHT_BROW, LIPS)]
    parts.append(hull(points[31:36]))
    return around(filled(*parts), 2, 8)


def skin_colour(crop: Crop) -> NDArray[np.float64]:
    """Give the median colour (3,) of the skin between brows, cheeks and lips."""
    return np.asarray(np.median(crop.pixels[_surely(crop.points)], axis=0), np.float64)


def light(crop: Crop) -> NDArray[np.float32]:
    """Give how light falls on the face: (H, W), about 1, the smooth part of its brightness over the median."""
    sure = _surely(crop.points).astype(np.float32)
    grey = crop.pixels.astype(np.float32).mean(-1)
    share = blurred(sure, 18)
    smooth = blurred(grey * sure, 18) / np.maximum(share, 1e-3)
    level = float(np.median(grey[sure > 0])) if sure.any() else 128.0
    known = np.clip(share * 4, 0, 1)
    return np.asarray(np.clip(1 + (smooth / max(level, 1) - 1) * known, 0.55, 1.4), np.float32)


def brow_colour(crop: Crop, random: np.random.Generator) -> NDArray[np.float64]:
    """Give the colour (3,) of the brows' hairs; a brown of its own where they are not darker than the skin."""
    grey = crop.pixels.astype(np.float64).mean(-1)
    brows = filled(hull(crop.points[LEFT_BROW]), hull(crop.points[RIGHT_BROW])) > 0.5
    tone = skin_colour(crop)
    if brows.any():
        limit = np.percentile(grey[brows], DARKEST)
        found = crop.pixels[brows & (grey <= limit)].astype(np.float64).mean(0)
        if found.mean() < 0.75 * tone.mean():  # what shines through a brow is skin: take some of its red away
            return np.asarray(0.75 * (0.65 * found + 0.35 * found.mean()), np.float64)
    return np.asarray(np.array([70.0, 54.0, 42.0]) * random.uniform(0.6, 1.2) * tone.mean() / 150, np.float64)


def hair_colour(crop: Crop, random: np.random.Generator) -> NDArray[np.float64]:
    """Give the colour (3,) of the hair above the forehead; that of the brows where no hair is to be seen there.

    Hair is what lies above the forehead and has neither the skin's colour nor that of the crop's upper corners.
    """
    axes = frame(crop.points)
    x, y = np.meshgrid(np.linspace(-0.35, 0.35, 15), np.linspace(-1.45, -1.15, 10))
    places = np.rint(axes.at(x, y)).astype(int).reshape(-1, 2)
    places = places[((places >= 0) & (places < SIZE)).all(1)]
    lab = to_lab(crop.pixels)
    if len(places) > 20:
        there = lab[places[:, 1], places[:, 0]]
        skin_lab = to_lab(np.full((1, 1, 3), skin_colour(crop), np.uint8))[0, 0]
        corners = np.stack([lab[:24, :24].mean((0, 1)), lab[:24, -24:].mean((0, 1))])
        middle = np.median(there, axis=0)
        skin_lab[0] = max(skin_lab[0], middle[0])  # a lit forehead is lighter than the skin, and no hair
        foreign = min(float(np.linalg.norm(middle - other)) for other in (skin_lab, *corners))
        if foreign > DIFFERENT:
            return np.asarray(np.percentile(crop.pixels[places[:, 1], places[:, 0]], 40, axis=0), np.float64)
    return brow_colour(crop, random)


def _surely(points: Points) -> NDArray[np.bool_]:
    inner = filled(hull(np.concatenate([points[17:68], points[2:15]]))) > 0.5
    return np.asarray(inner & (features(points) < 0.01), np.bool_)
