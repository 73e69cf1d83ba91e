import dataclasses

import numpy as np
import pytest

from fsbench.adapters.controls import CopySource, CopyTarget, placement
from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.errors import ItemError
from fsbench.types import Face, ImageRef


def test_copy_target_gives_exactly_the_pixels_of_the_target(people, make_item):
    (outcome,) = CopyTarget().swap([make_item(people[0], people[-1])])
    assert np.array_equal(outcome.image, read_rgb(people[-1].image.path))


def test_copy_source_of_a_face_on_itself_gives_exactly_its_picture(people, make_item):
    (outcome,) = CopySource().swap([make_item(people[-1], people[-1])])
    assert np.array_equal(outcome.image, read_rgb(people[-1].image.path))


def test_copy_source_moves_and_scales_by_hand_worked_numbers(flat_face):
    source = dataclasses.replace(flat_face(), landmarks=np.array([[0.0, 0], [2, 0], [1, 1], [0, 2], [2, 2]]))
    target = dataclasses.replace(source, landmarks=np.array([[10.0, 20], [16, 20], [13, 23], [10, 26], [16, 26]]))
    assert placement(source, target) == pytest.approx(np.array([[3.0, 0, 10], [0, 3, 20]]))


def test_copy_source_does_not_turn_a_face_that_the_target_turns(flat_face):
    source = flat_face()
    turned = source.landmarks @ np.array([[0.0, 1], [-1, 0]])
    matrix = placement(source, dataclasses.replace(source, landmarks=turned))
    assert matrix[:, :2] == pytest.approx(np.eye(2))


def test_copy_source_repeats_the_border_where_the_source_ends(tmp_path, flat_face, make_item):
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:, 0] = 200
    path = tmp_path / "edge.png"
    path.write_bytes(png_bytes(picture))
    source = dataclasses.replace(flat_face(), image=ImageRef(path, pixel_sha256(picture)))
    target = flat_face()
    target = dataclasses.replace(target, landmarks=target.landmarks + np.array([10, 0]))
    (outcome,) = CopySource().swap([make_item(source, target)])
    assert (outcome.image[:, :11] == 200).all()
    assert (outcome.image[:, 12:] == 0).all()


def test_a_face_is_found_at_the_targets_place_in_a_copy_of_the_source(people, make_item, detector, tmp_path):
    source, target = people[-1], people[0]
    (outcome,) = CopySource().swap([make_item(source, target)])
    path = tmp_path / "result.png"
    path.write_bytes(png_bytes(outcome.image))
    faces = detector.detect([ImageRef(path, pixel_sha256(outcome.image))])[0]
    centre = target.landmarks68.mean(0)
    nearest = min(faces, key=lambda face: np.linalg.norm(face.landmarks68.mean(0) - centre))
    side = target.box[2] - target.box[0]
    assert np.linalg.norm(nearest.landmarks68.mean(0) - centre) < 0.05 * side


def test_landmarks_without_spread_fail_their_item_alone(flat_face, make_item):
    good = flat_face()
    bad = dataclasses.replace(good, landmarks=np.zeros((5, 2)))
    first, second = CopySource().swap([make_item(bad, good), make_item(good, good)])
    assert isinstance(first, ItemError)
    assert second.image.shape == (40, 60, 3)


def test_a_missing_picture_fails_its_item(flat_face, make_item, tmp_path):
    good = flat_face()
    gone = Face(ImageRef(tmp_path / "gone.png", ""), good.box, good.landmarks, 1.0)
    for swapper in (CopyTarget(), CopySource()):
        (outcome,) = swapper.swap([make_item(good, gone)])
        assert isinstance(outcome, ItemError)


def test_both_are_controls():
    assert CopyTarget.is_control
    assert CopySource.is_control
