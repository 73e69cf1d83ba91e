"""Pictures as raters get them: nothing in a file but its pixels, and no file larger than another."""

from __future__ import annotations

import io

import PIL.Image

from fsbench.types import Image


def plain_png(image: Image) -> bytes:
    """Encode (H, W, 3) uint8 RGB as PNG with no chunk but IHDR, IDAT and IEND.

    It is not compressed, so that pictures of one size have files of one size, which tell nothing about their content.
    """
    buffer = io.BytesIO()
    PIL.Image.fromarray(image).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()
