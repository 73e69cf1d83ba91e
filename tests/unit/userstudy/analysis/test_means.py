import numpy as np
import pytest

from fsbench.metrics.stats import wilson_interval
from fsbench.userstudy.analysis.means import method_scores
from fsbench.userstudy.analysis.votes import Scores


def scores(values):
    values = np.array(values, float)
    raters, sets = np.repeat(np.arange(len(values) // 2), 2), np.tile(["x", "y"], len(values) // 2)
    return Scores("realism", tuple(f"method {place}" for place in range(values.shape[1])), raters, sets, values)


def test_mean_median_and_shares_are_those_of_the_votes():
    (found,) = method_scores(scores([[0], [2], [2], [5]]), seed=0, draws=200)
    assert (found.n, found.mean, found.median) == (4, 2.25, 2)
    assert [share.value for share in found.shares] == [0.25, 0, 0.5, 0, 0, 0.25]


def test_the_median_of_an_even_split_is_the_lower_score():
    (found,) = method_scores(scores([[1], [1], [4], [4]]), seed=0, draws=50)
    assert found.median == 1


def test_a_share_that_no_draw_can_move_gets_wilsons_interval_for_as_many_as_there_are_clusters():
    (found,) = method_scores(scores([[0], [2], [2], [5], [3], [2]]), seed=0, draws=50)
    assert found.shares[1].interval == wilson_interval(0, 2)


def test_intervals_of_shares_hold_their_value_and_narrow_with_more_raters(simulate, model):
    from fsbench.userstudy.analysis.votes import checked, scores_of

    widths = []
    for raters in (6, 24):
        votes, _ = simulate(model({"one": 2.5}), raters=raters, gold=False, seed=1)
        (found,) = method_scores(scores_of(checked(votes, where="x"), ("one",), "realism"), seed=0, draws=400)
        assert all(share.interval.low <= share.value <= share.interval.high for share in found.shares)
        assert sum(share.value for share in found.shares) == pytest.approx(1)
        assert found.median_interval.low <= found.median <= found.median_interval.high
        widths.append(found.shares[2].interval.high - found.shares[2].interval.low)
    assert widths[1] < 0.75 * widths[0]


def test_a_method_that_was_not_shown_everywhere_counts_its_own_votes():
    first, second = method_scores(scores([[1, 2], [1, np.nan], [3, 4], [3, np.nan]]), seed=0, draws=50)
    assert (first.n, second.n, second.mean) == (4, 2, 3)


def test_a_method_without_a_vote_has_no_number():
    _, absent = method_scores(scores([[1, np.nan], [2, np.nan]]), seed=0, draws=50)
    assert (absent.n, absent.mean, absent.median, absent.shares, absent.interval) == (0, None, None, (), None)


def test_one_rater_has_a_mean_and_no_interval():
    (found,) = method_scores(scores([[1], [2]]), seed=0, draws=50)
    assert found.mean == 1.5
    assert found.interval is None and found.median_interval is None and found.shares[1].interval is None
