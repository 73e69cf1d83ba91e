import numpy as np
import pandas as pd
import pytest

from fsbench.userstudy.analysis.quality import correlation_high, gold_rates, raters, repeat_rates
from fsbench.userstudy.analysis.votes import checked

COLUMNS = ["rater", "set", "kind", "position", "method", "question", "score", "low", "high", "of"]
ROWS = [
    (1, "x", "main", 0, "one", "realism", 1, None, None, None),
    (1, "y", "main", 1, "one", "realism", 3, None, None, None),
    (1, "z", "main", 2, "one", "realism", 5, None, None, None),
    (2, "x", "main", 0, "one", "realism", 2, None, None, None),
    (2, "y", "main", 1, "one", "realism", 4, None, None, None),
    (2, "z", "main", 2, "one", "realism", 5, None, None, None),
    (1, "g", "gold", 3, "target", "realism", 4, 4, 5, None),
    (1, "g", "gold", 3, "target", "identity", 3, 0, 2, None),
    (1, "g", "gold", 3, "one", "realism", 0, None, None, None),
    (2, "g", "gold", 3, "target", "realism", 5, 4, 5, None),
    (1, "x-again", "repeat", 4, "one", "realism", 3, None, None, "x"),
    (2, "x-again", "repeat", 4, "one", "realism", 2, None, None, "x"),
    (2, "t", "training", 5, "one", "realism", 0, None, None, None),
]


@pytest.fixture
def votes():
    table = pd.DataFrame(ROWS, columns=COLUMNS).rename(
        columns={"low": "expect_low", "high": "expect_high", "of": "repeat_of"}
    )
    start = pd.Timestamp("2026-01-05T09:00:00Z") + pd.to_timedelta(table["position"], unit="min")
    seconds = pd.to_timedelta(10 * table["rater"] + table["position"], unit="s")
    return checked(table.assign(slot=0, shown_at=start, at=start + seconds), where="the study")


def test_a_rater_is_measured_by_main_votes_gold_items_repeats_and_time(votes):
    first, second = raters(votes)
    assert (first.ordinal, first.sets, first.votes, first.mean) == (1, 3, 3, 3)
    assert first.score_sd == pytest.approx(2)
    assert first.bias == pytest.approx((-1 - 1 + 0) / 3)
    assert first.correlation is None  # three pairs are too few
    assert (first.gold, first.gold_passed, second.gold, second.gold_passed) == (2, 0.5, 1, 1)
    assert (first.repeat_difference, second.repeat_difference) == (2, 0)
    assert (first.median_seconds, second.median_seconds) == (11, 21)


def test_the_correlation_is_pearsons_with_the_mean_of_the_others(simulate, model):
    votes, _ = simulate(model(), raters=6, per_rater=20, sets=20, gold=False)
    first, *_ = raters(checked(votes, where="x"))
    table = votes.pivot_table(index=["set", "method", "question"], columns="rater", values="score")
    expected = np.corrcoef(table[1], table[[2, 3, 4, 5, 6]].mean(axis=1))[0, 1]
    assert first.correlation == pytest.approx(expected)
    assert first.correlation_high == pytest.approx(correlation_high(expected, 180))


def test_the_upper_end_of_a_correlation_is_fishers():
    """r = 0, n = 103: z = 1.6449 / sqrt(100) and tanh(.16449) = .16302; with more votes it comes closer to r."""
    assert correlation_high(0, 103) == pytest.approx(0.16302, abs=1e-5)
    assert 0.5 < correlation_high(0.5, 4000) < correlation_high(0.5, 40) < 1
    assert correlation_high(1, 10) == pytest.approx(1)


def test_gold_items_are_judged_by_question_and_answers_without_a_right_one_are_left_out(votes):
    identity, realism = gold_rates(votes, seed=0)
    assert (realism.name, realism.question, realism.value, realism.n, realism.mean) == ("target", "realism", 1, 2, 4.5)
    assert (identity.value, identity.n, identity.wanted) == (0, 1, "0 to 2")


def test_repeats_are_compared_with_the_first_answer_of_the_same_rater(votes):
    same, near = repeat_rates(votes, seed=0)
    assert (same.name, same.value, same.n, same.mean) == ("same score", 0.5, 2, 1)
    assert (near.name, near.value) == ("at most one apart", 0.5)


def test_a_rater_alone_has_no_others_to_be_compared_with(votes):
    (alone,) = raters(votes[votes["rater"] == 1])
    assert alone.bias is None and alone.correlation is None
