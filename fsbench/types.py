"""The nouns in memory. Images are (H, W, 3) uint8 RGB at every border."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from fsbench.metrics.rows import RowSource

Image = NDArray[np.uint8]

IDENTITY_MATRIX: NDArray[np.float64] = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
IDENTITY_MATRIX.flags.writeable = False


@dataclass(frozen=True, order=True)
class FrameRef:
    """Where a picture comes from: a still picture, or one frame of a video. Says nothing about its content."""

    path: Path
    index: int | None = None  # position in display order from 0; None for a still picture

    def __str__(self) -> str:
        return str(self.path) if self.index is None else f"{self.path}#{self.index}"


@dataclass(frozen=True)
class ImageRef:
    """A still picture on disk whose content is known: equal `sha256` means equal pixels."""

    path: Path
    sha256: str  # of the decoded RGB pixels and their shape, see data.frames.pixel_sha256


@dataclass(frozen=True, eq=False)
class Face:
    """A face in a picture, in pixels of that picture (x right, y down, centre of the first pixel at 0, 0)."""

    image: ImageRef
    box: NDArray[np.float64]  # (4,) left, top, right, bottom
    landmarks: NDArray[np.float64]  # (5, 2) eye, eye, nose tip, mouth corner, mouth corner, from image left
    score: float  # the detector's own confidence, on the detector's own scale
    landmarks68: NDArray[np.float64] | None = None  # (68, 2) in iBUG order, where the detector has them


@dataclass(frozen=True)
class SwapPair:
    """One planned swap: the identity of `source` is to be put on `target`, which gives all the rest."""

    key: str  # unique in a run and safe as a relative file name, "000_003/f0120"
    source: FrameRef
    target: FrameRef
    source_id: str
    target_id: str


@dataclass(frozen=True, eq=False)
class SwapItem:
    """A pair that is ready to be swapped: both faces were found."""

    pair: SwapPair
    source: Face
    target: Face


@dataclass(frozen=True, eq=False)
class Swapped:
    """What a swapper returns for one item."""

    image: Image
    matrix: NDArray[np.float64] | None = field(default_factory=lambda: IDENTITY_MATRIX)
    # (2, 3), maps target pixels to result pixels; identity for a whole frame; None for a crop whose place is unknown


@dataclass(frozen=True, eq=False)
class SwapResult:
    """A swap that succeeded and was stored."""

    pair: SwapPair
    image: ImageRef
    matrix: NDArray[np.float64] | None


@dataclass(frozen=True)
class IdentityUse:
    """An identity network: the one that measures, or one that a swapper was trained with or takes its codes from."""

    family: str  # what it was trained to be, whatever its size and data: "arcface", "cosface", "facenet", ...
    weight: str = ""  # its name in the zoo, or that of its file elsewhere; empty where it is not known

    def __str__(self) -> str:
        return f"{self.family} ({self.weight})" if self.weight else self.family


@dataclass(frozen=True, eq=False)
class Part:
    """One network inside a swapper, to be timed, counted and weighed by itself."""

    name: str  # "generator"
    run: Callable[[], object]  # one pass at batch 1, as the swapper does it
    plain: Callable[[], object] | None  # the same in torch, where the operations can be counted; None: it has no such
    parameters: int | None  # None where they cannot be counted
    files: tuple[Path, ...]  # what it is loaded from; empty where the file holds other things too
    once_a_source: bool = False  # runs once for each source, however many targets it goes on


@dataclass(frozen=True)
class Failure:
    """An item that did not get a value, at which stage, and why."""

    key: str
    stage: str  # "plan" | "decode" | "detect" | "swap" | "verify" | the role of an evaluator
    reason: str


@dataclass(frozen=True, eq=False)
class Features:
    """Rows of one evaluator. Rows that are not `ok` hold zeros and must be masked."""

    values: RowSource  # (N, D) float32; where they are many they lie on disk, and are read in parts
    ok: NDArray[np.bool_]  # (N,)
