"""Studies that never took place: raters with known means and variances, dealt as a study deals them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from fsbench.userstudy.analysis.votes import Study, checked
from fsbench.userstudy.raters import Panel, RaterModel, draw_panel
from fsbench.userstudy.spec import HIDDEN, QUESTIONS, VOTE_COLUMNS, Counts, MethodSpec, Screening, StudySpec

PAPER = {"DeepFakes": 2.49, "FaceShifter": 3.31, "Ours": 3.38}
HIDDEN_MEANS = {
    "target": {"realism": 4.7, "identity": 0.8, "attributes": 4.7},
    "source": {"realism": 3.0, "identity": 4.7, "attributes": 1.0},
    "broken": {"realism": 0.7, "identity": 2.5, "attributes": 2.5},
}
OPENED = pd.Timestamp("2026-01-05T09:00:00Z")
SECONDS = {"careful": 25, "random clicker": 12, "straight-liner": 12}  # on a page


def deal(raters: int, per_rater: int, sets: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Give each rater the sets used least so far, ties at random: (raters, per_rater), no set twice for a rater."""
    used = np.zeros(sets)
    dealt = np.empty((raters, per_rater), np.int64)
    for rater in range(raters):
        dealt[rater] = rng.permutation(np.lexsort((rng.random(sets), used))[:per_rater])
        used[dealt[rater]] += 1
    return dealt


def spec_of(methods: Sequence[str], **changes: Any) -> StudySpec:
    content: dict[str, Any] = {
        "title": "A study that never took place",
        "slug": "never",
        "methods": tuple(MethodSpec(name=name) for name in methods),
        "seed": 1,
        "counts": Counts(sets=240, raters=18, per_rater=40),
    }
    return StudySpec(**{**content, **changes})


def _page(panel: Panel, rater: int, pair: str, names: Sequence[str], **also: Any) -> list[dict[str, Any]]:
    shown = OPENED + pd.Timedelta(days=rater, minutes=also["position"])
    again = also["kind"] == "repeat"
    done = shown + pd.Timedelta(seconds=SECONDS[panel.habits[rater]])
    rows = []
    for slot, method in enumerate(names):
        for question in panel.questions:
            expected = HIDDEN[method].get(question) if method in HIDDEN else None
            rows.append(
                {
                    **{"rater": rater + 1, "set": pair, "slot": slot, "method": method, "question": question},
                    "score": panel.score(rater, pair, method, question, again=again),
                    "expect_low": expected and expected[0],
                    "expect_high": expected and expected[1],
                    "repeat_of": pair if again else None,
                    "shown_at": shown.isoformat(),
                    "at": done.isoformat(),
                    **also,
                }
            )
    return rows


def simulated_votes(
    model: RaterModel, *, raters: int = 18, per_rater: int = 40, sets: int = 240, gold: bool = True, seed: int = 0
) -> tuple[pd.DataFrame, Panel]:
    """Give the votes of a finished study and the truth behind them. Gold and repeats follow the main sets."""
    rng, methods = np.random.default_rng(seed), tuple(model.means)
    hidden = RaterModel({**model.means, **HIDDEN_MEANS}, model.spread, model.clickers, model.straight, model.lapse)
    pairs = [f"{place:03d}_{place + 1:03d}/f0000" for place in range(sets + 3)]
    panel = draw_panel(hidden, raters=raters, sets=pairs, seed=seed)
    rows = []
    for rater, places in enumerate(deal(raters, per_rater, sets, rng)):
        shown = [pairs[place] for place in places]
        pages = [("main", pair, methods) for pair in shown]
        if gold:
            pages += [("gold", pairs[sets + n], (methods[0], name)) for n, name in enumerate(HIDDEN)]
            pages += [("repeat", pair, methods) for pair in shown[:2]]
        for position, (kind, pair, names) in enumerate(pages):
            rows += _page(panel, rater, pair, tuple(rng.permutation(names)), position=position, kind=kind)
    return pd.DataFrame(rows, columns=list(VOTE_COLUMNS)), panel


def model_of(means: Mapping[str, float] = PAPER, **changes: Any) -> RaterModel:
    return RaterModel({method: dict.fromkeys(QUESTIONS, mean) for method, mean in means.items()}, **changes)


@pytest.fixture(scope="session")
def dealt() -> Callable[..., NDArray[np.int64]]:
    return deal


@pytest.fixture(scope="session")
def simulate() -> Callable[..., tuple[pd.DataFrame, Panel]]:
    return simulated_votes


@pytest.fixture(scope="session")
def model() -> Callable[..., RaterModel]:
    return model_of


@pytest.fixture(scope="session")
def spec() -> Callable[..., StudySpec]:
    return spec_of


@pytest.fixture(scope="session")
def small_study() -> Study:
    """Six raters, 20 sets each of 40, with gold and repeats; one of the six clicks at random."""
    votes, _ = simulated_votes(model_of(clickers=0.17), raters=6, per_rater=20, sets=40, seed=3)
    counts = Counts(sets=40, raters=6, per_rater=20)
    return Study(spec_of(list(PAPER), counts=counts, screening=Screening()), checked(votes, where="the study"))
