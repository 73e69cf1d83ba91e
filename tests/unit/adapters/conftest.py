"""Real faces from photographs that installed packages ship."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.evaluators.detectors import Dlib
from fsbench.types import Face, FrameRef, ImageRef, SwapItem, SwapPair


def shipped(package: str, *parts: str) -> Path:
    """Find a file of an installed package without importing the package."""
    (folder,) = importlib.util.find_spec(package).submodule_search_locations
    return Path(folder).joinpath(*parts)


def reference(path: Path) -> ImageRef:
    return ImageRef(path, pixel_sha256(read_rgb(path)))


@pytest.fixture(scope="session")
def detector():
    return Dlib()


@pytest.fixture(scope="session")
def people(detector) -> list[Face]:
    """The faces of a group photograph, largest first, and then the astronaut."""
    paths = (shipped("insightface", "data", "images", "t1.jpg"), shipped("skimage", "data", "astronaut.png"))
    return [face for faces in detector.detect([reference(path) for path in paths]) for face in faces]


@pytest.fixture
def make_item():
    """Give a function from two faces to an item."""

    def make(source: Face, target: Face, key: str = "000_003/f0120", index: int | None = None) -> SwapItem:
        ends = FrameRef(source.image.path), FrameRef(target.image.path, index)
        return SwapItem(SwapPair(key, *ends, source_id="003", target_id="000"), source, target)

    return make


@pytest.fixture
def flat_face(tmp_path):
    """Give a function from a colour to a face in a single-coloured 60 x 40 picture."""

    def make(colour: int = 90, name: str = "flat", size: tuple[int, int] = (40, 60)) -> Face:
        path = tmp_path / "flat_pictures" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png_bytes(np.full((*size, 3), colour, np.uint8)))
        points = np.array([[25.0, 15.0], [35.0, 15.0], [30.0, 20.0], [26.0, 25.0], [34.0, 25.0]])
        return Face(reference(path), np.array([18.0, 8.0, 42.0, 32.0]), points, 1.0)

    return make
