"""IResNet-50, the network that ArcFace weights are published for.

Source: deepinsight/insightface, recognition/arcface_torch/backbones/iresnet.py (iresnet50), whose parameter names are
kept, so that its weights load strictly; Deng et al. 2019 (arXiv:1801.07698) for the residual unit.
"""

from __future__ import annotations

import torch
from torch import nn

CROP_SIZE = 112
DIM = 512
STAGES = ((64, 3), (128, 4), (256, 14), (512, 3))  # channels, residual units; each stage halves the maps


class _Unit(nn.Module):
    """Norm, convolution, norm, PReLU, convolution (which may halve), norm; beside a skip."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        found = self.prelu(self.bn2(self.conv1(self.bn1(maps))))
        skip = maps if self.downsample is None else self.downsample(maps)
        result: torch.Tensor = self.bn3(self.conv2(found)) + skip
        return result


class IResNet50(nn.Module):
    """Crops (N, 3, 112, 112), RGB in [-1, 1], to embeddings (N, 512), not normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.prelu = nn.PReLU(64)
        inputs = 64
        for number, (channels, count) in enumerate(STAGES, 1):
            units = [_Unit(inputs, channels, 2), *(_Unit(channels, channels, 1) for _ in range(count - 1))]
            self.add_module(f"layer{number}", nn.Sequential(*units))
            inputs = channels
        self.bn2 = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs * (CROP_SIZE // 2 ** len(STAGES)) ** 2, DIM)
        self.features = nn.BatchNorm1d(DIM)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Embed crops."""
        found = self.prelu(self.bn1(self.conv1(crops)))
        for number in range(1, len(STAGES) + 1):
            found = self.get_submodule(f"layer{number}")(found)
        embedding: torch.Tensor = self.features(self.fc(self.bn2(found).flatten(1)))
        return embedding
