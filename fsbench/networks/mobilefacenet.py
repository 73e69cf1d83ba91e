"""MobileFaceNet, the identity network of MobileFSGAN: 112 x 112 crops to 512 numbers.

Source: Chen et al. 2018 (arXiv:1804.07573) in the form whose weights the authors of MobileFSGAN publish; parameter
names are theirs, so that those weights load strictly.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

CROP_SIZE = 112
DIM = 512


class _Convolution(nn.Module):
    """Convolution and batch norm."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, pad: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.bn(self.conv(inputs))
        return found


class _Activated(_Convolution):
    """The same with a PReLU behind."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, pad: int) -> None:
        super().__init__(inputs, outputs, kernel, stride=stride, groups=groups, pad=pad)
        self.prelu = nn.PReLU(outputs)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.prelu(super().forward(inputs))
        return found


class _Bottleneck(nn.Module):
    """Widen by 1x1, filter each channel by 3x3, narrow by 1x1; with a skip where the shape stays."""

    def __init__(self, inputs: int, outputs: int, inner: int, *, stride: int) -> None:
        super().__init__()
        self.conv = _Activated(inputs, inner, 1, pad=0)
        self.conv_dw = _Activated(inner, inner, 3, stride=stride, groups=inner, pad=1)
        self.project = _Convolution(inner, outputs, 1, pad=0)
        self.skips = stride == 1

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.project(self.conv_dw(self.conv(inputs)))
        return inputs + found if self.skips else found


class _Stage(nn.Module):
    """Several bottlenecks of one shape."""

    def __init__(self, channels: int, inner: int, count: int) -> None:
        super().__init__()
        self.model = nn.Sequential(*(_Bottleneck(channels, channels, inner, stride=1) for _ in range(count)))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.model(inputs)
        return found


class MobileFaceNet(nn.Module):
    """Crops (N, 3, 112, 112), RGB in [-1, 1], to embeddings (N, 512) of length 1; differentiable in the crops."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _Activated(3, 64, 3, stride=2, pad=1)
        self.conv2_dw = _Activated(64, 64, 3, groups=64, pad=1)
        self.conv_23 = _Bottleneck(64, 64, 128, stride=2)
        self.conv_3 = _Stage(64, 128, 4)
        self.conv_34 = _Bottleneck(64, 128, 256, stride=2)
        self.conv_4 = _Stage(128, 256, 6)
        self.conv_45 = _Bottleneck(128, 128, 512, stride=2)
        self.conv_5 = _Stage(128, 256, 2)
        self.conv_6_sep = _Activated(128, 512, 1, pad=0)
        self.conv_6_dw = _Convolution(512, 512, 7, groups=512, pad=0)
        self.linear = nn.Linear(512, DIM, bias=False)
        self.bn = nn.BatchNorm1d(DIM)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Embed crops."""
        found = self.conv_23(self.conv2_dw(self.conv1(crops)))
        found = self.conv_45(self.conv_4(self.conv_34(self.conv_3(found))))
        found = self.conv_6_dw(self.conv_6_sep(self.conv_5(found)))
        return functional.normalize(self.bn(self.linear(found.flatten(1))))
