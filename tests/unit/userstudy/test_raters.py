from collections import Counter

import numpy as np
import pytest

from fsbench.userstudy.raters import (
    CLICKER,
    STRAIGHT,
    RaterModel,
    Spread,
    draw_panel,
    expected_score,
    latent_mean,
)
from fsbench.userstudy.spec import QUESTIONS

MEANS = {"first": 2.49, "second": 3.31, "third": 4.8}


def model(**changes):
    return RaterModel({method: dict.fromkeys(QUESTIONS, mean) for method, mean in MEANS.items()}, **changes)


def panel(raters=18, sets=240, seed=0, **changes):
    return draw_panel(model(**changes), raters=raters, sets=[f"set {place}" for place in range(sets)], seed=seed)


def test_the_expected_score_is_that_of_a_sum_over_the_six_scores():
    draws = np.clip(np.rint(np.random.default_rng(1).normal(4.4, 1.2, 400_000)), 0, 5)
    assert expected_score(4.4, 1.2) == pytest.approx(draws.mean(), abs=0.006)


@pytest.mark.parametrize("wanted", [0.1, 2.5, 3.38, 4.95])
def test_the_latent_mean_gives_the_wanted_score(wanted):
    assert expected_score(latent_mean(wanted, 1.2), 1.2) == pytest.approx(wanted, abs=1e-9)


def test_scores_have_the_means_of_the_model_after_rounding_and_at_the_end_of_the_scale():
    found = np.mean([panel(seed=seed).scores.mean((0, 1, 3)) for seed in range(30)], axis=0)
    assert found == pytest.approx(list(MEANS.values()), abs=0.05)


def test_each_part_of_the_spread_makes_the_scores_that_share_it_alike():
    wide = Spread(rater=2.0, set=0, method_rater=0, method_set=0, residual=0.3)
    scores = panel(spread=wide, raters=40).scores.astype(float)[:, :, :2, 0]
    assert scores.mean((1, 2)).var() > 20 * scores.mean((0, 2)).var()
    wide = Spread(rater=0, set=0, method_rater=0, method_set=2.0, residual=0.3)
    scores = panel(spread=wide, raters=40).scores.astype(float)[:, :, :2, 0]
    assert np.corrcoef(scores[0, :, 0], scores[1, :, 0])[0, 1] > 0.9
    assert abs(np.corrcoef(scores[:, :, 0].mean(0), scores[:, :, 1].mean(0))[0, 1]) < 0.2


def test_equal_seeds_give_equal_panels_and_others_differ():
    first, same, other = panel(seed=4), panel(seed=4), panel(seed=5)
    assert np.array_equal(first.scores, same.scores) and np.array_equal(first.again, same.again)
    assert not np.array_equal(first.scores, other.scores)


def test_a_set_seen_again_gets_a_like_but_not_the_same_answer():
    found = panel()
    assert 0.25 < (found.scores == found.again).mean() < 0.75
    assert found.score(3, "set 7", "second", "identity") == found.scores[3, 7, 1, 1]
    assert found.score(3, "set 7", "second", "identity", again=True) == found.again[3, 7, 1, 1]


def test_careless_raters_are_as_many_as_asked_for_and_answer_as_they_are_called():
    found = panel(raters=60, clickers=0.1, straight=0.05, lapse=0.0)
    assert Counter(found.habits)[CLICKER] == 6 and Counter(found.habits)[STRAIGHT] == 3
    for scores, habit in zip(found.scores, found.habits, strict=True):
        shares = np.bincount(scores.ravel(), minlength=6) / scores.size
        assert (shares.max() == 1) == (habit == STRAIGHT)
        assert (np.ptp(shares) < 0.05) == (habit == CLICKER)


@pytest.mark.parametrize(
    "changes", [{"clickers": 0.6, "straight": 0.6}, {"clickers": -0.1}, {"spread": Spread(rater=-1)}, {"lapse": 2}]
)
def test_a_model_that_no_raters_can_have_is_refused(changes):
    with pytest.raises(ValueError, match=r"negative|shares"):
        model(**changes)


def test_a_mean_at_the_end_of_the_scale_is_refused():
    with pytest.raises(ValueError, match="the mean of best in realism is 5; wanted between 0 and 5"):
        RaterModel({"best": {"realism": 5}})
