"""Facial expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import ItemError
from fsbench.evaluators.head68 import mean_shape, mean_shape_file
from fsbench.evaluators.pictures import points68
from fsbench.interfaces import Evaluator
from fsbench.types import Face

MIN_FRONTAL = 0.2  # cosine of the turn out of the picture's plane; beyond 78 degrees the face is seen edge-on


class Landmarks68(Evaluator):
    """How 68 landmarks differ from a mean head seen from the same side: 136 numbers, x and y of each in turn.

    The unit is the distance between the eyes' centres. Place, scale and turn of the head are removed. What is left
    holds the expression and also the shape of the person's face.
    """

    role = "expression"
    name = "landmarks68"
    title = "68 points"
    version = 1
    landmarks_only = True
    dim = 136

    def weight_files(self) -> Mapping[str, Path]:
        """Name the file with the mean head."""
        path = mean_shape_file()
        return {path.name: path}

    def extract(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        """Measure (N, 136) rows.

        Raises:
            ItemError: a face has no 68 landmarks, they coincide, or the face is seen edge-on.
        """
        rows = [expression_vector(points68(face), self._shape) for face in faces]
        return np.array(rows, np.float32).reshape(len(faces), self.dim)

    @cached_property
    def _shape(self) -> NDArray[np.float64]:
        return mean_shape()


def expression_vector(points: NDArray[np.float64], shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure how landmarks deviate from the head that fits them best, in the face's own frontal plane.

    The head is placed by weak perspective: the least-squares affine map from (x, y, z) to the picture, its nearest
    rotation, and the least-squares scale. Deviations in the picture are then turned back into the head's x and y.

    Args:
        points: (68, 2) landmarks in pixels.
        shape: (68, 3) head as head68.mean_shape gives it.

    Returns:
        (136,) x and y of each point in turn, in distances between the eyes' centres.

    Raises:
        ItemError: the points lie on a line or a spot, or the face is seen edge-on.
    """
    centred = points - points.mean(0)
    affine = np.linalg.lstsq(shape, centred, rcond=None)[0].T  # (2, 3)
    left, sizes, right = np.linalg.svd(affine, full_matrices=False)
    if sizes[1] <= 1e-6 * max(sizes[0], 1e-12):
        raise ItemError("the 68 landmarks lie on one line, so no head fits them")
    rotation = left @ right  # (2, 3), the nearest map with orthonormal rows
    projected = shape @ rotation.T
    scale = float((centred * projected).sum() / (projected**2).sum())
    plane = rotation[:, :2]
    if np.linalg.det(plane) < MIN_FRONTAL:
        raise ItemError("the face is seen edge-on, so its expression cannot be measured")
    deviation: NDArray[np.float64] = np.linalg.solve(plane, (centred / scale - projected).T).T
    return deviation.ravel()
