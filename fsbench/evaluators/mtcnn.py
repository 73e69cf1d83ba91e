"""MTCNN through the package facenet-pytorch, which ships its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fsbench.data.frames import read_rgb
from fsbench.evaluators.detectors import largest_first
from fsbench.evaluators.identity_networks import NO_DEPS
from fsbench.evaluators.inference import check_device, one_thread
from fsbench.interfaces import Detector
from fsbench.networks.packages import load_package, package_file
from fsbench.types import Face, ImageRef


class Mtcnn(Detector):
    """MTCNN: boxes of 20 pixels and more, and five points."""

    name = "mtcnn"
    title = "MTCNN"
    version = 1

    def __init__(self, *, device: str = "cpu") -> None:
        self.device = device

    def weight_files(self) -> Mapping[str, Path]:
        """Name the three networks, as the package ships them."""
        names = ("pnet.pt", "rnet.pt", "onet.pt")
        return {name: package_file("facenet_pytorch", "data", name, hint=NO_DEPS) for name in names}

    def detect(self, images: Sequence[ImageRef]) -> Sequence[list[Face]]:
        """Find all faces, largest box first.

        Raises:
            ItemError: a picture cannot be read.
        """
        return [self._faces(image) for image in images]

    def _faces(self, image: ImageRef) -> list[Face]:
        pixels = read_rgb(image.path)
        with one_thread():
            boxes, scores, points = self._network.detect(np.array(pixels), landmarks=True)
        if boxes is None:
            return []
        faces = [
            Face(image, np.asarray(box, np.float64), np.asarray(five, np.float64), float(score))
            for box, score, five in zip(boxes, scores, points, strict=True)
        ]
        return largest_first(faces)

    @cached_property
    def _network(self) -> Any:
        check_device(self.device)
        build = load_package("facenet_pytorch.models.mtcnn", hint=NO_DEPS).MTCNN
        return build(keep_all=True, device=self.device).eval()
