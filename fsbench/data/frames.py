"""Reading and writing pictures and video frames, and the hash that names their content."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import PIL.ImageOps
import PIL.PngImagePlugin

from fsbench.errors import ItemError
from fsbench.types import FrameRef, Image

if TYPE_CHECKING:
    import av

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
VIDEOS = (".mp4", ".avi", ".mov", ".mkv", ".webm")


def read_rgb(path: Path) -> Image:
    """Read a still picture as (H, W, 3) uint8 RGB, turned upright as its EXIF tag says.

    Raises:
        ItemError: the file is missing, broken, or has more than 8 bits a channel.
    """
    try:
        with PIL.Image.open(path) as picture:
            if picture.mode.startswith(("I", "F")):
                raise ItemError(f"{path.name} has more than 8 bits a channel; convert it to 8-bit RGB")
            upright = PIL.ImageOps.exif_transpose(picture)
            return np.asarray(upright.convert("RGB"))
    except (OSError, ValueError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise ItemError(f"{path.name} cannot be read as a picture: {error}") from None


def png_bytes(image: Image, text: Mapping[str, str] | None = None) -> bytes:
    """Encode (H, W, 3) uint8 RGB as PNG with the given text chunks."""
    chunks = PIL.PngImagePlugin.PngInfo()
    for key, value in (text or {}).items():
        chunks.add_text(key, value)
    buffer = io.BytesIO()
    PIL.Image.fromarray(image).save(buffer, "PNG", pnginfo=chunks, compress_level=1)
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


def count_frames(path: Path) -> int:
    """Count the frames of a video without decoding them: what its container says, or else its packets.

    Raises:
        ItemError: the file is missing, or is no video that can be opened.
    """
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise ItemError(f"{path.name} holds no video stream")
            stream = container.streams.video[0]
            return stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
    except (OSError, av.FFmpegError) as error:
        raise ItemError(f"{path.name} cannot be opened as a video: {_reason(error)}") from None


def decode_frames(path: Path, indices: Sequence[int]) -> list[Image | ItemError]:
    """Decode the frames at the given positions in display order, from 0, reading the video once.

    Returns:
        One outcome an index, in the order asked: (H, W, 3) uint8 RGB, or an ItemError for a frame that the
        stream does not hold or that cannot be decoded. Never another frame in its place.
    """
    import av

    wanted = set(indices)
    found: dict[int, Image | ItemError] = {}
    problem = "the stream is empty"
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise ItemError(f"{path.name} holds no video stream")
            container.streams.video[0].thread_type = "AUTO"
            for index, frame in enumerate(container.decode(video=0)):
                problem = f"the stream ends after {index + 1} frames"
                if index in wanted:
                    found[index] = _frame_rgb(path, index, frame)
                if len(found) == len(wanted):
                    break
    except ItemError as error:
        problem = error.reason
    except (OSError, av.FFmpegError) as error:
        problem = f"decoding stopped: {_reason(error)}"
    return [found.get(i, ItemError(f"frame {i} of {path.name} cannot be had: {problem}")) for i in indices]


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


def _frame_rgb(path: Path, index: int, frame: av.VideoFrame) -> Image | ItemError:
    if frame.is_corrupt:  # the decoder fills what is broken with guesses, which must not be measured
        return ItemError(f"frame {index} of {path.name} is damaged")
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _read_still(path: Path) -> Image | ItemError:
    try:
        return read_rgb(path)
    except ItemError as error:
        return error


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
