"""What evaluators need of a face: its pixels, and its 68 points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from fsbench.data.frames import read_rgb
from fsbench.errors import ItemError
from fsbench.types import Face, Image


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
