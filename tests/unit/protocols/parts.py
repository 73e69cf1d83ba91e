"""Small real parts for the tests of protocols: a detector of coloured squares, an evaluator of single pixels."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fsbench.data.frames import read_rgb
from fsbench.errors import ItemError
from fsbench.interfaces import Detector, Evaluator, Swapper
from fsbench.types import Face, ImageRef, Part, SwapItem, Swapped

PLACES = {"middle": (0.5, 0.5), "top left": (0.1, 0.1), "top right": (0.9, 0.1)}  # in the box, x and y
POINTS = np.array([[0.3, 0.35], [0.7, 0.35], [0.5, 0.55], [0.35, 0.75], [0.65, 0.75]])


class Squares(Detector):
    """A face is a patch that is not black; its box is the patch."""

    name: ClassVar[str] = "squares"
    title: ClassVar[str] = "squares"
    version: ClassVar[int] = 1

    def detect(self, images: Sequence[ImageRef]) -> list[list[Face]]:
        return [self._faces(image) for image in images]

    def _faces(self, image: ImageRef) -> list[Face]:
        from scipy import ndimage

        labels, _ = ndimage.label(read_rgb(image.path).any(axis=2))
        boxes = [np.array([x.start, y.start, x.stop, y.stop], float) for y, x in ndimage.find_objects(labels)]
        faces = [Face(image, box, box[:2] + POINTS * (box[2:] - box[:2]), 1.0) for box in boxes]
        return sorted(faces, key=lambda face: -float(np.prod(face.box[2:] - face.box[:2])))


class Pixel(Evaluator):
    """One pixel of the face's box, less `zero`; one that is (1, 1, 1) cannot be measured."""

    role: ClassVar[str] = "identity"
    name: ClassVar[str] = "pixel"
    title: ClassVar[str] = "Pixel"
    version: ClassVar[int] = 1
    dim: ClassVar[int] = 3
    batch_size: ClassVar[int] = 4

    def __init__(
        self, *, role: str = "identity", place: str = "middle", zero: float = 0.0, batch: int = 4, blind: bool = False
    ) -> None:
        self.role = role
        self.place = place
        self.zero = zero
        self.batch_size = batch
        self.landmarks_only = blind

    def extract(self, faces: Sequence[Face]) -> NDArray[np.float32]:
        return np.array([self._one(face) for face in faces], np.float32)

    def _one(self, face: Face) -> NDArray[np.float64]:
        x, y = (face.box[:2] + np.array(PLACES[self.place]) * (face.box[2:] - face.box[:2])).astype(int)
        colour = read_rgb(face.image.path)[y, x]
        if (colour == 1).all():
            raise ItemError("this pixel cannot be measured")
        return colour - self.zero


class Crop(Swapper):
    """Gives the target's face alone, enlarged three times, and says where it lies, or does not."""

    name: ClassVar[str] = "crop"
    version: ClassVar[int] = 1

    def __init__(self, *, known: bool = True) -> None:
        self.known = known

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        return [self._one(item) for item in items]

    def _one(self, item: SwapItem) -> Swapped:
        left, top, right, bottom = item.target.box.astype(int)
        face = read_rgb(item.target.image.path)[top - 2 : bottom + 2, left - 2 : right + 2]
        matrix = np.array([[3.0, 0.0, -3.0 * (left - 2)], [0.0, 3.0, -3.0 * (top - 2)]])
        return Swapped(face.repeat(3, 0).repeat(3, 1), matrix if self.known else None)


class Crash(Swapper):
    """Has a bug for some pairs, as other people's code may."""

    name: ClassVar[str] = "crash"
    version: ClassVar[int] = 1

    def __init__(self, *, every: int = 1) -> None:
        self.every = every

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        done: list[Swapped | ItemError] = []
        for item in items:
            if int(item.pair.key[-4:]) % self.every == 0:
                raise ZeroDivisionError("a bug")
            done.append(Swapped(read_rgb(item.source.image.path)))
        return done


class Sleeper(Swapper):
    """Sleeps, and notes how long it really slept; gives the target."""

    name: ClassVar[str] = "sleeper"
    version: ClassVar[int] = 1

    def __init__(self, *, milliseconds: float = 100.0, new_source: float = 0.0, fails: bool = False) -> None:
        self.milliseconds, self.new_source, self.fails = milliseconds, new_source, fails
        self.slept: list[float] = []
        self.knows = False

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        self.slept.append(0.0)
        if not self.knows:
            self._sleep(self.new_source)
            self.knows = True
        for _ in items:
            self._sleep(self.milliseconds)
        return [ItemError("asleep") if self.fails else Swapped(read_rgb(i.target.image.path)) for i in items]

    def forget(self) -> None:
        self.knows = False

    def parts(self) -> tuple[Part, ...]:
        if not self.new_source:
            return ()
        return (
            Part("painter", lambda: self._sleep(self.milliseconds), None, None, ()),
            Part("face net", lambda: self._sleep(self.new_source), None, None, (), once_a_source=True),
        )

    def _sleep(self, milliseconds: float) -> None:
        started = time.perf_counter()
        time.sleep(milliseconds / 1000)
        self.slept[-1:] = [(self.slept or [0.0])[-1] + 1000 * (time.perf_counter() - started)]


class Networks(Swapper):
    """Two networks of a million and a quarter million parameters, which are files alone."""

    name: ClassVar[str] = "networks"
    version: ClassVar[int] = 1

    def __init__(self, *, generator: str, face: str = "") -> None:
        self.generator, self.face = Path(generator), (Path(face),) if face else ()

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        return [Swapped(read_rgb(item.target.image.path)) for item in items]

    def parts(self) -> tuple[Part, ...]:
        return (
            Part("generator", lambda: None, None, 1_000_000, (self.generator,)),
            Part("face net", lambda: None, None, 250_000, self.face, once_a_source=True),
        )
