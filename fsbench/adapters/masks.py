"""How much of a swapped crop is taken when it is pasted back: soft box, hull of the landmarks, or the swapper's own."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fsbench import align
from fsbench.adapters.face_mask import face_weight, with_forehead
from fsbench.errors import ItemError
from fsbench.types import Face

Mask = NDArray[np.float32]  # (h, w) in 0..1
MaskKind = Literal["box", "hull", "model"]


def box_mask(size: tuple[int, int], blur: float = 0.3) -> Mask:
    """Make a box that is 1 in the middle and falls to 0 before the border.

    Args:
        size: height and width of the crop.
        blur: width of the soft rim as a share of half the crop, 0..1; 0 is a hard edge one pixel from the border.

    Source: FaceFusion, facefusion/face_masker.py: a zero border of half the blur, then a Gaussian with a quarter of
    it as sigma. 256 pixels at 0.3 give a border of 19 and a sigma of 9.5.
    """
    import cv2

    amount = int(min(size) * 0.5 * blur)
    border = max(amount // 2, 1)
    mask = np.zeros(size, np.float32)
    mask[border:-border, border:-border] = 1
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), amount * 0.25), np.float32) if amount else mask


def hull_mask(face: Face, matrix: align.Matrix, size: tuple[int, int], blur: float = 0.3) -> Mask:
    """Make the soft convex hull of the 68 landmarks and the forehead above the brows, within the box of `box_mask`.

    Args:
        face: with 68 landmarks, in pixels of its picture.
        matrix: (2, 3), maps pixels of the picture to pixels of the crop.
        size: height and width of the crop.
        blur: of the box, which keeps a hull that leaves the crop from ending in a hard edge.

    Raises:
        ItemError: the face has no 68 landmarks, or its hull lies outside the crop.
    """
    if face.landmarks68 is None:
        raise ItemError("mask=hull needs 68 landmarks, which this detector does not find; mask=box does without")
    points = with_forehead(align.transform(face.landmarks68, matrix))
    mask = np.minimum(face_weight(points, size), box_mask(size, blur))
    if not mask.any():
        raise ItemError("the face's landmarks lie outside its crop")
    return np.asarray(mask, np.float32)


def model_mask(values: NDArray[np.floating], size: tuple[int, int]) -> Mask:
    """Take the mask that a swapper returned, (h, w) or (1, h, w) of any range, as (h, w) in 0..1.

    Raises:
        ItemError: it has another size than the crop, or holds NaN.
    """
    found = np.squeeze(np.asarray(values, np.float32))
    if found.shape != size or not np.isfinite(found).all():
        raise ItemError(f"the swapper's mask has the shape {found.shape}, wanted {size} finite numbers")
    return np.asarray(np.clip(found, 0, 1), np.float32)
