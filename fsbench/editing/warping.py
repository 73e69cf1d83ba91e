"""Bending a picture by points, with the warp fading out to nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fsbench.editing.crop import SIZE, Mask, Points
from fsbench.types import Image

GRID = 4  # the warp is smooth: solved on every fourth pixel and interpolated between
STIFFNESS = 1e-3  # of the thin plate; above 0 because points of a closed mouth coincide


def bent(pixels: Image, start: Points, end: Points, weight: Mask) -> Image:
    """Bend a crop so that its points `start` land on `end`; pixels where the weight is 0 stay exactly.

    Args:
        pixels: (SIZE, SIZE, 3) uint8.
        start: (K, 2).
        end: (K, 2), distinct.
        weight: (SIZE, SIZE) by how much the displacement holds.

    Source: thin-plate spline (Bookstein 1989), fitted from the result back to the picture.
    """
    import cv2

    shift = displacement(start, end) * weight[..., None]
    x, y = np.meshgrid(np.arange(SIZE, dtype=np.float32), np.arange(SIZE, dtype=np.float32))
    across, along = x + shift[..., 0], y + shift[..., 1]
    moved = cv2.remap(pixels, across, along, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.where(weight[..., None] > 0, moved, pixels), np.uint8)


def displacement(start: Points, end: Points) -> NDArray[np.float32]:
    """Give for each pixel of the result (SIZE, SIZE, 2) how far away its content lay."""
    import cv2
    from scipy.interpolate import RBFInterpolator

    spline = RBFInterpolator(end / SIZE, start - end, kernel="thin_plate_spline", smoothing=STIFFNESS)
    ticks = np.arange(0, SIZE + GRID, GRID)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).astype(np.float64)
    coarse = spline(grid.reshape(-1, 2) / SIZE).reshape(grid.shape).astype(np.float32)
    x, y = np.meshgrid(np.arange(SIZE, dtype=np.float32) / GRID, np.arange(SIZE, dtype=np.float32) / GRID)
    return np.asarray(cv2.remap(coarse, x, y, cv2.INTER_LINEAR), np.float32)
