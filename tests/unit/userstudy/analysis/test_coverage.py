"""The promise of the intervals: in simulated studies with a known truth they hold it as often as they say."""

from itertools import combinations

import numpy as np
import pytest

from fsbench.metrics.two_way import two_way_mean
from fsbench.userstudy.raters import draw_panel

MEANS = {"first": 2.49, "second": 3.31, "third": 3.38}
STUDIES = 500


@pytest.fixture(scope="module")
def held(dealt, model):
    """How often the clustered and the plain interval held the mean and the difference."""
    rng = np.random.default_rng(1)
    hits = {(kind, of): [] for kind in ("clustered", "plain") for of in ("mean", "difference")}
    truth = list(MEANS.values())
    names = [str(place) for place in range(240)]
    for seed in range(STUDIES):
        panel = draw_panel(model(MEANS), raters=18, sets=names, seed=seed, questions=["realism"])
        raters, sets = np.repeat(np.arange(18), 40), dealt(18, 40, 240, rng).ravel()
        scores = panel.scores[raters, sets, :, 0].astype(float)
        wanted = [("mean", scores[:, place], truth[place]) for place in range(3)]
        wanted += [
            ("difference", scores[:, a] - scores[:, b], truth[a] - truth[b]) for a, b in combinations(range(3), 2)
        ]
        for of, values, true in wanted:
            found = two_way_mean(values, raters, sets)
            hits["clustered", of].append(found.interval.low <= true <= found.interval.high)
            plain = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
            hits["plain", of].append(abs(values.mean() - true) <= plain)
    return {key: np.mean(values) for key, values in hits.items()}


def test_intervals_hold_the_truth_as_often_as_they_say(held):
    assert held["clustered", "mean"] >= 0.91
    assert 0.94 <= held["clustered", "difference"] <= 0.99


def test_intervals_that_take_votes_as_independent_do_not(held):
    assert held["plain", "mean"] < 0.6
    assert held["plain", "difference"] < 0.85
