import dataclasses

import cv2
import numpy as np
import PIL.Image
import pytest

from fsbench.data.frames import picture_size
from fsbench.errors import ItemError
from fsbench.evaluators.head68 import MIRROR, mean_shape
from fsbench.evaluators.pose import Pnp68, head_pose

WIDTH, HEIGHT = 640, 480


def turn(axis, degrees):
    return cv2.Rodrigues(np.eye(3)[axis] * np.radians(degrees))[0]


def project(rotation, place):
    """Draw the mean head as a pinhole camera with focal length 640 sees it."""
    points = mean_shape() @ rotation.T + place
    return points[:, :2] / points[:, 2:] * WIDTH + [(WIDTH - 1) / 2, (HEIGHT - 1) / 2]


@pytest.mark.parametrize("yaw", [-45, 0, 20])
@pytest.mark.parametrize("pitch", [-25, 0, 30])
@pytest.mark.parametrize("roll", [-40, 0, 15])
def test_the_angles_a_head_was_drawn_with_are_found(yaw, pitch, roll):
    rotation = turn(2, roll) @ turn(1, -yaw) @ turn(0, -pitch)
    found = head_pose(project(rotation, [0.7, -0.4, 8]), (WIDTH, HEIGHT), mean_shape())
    np.testing.assert_allclose(found, [yaw, pitch, roll], atol=0.5)


def test_a_nose_that_points_to_image_right_is_positive_yaw():
    points = project(turn(1, -30), [0, 0, 8])
    assert points[30, 0] > points[[0, 16], 0].mean() + 10
    assert head_pose(points, (WIDTH, HEIGHT), mean_shape())[0] == pytest.approx(30, abs=0.5)


def test_a_nose_that_points_up_is_positive_pitch():
    level, up = project(np.eye(3), [0, 0, 8]), project(turn(0, -20), [0, 0, 8])
    assert up[30, 1] < level[30, 1] - 10
    assert head_pose(up, (WIDTH, HEIGHT), mean_shape())[1] == pytest.approx(20, abs=0.5)


def test_a_head_that_leans_clockwise_is_positive_roll():
    points = project(turn(2, 25), [0, 0, 8])
    assert points[45, 1] > points[36, 1] + 10  # the eye at image right is lower
    assert head_pose(points, (WIDTH, HEIGHT), mean_shape())[2] == pytest.approx(25, abs=0.5)


def test_mirrored_landmarks_flip_yaw_and_roll_alone(found, pictures):
    size = picture_size(pictures["group"].path)[::-1]
    for face in found["group"]:
        mirrored = (face.landmarks68 * [-1, 1] + [size[0] - 1, 0])[MIRROR]
        yaw, pitch, roll = head_pose(face.landmarks68, size, mean_shape())
        np.testing.assert_allclose(head_pose(mirrored, size, mean_shape()), [-yaw, pitch, -roll], atol=1e-3)


def test_a_mirrored_photograph_flips_yaw_and_roll(found):
    (yaw, pitch, roll), (yaw_mirrored, pitch_mirrored, roll_mirrored) = Pnp68().extract(
        [*found["single"], *found["single_mirrored"]]
    )
    assert yaw_mirrored == pytest.approx(-yaw, abs=2)
    assert pitch_mirrored == pytest.approx(pitch, abs=2)
    assert roll_mirrored == pytest.approx(-roll, abs=2)


def test_people_are_seen_to_look_where_they_look(found):
    faces = sorted(found["group"], key=lambda face: face.box[0])
    yaw = dict(zip(range(6), Pnp68().extract(faces)[:, 0], strict=True))
    assert yaw[0] > 10  # the woman at the left looks to image right
    assert yaw[4] < -30  # the man standing at the right looks far to image left


def test_the_same_face_twice_gives_the_same_row_to_the_bit(found):
    rows = Pnp68().extract([*found["group"], *found["group"]])
    np.testing.assert_array_equal(rows[:6], rows[6:])
    np.testing.assert_array_equal(Pnp68().extract(found["group"][2:3]), rows[2:3])


def test_no_faces_give_no_rows():
    assert Pnp68().extract([]).shape == (0, 3)


def test_a_face_without_68_points_is_an_item_error(found):
    with pytest.raises(ItemError, match="has no 68 landmarks"):
        Pnp68().extract([dataclasses.replace(found["single"][0], landmarks68=None)])


def test_landmarks_in_one_spot_are_an_item_error():
    with pytest.raises(ItemError, match="no head pose fits"):
        head_pose(np.full((68, 2), 100.0), (WIDTH, HEIGHT), mean_shape())


@pytest.mark.parametrize(("orientation", "size"), [(1, (30, 20)), (3, (30, 20)), (6, (20, 30)), (8, (20, 30))])
def test_the_size_of_a_picture_is_that_of_the_upright_one(tmp_path, orientation, size):
    picture = PIL.Image.new("RGB", (30, 20))
    exif = picture.getexif()
    exif[0x0112] = orientation
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert picture_size(tmp_path / "turned.jpg") == size[::-1]


def test_the_size_of_a_broken_picture_is_an_item_error(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(ItemError, match=r"broken\.png cannot be read"):
        picture_size(tmp_path / "broken.png")
