"""The frozen network whose feature maps the attribute loss compares.

`vgg19` is the paper's. `dlib` takes the early layers of dlib's face network, which comes with packages; a loss under
it is another loss, and its name says so wherever it is printed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from fsbench.networks.dlib_face import DlibFace, read_weights
from fsbench.networks.loading import filled
from fsbench.networks.packages import package_file
from fsbench.zoo.tensors import load_state

PerceptionName = Literal["vgg19", "dlib"]
# relu1_1, relu2_1, relu3_1, relu4_1, relu5_1 as indices of torchvision's vgg19().features, with the released weights.
# relu1_1 has weight 0: it is computed on the way and not compared.
VGG_LAYERS: dict[int, float] = {6: 0.6, 11: 0.8, 20: 1.0, 29: 1.2}
IMAGENET_MEAN, IMAGENET_SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
# Residual blocks of dlib's network after which maps are compared, by their index; -1 is the stem. Early ones alone:
# the later ones hold the identity, which is to change. Weights are ours, in the spirit of VGG's.
DLIB_LAYERS: dict[int, float] = {-1: 0.6, 2: 0.8, 6: 1.0}


class Vgg19Features(nn.Module):
    """Feature maps of VGG19 (Simonyan and Zisserman 2015), as torchvision has it."""

    mean: torch.Tensor
    spread: torch.Tensor
    weights = tuple(VGG_LAYERS.values())

    def __init__(self, features: nn.Sequential, *, bgr: bool = False) -> None:
        super().__init__()
        self.layers = features[: max(VGG_LAYERS) + 1].eval().requires_grad_(False)
        self.bgr = bgr  # the released code reverses the channels before the statistics of RGB; a slip, for parity
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor(IMAGENET_SPREAD).view(1, 3, 1, 1))

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """(N, 3, H, W) in [-1, 1] to four lists of maps."""
        maps = ((pictures.flip(1) if self.bgr else pictures) * 0.5 + 0.5 - self.mean) / self.spread
        found = []
        for index, layer in enumerate(self.layers):
            # An activation that overwrites would change maps that were kept.
            maps = functional.relu(maps) if isinstance(layer, nn.ReLU) else layer(maps)
            if index in VGG_LAYERS:
                found.append(maps)
        return found


class DlibFeatures(nn.Module):
    """Early feature maps of dlib's face network over the whole picture, background and all."""

    weights = tuple(DLIB_LAYERS.values())

    def __init__(self, network: DlibFace) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)

    def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
        """(N, 3, H, W) in [-1, 1] to three lists of maps."""
        return self.network.maps((pictures + 1) * 127.5, tuple(DLIB_LAYERS))


def build_features(
    name: PerceptionName, weights: Callable[[str], Path], *, bgr: bool = False
) -> Vgg19Features | DlibFeatures:
    """Build a network with its published weights; `weights` gives the file of a name of the weight zoo.

    Raises:
        DependencyError: the weights are not there.
    """
    if name == "dlib":
        file = package_file("face_recognition_models", "models", "dlib_face_recognition_resnet_model_v1.dat")
        return DlibFeatures(DlibFace(read_weights(file)))
    from torchvision.models import vgg19

    network = filled(vgg19, load_state(weights("vgg19")), name="vgg19")
    return Vgg19Features(network.features, bgr=bgr)
