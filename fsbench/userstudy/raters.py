"""Raters that do not exist: scores from known means and variances, to rehearse a study and to test its analysis."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fsbench.userstudy.spec import HIGHEST, QUESTIONS

Habit = Literal["careful", "random clicker", "straight-liner"]
CAREFUL: Habit = "careful"
CLICKER: Habit = "random clicker"
STRAIGHT: Habit = "straight-liner"


@dataclass(frozen=True)
class Spread:
    """Standard deviations of what makes scores differ, in points of the 0-5 scale, before rounding.

    The defaults are assumptions to plan with, not measurements; after a study its own table of variances replaces them.
    """

    rater: float = 0.4  # some are strict
    set: float = 0.35  # some pairs are easy
    method_rater: float = 0.2  # some like one method
    method_set: float = 0.45  # some pairs suit one method
    residual: float = 0.9  # the same rater on the same picture again

    @property
    def total(self) -> float:
        """Standard deviation of one score, before rounding."""
        parts = (self.rater, self.set, self.method_rater, self.method_set, self.residual)
        return math.sqrt(sum(part**2 for part in parts))


@dataclass(frozen=True)
class RaterModel:
    """What simulated raters think. `means` are those of the finished scores: whole numbers, held within 0..5.

    A careful rater's latent opinion is mean + rater + set + method x rater + method x set + residual, all normal and
    drawn for each question apart; the score is that, rounded and held within 0..5. The latent mean is chosen so
    that the expected *score* is the one given, which rounding at the ends of the scale would otherwise shift.
    """

    means: Mapping[str, Mapping[str, float]]  # method -> question -> mean; hidden gold items are methods, too
    spread: Spread = field(default_factory=Spread)
    clickers: float = 0.0  # share of raters who answer at random
    straight: float = 0.0  # share of raters who give one score to nearly everything
    lapse: float = 0.03  # of a straight-liner: share of other answers

    def __post_init__(self) -> None:
        """Refuse what no scores can have.

        Raises:
            ValueError: a mean is not inside 0..5, a spread is negative or zero in all, or the shares exceed 1.
        """
        for method, of_question in self.means.items():
            for question, mean in of_question.items():
                if not 0 < mean < HIGHEST:
                    raise ValueError(f"the mean of {method} in {question} is {mean}; wanted between 0 and {HIGHEST}")
        parts = vars(self.spread).values()
        if min(parts) < 0 or self.spread.total == 0:
            raise ValueError(f"{self.spread} has a negative part, or none that is not 0")
        if min(self.clickers, self.straight) < 0 or self.clickers + self.straight > 1 or not 0 <= self.lapse <= 1:
            raise ValueError("shares of raters are between 0 and 1, and no more than 1 together")


@dataclass(frozen=True)
class Panel:
    """Every answer that these raters would give: `scores` and, for a set that is shown twice, `again`."""

    sets: tuple[str, ...]
    methods: tuple[str, ...]
    questions: tuple[str, ...]
    scores: NDArray[np.int8]  # (raters, sets, methods, questions)
    again: NDArray[np.int8]  # the same, when the set is shown once more: another residual
    habits: tuple[Habit, ...]  # the truth that screening should find

    def score(self, rater: int, pair: str, method: str, question: str, *, again: bool = False) -> int:
        """Give one answer. `rater` counts from 0; names as in `sets`, `methods` and `questions`."""
        place = (rater, self.sets.index(pair), self.methods.index(method), self.questions.index(question))
        return int((self.again if again else self.scores)[place])


def draw_panel(
    model: RaterModel, *, raters: int, sets: Sequence[str], seed: int, questions: Sequence[str] = QUESTIONS
) -> Panel:
    """Draw raters, sets and all their answers; equal arguments give equal answers.

    Args:
        model: with a mean for every method and each of `questions`.
        raters: how many, >= 1.
        sets: names of the sets, at least one, no name twice.
        seed: of all draws.
        questions: what is asked of each result.
    """
    rng = np.random.default_rng(seed)
    methods, spread = tuple(model.means), model.spread
    count = len(sets), len(methods), len(questions)
    wanted = np.array([[model.means[method][question] for question in questions] for method in methods])
    latent = np.vectorize(latent_mean)(wanted, spread.total)[None, None]
    latent = latent + rng.normal(0, spread.rater, (raters, 1, 1, count[2]))
    latent = latent + rng.normal(0, spread.set, (1, count[0], 1, count[2]))
    latent = latent + rng.normal(0, spread.method_rater, (raters, 1, *count[1:]))
    latent = latent + rng.normal(0, spread.method_set, (1, *count))
    habits = _habits(model, raters, rng)
    favourite = rng.integers(1, HIGHEST, raters)  # a straight-liner's score, seldom an end of the scale
    passes = []
    for _ in range(2):
        scores = np.clip(np.rint(latent + rng.normal(0, spread.residual, (raters, *count))), 0, HIGHEST)
        passes.append(_careless(scores, habits, favourite, model.lapse, rng).astype(np.int8))
    return Panel(tuple(sets), methods, tuple(questions), passes[0], passes[1], habits)


def expected_score(latent: float, sd: float) -> float:
    """Give the mean of a normal variable once rounded and held within 0..5: the sum of P(score >= k), k = 1..5."""
    return sum(0.5 * math.erfc((k - 0.5 - latent) / (sd * math.sqrt(2))) for k in range(1, HIGHEST + 1))


def latent_mean(wanted: float, sd: float) -> float:
    """Find the latent mean whose expected score is `wanted`, 0 < wanted < 5, by bisection."""
    low, high = -HIGHEST - 10 * sd, 2 * HIGHEST + 10 * sd
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if expected_score(middle, sd) < wanted else (low, middle)
    return (low + high) / 2


def _habits(model: RaterModel, raters: int, rng: np.random.Generator) -> tuple[Habit, ...]:
    """Deal the habits, as many of each as the shares say, to raters in random order."""
    clickers, straight = round(model.clickers * raters), round(model.straight * raters)
    habits: list[Habit] = [*[CLICKER] * clickers, *[STRAIGHT] * straight, *[CAREFUL] * raters][:raters]
    return tuple(habits[place] for place in rng.permutation(raters))


def _careless(
    scores: NDArray[np.float64],
    habits: Sequence[Habit],
    favourite: NDArray[np.int64],
    lapse: float,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Put the answers of careless raters in the place of what they would have thought."""
    found = scores.copy()
    for rater, habit in enumerate(habits):
        shape = found[rater].shape
        if habit == CLICKER:
            found[rater] = rng.integers(0, HIGHEST + 1, shape)
        elif habit == STRAIGHT:
            found[rater] = np.where(rng.random(shape) < lapse, found[rater], favourite[rater])
    return found
