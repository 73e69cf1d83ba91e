"""Source, target and result side by side, for the worst and best pairs of each metric, and what a search found."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import PIL.Image

from fsbench import align
from fsbench.data.frames import picture_size, read_rgb, write_atomically
from fsbench.engine.faces import in_picture
from fsbench.metrics.spec import METRICS
from fsbench.protocols.outcome import FoundAs, Scored
from fsbench.types import Face, Image, ImageRef, SwapItem

SIDE = 256
MARGIN = 0.6  # of the face box, on each side
PANELS = 160  # kept, 31 MB: all faces of one swapper's strips, which the next swapper shows again
CASES = 4  # of the worst, and of the best
SEARCHED = {"misses": 6, "hits": 3}  # examples of what a search found, each of another target


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


def searched(found_as: Mapping[str, FoundAs]) -> list[str]:
    """Name the pairs whose search a report shows: misses, the farthest first, then hits, each of another target."""
    misses = sorted((key for key, found in found_as.items() if found.rank != 1), key=lambda k: (-found_as[k].rank, k))
    hits = sorted(key for key, found in found_as.items() if found.rank == 1)
    keys: list[str] = []
    for kind, candidates in (("misses", misses), ("hits", hits)):
        others = {key.partition("/")[0]: key for key in reversed(candidates)}  # the first of each swapped video
        keys += [key for key in candidates if key in others.values()][: SEARCHED[kind]]
    return keys


def write_strip(path: Path, item: SwapItem, result: ImageRef, found: Face | None = None) -> None:
    """Write one strip as JPEG: squares of 256 px around the face, the result's at the target's place.

    The panels are source, target and result, and the gallery face that a search found, where one is given.
    """
    whole = picture_size(result.path) == picture_size(item.target.image.path)
    panels = [_panel(item.source), _panel(item.target)]
    panels.append(_panel(in_picture(item.target, result)) if whole else _fitted(read_rgb(result.path)))
    panels += [_panel(found)] if found is not None else []
    buffer = io.BytesIO()
    PIL.Image.fromarray(np.concatenate(panels, axis=1)).save(
        buffer, "JPEG", quality=88, comment=b"fsbench:synthetic=true"
    )
    write_atomically(path, buffer.getvalue())


def strip_name(key: str) -> str:
    """Name the file of a pair's strip."""
    return f"{key.replace('/', '_')}.jpg"


def _panel(face: Face) -> Image:
    return _around(face.image, tuple(face.box.tolist()))


@functools.lru_cache(maxsize=PANELS)
def _around(image: ImageRef, box: tuple[float, float, float, float]) -> Image:
    left, top, right, bottom = box
    side = max(right - left, bottom - top) * (1 + 2 * MARGIN)
    corner = np.array([(left + right - side) / 2, (top + bottom - side) / 2])
    scale = SIDE / side
    matrix = np.column_stack([np.eye(2) * scale, -corner * scale])
    return align.crop(read_rgb(image.path), matrix, (SIDE, SIDE), border="edge")


def _fitted(picture: Image) -> Image:
    return np.asarray(PIL.Image.fromarray(picture).resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS))
