"""Small real swappers and evaluators that the engine's tests run, also in other processes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fsbench.data.frames import read_rgb
from fsbench.errors import ItemError
from fsbench.interfaces import Evaluator, Swapper
from fsbench.types import Face, SwapItem, Swapped


class Inverted(Swapper):
    """Gives the negative of the target; fails as its settings say."""

    name: ClassVar[str] = "inverted"
    version: ClassVar[int] = 1
    batch_size: ClassVar[int] = 2

    def __init__(self, *, log: str = "", bad: str = "", how: str = "item") -> None:
        self.log = log
        self.bad = bad
        self.how = how

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        return [self._one(item) for item in items]

    def _one(self, item: SwapItem) -> Swapped | ItemError:
        if self.log:
            with Path(self.log).open("a") as file:
                file.write(f"{item.pair.key}\n")
        if item.pair.key == self.bad:
            if self.how == "kill":
                os._exit(1)
            if self.how == "kill-once":
                if Path(f"{self.log}.killed").exists():
                    return Swapped(255 - read_rgb(item.target.image.path))
                Path(f"{self.log}.killed").touch()
                os._exit(1)
            if self.how == "crash":
                raise ZeroDivisionError("a bug in somebody's swapper")
            if self.how == "size":
                return Swapped(np.zeros((8, 8, 3), np.uint8))
            if self.how == "float":
                return Swapped(np.zeros((64, 64, 3)))  # type: ignore[arg-type]
            if self.how == "empty":
                return Swapped(np.zeros((0, 8, 3), np.uint8))
            return ItemError("cannot")
        return Swapped(255 - read_rgb(item.target.image.path))


class Pixels(Evaluator):
    """The first pixel as features."""

    role: ClassVar[str] = "identity"
    name: ClassVar[str] = "pixels"
    title: ClassVar[str] = "first pixel"
    version: ClassVar[int] = 1
    dim: ClassVar[int] = 3

    def __init__(self, *, scale: float = 1.0, dark: str = "ok") -> None:
        self.scale = scale
        self.dark = dark

    def extract(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        rows = np.array([read_rgb(face.image.path)[0, 0] for face in faces], np.float32)
        if self.dark == "error" and (rows.sum(1) == 0).any():
            raise ItemError("too dark")
        if self.dark == "nan":
            rows[rows.sum(1) == 0] = np.nan
        return rows * self.scale
