"""Sphere20, the network of the CosFace weights that FaceForensics++ tables are made with.

Source: Liu et al. 2017 (arXiv:1704.08063) for the network and MuggleWang/CosFace_pytorch, net.py (sphere, type 20),
whose parameter names are kept, so that its weights load strictly.
"""

from __future__ import annotations

import torch
from torch import nn

DIM = 512
STAGES = ((64, 1), (128, 2), (256, 4), (512, 1))  # channels, residual units; each stage halves the maps


class _Unit(nn.Module):
    """Two convolutions, each with a PReLU, beside a skip."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.prelu1 = nn.PReLU(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.prelu2 = nn.PReLU(channels)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = maps + self.prelu2(self.conv2(self.prelu1(self.conv1(maps))))
        return result


class Sphere20(nn.Module):
    """Crops (N, 3, H, W), RGB in [-1, 1], to embeddings (N, 512), not normalised.

    Args:
        size: height and width of the crops, (112, 96) or (112, 112): the last layer depends on it.
    """

    def __init__(self, size: tuple[int, int] = (112, 96)) -> None:
        super().__init__()
        inputs = 3
        for number, (channels, count) in enumerate(STAGES, 1):
            first = [nn.Conv2d(inputs, channels, 3, 2, 1), nn.PReLU(channels)]
            self.add_module(f"layer{number}", nn.Sequential(*first, *(_Unit(channels) for _ in range(count))))
            inputs = channels
        shrink = 2 ** len(STAGES)
        self.fc = nn.Linear(inputs * (size[0] // shrink) * (size[1] // shrink), DIM)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Embed crops."""
        for number in range(1, len(STAGES) + 1):
            crops = self.get_submodule(f"layer{number}")(crops)
        embedding: torch.Tensor = self.fc(crops.flatten(1))
        return embedding
