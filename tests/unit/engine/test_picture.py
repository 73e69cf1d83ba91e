"""One picture: every face of it is swapped in turn, and nothing else moves."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from fsbench import align
from fsbench.data.frames import pixel_sha256, read_rgb
from fsbench.engine.picture import swap_picture
from fsbench.engine.plugins import plugin
from fsbench.errors import ItemError
from fsbench.evaluators.detectors import Dlib
from fsbench.types import ImageRef

SWAPPER = """
import numpy as np
from fsbench import align
from fsbench.data.frames import read_rgb
from fsbench.interfaces import Swapper
from fsbench.types import Swapped

class White(Swapper):
    name, version = "white", 3
    def swap(self, items):
        return [Swapped(np.full((64, 64, 3), 255, np.uint8), self.place(item)) for item in items]
    def place(self, item):
        return align.template_matrix(item.target.landmarks, "arcface", 64)

class Lost(White):
    def place(self, item):
        return None
"""


def shipped(package: str, *parts: str) -> Path:
    (folder,) = importlib.util.find_spec(package).submodule_search_locations
    return Path(folder).joinpath(*parts)


@pytest.fixture(scope="module")
def faces():
    path = shipped("insightface", "data", "images", "t1.jpg")
    return Dlib().detect([ImageRef(path, pixel_sha256(read_rgb(path)))])[0]


@pytest.fixture
def swapper(tmp_path):
    (tmp_path / "white.py").write_text(SWAPPER)
    return lambda name: plugin(f"{tmp_path / 'white.py'}:{name}", {}, {})


def opened(png: bytes) -> tuple[np.ndarray, dict[str, str]]:
    picture = PIL.Image.open(io.BytesIO(png))
    return np.array(picture.convert("RGB")), dict(picture.text)


def nose(picture: np.ndarray, face) -> list[int]:
    x, y = np.rint(face.landmarks[2]).astype(int)
    return picture[y, x].tolist()


def test_all_faces_of_a_picture_are_swapped_and_pasted(faces, swapper):
    assert len(faces) >= 4
    found, text = opened(swap_picture(swapper("White"), faces[0], faces))
    assert [nose(found, face) for face in faces] == [[255] * 3] * len(faces)
    assert text == {"fsbench:synthetic": "true", "fsbench:swapper": "white", "fsbench:version": "3"}
    frame = read_rgb(faces[0].image.path)
    changed = (found != frame).any(2)
    for face in faces:
        x, y = np.meshgrid(np.arange(frame.shape[1]), np.arange(frame.shape[0]))
        matrix = align.template_matrix(face.landmarks, "arcface", 64)
        in_crop = np.tensordot(matrix, np.stack([x, y, np.ones_like(x)]), 1)  # the crop's own coordinates
        changed[((in_crop > -1) & (in_crop < 64)).all(0)] = False
    assert not changed.any()


def test_one_face_leaves_the_others_as_they_are(faces, swapper):
    found, _ = opened(swap_picture(swapper("White"), faces[0], faces[1:2]))
    frame = read_rgb(faces[0].image.path)
    assert nose(found, faces[1]) == [255] * 3
    assert [nose(found, face) for face in faces[2:]] == [nose(frame, face) for face in faces[2:]]


def test_a_crop_without_a_place_cannot_be_pasted(faces, swapper):
    with pytest.raises(ItemError, match="does not tell where it lies"):
        swap_picture(swapper("Lost"), faces[0], faces[:1])
