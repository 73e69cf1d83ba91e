import numpy as np
import pandas as pd
import pytest

from fsbench.userstudy.analysis.quality import gold_rates, raters, repeat_rates
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
    assert first.correlation == pytest.approx(np.corrcoef([1, 3, 5], [2, 4, 5])[0, 1])
    assert (first.gold, first.gold_passed, second.gold, second.gold_passed) == (2, 0.5, 1, 1)
    assert (first.repeat_difference, second.repeat_difference) == (2, 0)
    assert (first.median_seconds, second.median_seconds) == (11, 21)


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
