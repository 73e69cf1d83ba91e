"""Stand-ins for networks: each waits as long as a GPU would take, and gives rows of a real network's length.

The wait is a sleep, so that many workers share a few cores as they would share GPUs. SLOWNESS scales all waits.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fsbench.data.frames import read_rgb
from fsbench.interfaces import Detector, Evaluator, Swapper
from fsbench.types import Face, ImageRef, SwapItem, Swapped

SLOWNESS = 1.0
MILLISECONDS = {"detect": 8.0, "swap": 12.0, "identity": 4.0, "pose": 3.0, "expression": 6.0, "distribution": 5.0}
POINTS = np.random.default_rng(0).uniform(90, 166, (68, 2))
FIVE = np.array([[105.0, 105], [150, 105], [128, 128], [110, 150], [146, 150]])


def wait(stage: str, count: int) -> None:
    """Take as long as the network of a stage would for so many faces."""
    time.sleep(SLOWNESS * MILLISECONDS[stage] * count / 1000)


class Detect(Detector):
    """Finds a face in the middle of every picture."""

    name: ClassVar[str] = "stand-in-detector"
    title: ClassVar[str] = "stand-in"
    version: ClassVar[int] = 1
    batch_size: ClassVar[int] = 16

    def detect(self, images: Sequence[ImageRef]) -> list[list[Face]]:
        """Read the pictures, as a detector must, and wait."""
        for image in images:
            read_rgb(image.path)
        wait("detect", len(images))
        return [[Face(image, np.array([78.0, 78, 178, 178]), FIVE, 1.0, POINTS)] for image in images]


class Swap(Swapper):
    """Mixes the target with the source."""

    name: ClassVar[str] = "stand-in-swapper"
    version: ClassVar[int] = 1
    trained_with: ClassVar[tuple[str, ...]] = ()
    batch_size: ClassVar[int] = 8

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped]:
        """Read both pictures, as a swapper must, and wait."""
        wait("swap", len(items))
        return [Swapped(read_rgb(i.target.image.path) // 2 + read_rgb(i.source.image.path) // 3) for i in items]


class _Rows(Evaluator):
    version: ClassVar[int] = 1
    title: ClassVar[str] = "stand-in"
    batch_size: ClassVar[int] = 64

    def extract(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        """Make rows from the pixels, so that each picture has its own."""
        wait(self.role, len(faces))
        seeds = [zlib.crc32(read_rgb(face.image.path).tobytes()) for face in faces]
        return np.array([np.random.default_rng(seed).normal(size=self.dim) for seed in seeds], np.float32)


class Identity(_Rows):
    """512 numbers, as ArcFace gives."""

    role, name, dim = "identity", "stand-in-512", 512

    def __init__(self, *, flip: bool = False) -> None:
        self.flip = flip


class Pose(_Rows):
    """Three angles."""

    role, name, dim = "pose", "stand-in-3", 3


class Expression(_Rows):
    """64 numbers, as Deep3DFaceRecon gives."""

    role, name, dim = "expression", "stand-in-64", 64


class Distribution(_Rows):
    """2048 numbers, as Inception gives."""

    role, name, dim = "distribution", "stand-in-2048", 2048

    def __init__(self, *, region: str = "aligned_256") -> None:
        self.region = region
