"""One picture with one other: the source's face on one or on every face of the target, pasted where it belongs."""

from __future__ import annotations

import dataclasses
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PIL.Image

from fsbench import align
from fsbench.adapters.masks import box_mask
from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.engine.plugins import Plugin
from fsbench.engine.stages import Encoded, Task, mark, perform
from fsbench.errors import ItemError
from fsbench.interfaces import Swapper
from fsbench.types import IDENTITY_MATRIX, Face, FrameRef, Image, ImageRef, SwapItem, SwapPair


def swap_picture(swapper: Plugin, source: Face, targets: Sequence[Face]) -> bytes:
    """Swap each target face of one picture in turn, and give the whole picture as a marked PNG.

    A later face is swapped in the picture that the earlier ones left, so that nothing of them is lost. Of a swapper
    that returns crops, the crop is pasted with a soft box.

    Args:
        swapper: what swaps.
        source: gives the identity.
        targets: faces of one and the same picture.

    Raises:
        ItemError: a swap failed, or gave a crop whose place is unknown.
    """
    first = targets[0].image
    frame = read_rgb(first.path)
    with tempfile.TemporaryDirectory(prefix="fsbench-") as folder:
        image = first
        for number, target in enumerate(targets):
            item = SwapItem(_pair(source.image, first), source, dataclasses.replace(target, image=image))
            outcome = perform(Task("swap", swapper), [item])[0][0]
            if isinstance(outcome, ItemError):
                raise outcome
            frame = _whole(outcome, frame)
            path = Path(folder) / f"{number}.png"
            path.write_bytes(png_bytes(frame))
            image = ImageRef(path, pixel_sha256(frame))
    built: Swapper = swapper.build()
    return png_bytes(frame, mark(built))


def _pair(source: ImageRef, target: ImageRef) -> SwapPair:
    names = target.path.stem, source.path.stem
    return SwapPair("_".join(names), FrameRef(source.path), FrameRef(target.path), names[1], names[0])


def _whole(outcome: Encoded, frame: Image) -> Image:
    with PIL.Image.open(io.BytesIO(outcome.png or b"")) as picture:
        result = np.array(picture.convert("RGB"))
    if outcome.matrix is None:
        raise ItemError("the swapper gives a crop and does not tell where it lies, so it cannot be pasted")
    if np.array_equal(outcome.matrix, IDENTITY_MATRIX):
        return result
    return align.paste_back(frame, result, outcome.matrix, box_mask(result.shape[:2]))
