"""Count how often the intervals of a rating study hold the truth, and time the analysis of one study.

    python benchmarks/study_analysis.py --studies 500

Raters are simulated with the standard deviations of `fsbench.userstudy.raters.Spread`: 18 raters, 40 sets each from a
pool of 240, means 2.49, 3.31 and 3.38. Printed are, for means and for differences between two methods, the share of
studies whose 95 % interval held the truth, and the mean half-width, for
    clustered   by raters and sets, as in the analysis
    bootstrap   of raters and sets together, as the analysis uses for shares and medians
    plain       votes taken as independent, as most papers do
and the half-width that `expected_half_width` foretells.
"""

from __future__ import annotations

import argparse
import time
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fsbench.metrics.two_way import two_way_bootstrap, two_way_mean
from fsbench.userstudy.analysis.findings import analyse
from fsbench.userstudy.analysis.votes import Study, checked
from fsbench.userstudy.power import expected_half_width
from fsbench.userstudy.raters import Panel, RaterModel, draw_panel
from fsbench.userstudy.spec import QUESTIONS, VOTE_COLUMNS, Counts, MethodSpec, StudySpec

MEANS = {"first": 2.49, "second": 3.31, "third": 3.38}
RATERS, EACH, POOL = 18, 40, 240
DRAWS = 400  # of the bootstrap, in each study

Scores = NDArray[np.float64]


def deal(rng: np.random.Generator) -> NDArray[np.int64]:
    """Deal the pool, shuffled anew each time it is used up: (RATERS, EACH), no set twice for a rater."""
    decks = [rng.permutation(POOL) for _ in range(RATERS * EACH // POOL)]
    return np.concatenate(decks).reshape(RATERS, EACH)


def intervals(values: Scores, raters: NDArray[np.int64], sets: NDArray[np.int64]) -> dict[str, tuple[float, float]]:
    """Give the interval of a mean in three ways."""
    clustered = two_way_mean(values, raters, sets)
    if clustered is None:
        raise ValueError("wanted several raters and sets")
    drawn = two_way_bootstrap(values[:, None], raters, sets, draws=DRAWS, seed=0)
    low, high = np.quantile(drawn, [0.025, 0.975])
    plain = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    return {
        "clustered": (clustered.interval.low, clustered.interval.high),
        "bootstrap": (float(low), float(high)),
        "plain": (values.mean() - plain, values.mean() + plain),
    }


def coverage(studies: int) -> None:
    """Simulate studies and print how often, and how narrow."""
    rng, truth = np.random.default_rng(1), list(MEANS.values())
    found: dict[tuple[str, str], list[tuple[bool, float]]] = {}
    model = RaterModel({method: {"realism": mean} for method, mean in MEANS.items()})
    for seed in range(studies):
        panel = draw_panel(model, raters=RATERS, sets=[str(n) for n in range(POOL)], seed=seed, questions=["realism"])
        raters, sets = np.repeat(np.arange(RATERS), EACH), deal(rng).ravel()
        scores = panel.scores[raters, sets, :, 0].astype(float)
        wanted = [("mean", scores[:, place], truth[place]) for place in range(3)]
        pairs = list(combinations(range(3), 2))
        wanted += [("difference", scores[:, a] - scores[:, b], truth[a] - truth[b]) for a, b in pairs]
        for of, values, true in wanted:
            for way, (low, high) in intervals(values, raters, sets).items():
                found.setdefault((of, way), []).append((low <= true <= high, (high - low) / 2))
    expected = expected_half_width(raters=RATERS, per_rater=EACH, sets=POOL)
    for (of, way), results in found.items():
        held, width = np.mean([hit for hit, _ in results]), np.mean([width for _, width in results])
        print(
            f"{of:10} {way:9}  held {100 * held:5.1f} %  half-width {width:.3f}  (foretold {getattr(expected, of):.3f})"
        )


def votes_of(panel: Panel) -> pd.DataFrame:
    """Give the panel's answers as a table of votes."""
    names, rows = list(MEANS), []
    for rater, places in enumerate(deal(np.random.default_rng(0))):
        for position, place in enumerate(places):
            pair = panel.sets[place]
            for slot, method in enumerate(names):
                for number, question in enumerate(QUESTIONS):
                    score = int(panel.scores[rater, place, slot, number])
                    rows.append((rater + 1, pair, "main", position, slot, method, question, score, *[None] * 5))
    return pd.DataFrame(rows, columns=list(VOTE_COLUMNS))


def speed() -> None:
    """Time the analysis of 6,480 scores, from the table of votes to all findings."""
    model = RaterModel({method: dict.fromkeys(QUESTIONS, mean) for method, mean in MEANS.items()})
    votes = votes_of(draw_panel(model, raters=RATERS, sets=[f"set {n}" for n in range(POOL)], seed=0))
    spec = StudySpec(
        title="Simulated",
        slug="simulated",
        methods=tuple(MethodSpec(name=name) for name in MEANS),
        seed=0,
        counts=Counts(sets=POOL, raters=RATERS, per_rater=EACH),
    )
    for attempt in ("first", "second"):  # the first one imports scipy, pandas and statsmodels
        start = time.perf_counter()
        analyse(Study(spec, checked(votes, where="the benchmark")))
        print(f"analysis of {len(votes)} scores, {attempt} time: {time.perf_counter() - start:.2f} s")


def main() -> None:
    """Read the options and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=500)
    options = parser.parse_args()
    speed()
    coverage(options.studies)


if __name__ == "__main__":
    main()
