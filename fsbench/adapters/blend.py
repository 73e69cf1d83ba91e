"""How a warped face joins the picture around it: the window it lies in, feathered and Poisson blend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fsbench.types import Image

Mask = NDArray[np.float32]  # (H, W) in 0..1
LIMIT = 24.0  # grey levels by which the Poisson blend may shift a colour; see `poisson`
SMALL = 160  # pixels; the shift is harmonic, so a small picture holds all of it and is solved in a few milliseconds


@dataclass(frozen=True, eq=False)
class Window:
    """A rectangle around a face; where it leaves the picture, the border pixels repeat."""

    corner: NDArray[np.int64]  # (2,) x, y of its first pixel; may be negative
    size: tuple[int, int]  # height, width

    @classmethod
    def around(cls, points: NDArray[np.float64], margin: float) -> Window:
        """Make the window that holds (K, 2) points with `margin` pixels on each side."""
        corner = np.floor(points.min(0) - margin).astype(np.int64)
        end = np.ceil(points.max(0) + margin).astype(np.int64) + 1
        return cls(corner, (int(end[1] - corner[1]), int(end[0] - corner[0])))

    def cut(self, image: Image) -> Image:
        """Copy the window out of a picture."""
        rows = np.clip(np.arange(self.size[0]) + self.corner[1], 0, image.shape[0] - 1)
        columns = np.clip(np.arange(self.size[1]) + self.corner[0], 0, image.shape[1] - 1)
        return image[np.ix_(rows, columns)]

    def paste(self, image: Image, patch: Image) -> Image:
        """Give a copy of the picture in which the window shows `patch`."""
        left, top = (int(value) for value in self.corner)
        bottom, right = min(top + self.size[0], image.shape[0]), min(left + self.size[1], image.shape[1])
        if bottom <= 0 or right <= 0:
            return image.copy()
        result = image.copy()
        inside = patch[max(-top, 0) : bottom - top, max(-left, 0) : right - left]
        result[max(top, 0) : bottom, max(left, 0) : right] = inside
        return result


def mix(below: Image, above: Image, weight: Mask) -> Image:
    """Lay `above` over `below` with a weight a pixel; where it is 0 the pixels of `below` stay exactly."""
    return to_uint8(below + (above.astype(np.float32) - below) * weight[..., None])


def feather(face: Image, around: Image, weight: Mask) -> Image:
    """Blend by the weight alone."""
    return mix(around, face, weight)


def poisson(face: Image, around: Image, weight: Mask) -> Image:
    """Blend the gradients of the face into its surroundings (Perez et al. 2003), then feather the rim.

    The colours already fit, so the blend has only the last difference at the rim to take away. Where the rim meets
    hair or background it would draw that colour over the whole face; its shift is therefore bounded softly by LIMIT.
    The rim is feathered because cv2.seamlessClone solves over the mask's rectangle and shifts pixels outside the mask.
    """
    import cv2

    height, width = weight.shape
    scale = min(1.0, SMALL / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    below, above, share = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in (around, face, weight))
    solid = (share > 0.02).astype(np.uint8) * 255
    left, top, columns, rows = cv2.boundingRect(solid)
    centre = (left + columns // 2, top + rows // 2)  # seamlessClone centres the mask's own rectangle there
    cloned = cv2.seamlessClone(above, below, solid, centre, cv2.NORMAL_CLONE)
    shift = np.tanh((cloned.astype(np.float32) - above) / LIMIT) * LIMIT
    return mix(around, to_uint8(face + cv2.resize(shift, (width, height), interpolation=cv2.INTER_LINEAR)), weight)


BLENDS: dict[str, Callable[[Image, Image, Mask], Image]] = {"poisson": poisson, "feather": feather}


def to_uint8(values: NDArray[np.floating]) -> Image:
    """Round and clip to 0..255."""
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
