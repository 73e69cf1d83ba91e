import dataclasses

import cv2
import numpy as np
import pytest

from fsbench.errors import ItemError
from fsbench.evaluators.expression import Landmarks68, expression_vector
from fsbench.evaluators.head68 import MIRROR, mean_shape


def turn(axis, degrees):
    return cv2.Rodrigues(np.eye(3)[axis] * np.radians(degrees))[0]


def draw(shape, *, yaw=0.0, pitch=0.0):
    """Draw a head from far away, 80 px between the eyes' centres."""
    return (shape @ (turn(1, -yaw) @ turn(0, -pitch)).T)[:, :2] * 80 + [300, 200]


def person(seed):
    """A face that differs from the mean face, as every person's does."""
    shape = mean_shape()
    return shape + np.random.default_rng(seed).normal(scale=0.03, size=shape.shape)


def with_open_mouth(shape):
    opened = shape.copy()
    opened[[55, 56, 57, 58, 59, 65, 66, 67], 1] += 0.25  # the lower lip, in distances between the eyes
    opened[5:12, 1] += 0.2  # the chin
    return opened


def distance(one, other):
    return float(np.linalg.norm(expression_vector(one, mean_shape()) - expression_vector(other, mean_shape())))


def test_the_mean_head_has_no_expression_at_any_pose():
    for yaw, pitch in ((0, 0), (25, -10), (-40, 20)):
        np.testing.assert_allclose(
            expression_vector(draw(mean_shape(), yaw=yaw, pitch=pitch), mean_shape()), 0, atol=1e-9
        )


@pytest.mark.parametrize("scale", [0.25, 3.0])
@pytest.mark.parametrize("roll", [0, 35, 180])
def test_scale_shift_and_turning_of_the_picture_change_nothing(scale, roll):
    points = draw(with_open_mouth(person(0)), yaw=15)
    moved = points @ turn(2, roll)[:2, :2].T * scale + [40, -70]
    np.testing.assert_allclose(
        expression_vector(moved, mean_shape()), expression_vector(points, mean_shape()), atol=1e-6, rtol=0
    )


@pytest.mark.parametrize("yaw", [-20, 20])
@pytest.mark.parametrize("seed", range(5))
def test_turning_the_head_by_20_degrees_changes_far_less_than_opening_the_mouth(yaw, seed):
    head = person(seed)
    turned = distance(draw(head), draw(head, yaw=yaw))
    opened = distance(draw(head), draw(with_open_mouth(head)))
    assert turned < opened / 4


def test_an_open_mouth_measures_the_same_from_the_side():
    head = person(1)
    frontal = distance(draw(head), draw(with_open_mouth(head)))
    aside = distance(draw(head, yaw=30), draw(with_open_mouth(head), yaw=30))
    assert frontal > 0.3
    assert aside == pytest.approx(frontal, rel=0.1)


def test_a_point_moved_by_a_tenth_of_the_eye_distance_is_seen_as_such():
    head = mean_shape()
    head[51, 1] += 0.1
    found = expression_vector(draw(head), mean_shape()).reshape(68, 2)
    assert found[51] == pytest.approx([0, 0.1], abs=0.01)


def test_a_mirrored_face_has_the_mirrored_expression(found):
    for face in found["group"]:
        mirrored = (face.landmarks68 * [-1, 1])[MIRROR]
        wanted = expression_vector(face.landmarks68, mean_shape()).reshape(68, 2)[MIRROR] * [-1, 1]
        np.testing.assert_allclose(expression_vector(mirrored, mean_shape()).reshape(68, 2), wanted, atol=1e-9)


def test_a_photograph_and_its_mirror_image_differ_less_than_two_people(found):
    single, mirrored, other = found["single"][0], found["single_mirrored"][0], found["group"][0]
    rows = Landmarks68().extract([single, other, mirrored])
    back = rows[2].reshape(68, 2)[MIRROR] * [-1, 1]
    assert np.linalg.norm(rows[0] - back.ravel()) < np.linalg.norm(rows[0] - rows[1]) / 2


def test_the_same_face_gives_the_same_row_to_the_bit_in_any_batch(found):
    rows = Landmarks68().extract(found["group"])
    assert rows.shape == (6, 136)
    np.testing.assert_array_equal(Landmarks68().extract(found["group"][3:4]), rows[3:4])


def test_a_face_seen_edge_on_is_an_item_error():
    with pytest.raises(ItemError, match="edge-on"):
        expression_vector(draw(mean_shape(), yaw=85), mean_shape())


def test_landmarks_in_one_spot_are_an_item_error():
    with pytest.raises(ItemError, match="on one line"):
        expression_vector(np.full((68, 2), 9.0), mean_shape())


def test_a_face_without_68_points_is_an_item_error(found):
    with pytest.raises(ItemError, match="has no 68 landmarks"):
        Landmarks68().extract([dataclasses.replace(found["single"][0], landmarks68=None)])


def test_no_faces_give_no_rows():
    assert Landmarks68().extract([]).shape == (0, 136)
