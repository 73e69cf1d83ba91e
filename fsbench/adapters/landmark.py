"""The classical swap: the source's face is warped onto the target's 68 points and blended in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from fsbench.adapters.blend import BLENDS, Mask, Window, mix
from fsbench.adapters.colour import match_colour
from fsbench.adapters.face_mask import (
    SOURCE_BROW,
    TARGET_BROW,
    face_size,
    face_weight,
    foreign_weight,
    kept_weight,
    skin_pixels,
    with_forehead,
)
from fsbench.adapters.one_by_one import one_by_one
from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError, ItemError
from fsbench.interfaces import Swapper
from fsbench.types import Face, Image, SwapItem, Swapped

Points = NDArray[np.float64]
Blend = Literal["poisson", "feather"]

SMALLEST = 16  # pixels; a face whose points span less has no features left to warp
MARGIN = 0.1  # of the window around the face, in face sizes
GRID = 4  # the warp is smooth: solved on every fourth pixel and interpolated between
UNSEEN = (0.1, 0.3)  # area in the source over the usual area: not seen up to the first, seen from the second on
STIFFNESS = 1e-3  # of the thin plate; above 0 because points of a closed mouth coincide


class Landmark(Swapper):
    """A swap without any network: thin-plate warp, colours and light in Lab, Poisson or feathered blend.

    Pose and expression are the target's because the points are. Both faces need 68 points.
    """

    name = "landmark"
    version = 1
    trained_with = ()

    def __init__(self, *, blend: Blend = "poisson") -> None:
        if blend not in get_args(Blend):
            raise ConfigError(f"landmark cannot blend by '{blend}'", hint=f"blend = {' | '.join(get_args(Blend))}")
        self._blend = BLENDS[blend]

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        """Swap each item; an ItemError where a face has no 68 usable points."""
        return one_by_one(items, self._swap_one)

    def _swap_one(self, item: SwapItem) -> Swapped:
        start, end = face_points(item.source, "source"), face_points(item.target, "target")
        source, target = read_rgb(item.source.image.path), read_rgb(item.target.image.path)
        window = Window.around(end, MARGIN * face_size(end))
        end = end - window.corner
        patch = window.cut(target)
        warped, seen = warp(source, start, end, window.size)
        skin = skin_pixels(end, window.size) & (seen > 0.5)
        if not skin.any():
            raise ItemError("the two faces share no visible skin: their poses are too far apart")
        weight = face_weight(end, window.size) * seen
        for image, brow in ((warped, SOURCE_BROW), (patch, TARGET_BROW)):
            weight = weight * (1 - foreign_weight(image, end, skin, brow=brow))
        face = match_colour(warped, patch, skin=skin, weight=weight)
        face = self._blend(face, patch, weight)
        return Swapped(window.paste(target, mix(face, patch, kept_weight(start, end, window.size))))


def face_points(face: Face, which: str) -> Points:
    """Give (78, 2) points: the 68, and ten on the forehead above the brows.

    Raises:
        ItemError: there are no 68 points, or they span too little.
    """
    points = face.landmarks68
    if points is None or points.shape != (68, 2):
        raise ItemError(f"the {which}'s face has no 68 landmarks, which the landmark swap needs")
    if not np.isfinite(points).all() or np.ptp(points, axis=0).min() < SMALLEST:
        raise ItemError(f"the {which}'s 68 landmarks span less than {SMALLEST} pixels")
    return with_forehead(points.astype(np.float64))


def warp(source: Image, start: Points, end: Points, size: tuple[int, int]) -> tuple[Image, Mask]:
    """Bend the source's picture so that its points `start` land on `end` in a picture of (height, width) `size`.

    Returns:
        The picture, and (H, W) in 0..1 how much of each pixel the source shows at all: the far cheek of a turned face
        is a line, and what the warp would draw from it over a whole cheek is background.

    Source: thin-plate spline (Bookstein 1989), fitted from the result to the source by scipy's RBFInterpolator.
    """
    import cv2
    from scipy.interpolate import RBFInterpolator

    unit = face_size(end)
    spline = RBFInterpolator(end / unit, start, kernel="thin_plate_spline", smoothing=STIFFNESS)
    rows, columns = np.arange(0, size[0] + GRID, GRID), np.arange(0, size[1] + GRID, GRID)
    grid = np.stack(np.meshgrid(columns, rows), axis=-1).astype(np.float64)
    coarse = spline(grid.reshape(-1, 2) / unit).reshape(grid.shape)
    x, y = np.meshgrid(np.arange(size[1], dtype=np.float32) / GRID, np.arange(size[0], dtype=np.float32) / GRID)
    places, seen = (
        cv2.remap(values.astype(np.float32), x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for values in (coarse, _seen(coarse, (face_size(start) / unit) ** 2))
    )
    across, along = places[..., 0].copy(), places[..., 1].copy()
    warped = cv2.remap(source, across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8), np.asarray(seen, np.float32)


def _seen(places: NDArray[np.float64], usual: float) -> NDArray[np.float64]:
    """Compare the area that each grid cell has in the source with the usual one."""
    import cv2

    down, right = np.gradient(places, GRID, axis=0), np.gradient(places, GRID, axis=1)
    area = (right[..., 0] * down[..., 1] - right[..., 1] * down[..., 0]) / usual
    ratio = np.clip((area - UNSEEN[0]) / (UNSEEN[1] - UNSEEN[0]), 0, 1)
    return np.asarray(cv2.GaussianBlur(ratio, (0, 0), 1.5), np.float64)
