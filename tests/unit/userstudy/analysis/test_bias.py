import json
from pathlib import Path

import numpy as np
import pytest

from fsbench.userstudy.analysis.bias import bias_corrected, bias_model
from fsbench.userstudy.analysis.votes import Scores, checked, scores_of

GOLDEN = json.loads((Path(__file__).parents[3] / "golden/userstudy/p910_annex_e.json").read_text(encoding="utf-8"))
METHODS = ("DeepFakes", "FaceShifter", "Ours")


@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_the_model_equals_sureal(case):
    table = np.array(case["ratings"], float)
    raters, units = np.nonzero(~np.isnan(table))
    found = bias_model(raters, units, table[raters, units])
    assert found.settled
    assert found.quality == pytest.approx(case["quality"], abs=1e-6)
    assert found.bias == pytest.approx(case["bias"], abs=1e-6)
    assert found.inconsistency == pytest.approx(case["inconsistency"], abs=1e-6)


def test_strict_raters_who_saw_one_method_only_do_not_pull_it_down():
    rng = np.random.default_rng(2)
    raters, sets = np.repeat(np.arange(8), 30), np.tile([f"set {place:02d}" for place in range(30)], 8)
    noise = np.rint(rng.normal(0, 0.8, (240, 2)))
    values = np.array([[3.0, 3.0]]) + noise
    strict = raters < 2
    values[strict] -= 2
    values[strict, 1] = np.nan
    found = bias_corrected(Scores("realism", ("one", "two"), raters, sets, values))
    plain = np.nanmean(values, 0)
    assert found.weighted
    assert plain[1] - plain[0] > 0.3
    assert abs(found.means["two"] - found.means["one"]) < 0.15


def test_with_few_votes_a_result_the_weights_are_given_up_and_said_to_be(simulate, model):
    votes, _ = simulate(model(), gold=False)
    scores = scores_of(checked(votes, where="x"), METHODS, "realism")
    units = np.unique(scores.sets, return_inverse=True)[1]
    collapsed = bias_model(scores.raters - 1, units, scores.values[:, 0])
    assert collapsed.inconsistency.min() < 0.1
    found = bias_corrected(scores)
    assert not found.weighted
    assert list(found.means.values()) == pytest.approx(np.nanmean(scores.values, 0), abs=0.01)
