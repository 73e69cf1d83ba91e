import math

import numpy as np
import pytest

from fsbench.userstudy.power import detectable_difference, expected_half_width, quantile
from fsbench.userstudy.raters import RaterModel, Spread, draw_panel
from fsbench.userstudy.spec import QUESTIONS


def test_the_half_widths_of_a_study_worked_by_hand():
    """18 x 40 of 240: .0025 / 18 + ...; t(.975, 17) = 2.1098 and t(.80, 17) = .8633 from a printed table."""
    found = expected_half_width(raters=18, per_rater=40, sets=240, spread=Spread(0.3, 0.2, 0.1, 0.4, 0.8))
    own = 0.01 / 18 + 0.16 / 240 + (0.64 + 1 / 12) / 720
    assert found.difference == pytest.approx(2.1098 * math.sqrt(2 * own), rel=1e-4)
    assert found.mean == pytest.approx(2.1098 * math.sqrt(own + 0.09 / 18 + 0.04 / 240), rel=1e-4)
    assert found.detectable == pytest.approx((2.1098 + 0.8633) * math.sqrt(2 * own), rel=1e-4)
    assert found.views == 3


def test_more_raters_narrow_it_and_a_pool_larger_than_the_views_changes_nothing():
    def width(raters, sets):
        return expected_half_width(raters=raters, per_rater=40, sets=sets).difference

    assert width(18, 40) > width(18, 240) > width(36, 240) > width(60, 720)
    assert width(18, 720) == width(18, 5000)


@pytest.mark.parametrize("pool", [40, 240])
def test_simulated_studies_spread_as_foretold(pool, dealt):
    means = {name: dict.fromkeys(QUESTIONS, mean) for name, mean in (("first", 2.49), ("second", 2.7))}
    rng = np.random.default_rng(3)
    differences, levels = [], []
    for seed in range(150):
        panel = draw_panel(RaterModel(means), raters=18, sets=[str(place) for place in range(pool)], seed=seed)
        sets = dealt(18, 40, pool, rng)
        scores = panel.scores[np.arange(18)[:, None], sets].astype(float).mean((0, 1))  # (methods, questions)
        differences.extend(scores[0] - scores[1])
        levels.extend(scores[0])
    found = expected_half_width(raters=18, per_rater=40, sets=pool)
    assert found.difference == pytest.approx(quantile(17) * np.std(differences), rel=0.12)
    assert found.mean == pytest.approx(quantile(17) * np.std(levels), rel=0.12)


def test_the_detectable_difference_is_found_in_four_of_five_studies():
    rng = np.random.default_rng(5)
    draws = rng.normal(detectable_difference(1 / math.sqrt(18), 17), 1, (4000, 18))
    t = draws.mean(1) / (draws.std(1, ddof=1) / math.sqrt(18))
    assert (np.abs(t) > quantile(17)).mean() == pytest.approx(0.8, abs=0.03)


def test_the_sentence_names_the_widths_and_what_was_assumed():
    sentence = expected_half_width(raters=18, per_rater=40, sets=240).sentence
    for part in ("+-0.20 for a difference", "0.28 would be found", "rated 3.0 times", "method x set 0.45"):
        assert part in sentence


@pytest.mark.parametrize("changes", [{"raters": 1}, {"per_rater": 0}, {"sets": 1}])
def test_a_study_without_spread_to_measure_is_refused(changes):
    with pytest.raises(ValueError, match="wanted at least"):
        expected_half_width(**{"raters": 18, "per_rater": 40, "sets": 240, **changes})
