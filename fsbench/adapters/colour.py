"""Giving a warped face the colours and the light of the face it replaces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fsbench.adapters.blend import Mask, to_uint8
from fsbench.types import Image

SPREAD = (0.6, 1.2)  # contrast is matched within these factors, so that a flat face is not blown up to harsh light
LIGHT = 0.7  # share of the target's shading that is taken over
BLUR = 0.2  # what counts as shading: what is left after a Gaussian of this width, in sides of the picture
SMALL = 8  # shading is computed on a picture this many times smaller


def to_lab(image: Image) -> Mask:
    """Convert (H, W, 3) uint8 RGB to CIE Lab, L in 0..100."""
    import cv2

    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def match_colour(face: Image, wanted: Image, *, skin: NDArray[np.bool_], weight: Mask) -> Image:
    """Give `face` the colour, contrast and light of `wanted`.

    Centre and spread in Lab are matched over the pixels `skin` (Reinhard et al. 2001; here the median and the middle
    half, which glints and shadows do not move); then the smooth part of the difference, which is how the light
    falls, is added over the whole face.

    Args:
        face: (H, W, 3) uint8 RGB, warped into place.
        wanted: (H, W, 3) uint8 RGB, the target.
        skin: (H, W) pixels that are surely skin in both.
        weight: (H, W) the face, for the light.
    """
    import cv2

    start, end = to_lab(face), to_lab(wanted)
    (low, middle, high), (wanted_low, wanted_middle, wanted_high) = (
        np.percentile(lab[skin], (25, 50, 75), axis=0) for lab in (start, end)
    )
    factor = np.clip((wanted_high - wanted_low) / np.maximum(high - low, 1e-3), *SPREAD)
    lab = (start - middle) * factor + wanted_middle
    lab += LIGHT * shading(end - lab, weight)
    return to_uint8(cv2.cvtColor(lab.astype(np.float32), cv2.COLOR_LAB2RGB) * 255)


def shading(difference: Mask, weight: Mask) -> Mask:
    """Give the smooth part of a (H, W, 3) picture, as seen through a weight: a normalised Gaussian."""
    import cv2

    height, width = weight.shape
    small = (max(1, width // SMALL), max(1, height // SMALL))
    sigma = BLUR * float(np.sqrt(small[0] * small[1]))
    share = cv2.GaussianBlur(cv2.resize(weight, small, interpolation=cv2.INTER_AREA), (0, 0), sigma)
    part = cv2.resize(difference * weight[..., None], small, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(part, (0, 0), sigma) / np.maximum(share, 1e-3)[..., None]
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
