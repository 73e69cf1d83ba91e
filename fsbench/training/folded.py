"""The generator made cheaper for inference, exactly: what does not depend on the target is worked out beforehand.

All is linear algebra on a trained network, so pictures differ from the plain network's by rounding alone:

- An identity block normalises, then scales and shifts by two linear layers of the embedding: that is one scale and
  shift a channel. Those of all blocks together are a row of numbers, the *style* of a source, which one matrix gives.
- A batch norm in front of a 1x1 convolution, or of a convolution behind reflection, moves into its weights and bias:
  interpolation weights add up to one, and reflection brings no value of its own.
- A batch norm in front of a convolution that pads with zeros moves into its weights too; but the zeros are not
  normalised, so the bias at the border differs from that inside, and is put right there.
- The picture heads of the smaller sizes are left out.

The plain network stays as it is; convolutions that do not change are shared with it.
"""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import nn
from torch.nn import functional

from fsbench.training.blocks import AttributeBlock, Down, IdentityBlock, Up, leaky
from fsbench.training.network import Generator

ONE_PIXEL = ("down1", "downsample1")  # of their output the border is all there is: they stay as they are


class FoldedGenerator(nn.Module):
    """A generator whose normalisation is folded; gives the largest picture alone."""

    def __init__(self, generator: Generator, *, keep_down_norms: bool = False) -> None:
        """Fold a generator in evaluation mode.

        Args:
            generator: stays unchanged.
            keep_down_norms: leave the batch norms in front of zero padding as they are, for runtimes to which the
                border would have to be given as whole maps, larger than the network itself.

        Raises:
            ValueError: it is in training mode, where batch norms depend on the batch.
        """
        super().__init__()
        if generator.training:
            raise ValueError("found a generator in training mode, wanted one after eval()")
        self.settings = generator.settings
        # Shares the tensors; only what is folded becomes new.
        memo = {id(tensor): tensor for tensor in (*generator.parameters(), *generator.buffers())}
        body = copy.deepcopy(generator, memo)
        blocks = [part for part in body.modules() if isinstance(part, IdentityBlock)]
        self.style = _style_layer(blocks)
        widths = [2 * block.normalize.num_features for block in blocks]
        places = {id(block): sum(widths[:number]) for number, block in enumerate(blocks)}
        _replace(body, places, keep_down_norms=keep_down_norms)
        for size in generator.settings.sizes[1:]:
            delattr(body.decoder, f"image{size}_output")
        if not body.fuses:
            del body.attribute_encoder  # nothing reads it
        self.body = body.eval()

    def style_of(self, embedding: torch.Tensor) -> torch.Tensor:
        """(N, E) embeddings of length 1 to (N, T) styles: all that the network has to know of the sources."""
        found: torch.Tensor = self.style(embedding)
        return found

    def forward(self, target: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) targets in [-1, 1] and (N, T) styles, or (1, T) for all, to (N, 3, S, S) pictures."""
        return self.body.swap(target, style)

    def compile_for(self, embedding: torch.Tensor) -> OneSource:
        """Fix the source: (E,) or (1, E) embedding of length 1; the linear layers are then gone."""
        with torch.no_grad():
            return OneSource(self.body, self.style_of(embedding.reshape(1, -1)))


class OneSource(nn.Module):
    """The network for one source: targets (N, 3, S, S) to pictures."""

    style: torch.Tensor

    def __init__(self, body: Generator, style: torch.Tensor) -> None:
        super().__init__()
        self.body = body
        self.register_buffer("style", style)

    def forward(self, target: torch.Tensor) -> torch.Tensor:
        """Swap."""
        return self.body.swap(target, self.style)


class WithEmbedding(nn.Module):
    """The folded network as one that takes embeddings, for export."""

    def __init__(self, folded: FoldedGenerator) -> None:
        super().__init__()
        self.folded = folded

    def forward(self, target: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) targets and (N, E) embeddings of length 1 to pictures."""
        found: torch.Tensor = self.folded(target, self.folded.style_of(embedding))
        return found


class _StyledBlock(nn.Module):
    """An identity block that reads scale and shift from its place in the style."""

    def __init__(self, block: IdentityBlock, start: int) -> None:
        super().__init__()
        self.start, self.width = start, block.normalize.num_features
        self.conv1x1, self.conv3x3, self.skips = block.conv1x1, block.conv3x3, block.skips

    def forward(self, maps: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        scale = style[:, self.start : self.start + self.width, None, None]
        shift = style[:, self.start + self.width : self.start + 2 * self.width, None, None]
        found: torch.Tensor = self.conv3x3(leaky(self.conv1x1(leaky(maps * scale + shift))))
        return maps + found if self.skips else found


class _FoldedAttributeBlock(nn.Module):
    """An attribute block whose batch norm is in its 1x1 convolution."""

    def __init__(self, block: AttributeBlock) -> None:
        super().__init__()
        self.conv1x1 = _folded(block.normalize, block.conv1x1)
        self.conv3x3, self.skips = block.conv3x3, block.skips

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.conv3x3(leaky(self.conv1x1(maps)))
        return maps + found if self.skips else found


class _FoldedUp(nn.Module):
    """An up-sampling whose batch norm is in its convolution."""

    def __init__(self, up: Up) -> None:
        super().__init__()
        self.conv = _folded(up.normalize, up.conv)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        doubled = functional.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=True)
        return leaky(self.conv(functional.pad(doubled, (1, 1, 1, 1), mode="reflect")))


class _FoldedDown(nn.Module):
    """A down-sampling whose batch norm is in its convolution, with the bias of the border put right.

    The convolution, 4x4 of stride 2 behind one pixel of zeros, sees zeros only at the outermost rows and columns of its
    output: the first misses the kernel's first row, the last its last. The shift's share of what is missed is taken
    away there; a corner misses a row and a column, which share one weight.
    """

    edges: torch.Tensor  # (4, C): what is missing at the top, bottom, left, right
    corners: torch.Tensor  # (4, C): at top left, top right, bottom left, bottom right, given back

    def __init__(self, down: Down) -> None:
        super().__init__()
        self.conv = _folded(down.normalize, down.conv)
        _, shift = _scale_and_shift(down.normalize)
        taps = torch.einsum(
            "oikl,i->okl", down.conv.weight.double(), shift
        )  # the shift's share, by place in the kernel
        edges = [taps[:, 0].sum(1), taps[:, -1].sum(1), taps[:, :, 0].sum(1), taps[:, :, -1].sum(1)]
        corners = [taps[:, row, column] for row in (0, -1) for column in (0, -1)]
        dtype = down.conv.weight.dtype
        self.register_buffer("edges", torch.stack(edges).to(dtype))
        self.register_buffer("corners", torch.stack(corners).to(dtype))

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.conv(maps)
        top, bottom, left, right = self.edges[:, None, :, None]
        found[:, :, 0] -= top
        found[:, :, -1] -= bottom
        found[:, :, :, 0] -= left
        found[:, :, :, -1] -= right
        found[:, :, :: found.shape[2] - 1, :: found.shape[3] - 1] += self.corners.T.reshape(1, -1, 2, 2)
        return leaky(found)


def _replace(body: Generator, places: dict[int, int], *, keep_down_norms: bool) -> None:
    """Put folded blocks in the place of plain ones."""
    for parent in list(body.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, IdentityBlock):
                setattr(parent, name, _StyledBlock(child, places[id(child)]))
            elif isinstance(child, AttributeBlock):
                setattr(parent, name, _FoldedAttributeBlock(child))
            elif isinstance(child, Up):
                setattr(parent, name, _FoldedUp(child))
            elif isinstance(child, Down) and not keep_down_norms and name not in ONE_PIXEL:
                setattr(parent, name, _FoldedDown(child))


def _style_layer(blocks: list[IdentityBlock]) -> nn.Linear:
    """Put the two linear layers of all identity blocks, and their normalisation, in one matrix.

    (x - mean) / deviation * (V e + v) + (M e + m) is x times V e / deviation + v / deviation, plus
    M e + m - mean * (V e + v) / deviation.
    """
    weights, biases = [], []
    for block in blocks:
        factor, offset = _scale_and_shift(block.normalize)
        scale_weight, scale_bias = block.fc_var.weight.double(), block.fc_var.bias.double()
        shift_weight, shift_bias = block.fc_mean.weight.double(), block.fc_mean.bias.double()
        weights += [factor[:, None] * scale_weight, shift_weight + offset[:, None] * scale_weight]
        biases += [factor * scale_bias, shift_bias + offset * scale_bias]
    weight, bias = torch.cat(weights), torch.cat(biases)
    dtype = blocks[0].fc_var.weight.dtype
    return _filled(nn.Linear(weight.shape[1], weight.shape[0], device="meta"), weight.to(dtype), bias.to(dtype))


def _folded(norm: nn.BatchNorm2d, conv: nn.Conv2d) -> nn.Conv2d:
    """Move a batch norm into the convolution behind it, as if nothing were padded."""
    scale, shift = _scale_and_shift(norm)
    weight = conv.weight.double()
    bias = torch.einsum("oikl,i->o", weight, shift)
    if conv.bias is not None:
        bias = bias + conv.bias.double()
    kernel, stride, padding = conv.kernel_size[0], conv.stride[0], int(conv.padding[0])
    found = nn.Conv2d(conv.in_channels, conv.out_channels, kernel, stride, padding, device="meta")
    dtype = conv.weight.dtype
    return _filled(found, (weight * scale[None, :, None, None]).to(dtype), bias.to(dtype))


def _scale_and_shift(norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Give a batch norm as x * scale + shift, (C,) each, in float64."""
    mean, variance = norm.running_mean, norm.running_var
    if mean is None or variance is None:
        raise ValueError("found a batch norm without running statistics")
    scale = (variance.double() + norm.eps).rsqrt()
    shift = -mean.double() * scale
    if not norm.affine:
        return scale, shift
    return scale * norm.weight.double(), shift * norm.weight.double() + norm.bias.double()


Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


def _filled(layer: Layer, weight: torch.Tensor, bias: torch.Tensor) -> Layer:
    layer.weight = nn.Parameter(weight.detach(), requires_grad=False)
    layer.bias = nn.Parameter(bias.detach(), requires_grad=False)
    return layer
