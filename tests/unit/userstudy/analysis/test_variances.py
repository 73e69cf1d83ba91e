import numpy as np
import pytest

from fsbench.userstudy.analysis.variances import variances
from fsbench.userstudy.analysis.votes import Scores
from fsbench.userstudy.raters import Spread, draw_panel

PLANTED = Spread(rater=0.4, set=0.35, method_rater=0.3, method_set=0.45, residual=0.6)


def found(seed, dealt, model):
    names = [f"set {place:03d}" for place in range(120)]
    panel = draw_panel(model({"one": 2.4, "two": 2.5, "three": 2.6}, spread=PLANTED), raters=40, sets=names, seed=seed)
    sets = dealt(40, 30, 120, np.random.default_rng(seed)).ravel()
    raters = np.repeat(np.arange(40), 30)
    values = panel.scores[raters, sets, :, 0].astype(float)
    return variances(Scores("realism", panel.methods, raters, np.array(names)[sets], values))


def test_planted_variances_are_found_again(dealt, model):
    """The residual holds what rounding adds, 1/12; no rater x set was planted."""
    studies = [found(seed, dealt, model) for seed in range(12)]
    mean = {part: np.mean([study.parts[part] for study in studies]) for part in studies[0].parts}
    expected = {
        **{"rater": 0.16, "set": 0.1225, "rater x set": 0, "method x rater": 0.09, "method x set": 0.2025},
        "residual": 0.36 + 1 / 12,
    }
    assert mean == pytest.approx(expected, abs=0.025)


def test_parts_add_up_to_the_total(dealt, model):
    study = found(0, dealt, model)
    assert sum(study.parts.values()) == pytest.approx(study.total)
    assert sum(study.share(part) for part in study.parts) == pytest.approx(1)


def test_what_cannot_be_told_apart_is_not_told():
    table = Scores("realism", ("one", "two"), np.array([1, 2]), np.array(["x", "y"]), np.array([[1.0, 2], [3, 4]]))
    assert variances(table) is None
