"""Which pixels of the target take the source's face: skin, soft rim, hair, eyes and the inside of the mouth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fsbench.adapters.blend import Mask
from fsbench.adapters.colour import to_lab
from fsbench.types import Image

Points = NDArray[np.float64]

# Places in the 68 points (iBUG order); the forehead points follow them.
BROWS, FEATURES, LIPS, INNER_LIPS = slice(17, 27), slice(17, 68), slice(48, 60), slice(60, 68)
EYES = (slice(36, 42), slice(42, 48))
NOSE_BASE = 33
FOREHEAD = 0.45  # how far the face reaches above a brow, in distances from the brows to the base of the nose
RIM = 0.08  # width of the soft rim, in face sizes
HAIR = (10.0, 20.0)  # L below that of the skin: up to the first surely skin, from the second on surely hair
HUE = (14.0, 24.0)  # the same for the distance in a and b, where the skin of one face spreads over about 8
SOURCE_BROW, TARGET_BROW = (
    0.06,
    0.18,
)  # how high each may reach; a brow of the target is not to be kept as hair
CLOSED = 0.15  # height of an eye over its width, below which it shows no iris


def with_forehead(points: Points) -> Points:
    """Add ten points on the forehead, above the brows, to (68, 2) points."""
    return np.concatenate([points, points[BROWS] + FOREHEAD * _up(points)])


def face_size(points: Points) -> float:
    """Give the side of a square with the area of the points' box, in pixels."""
    return float(np.sqrt(np.ptp(points, axis=0).prod()))


def face_weight(points: Points, size: tuple[int, int]) -> Mask:
    """Give 1 inside the outline of the (78, 2) points, falling to 0 at the outline itself."""
    import cv2

    depth = cv2.distanceTransform(_hull(points, size), cv2.DIST_L2, 5)
    ramp = np.clip(depth / max(1.0, RIM * face_size(points)), 0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)


def skin_pixels(points: Points, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which pixels are surely skin: between brows, cheeks and lips, without eyes and mouth."""
    import cv2

    inner = _hull(points[FEATURES], size)
    for part in (*EYES, LIPS):
        cv2.fillPoly(inner, [_rounded(points[part])], 0)
    return inner > 0


def foreign_weight(image: Image, points: Points, skin: NDArray[np.bool_], *, brow: float) -> Mask:
    """Give how much each pixel around the features looks like hair or background.

    Hair is much darker than the skin and above the cheeks, since a beard belongs to the face; background is of
    another hue. The features themselves are never foreign, nor is what lies less than `brow` above the brows' points,
    in distances from the brows to the base of the nose.
    """
    import cv2

    lab = to_lab(image)
    middle = np.median(lab[skin], axis=0)
    dark = _ramp(middle[0] - lab[..., 0], HAIR) * _above_the_cheeks(points, lab.shape)
    odd = _ramp(np.asarray(np.hypot(lab[..., 1] - middle[1], lab[..., 2] - middle[2])), HUE)
    brows = points[BROWS] + brow * _up(points)
    features = _hull(np.concatenate([points[FEATURES], brows]), lab.shape)
    side = face_size(points)
    grown = cv2.dilate(features, np.ones((_odd(0.04 * side),) * 2, np.uint8))
    foreign = np.maximum(dark, odd) * (1 - grown)
    spread = cv2.dilate(foreign, np.ones((_odd(0.05 * side),) * 2, np.uint8))
    return _blurred(np.asarray(spread, np.float32), 0.02 * side)


def kept_weight(start: Points, end: Points, size: tuple[int, int]) -> Mask:
    """Give how much of the target stays inside the face: the inside of its mouth, and an eye the source has closed.

    A closed mouth has no teeth and a closed eye no iris to show, whatever the warp does.
    """
    polygons = [_rounded(end[INNER_LIPS])]
    polygons += [_rounded(_grown(end[eye])) for eye in EYES if _opening(start[eye]) < CLOSED <= _opening(end[eye])]
    return _blurred(_filled(polygons, size).astype(np.float32), 0.01 * face_size(end))


def _up(points: Points) -> Points:
    return np.asarray(points[BROWS].mean(0) - points[NOSE_BASE], np.float64)


def _ramp(values: Mask, limits: tuple[float, float]) -> Mask:
    return np.asarray(np.clip((values - limits[0]) / (limits[1] - limits[0]), 0, 1), np.float32)


def _opening(eye: Points) -> float:
    heights = np.linalg.norm(eye[[1, 2]] - eye[[5, 4]], axis=1)
    return float(heights.mean() / max(np.linalg.norm(eye[3] - eye[0]), 1e-6))


def _grown(eye: Points) -> Points:
    centre = eye.mean(0)
    return np.asarray(centre + 1.25 * (eye - centre), np.float64)


def _above_the_cheeks(points: Points, size: tuple[int, ...]) -> Mask:
    centres = [points[eye].mean(0) for eye in EYES]
    middle = (centres[0] + centres[1]) / 2
    up = _up(points)
    y, x = np.mgrid[: size[0], : size[1]]
    height = np.asarray((x - middle[0]) * up[0] + (y - middle[1]) * up[1]) / float(up @ up)
    return np.asarray(np.clip(height / 0.2 + 2.5, 0, 1), np.float32)


def _hull(points: Points, size: tuple[int, ...]) -> NDArray[np.uint8]:
    import cv2

    return _filled([np.asarray(cv2.convexHull(_rounded(points)), np.int32)], size)


def _filled(polygons: Sequence[NDArray[np.int32]], size: tuple[int, ...]) -> NDArray[np.uint8]:
    import cv2

    canvas = np.zeros(size[:2], np.uint8)
    for polygon in polygons:
        cv2.fillPoly(canvas, [polygon], 1)
    return canvas


def _rounded(points: Points) -> NDArray[np.int32]:
    return np.rint(points).astype(np.int32)


def _odd(pixels: float) -> int:
    return 2 * int(pixels / 2) + 1


def _blurred(values: Mask, sigma: float) -> Mask:
    import cv2

    return np.asarray(cv2.GaussianBlur(values, (0, 0), max(sigma, 0.5)), np.float32)
