"""The pictures behind faces: pixels and sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from fsbench.data.frames import read_rgb
from fsbench.errors import ItemError
from fsbench.types import Face, Image

_EXIF_ORIENTATION = 0x0112
_SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that turn the picture by a quarter


def read_each(faces: Iterable[Face]) -> Iterator[tuple[Face, Image]]:
    """Give each face with its picture; neighbours in the same picture share one reading.

    Raises:
        ItemError: a picture cannot be read.
    """
    path, pixels = None, None
    for face in faces:
        if pixels is None or face.image.path != path:
            path, pixels = face.image.path, read_rgb(face.image.path)
        yield face, pixels


def picture_size(path: Path) -> tuple[int, int]:
    """Read (width, height) of the upright picture from the file's head, without decoding it.

    Raises:
        ItemError: the file is missing or no picture.
    """
    try:
        with PIL.Image.open(path) as picture:
            width, height = picture.size
            if picture.getexif().get(_EXIF_ORIENTATION) in _SIDEWAYS:
                return height, width
            return width, height
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise ItemError(f"{path.name} cannot be read as a picture: {error}") from None


def points68(face: Face) -> NDArray[np.float64]:
    """Give the 68 landmarks (68, 2) of a face.

    Raises:
        ItemError: its detector does not find 68 points, or some are not finite.
    """
    if face.landmarks68 is None:
        raise ItemError(f"the face in {face.image.path.name} has no 68 landmarks: its detector does not find them")
    points = np.asarray(face.landmarks68, np.float64)
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise ItemError(f"the face in {face.image.path.name} has broken landmarks: wanted 68 finite points")
    return points
