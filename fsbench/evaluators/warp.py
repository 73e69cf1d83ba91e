"""Cutting the crops of a whole batch in one call on the device that measures.

On a CPU a crop takes well under a millisecond and `align.crop` is used; on a GPU the transfer of whole frames and the
resampling would hold the network up, so only the part of each picture that its crop shows goes there, and one
`grid_sample` cuts the batch. Both follow the same definition: blocks averaged first where the picture shrinks by two or
more, then bilinear, black outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fsbench import align
from fsbench.align import Matrix
from fsbench.types import Image

if TYPE_CHECKING:
    import torch

ROOM = 3  # a patch is at most so many times as large as its crop: it shrinks by less than 2, and is turned


@dataclass(frozen=True, eq=False)
class Patch:
    """The part of a picture that a crop shows, and the matrix from its pixels to the crop's."""

    pixels: Image
    matrix: Matrix


def patch(pixels: Image, matrix: Matrix, size: tuple[int, int]) -> Patch:
    """Cut out what the crop of (height, width) will show of a picture, averaged to about the crop's scale."""
    import cv2

    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    shrink = min(int(1 / scale + 1e-9), *pixels.shape[:2]) if scale < 1 else 1
    corners = align.transform(
        [[-1, -1], [size[1], -1], [size[1], size[0]], [-1, size[0]]], align.invert(matrix)
    )  # a pixel more on each side, for the bilinear edge
    # whole blocks of the picture, so that the averages are those of `align.crop`
    first = np.maximum(np.floor(corners.min(0) / shrink), 0).astype(int) * shrink
    blocks = np.array(pixels.shape[1::-1]) // shrink * shrink if shrink > 1 else np.array(pixels.shape[1::-1])
    last = np.minimum((np.ceil(corners.max(0) / shrink).astype(int) + 1) * shrink, blocks)
    first, last = np.minimum(first, blocks - shrink), np.maximum(last, first + shrink)
    part = pixels[first[1] : last[1], first[0] : last[0]]
    moved = np.column_stack([matrix[:, :2], matrix[:, 2] + matrix[:, :2] @ first])
    if shrink > 1:
        width, height = (last - first) // shrink
        part = np.asarray(cv2.resize(part, (int(width), int(height)), interpolation=cv2.INTER_AREA), np.uint8)
        offset = (shrink - 1) / 2
        moved = np.column_stack([moved[:, :2] * shrink, moved[:, 2] + moved[:, :2] @ [offset, offset]])
    return Patch(np.ascontiguousarray(part), moved)


def warped(patches: Sequence[Patch], size: tuple[int, int], device: str) -> torch.Tensor:
    """Cut all crops at once: (N, 3, height, width) float in 0..255 on the device.

    The canvas that holds the patches has the same size for every batch of a network, so that a crop has the same bits
    in each of them.
    """
    import torch
    from torch.nn import functional

    room = ROOM * max(size)
    canvas = torch.zeros((len(patches), room, room, 3), dtype=torch.uint8)
    back = np.empty((len(patches), 2, 3))
    for row, one in enumerate(patches):
        height, width = one.pixels.shape[:2]
        canvas[row, :height, :width] = torch.from_numpy(one.pixels)
        back[row] = align.invert(one.matrix)
    pictures = canvas.to(device).permute(0, 3, 1, 2).float()
    x, y = torch.meshgrid(torch.arange(size[1]), torch.arange(size[0]), indexing="xy")
    places = torch.stack([x, y, torch.ones_like(x)], -1).to(device, torch.float32)  # (h, w, 3)
    found = torch.einsum("hwk,nck->nhwc", places, torch.from_numpy(back).to(device, torch.float32))
    grid = (2 * found + 1) / room - 1  # grid_sample's -1 and 1 are the outer edges
    return functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
