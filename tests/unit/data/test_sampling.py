import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsbench.data.ffpp import FRAME_RULES, evenly

# By hand. linspace, 25 frames, 10 wanted: steps of 24/9 = 2.667: 0, 2.67, 5.33, 8, 10.67, 13.33, 16, 18.67, 21.33, 24.
GOLDEN = [
    (25, 10, "linspace", [0, 3, 5, 8, 11, 13, 16, 19, 21, 24]),
    (10, 10, "linspace", [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    (4, 3, "linspace", [0, 2, 3]),  # 1.5 goes up
    (300, 2, "linspace", [0, 299]),
    (300, 1, "linspace", [0]),
    (3, 10, "linspace", [0, 1, 2]),
    (300, 10, "stride", [0, 30, 60, 90, 120, 150, 180, 210, 240, 270]),
    (305, 10, "stride", [0, 31, 62, 93, 124, 155, 186, 217, 248, 279]),  # ceil(30.5) = 31
    (11, 10, "stride", [0, 2, 4, 6, 8, 10]),  # ceil(1.1) = 2; never back to 0
    (3, 10, "stride", [0, 1, 2]),
    (300, 10, "bins", [15, 45, 75, 105, 135, 165, 195, 225, 255, 285]),
    (9, 3, "bins", [1, 4, 7]),
    (2, 10, "bins", [0, 1]),
    (0, 10, "linspace", []),
    (0, 10, "stride", []),
    (0, 10, "bins", []),
]


@pytest.mark.parametrize(("n_frames", "count", "rule", "wanted"), GOLDEN)
def test_frames_are_the_ones_worked_out_by_hand(n_frames, count, rule, wanted):
    assert evenly(n_frames, count, rule) == wanted


@given(st.integers(0, 2000), st.integers(1, 60), st.sampled_from(FRAME_RULES))
def test_indices_rise_lie_in_the_video_and_are_not_more_than_wanted(n_frames, count, rule):
    indices = evenly(n_frames, count, rule)

    assert indices == sorted(set(indices))
    assert len(indices) <= count
    assert all(0 <= index < n_frames for index in indices)


@given(st.integers(1, 2000), st.integers(1, 60), st.sampled_from(["linspace", "bins"]))
def test_as_many_as_wanted_where_the_video_is_long_enough(n_frames, count, rule):
    assert len(evenly(n_frames, count, rule)) == min(n_frames, count)


@pytest.mark.parametrize(("n_frames", "count", "rule"), [(-1, 10, "bins"), (10, 0, "bins"), (10, 10, "random")])
def test_what_makes_no_sense_is_a_value_error(n_frames, count, rule):
    with pytest.raises(ValueError, match=r"wanted n_frames|no frame rule"):
        evenly(n_frames, count, rule)
