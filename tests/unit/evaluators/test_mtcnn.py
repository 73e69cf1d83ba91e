"""MTCNN for real: its weights come with facenet-pytorch."""

import numpy as np
import pytest

from fsbench.data.frames import picture_size
from fsbench.evaluators.mtcnn import Mtcnn


@pytest.fixture(scope="module")
def mtcnn_faces(pictures):
    return dict(zip(pictures, Mtcnn().detect(list(pictures.values())), strict=True))


def test_it_finds_the_six_people_and_the_one(mtcnn_faces):
    """And in the group two patches of clothes, half as large and less sure of."""
    sure = {name: sum(face.score > 0.95 for face in faces) for name, faces in mtcnn_faces.items()}
    assert sure == {"single": 1, "group": 6, "single_mirrored": 1}
    assert [face.score > 0.95 for face in mtcnn_faces["group"]] == [True] * 6 + [False] * 2


def test_it_and_dlib_find_the_same_points_within_a_tenth_of_the_box(mtcnn_faces, found):
    for name in ("single", "single_mirrored"):
        (one,), (other,) = mtcnn_faces[name], found[name]
        width = one.box[2] - one.box[0]
        assert np.abs(one.landmarks - other.landmarks).max() < 0.1 * width


def test_faces_come_largest_first_with_points_from_image_left(mtcnn_faces):
    areas = [float(np.prod(face.box[2:] - face.box[:2])) for face in mtcnn_faces["group"]]
    assert areas == sorted(areas, reverse=True)
    for face in mtcnn_faces["group"]:
        assert face.landmarks[0, 0] < face.landmarks[1, 0]
        assert face.landmarks[3, 0] < face.landmarks[4, 0]


def test_a_picture_without_a_face_gives_an_empty_list(tmp_path):
    from fsbench.data.frames import pixel_sha256, png_bytes
    from fsbench.types import ImageRef

    pixels = np.full((200, 200, 3), 128, np.uint8)
    (tmp_path / "grey.png").write_bytes(png_bytes(pixels))
    assert Mtcnn().detect([ImageRef(tmp_path / "grey.png", pixel_sha256(pixels))]) == [[]]


def test_every_picture_of_real_people_has_a_face_at_its_middle(real_data):
    from fsbench.data.frames import pixel_sha256, read_rgb
    from fsbench.types import ImageRef

    paths = sorted((real_data / "lfw_mini").rglob("*.jpg"))[::5]
    images = [ImageRef(path, pixel_sha256(read_rgb(path))) for path in paths]
    for image, faces in zip(images, Mtcnn().detect(images), strict=True):
        assert faces, image.path.name
        height, width = picture_size(image.path)
        left, top, right, bottom = faces[0].box
        assert left < width / 2 < right, image.path.name
        assert top < height / 2 < bottom, image.path.name
