"""SCRFD-10G through the package insightface, alone or with FAN's 68 points through face-alignment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fsbench.data.frames import read_rgb
from fsbench.errors import DependencyError
from fsbench.evaluators.detectors import largest_first
from fsbench.evaluators.fan import Fan68
from fsbench.evaluators.onnx_session import open_session
from fsbench.interfaces import Detector
from fsbench.networks.packages import load_package
from fsbench.types import Face, ImageRef

INPUT_SIZE = (640, 640)
THRESHOLD, OVERLAP = 0.5, 0.4  # insightface's defaults: of the score, and of boxes that are one face
OUTPUTS = 9  # score, box and points at strides 8, 16 and 32


class Scrfd(Detector):
    """SCRFD-10G: boxes and five points. A picture is shrunk or enlarged to fit into 640 x 640."""

    name = "scrfd-10g"
    title = "SCRFD-10G"
    version = 1

    def __init__(self, *, device: str = "cpu") -> None:
        self.device = device

    def weight_files(self) -> Mapping[str, Path]:
        """Name the ONNX file, which must be in the zoo's folder.

        Raises:
            DependencyError: it is not there.
        """
        from fsbench.zoo.store import require

        path = require("scrfd-10g")
        return {path.name: path}

    def detect(self, images: Sequence[ImageRef]) -> Sequence[list[Face]]:
        """Find all faces with a score of 0.5 or more, largest box first.

        Raises:
            ItemError: a picture cannot be read.
        """
        return [self._faces(image) for image in images]

    def _faces(self, image: ImageRef) -> list[Face]:
        pixels = read_rgb(image.path)
        boxes, points = self._network.detect(np.ascontiguousarray(pixels[..., ::-1]), input_size=INPUT_SIZE)
        faces = [
            Face(image, box[:4].astype(np.float64), five.astype(np.float64), float(box[4]))
            for box, five in zip(boxes, points, strict=True)
        ]
        return largest_first(faces)

    @cached_property
    def _network(self) -> Any:
        path = self.weight_files()[self._file]
        package = load_package("insightface.model_zoo.scrfd", hint="pip install insightface")
        session = open_session(path, self.device)
        if len(session.get_outputs()) != OUTPUTS:
            found = len(session.get_outputs())
            raise DependencyError(f"{path.name} is no SCRFD with points: {found} outputs", hint="fsbench zoo verify")
        network = package.SCRFD(model_file=str(path), session=session)
        network.det_thresh, network.nms_thresh = THRESHOLD, OVERLAP
        return network

    @property
    def _file(self) -> str:
        return next(iter(self.weight_files()))


class ScrfdFan(Scrfd):
    """SCRFD-10G's boxes and five points, and FAN's 68 points in each box."""

    name = "scrfd-10g+fan"
    title = "SCRFD-10G + 68 points (FAN)"

    def weight_files(self) -> Mapping[str, Path]:
        """Name both files."""
        return {**super().weight_files(), **self._points.weight_files()}

    @cached_property
    def _points(self) -> Fan68:
        return Fan68(device=self.device)

    def _faces(self, image: ImageRef) -> list[Face]:
        faces = super()._faces(image)
        points = self._points.find(read_rgb(image.path), [face.box for face in faces])
        return [replace(face, landmarks68=one) for face, one in zip(faces, points, strict=True)]
