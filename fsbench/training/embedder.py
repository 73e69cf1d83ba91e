"""The frozen identity network of a training: what the generator is told of a source, and what the identity loss sees.

The generator is bound to it: a trained generator understands the embeddings of this network alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from fsbench.networks.dlib_face import CHIP_SIZE, DlibFace, read_weights
from fsbench.networks.dlib_face import DIM as DLIB_DIM
from fsbench.networks.loading import filled
from fsbench.networks.mobilefacenet import CROP_SIZE, MobileFaceNet
from fsbench.networks.mobilefacenet import DIM as MOBILE_DIM
from fsbench.networks.packages import package_file
from fsbench.types import IdentityUse
from fsbench.zoo.tensors import load_state

IdentityName = Literal["mobilefacenet", "dlib"]
MOBILE_WEIGHT = "mobilefacenet-rgb"  # in the zoo
DLIB_FILE = "dlib_face_recognition_resnet_model_v1.dat"


@dataclass(frozen=True)
class Crop:
    """Where a network looks: a rectangle in a 256 px crop of the template `mobilefsgan`, and the size it wants."""

    top: int
    bottom: int
    left: int
    right: int
    size: int

    def cut(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) of any size S to (N, 3, size, size); the corners of the rectangle move inwards to whole pixels.

        For 256, 128 and 64 px and MobileFaceNet these are the released code's 26:230, 13:115 and 7:57.
        """
        side = pictures.shape[-1]
        first = [-(-place * side // 256) for place in (self.top, self.left)]
        last = [place * side // 256 for place in (self.bottom, self.right)]
        inside = pictures[:, :, first[0] : last[0], first[1] : last[1]]
        return functional.interpolate(inside, (self.size, self.size), mode="bilinear", align_corners=True)


MOBILE_CROP = Crop(26, 230, 26, 230, CROP_SIZE)
# dlib's chip has a template of its own. Over 28 faces its corners were measured in the 256 px crop at (38, 67) and
# (220, 249) on average, 4 px deviation; embeddings of this rectangle and of dlib's own chip have a cosine of 0.997.
DLIB_CROP = Crop(67, 249, 38, 220, CHIP_SIZE)


class Embedder(nn.Module):
    """Pictures to embeddings of length 1, frozen, differentiable in the pictures.

    dlib's embeddings share a large common part: cosines between strangers are near 0.8. `centre` is taken away first,
    so that strangers are near 0 and the identity loss has something to say.
    """

    centre: torch.Tensor

    def __init__(self, name: IdentityName, network: nn.Module, crop: Crop, *, dim: int) -> None:
        super().__init__()
        self.name, self.dim, self.crop = name, dim, crop
        self.network = network.eval().requires_grad_(False)
        self.register_buffer("centre", torch.zeros(dim))

    def train(self, mode: bool = True) -> Embedder:
        """Stay in evaluation mode: its statistics are not ours to change."""
        return super().train(False)

    def raw(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) in [-1, 1] to (N, dim) as the network gives them."""
        return self._of_crops(self.crop.cut(pictures))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) in [-1, 1] to (N, dim), centred, of length 1."""
        return functional.normalize(self.raw(pictures) - self.centre)

    def several(self, batches: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Embed batches of pictures of different sizes in one pass of the network."""
        crops = [self.crop.cut(pictures) for pictures in batches]
        rows = functional.normalize(self._of_crops(torch.cat(crops)) - self.centre)
        return list(torch.split(rows, [len(part) for part in crops]))

    def _of_crops(self, crops: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.network((crops + 1) * 127.5 if self.name == "dlib" else crops)
        return found.float()


def identity_use(name: IdentityName) -> IdentityUse:
    """Say what a network is, so that a run can tell when a relative of it measures."""
    return IdentityUse("dlib-resnet") if name == "dlib" else IdentityUse("mobilefacenet", MOBILE_WEIGHT)


def build_embedder(name: IdentityName, weights: Callable[[str], Path]) -> Embedder:
    """Build a network with its published weights.

    Args:
        name: "mobilefacenet", the paper's; "dlib", which comes with packages and needs no download.
        weights: gives the file of a name of the weight zoo.

    Raises:
        DependencyError: the weights are not there.
    """
    if name == "dlib":
        return Embedder(name, DlibFace(read_weights(_dlib_file())), DLIB_CROP, dim=DLIB_DIM)
    network = filled(MobileFaceNet, load_state(weights(MOBILE_WEIGHT)), name=MOBILE_WEIGHT)
    return Embedder(name, network, MOBILE_CROP, dim=MOBILE_DIM)


def weight_files(name: IdentityName, weights: Callable[[str], Path]) -> dict[str, Path]:
    """Name the file that a network is read from.

    Raises:
        DependencyError: it is not there.
    """
    return {DLIB_FILE: _dlib_file()} if name == "dlib" else {MOBILE_WEIGHT: weights(MOBILE_WEIGHT)}


def _dlib_file() -> Path:
    return package_file("face_recognition_models", "models", DLIB_FILE)
