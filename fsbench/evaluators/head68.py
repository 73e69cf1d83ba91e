"""The mean head: 68 landmarks in three dimensions, in iBUG order.

The numbers come with the package insightface (meanshape_68.pkl). They are read from there and not repeated here: they
are its authors' data. The file is a pickle, so only the three names that a plain array needs are allowed to load.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import DependencyError
from fsbench.networks.packages import package_file

HINT = "pip install insightface"
# The point that each point becomes in a mirrored face.
MIRROR = np.array(
    [
        *(*range(16, -1, -1), *range(26, 16, -1)),  # jaw, brows
        *(*range(27, 31), *range(35, 30, -1)),  # bridge and base of the nose
        *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),  # eyes
        *(*range(54, 47, -1), *range(59, 54, -1)),  # outer lips
        *(*range(64, 59, -1), *range(67, 64, -1)),  # inner lips
    ]
)


def mean_shape_file() -> Path:
    """Find the file with the mean shape."""
    return package_file("insightface", "data", "objects", "meanshape_68.pkl", hint=HINT)


def mean_shape() -> NDArray[np.float64]:
    """Give the mean head (68, 3), facing the viewer: x to image right, y down, z away from the viewer.

    The origin is the mean of the points and the unit is the distance between the eyes' centres. The file's head is
    not quite symmetric; it is averaged with its own mirror image, so that a mirrored face gets mirrored angles.

    Raises:
        DependencyError: insightface is not installed, or its file holds something else.
    """
    path = mean_shape_file()
    try:
        with path.open("rb") as file:
            found = _ArrayUnpickler(file).load()
    except (OSError, EOFError, pickle.UnpicklingError) as error:
        raise DependencyError(f"{path} cannot be read: {error}", hint=HINT) from None
    if not isinstance(found, np.ndarray) or found.shape != (68, 3) or found.dtype != np.float32:
        raise DependencyError(f"{path} holds no (68, 3) array of float32", hint=HINT)
    shape = found.astype(np.float64) * [1, 1, -1]  # the file's z points to the viewer
    shape = (shape + shape[MIRROR] * [-1, 1, 1]) / 2
    eyes = shape[36:42].mean(0) - shape[42:48].mean(0)
    return np.asarray((shape - shape.mean(0)) / np.linalg.norm(eyes), np.float64)


class _ArrayUnpickler(pickle.Unpickler):
    """Loads a numpy array and refuses everything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in {("numpy", "ndarray"), ("numpy", "dtype")}:
            return getattr(np, name)
        if name == "_reconstruct" and module in {"numpy.core.multiarray", "numpy._core.multiarray"}:
            return _empty_array
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a plain array")


def _empty_array(kind: type[Any], shape: tuple[int, ...], dtype: bytes) -> NDArray[Any]:
    """Make what numpy's own _reconstruct makes, which has moved between numpy 1 and 2."""
    array: NDArray[Any] = np.ndarray.__new__(kind, shape, dtype.decode())
    return array
