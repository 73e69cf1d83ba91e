"""The building blocks of the generator. Parameter names are those of the released code, so its state dicts load.

Source: MobileFSGAN's supplement, figures 1 to 4, and the code that its authors released, where the figures are silent.
All blocks keep height and width unless they say otherwise. Activations overwrite what they are given: on a CPU fresh
memory for a 256 x 256 map costs more than the activation.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

SLOPE = 0.01  # of every leaky ReLU in the generator


def leaky(inputs: torch.Tensor) -> torch.Tensor:
    """Overwrite with the leaky ReLU of all blocks."""
    return functional.leaky_relu(inputs, SLOPE, inplace=True)


class Header(nn.Module):
    """A picture to the first maps of the identity branch and of the attribute branch."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv_image = nn.Conv2d(3, width, 3, padding=1)
        self.conv1x1 = nn.Conv2d(width, width, 1)
        self.conv3x3 = nn.Conv2d(width, width, 3, padding=1, bias=False)

    def forward(self, picture: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(N, 3, H, W) to two (N, width, H, W): identity, attribute."""
        attribute = leaky(self.conv_image(picture))
        return self.conv3x3(leaky(self.conv1x1(attribute))), attribute


class IdentityBlock(nn.Module):
    """Normalise, give each channel a scale and a shift that follow from the embedding, convolve.

    Inference may fold the two linear layers and the normalisation into one scale and shift a channel for a source.
    """

    def __init__(self, width: int, embedding_size: int, *, skips: bool = True) -> None:
        super().__init__()
        self.normalize = nn.BatchNorm2d(width, affine=False)
        self.fc_mean = nn.Linear(embedding_size, width)
        self.fc_var = nn.Linear(embedding_size, width)
        self.conv1x1 = nn.Conv2d(width, width, 1)
        self.conv3x3 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.skips = skips

    def forward(self, maps: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        """(N, width, H, W) maps and (N, E) embeddings of length 1 to (N, width, H, W)."""
        scale = self.fc_var(embedding)[:, :, None, None]
        shift = self.fc_mean(embedding)[:, :, None, None]
        styled = leaky(self.normalize(maps) * scale + shift)
        found: torch.Tensor = self.conv3x3(leaky(self.conv1x1(styled)))
        return maps + found if self.skips else found


class AttributeBlock(nn.Module):
    """Normalise and convolve."""

    def __init__(self, width: int, *, skips: bool = True) -> None:
        super().__init__()
        self.normalize = nn.BatchNorm2d(width)
        self.conv1x1 = nn.Conv2d(width, width, 1)
        self.conv3x3 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.skips = skips

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(N, width, H, W) to the same shape."""
        found: torch.Tensor = self.conv3x3(leaky(self.conv1x1(self.normalize(maps))))
        return maps + found if self.skips else found


class DecoderBlock(nn.Module):
    """Mix identity and attribute maps by a learned attention map, then normalise and convolve.

    `kernel` 0 leaves the attention out: the attribute is ignored, and nothing is added (the ablation NoFuse).
    The attention map is linear, without a sigmoid, so the mix may go beyond both.
    """

    def __init__(self, width: int, *, kernel: int) -> None:
        super().__init__()
        self.conv_attention = nn.Conv2d(width, 1, kernel, padding=kernel // 2) if kernel else None
        self.basic_block = AttributeBlock(width, skips=False)

    def forward(self, maps: torch.Tensor, attribute: torch.Tensor | None) -> torch.Tensor:
        """(N, width, H, W) maps and the attribute maps of that size to the same shape."""
        if self.conv_attention is None or attribute is None:
            found: torch.Tensor = self.basic_block(maps)
            return found
        mixed = attribute + self.conv_attention(maps) * (maps - attribute)  # m * maps + (1 - m) * attribute
        added: torch.Tensor = self.basic_block(mixed)
        return maps + added


class Down(nn.Module):
    """Halve height and width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.normalize = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 4, stride=2, padding=1, bias=False)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(N, inputs, H, W) to (N, outputs, H / 2, W / 2)."""
        return leaky(self.conv(self.normalize(maps)))


class Up(nn.Module):
    """Double height and width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.normalize = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, outputs, 3, bias=False)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(N, inputs, H, W) to (N, outputs, 2 * H, 2 * W)."""
        doubled = functional.interpolate(self.normalize(maps), scale_factor=2, mode="bilinear", align_corners=True)
        return leaky(self.conv(functional.pad(doubled, (1, 1, 1, 1), mode="reflect")))


class PictureHead(nn.Module):
    """Maps to a picture in [-1, 1]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(N, width, H, W) to (N, 3, H, W)."""
        return torch.tanh(self.conv(maps))
