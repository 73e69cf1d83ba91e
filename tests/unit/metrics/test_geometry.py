import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsbench.metrics.geometry import angle_l2_error, l2_error

ANGLE = st.floats(-720, 720)


def test_the_mean_of_distances_is_not_the_root_of_the_mean_square():
    errors = l2_error([[0, 0], [0, 0]], [[0, 0], [0, 2]])
    assert errors.tolist() == [0, 2]
    assert errors.mean() == 1  # the root of the mean square would be sqrt(2)


def test_each_image_of_a_batch_is_measured_and_not_the_first_alone():
    assert l2_error(np.zeros((3, 2)), [[3, 4], [6, 8], [0, 1]]).tolist() == [5, 10, 1]


@pytest.mark.parametrize(
    ("target", "result", "expected"),
    [(179, -179, 2), (-179, 179, 2), (0, 360, 0), (10, 350, 20), (0, 180, 180), (-90, 270, 0), (5, 5, 0)],
)
def test_angles_differ_by_the_short_way_round(target, result, expected):
    for axis in range(3):
        a, b = np.zeros((1, 3)), np.zeros((1, 3))
        a[0, axis], b[0, axis] = target, result
        assert angle_l2_error(a, b)[0] == expected


@given(st.tuples(ANGLE, ANGLE, ANGLE), st.tuples(ANGLE, ANGLE, ANGLE))
def test_the_angle_error_equals_the_one_on_the_unit_circle(target, result):
    difference = np.radians(np.subtract(result, target))
    around = np.degrees(np.arctan2(np.sin(difference), np.cos(difference)))
    assert angle_l2_error([target], [result])[0] == pytest.approx(np.linalg.norm(around), abs=1e-9)


def test_raw_logits_are_refused_where_degrees_are_wanted():
    with pytest.raises(ValueError, match="rows of 66 numbers, wanted yaw, pitch and roll"):
        angle_l2_error(np.zeros((2, 66)), np.zeros((2, 66)))


def test_float32_rows_are_measured_in_float64():
    a, b = np.full((1, 3), 0.1, np.float32), np.full((1, 3), 0.3, np.float32)
    exact = np.sqrt(3 * (float(b[0, 0]) - float(a[0, 0])) ** 2)
    assert l2_error(a, b)[0] == pytest.approx(exact, rel=1e-15)
    assert l2_error(a, b).dtype == np.float64


@pytest.mark.parametrize("shape", [(2, 4), (3, 3)])
def test_rows_that_do_not_belong_together_are_refused(shape):
    with pytest.raises(ValueError, match="wanted equal shapes"):
        l2_error(np.zeros((2, 3)), np.zeros(shape))


def test_no_rows_give_no_errors():
    assert l2_error(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0,)
