"""The discriminator: one patch discriminator for each size of picture.

Source: the code released with MobileFSGAN, whose parameter names it repeats; the patch discriminator is pix2pixHD's
(arXiv:1711.11585), the spectral norm Miyato et al. 2018 (arXiv:1802.05957).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.utils import spectral_norm  # the form whose state dicts the released code writes

KERNEL, PAD, SLOPE = 4, 2, 0.2
HALVINGS = 4  # convolutions of stride 2


def _convolution(inputs: int, outputs: int, stride: int) -> nn.Module:
    convolution: nn.Module = spectral_norm(nn.Conv2d(inputs, outputs, KERNEL, stride, PAD))
    return convolution


class PatchDiscriminator(nn.Module):
    """Says of each patch of a picture how real it looks; no sigmoid, above 0 is real."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(3, width, 2), nn.LeakyReLU(SLOPE, inplace=True)]
        channels = width
        for step in range(1, HALVINGS + 1):
            outputs = min(channels * 2, 512)
            layers += [_convolution(channels, outputs, 2 if step < HALVINGS else 1), nn.BatchNorm2d(outputs)]
            layers.append(nn.LeakyReLU(SLOPE, inplace=True))
            channels = outputs
        self.model = nn.Sequential(*layers, _convolution(channels, 1, 1))

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """(N, 3, H, W) in [-1, 1] to (N, 1, h, w)."""
        found: torch.Tensor = self.model(pictures)
        return found


class Discriminator(nn.Module):
    """One patch discriminator a size, with nothing shared."""

    def __init__(self, sizes: Sequence[int] = (256, 128, 64), width: int = 16) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        for size in self.sizes:
            self.add_module(f"discriminator_{size}", PatchDiscriminator(width))

    def forward(self, pictures: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """Judge pictures of each size, in the order of `sizes`."""
        pairs = zip(self.sizes, pictures, strict=True)
        return tuple(self.get_submodule(f"discriminator_{size}")(batch) for size, batch in pairs)
