"""Pictures as raters get them: one square around the face, nothing in a file but its pixels, all files of one size."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from fsbench import align
from fsbench.data.frames import picture_size, read_rgb, write_atomically
from fsbench.errors import ItemError, RecordError
from fsbench.types import Face, Image
from fsbench.userstudy.runs import Pair
from fsbench.userstudy.spec import ASSETS_FOLDER
from fsbench.userstudy.store.content import Picture
from fsbench.userstudy.store.sessions import new_token

MARGIN = 0.6  # of the face box, on each side


@dataclass(frozen=True, eq=False)
class Shown:
    """The pictures of one pair, (S, S, 3) each."""

    source: Image
    target: Image
    results: tuple[Image, ...]  # in the order of the methods
    broken: Image  # the source's face pasted on the target with hard edges and its own colours: nobody calls it real


def plain_png(image: Image) -> bytes:
    """Encode (H, W, 3) uint8 RGB as PNG with no chunk but IHDR, IDAT and IEND.

    It is not compressed, so that pictures of one size have files of one size, which tell nothing about their content.
    """
    buffer = io.BytesIO()
    PIL.Image.fromarray(image).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def write_asset(folder: Path, image: Image) -> Picture:
    """Write a picture into a study's folder under a random name."""
    content, token = plain_png(image), new_token()
    place = f"{ASSETS_FOLDER}/{token}.png"
    write_atomically(folder / place, content)
    return Picture(token, hashlib.sha256(content).hexdigest(), place, image.shape[1], image.shape[0])


def show(pair: Pair, source: Face, target: Face, *, side: int) -> Shown:
    """Cut source, target and results to squares of `side` pixels around the face.

    Results of the target's size are cut where the target is cut. Results that are crops are shown whole.

    Raises:
        ItemError: a picture cannot be read.
    """
    origin, whole = read_rgb(source.image.path), read_rgb(target.image.path)
    matrix = _around(target, whole, side)
    results = []
    for path in pair.results:
        picture = read_rgb(path)
        place = matrix if picture.shape == whole.shape else _middle(picture, side)
        results.append(_cut(picture, place, side))
    cut = _cut(whole, matrix, side)
    broken = _pasted(origin, source, cut, align.transform(target.box.reshape(2, 2), matrix))
    return Shown(_cut(origin, _around(source, origin, side), side), cut, tuple(results), broken)


def refuse_unequal(pairs: Sequence[Pair], names: Sequence[str]) -> None:
    """Refuse methods whose results differ in size: a rater would know one from the other by its frame.

    Raises:
        RecordError: the results of two methods differ in size, or one is gone.
    """
    for pair in pairs:
        try:
            sizes = [picture_size(path) for path in pair.results]
        except ItemError as error:
            raise RecordError(f"a result of {pair.key} is gone: {error}", hint="repeat the run that wrote it") from None
        for name, size in zip(names, sizes, strict=True):
            if size != sizes[0]:
                told = [f"{found[1]} x {found[0]}" for found in (sizes[0], size)]
                raise RecordError(
                    f"in {pair.key} the result of {names[0]} has {told[0]} pixels, that of {name} has {told[1]};"
                    " wanted one size",
                    hint="run both with results of one kind: whole frames, or crops of one size",
                )


def _cut(picture: Image, matrix: align.Matrix, side: int) -> Image:
    return align.crop(picture, matrix, (side, side), border="edge")


def _around(face: Face, picture: Image, side: int) -> align.Matrix:
    """Find the square around a face, moved and, if it must be, made smaller until it lies in the picture."""
    left, top, right, bottom = face.box
    height, width = picture.shape[:2]
    edge = min(max(right - left, bottom - top) * (1 + 2 * MARGIN), height, width)
    corner = np.array([(left + right - edge) / 2, (top + bottom - edge) / 2]).clip(0, [width - edge, height - edge])
    return np.asarray(np.column_stack([np.eye(2), -corner]) * (side / edge), np.float64)


def _middle(picture: Image, side: int) -> align.Matrix:
    """Find the largest square in the middle of a picture."""
    height, width = picture.shape[:2]
    scale = side / min(height, width)
    return np.column_stack([np.eye(2) * scale, [(side - width * scale) / 2, (side - height * scale) / 2]])


def _pasted(source: Image, face: Face, target: Image, box: NDArray[np.float64]) -> Image:
    """Put the box of a face into a box, (2, 2) corners, of another picture."""
    (left, top), (right, bottom) = np.rint(box.clip(0, target.shape[0])).astype(int).tolist()
    start, size = face.box[:2], face.box[2:] - face.box[:2]
    scale = np.array([right - left, bottom - top]) / size
    matrix = np.column_stack([np.diag(scale), -start * scale])
    found = target.copy()
    found[top:bottom, left:right] = align.crop(source, matrix, (bottom - top, right - left), border="edge")
    return found
