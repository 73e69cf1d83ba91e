"""Reading and writing pictures and video frames, and the hash that names their content."""

from __future__ import annotations

import hashlib
import io
import os
import re
import struct
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np
import PIL.ExifTags
import PIL.Image
import PIL.ImageOps
import PIL.PngImagePlugin

from fsbench.data.places import content
from fsbench.data.video import count_frames, decode_frames
from fsbench.errors import ItemError
from fsbench.types import FrameRef, Image

__all__ = [
    "PICTURES",
    "VIDEOS",
    "count_frames",
    "decode_frames",
    "file_sha256",
    "picture_size",
    "pixel_sha256",
    "png_bytes",
    "read_frames",
    "read_rgb",
    "write_atomically",
]

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
PNG_HEADER = 33  # bytes: the signature and the chunk IHDR, behind which text may stand
VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm")

# Pillow reads 16 bits a channel as 8 without a word, except of grey pictures; its raw mode tells: "RGB;16B".
_DEEP = re.compile(r";16[BLN]")


def read_rgb(path: Path) -> Image:
    """Read a still picture as (H, W, 3) uint8 RGB, turned upright as its EXIF tag says.

    Raises:
        ItemError: the file is missing, broken, or has more than 8 bits a channel.
    """
    try:
        with PIL.Image.open(content(path)) as picture:
            if picture.mode.startswith(("I", "F")) or _DEEP.search(str(picture.tile)):
                raise ItemError(f"{path.name} has more than 8 bits a channel; convert it to 8-bit RGB")
            PIL.ImageOps.exif_transpose(picture, in_place=True)
            upright = picture if picture.mode == "RGB" else picture.convert("RGB")
            return np.array(upright)  # a copy: what Pillow lends is read-only
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise ItemError(f"{path.name} cannot be read as a picture: {error}") from None


def picture_size(path: Path) -> tuple[int, int]:
    """Read the height and width of a still picture, upright, from its header alone.

    Raises:
        ItemError: the file is missing or broken.
    """
    try:
        with PIL.Image.open(content(path)) as picture:
            width, height = picture.size
            sideways = _exif(picture).get(PIL.ExifTags.Base.Orientation, 1) >= 5
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise ItemError(f"{path.name} cannot be read as a picture: {error}") from None
    return (width, height) if sideways else (height, width)


def _exif(picture: PIL.Image.Image) -> PIL.Image.Exif:
    """Read the EXIF tags; of a PNG without unpacking its pixels, as Pillow would in search of tags behind them."""
    if isinstance(picture, PIL.PngImagePlugin.PngImageFile) and picture.fp is not None:
        kinds = _png_chunks(picture.fp)
        if set(kinds[kinds.index(b"IDAT") :]) <= {b"IDAT", b"IEND"}:
            return PIL.Image.Image.getexif(picture)
    return picture.getexif()


def _png_chunks(file: IO[bytes]) -> list[bytes]:
    """List the kinds of a PNG's chunks in their order."""
    kinds = []
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        kinds.append(kind)
        file.seek(length + 4, os.SEEK_CUR)
    return kinds


def png_bytes(image: Image, text: Mapping[str, str] | None = None) -> bytes:
    """Encode (H, W, 3) uint8 RGB as PNG with the given text chunks.

    Each row is stored as its difference from the one above. Pillow tries five filters on each row, which takes twice as
    long to write and longer to read, and makes the file no smaller (`benchmarks/pictures.py`).
    """
    import cv2

    chunks = PIL.PngImagePlugin.PngInfo()
    for key, value in (text or {}).items():
        chunks.add_text(key, value)
    settings = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP)
    plain = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), settings)[1].tobytes()
    buffer = io.BytesIO()
    buffer.write(plain[:PNG_HEADER])
    for kind, data, *_ in chunks.chunks:
        PIL.PngImagePlugin.putchunk(buffer, kind, data)
    buffer.write(plain[PNG_HEADER:])
    return buffer.getvalue()


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a run after a crash, sees all of it or none of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def pixel_sha256(image: Image) -> str:
    """Name the content of a picture: the sha256 of its shape and pixels, whatever the file format."""
    digest = hashlib.sha256(f"{image.shape[0]}x{image.shape[1]}:".encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Give the sha256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_frames(refs: Sequence[FrameRef]) -> list[Image | ItemError]:
    """Read pictures and video frames; each video among them is decoded once."""
    by_video: dict[Path, list[int]] = {}
    for ref in refs:
        if ref.index is not None:
            by_video.setdefault(ref.path, []).append(ref.index)
    decoded = {
        FrameRef(path, index): outcome
        for path, indices in by_video.items()
        for index, outcome in zip(indices, decode_frames(path, indices), strict=True)
    }
    return [_read_still(ref.path) if ref.index is None else decoded[ref] for ref in refs]


def _read_still(path: Path) -> Image | ItemError:
    try:
        return read_rgb(path)
    except ItemError as error:
        return error
