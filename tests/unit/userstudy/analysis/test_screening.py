import numpy as np
import pytest

from fsbench.userstudy.analysis.quality import Rater, raters
from fsbench.userstudy.analysis.screening import rule_sentences, screen
from fsbench.userstudy.analysis.votes import checked
from fsbench.userstudy.spec import Screening

GOOD = {
    **{"ordinal": 7, "sets": 40, "votes": 360, "mean": 3.0, "score_sd": 1.2, "bias": 0.0, "correlation": 0.4},
    "correlation_high": 0.5,
    **{"gold": 5, "gold_passed": 1.0, "repeat_difference": 0.9, "median_seconds": 25.0},
}


def reasons(**changes):
    (found,) = screen([Rater(**{**GOOD, **changes})], Screening())
    return found.reasons


def test_a_good_rater_stays():
    assert reasons() == ()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gold_passed": 0.4}, "gold items passed 0.40 < 0.50"),
        ({"repeat_difference": 2.0}, "mean change in repeated sets 2.00 > 1.50"),
        ({"score_sd": 0.1}, "standard deviation of scores 0.10 < 0.40"),
        ({"correlation_high": 0.1996}, "upper end of the correlation with the others 0.1996 < 0.20"),
        ({"median_seconds": 3.0}, "median seconds a set 3.0 < 6.0"),
    ],
)
def test_each_rule_excludes_and_says_why(changes, reason):
    assert reasons(**changes) == (reason,)


def test_a_value_at_the_limit_and_a_value_that_is_not_there_break_no_rule():
    assert reasons(gold_passed=0.5, repeat_difference=1.5) == ()
    assert reasons(gold_passed=None, repeat_difference=None, correlation_high=None, median_seconds=None) == ()


def test_a_rule_of_none_is_not_used_and_not_printed():
    rules = Screening(min_gold_passed=None, min_median_seconds=None)
    (found,) = screen([Rater(**{**GOOD, "gold_passed": 0.0, "median_seconds": 1.0})], rules)
    assert not found.is_excluded
    assert [sentence for sentence in rule_sentences(rules) if "gold" in sentence or "seconds" in sentence] == []


def test_careless_raters_are_caught_and_careful_ones_are_kept(simulate, model):
    """Sixty raters: one in ten clicks at random, one in twenty gives nearly always one score. Time is not looked at."""
    caught, lost = [], []
    for seed in range(3):
        votes, panel = simulate(model(clickers=0.1, straight=0.05), raters=60, seed=seed)
        judged = screen(raters(checked(votes, where="x")), Screening(min_median_seconds=None))
        for found, habit in zip(judged, panel.habits, strict=True):
            (lost if habit == "careful" else caught).append(found.is_excluded)
    assert np.mean(caught) >= 0.9
    assert np.mean(lost) <= 0.05


def test_careful_raters_of_a_small_study_are_kept(simulate, model):
    """Six raters, one a random clicker, 20 sets of 40, two methods: few votes, compared with few others."""
    lost = []
    for seed in range(20):
        means = {"one": 2.6, "two": 3.0}
        votes, panel = simulate(model(means, clickers=0.17), raters=6, per_rater=20, sets=40, seed=seed)
        judged = screen(raters(checked(votes, where="x")), Screening())
        lost += [found.is_excluded for found, habit in zip(judged, panel.habits, strict=True) if habit == "careful"]
    assert np.mean(lost) <= 0.05
