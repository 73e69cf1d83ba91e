import json
import math
from pathlib import Path

import numpy as np
import pytest

from fsbench.userstudy.analysis.agreement import agreement, ordinal_alpha
from fsbench.userstudy.analysis.votes import Scores

GOLDEN = json.loads((Path(__file__).parents[3] / "golden/userstudy/ordinal_alpha.json").read_text(encoding="utf-8"))
_ = math.nan
PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3],
    [_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _],
]


def scores(values, raters, sets):
    return Scores("realism", ("one", "two"), np.array(raters), np.array(sets), np.array(values, float))


def test_alpha_is_that_of_krippendorffs_published_example():
    assert ordinal_alpha(np.array(PUBLISHED, float)) == pytest.approx(0.815, abs=5e-4)


@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_alpha_equals_the_package_krippendorff(case):
    assert ordinal_alpha(np.array(case["ratings"], float)) == pytest.approx(case["alpha"], abs=1e-9)


def test_raters_who_agree_in_all_have_alpha_1_and_results_with_one_vote_do_not_count():
    found = agreement(scores([[1, 4], [1, 4], [0, 0]], [1, 2, 3], ["x", "x", "y"]), seed=0)
    assert (found.alpha, found.units) == (1, 2)


@pytest.mark.parametrize(
    "values", [[[1, _], [_, 4]], [[2, 2], [2, 2]]], ids=["nothing rated twice", "all scores equal"]
)
def test_alpha_is_absent_where_it_has_no_value(values):
    found = agreement(scores(values, [1, 2], ["x", "x"]), seed=0)
    assert found.alpha is None and found.interval is None


def test_the_interval_holds_alpha_in_most_studies(simulate, model):
    from fsbench.userstudy.analysis.votes import checked, scores_of

    found = []
    for seed in range(24):
        votes, _panel = simulate(model(), raters=12, per_rater=20, sets=80, gold=False, seed=seed)
        table = scores_of(checked(votes, where="x"), ("DeepFakes", "FaceShifter", "Ours"), "realism")
        found.append(agreement(table, seed=1))
    truth = np.mean([one.alpha for one in found])
    held = np.mean([one.interval.low <= truth <= one.interval.high for one in found])
    assert held >= 0.85
    assert np.mean([one.interval.high - one.interval.low for one in found]) < 0.4
