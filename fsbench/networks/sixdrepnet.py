"""6DRepNet as the package `sixdrepnet` has it: a face to the rotation of its head."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from fsbench.networks.isolated_import import import_isolated
from fsbench.networks.loading import filled
from fsbench.networks.packages import package_file

BACKBONE = "RepVGG-B1g2"


def rotation_network(tensors: Mapping[str, torch.Tensor], *, name: str) -> nn.Module:
    """Build the package's network, crops (N, 3, 224, 224) to rotation matrices (N, 3, 3), with the given weights.

    Raises:
        DependencyError: the package is not installed, or the weights are of another network.
    """
    folder = package_file("sixdrepnet", "model.py", hint="pip install sixdrepnet").parent
    package = import_isolated(folder, "model")

    def build() -> nn.Module:
        network: nn.Module = package.SixDRepNet(BACKBONE, "", deploy=True, pretrained=False)
        return network

    return filled(build, tensors, name=name)


def degrees(rotations: torch.Tensor) -> torch.Tensor:
    """Split rotations (N, 3, 3) into yaw, pitch and roll (N, 3) in degrees.

    The rotation is Rz(roll) @ Ry(yaw) @ Rx(pitch), which is how sixdrepnet's utils.py splits it, too; it gives the
    angles in the order pitch, yaw, roll.
    """
    found = rotations.double()
    pitch = torch.atan2(found[:, 2, 1], found[:, 2, 2])
    yaw = torch.atan2(-found[:, 2, 0], torch.hypot(found[:, 0, 0], found[:, 1, 0]))
    roll = torch.atan2(found[:, 1, 0], found[:, 0, 0])
    return torch.rad2deg(torch.stack([yaw, pitch, roll], 1)).float()
