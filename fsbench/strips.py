"""Source, target and result side by side, for the worst and best pairs of each metric."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import PIL.Image

from fsbench import align
from fsbench.data.frames import read_rgb, write_atomically
from fsbench.metrics.spec import METRICS
from fsbench.protocols.outcome import Scored
from fsbench.types import Face, Image, ImageRef, SwapItem

SIDE = 256
MARGIN = 0.6  # of the face box, on each side
CASES = 4  # of the worst, and of the best


def notable(scored: Iterable[Scored]) -> list[str]:
    """Name the pairs whose pictures a report shows: the worst and the best of each metric, ties by key."""
    keys: dict[str, None] = {}
    for item in scored:
        better = METRICS[item.measurement.metric].better
        ranked = sorted(item.per_pair, key=lambda key: (item.per_pair[key], key))
        if better == "neither" or item.measurement.metric == "coverage":
            continue
        keys.update(dict.fromkeys(ranked[:CASES] + ranked[-CASES:]))
    return list(keys)


def write_strip(path: Path, item: SwapItem, result: ImageRef) -> None:
    """Write one strip as JPEG: three squares of 256 px around the face, the result's at the target's place."""
    source, target, picture = (read_rgb(ref.path) for ref in (item.source.image, item.target.image, result))
    whole = picture.shape == target.shape
    panels = [_around(source, item.source), _around(target, item.target)]
    panels.append(_around(picture, item.target) if whole else _fitted(picture))
    buffer = io.BytesIO()
    PIL.Image.fromarray(np.concatenate(panels, axis=1)).save(
        buffer, "JPEG", quality=88, comment=b"fsbench:synthetic=true"
    )
    write_atomically(path, buffer.getvalue())


def strip_name(key: str) -> str:
    """Name the file of a pair's strip."""
    return f"{key.replace('/', '_')}.jpg"


def _around(picture: Image, face: Face) -> Image:
    left, top, right, bottom = face.box
    side = max(right - left, bottom - top) * (1 + 2 * MARGIN)
    corner = np.array([(left + right - side) / 2, (top + bottom - side) / 2])
    scale = SIDE / side
    matrix = np.column_stack([np.eye(2) * scale, -corner * scale])
    return align.crop(picture, matrix, (SIDE, SIDE), border="edge")


def _fitted(picture: Image) -> Image:
    return np.asarray(PIL.Image.fromarray(picture).resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS))
