"""Head pose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fsbench.data.frames import picture_size
from fsbench.errors import ItemError
from fsbench.evaluators.head68 import mean_shape, mean_shape_file
from fsbench.evaluators.pictures import points68
from fsbench.interfaces import Evaluator
from fsbench.types import Face


class Pnp68(Evaluator):
    """Yaw, pitch and roll in degrees: the turn of a mean head whose projection fits 68 landmarks.

    Signs are those that a viewer of the picture sees. Yaw is positive when the face turns to image right, pitch
    when it looks up, roll when the head leans clockwise. Mirroring a picture flips yaw and roll.
    """

    role = "pose"
    name = "pnp68"
    title = "PnP-68"
    version = 1
    landmarks_only = True
    dim = 3

    def weight_files(self) -> Mapping[str, Path]:
        """Name the file with the mean head."""
        path = mean_shape_file()
        return {path.name: path}

    def extract(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        """Measure (N, 3) angles in degrees.

        Raises:
            ItemError: a face has no 68 landmarks, its picture's size cannot be read, or no pose fits.
        """
        sizes = (picture_size(face.image.path) for face in faces)
        rows = [
            head_pose(points68(f), (width, height), self._shape)
            for f, (height, width) in zip(faces, sizes, strict=True)
        ]
        return np.array(rows, np.float32).reshape(len(faces), self.dim)

    @cached_property
    def _shape(self) -> NDArray[np.float64]:
        return mean_shape()


def head_pose(points: NDArray[np.float64], size: tuple[int, int], shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find yaw, pitch and roll (3,) in degrees, seen from a pinhole camera.

    The camera's focal length is the long side of the picture (a view of 53 degrees along it), and its axis goes
    through the picture's middle: the usual guess where nothing is known of the camera.

    Args:
        points: (68, 2) landmarks in pixels.
        size: width and height of the picture.
        shape: (68, 3) head as head68.mean_shape gives it.

    Raises:
        ItemError: no pose fits.

    Source: OpenCV's SOLVEPNP_SQPNP (Terzakis and Lourakis 2020), which needs no first guess, then refined by
    Levenberg-Marquardt; checked by projecting the head at known angles.
    """
    import cv2

    width, height = size
    focal = float(max(size))
    camera = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    try:
        found, rotation, place = cv2.solvePnP(shape, points, camera, None, flags=cv2.SOLVEPNP_SQPNP)
        if found:
            rotation, place = cv2.solvePnPRefineLM(shape, points, camera, None, rotation, place)
    except cv2.error as error:  # raised for points that coincide
        raise ItemError(f"no head pose fits the 68 landmarks: {error.err}") from None
    if not found:
        raise ItemError("no head pose fits the 68 landmarks")
    if not np.isfinite(rotation).all() or place[2, 0] <= 0:
        raise ItemError("no head pose fits the 68 landmarks: the head would lie behind the camera")
    return angles(np.asarray(cv2.Rodrigues(rotation)[0], np.float64))


def angles(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Split a rotation (3, 3) from head to camera into yaw, pitch and roll (3,) in degrees, signs as in Pnp68.

    The order is rotation = Rz(roll) @ Ry(-yaw) @ Rx(-pitch), so that turning the picture changes roll alone; x
    points to image right, y down, z away from the viewer.
    """
    yaw = np.arcsin(np.clip(rotation[2, 0], -1, 1))
    pitch = -np.arctan2(rotation[2, 1], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return np.degrees([yaw, pitch, roll])
