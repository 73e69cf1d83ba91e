"""What workers do: one function a stage, from a batch of items to one outcome an item.

An outcome is a value or an ItemError. Every function may run in another process, so it takes and gives plain data.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsbench.data.frames import file_sha256, picture_size, pixel_sha256, png_bytes, read_frames
from fsbench.engine.plugins import Identified, Plugin
from fsbench.errors import FsbenchError, ItemError
from fsbench.interfaces import Detector, Evaluator, Swapper
from fsbench.types import IDENTITY_MATRIX, Face, FrameRef, ImageRef, SwapItem, Swapped


@dataclass(frozen=True)
class Task:
    """One stage as text: which function, and with which plugin."""

    stage: str  # "hash" | "decode" | "detect" | "swap" | "extract"
    plugin: Plugin | None = None
    weights: tuple[tuple[str, str], ...] = ()  # file -> sha256, what a worker elsewhere must have too

    @classmethod
    def of(cls, stage: str, by: Identified) -> Task:
        """Name the work of a plugin whose files are known."""
        return cls(stage, by.plugin, tuple(sorted(by.weights.items())))


@dataclass(frozen=True)
class Encoded:
    """A picture on its way to the store."""

    sha256: str  # of its pixels
    png: bytes | None  # None for a still picture, which stays where it is
    matrix: NDArray[np.float64] | None = None


def perform(task: Task, items: Sequence[Any]) -> tuple[list[Any], float]:
    """Do one batch; give one outcome an item, and the seconds it took."""
    started = time.perf_counter()
    if task.stage in WITHOUT_PLUGIN:
        return WITHOUT_PLUGIN[task.stage](items), time.perf_counter() - started
    if task.plugin is None:
        raise ValueError(f"the stage {task.stage} needs a plugin")
    built, function = task.plugin.build(), STAGES[task.stage]
    started = time.perf_counter()
    outcomes = _one_by_one(lambda part: function(built, part), items, foreign=task.stage == "swap")
    return outcomes, time.perf_counter() - started


def _one_by_one(function: Callable[[Sequence[Any]], list[Any]], items: Sequence[Any], *, foreign: bool) -> list[Any]:
    """Call with the whole batch; where that raises, with each item alone, so that one item costs one item.

    An ItemError is such a case; of a `foreign` function, other people's code, any exception is.
    """
    try:
        return function(items)
    except FsbenchError:
        raise
    except ItemError as error:
        if len(items) == 1:
            return [error]
    except Exception as error:
        if not foreign:
            raise
        if len(items) == 1:
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
            return [ItemError(f"{type(error).__name__}: {error} ({place})")]
    return [_one_by_one(function, [item], foreign=foreign)[0] for item in items]


def _decode(refs: Sequence[FrameRef]) -> list[Encoded | ItemError]:
    return [
        image
        if isinstance(image, ItemError)
        else Encoded(pixel_sha256(image), None if ref.index is None else png_bytes(image))
        for ref, image in zip(refs, read_frames(refs), strict=True)
    ]


def _hash(paths: Sequence[Path]) -> list[str | ItemError]:
    return [_hash_one(path) for path in paths]


def _hash_one(path: Path) -> str | ItemError:
    try:
        return file_sha256(path)
    except OSError as error:
        return ItemError(f"{path.name} cannot be read: {error.strerror or error}")


def _detect(detector: Detector, images: Sequence[ImageRef]) -> list[list[Face]]:
    return _matched(detector.name, list(detector.detect(images)), images)


def _extract(evaluator: Evaluator, faces: Sequence[Face]) -> list[NDArray[np.float32] | ItemError]:
    rows = _matched(evaluator.name, list(np.asarray(evaluator.extract(faces), np.float32)), faces)
    return [_sound(row, evaluator) for row in rows]


def _sound(row: NDArray[np.float32], evaluator: Evaluator) -> NDArray[np.float32] | ItemError:
    """Refuse a row that no metric can use: it would end the run where the metric meets it."""
    if not np.isfinite(row).all():
        return ItemError(f"{evaluator.name} gave a number that is not finite")
    if evaluator.role == "identity" and not row.any():
        return ItemError(f"{evaluator.name} gave an embedding of zeros, which has no direction")
    return row


def _swap(swapper: Swapper, items: Sequence[SwapItem]) -> list[Encoded | ItemError]:
    outcomes = _matched(swapper.name, list(swapper.swap(items)), items)
    return [_checked(outcome, item, mark(swapper)) for outcome, item in zip(outcomes, items, strict=True)]


def mark(swapper: Swapper) -> dict[str, str]:
    """Give the PNG text of everything that a swapper paints: that it is synthetic, and who made it."""
    return {"fsbench:synthetic": "true", "fsbench:swapper": swapper.name, "fsbench:version": str(swapper.version)}


def _checked(outcome: Any, item: SwapItem, text: dict[str, str]) -> Encoded | ItemError:
    if isinstance(outcome, ItemError):
        return outcome
    if not isinstance(outcome, Swapped):
        return ItemError(f"the swapper returned {type(outcome).__name__}, wanted Swapped or ItemError")
    image = outcome.image
    is_array = isinstance(image, np.ndarray) and image.dtype == np.uint8 and image.ndim == 3
    if not is_array or image.shape[2] != 3 or not image.size:
        found = f"{getattr(image, 'dtype', type(image).__name__)} {getattr(image, 'shape', '')}"
        return ItemError(f"the swapper returned {found}, wanted (H, W, 3) uint8 RGB")
    matrix = outcome.matrix
    if matrix is not None and not _is_matrix(matrix):
        found = f"{type(matrix).__name__} {getattr(matrix, 'shape', '')}".rstrip()
        return ItemError(f"the swapper's matrix is {found}, wanted a finite (2, 3) array, or None")
    whole = matrix is not None and np.array_equal(matrix, IDENTITY_MATRIX)
    if whole and (wanted := picture_size(item.target.image.path)) != image.shape[:2]:
        return ItemError(f"the result has {image.shape[:2]} rows and columns, the target's frame {wanted}")
    return Encoded(pixel_sha256(image), png_bytes(np.ascontiguousarray(image), text), outcome.matrix)


def _is_matrix(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.shape == (2, 3) and bool(np.isfinite(value).all())


def _matched(name: str, outcomes: list[Any], items: Sequence[Any]) -> list[Any]:
    if len(outcomes) != len(items):
        raise ValueError(f"{name} returned {len(outcomes)} outcomes for {len(items)} items")
    return outcomes


WITHOUT_PLUGIN: dict[str, Callable[[Sequence[Any]], list[Any]]] = {"hash": _hash, "decode": _decode}
STAGES: dict[str, Callable[[Any, Sequence[Any]], list[Any]]] = {"detect": _detect, "extract": _extract, "swap": _swap}
