from dataclasses import fields

import numpy as np
import pytest

from fsbench.data.people import PEOPLE, SHAPES
from fsbench.data.puppet import FACE_SHARE, SWING, Person, Pose, motion, render, sampling_map, still

PERSON = Person("x", "x", (50.0, 40.0), 20.0, 0.0, ((-0.2, -0.3), (0.2, -0.3)), ((-0.2, 0.1), (0.2, 0.1)))


def test_without_a_pose_the_face_is_in_the_middle_at_its_share_of_the_picture():
    x, y = sampling_map((100, 100, 3), PERSON, Pose(), size=101)

    assert (x[50, 50], y[50, 50]) == pytest.approx((50, 40))
    assert x[50, 51] - x[50, 50] == pytest.approx(20 / (FACE_SHARE * 101), rel=1e-4)


def test_a_rolled_face_is_shown_upright():
    rolled = Person("x", "x", (50.0, 40.0), 20.0, 90.0, PERSON.eyes, PERSON.mouth)

    x, y = sampling_map((100, 100, 3), rolled, Pose(), size=101)

    step = 20 / (FACE_SHARE * 101)  # the line of the eyes points down in the photograph, right in the picture
    assert (x[50, 51], y[50, 51]) == pytest.approx((50, 40 + step), rel=1e-4)


def test_shifts_go_right_and_down():
    moved = Pose(right=0.1, down=0.2)
    still_x, still_y = sampling_map((100, 100, 3), PERSON, Pose(), size=101)

    x, y = sampling_map((100, 100, 3), PERSON, moved, size=101)

    assert np.allclose(still_x - x, 0.1 * 20, atol=1e-3)
    assert np.allclose(still_y - y, 0.2 * 20, atol=1e-3)


def moves(pose, at):
    """Which way the content at a point of the face goes, in sides of the face's box."""
    start, end = (sampling_map((100, 100, 3), PERSON, p, size=101) for p in (Pose(), pose))
    column, row = (round(50 + FACE_SHARE * 101 * part) for part in at)
    return -(end[0][row, column] - start[0][row, column]) / 20, -(end[1][row, column] - start[1][row, column]) / 20


def test_yaw_moves_the_nose_further_than_the_ear():
    assert moves(Pose(yaw=1), (0, 0.08))[0] > 2 * moves(Pose(yaw=1), (0.6, 0.08))[0] > 0


def test_pitch_moves_the_nose_down():
    assert moves(Pose(pitch=1), (0, 0.08))[1] > 0.05


def test_the_jaw_moves_the_chin_down_and_leaves_the_brows():
    assert moves(Pose(jaw=1), (0, 0.3))[1] > 0.04
    assert abs(moves(Pose(jaw=1), (0, -0.45))[1]) < 0.001


def test_a_smile_moves_the_corners_of_the_mouth_apart_and_up():
    left, right = moves(Pose(smile=1), (-0.2, 0.1)), moves(Pose(smile=1), (0.2, 0.1))

    assert left[0] < -0.01 < 0.01 < right[0]
    assert max(left[1], right[1]) < -0.03


def test_raised_brows_go_up():
    assert moves(Pose(brows=1), (-0.2, -0.46))[1] < -0.03


def test_a_squint_brings_the_lids_together():
    assert moves(Pose(squint=0.9), (-0.2, -0.35))[1] > 0.005
    assert moves(Pose(squint=0.9), (-0.2, -0.25))[1] < -0.005


def swing(signs):
    return Pose(
        **{field.name: sign * getattr(SWING, field.name) for field, sign in zip(fields(Pose), signs, strict=True)}
    )


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_the_picture_never_folds_even_at_the_widest_swing(person):
    rng = np.random.default_rng(4)
    unit = person.side / (FACE_SHARE * 120)
    for _ in range(40):
        x, y = sampling_map(SHAPES[person.photograph], person, swing(rng.choice([-1, 1], len(fields(Pose)))), size=120)
        (x_down, x_right), (y_down, y_right) = np.gradient(x / unit), np.gradient(y / unit)
        assert (x_right * y_down - x_down * y_right).min() > 0.25  # area never turns over, nor nearly vanishes


def test_a_motion_is_smooth_and_within_its_swing():
    poses = motion(40, np.random.default_rng(1))

    for field in fields(Pose):
        track = np.array([getattr(pose, field.name) for pose in poses])
        assert np.abs(track).max() <= getattr(SWING, field.name)
        assert np.ptp(track) > 0.5 * getattr(SWING, field.name)
        assert np.abs(np.diff(track)).max() < 0.35 * getattr(SWING, field.name)


def test_a_seed_gives_one_motion_and_another_seed_another():
    assert motion(5, np.random.default_rng(1)) == motion(5, np.random.default_rng(1))
    assert motion(5, np.random.default_rng(1)) != motion(5, np.random.default_rng(2))
    assert still(np.random.default_rng(1)) != still(np.random.default_rng(2))


def test_beyond_the_edge_the_photograph_is_mirrored_and_never_black():
    photograph = np.full((100, 100, 3), 200, np.uint8)

    picture = render(photograph, PERSON, swing([1] * 10), size=200)

    assert (picture.shape, picture.dtype) == ((200, 200, 3), np.uint8)
    assert picture.min() > 190
