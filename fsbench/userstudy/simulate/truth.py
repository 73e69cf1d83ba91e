"""What simulated raters think of every page: known to the one who simulates, never told by what serves the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from fsbench.errors import ConfigError
from fsbench.userstudy.raters import Habit, RaterModel, Spread, draw_panel
from fsbench.userstudy.spec import BROKEN, HIDDEN_SOURCE, HIDDEN_TARGET, HIGHEST, LOWEST, QUESTIONS
from fsbench.userstudy.store import Store
from fsbench.userstudy.store.tables import assignment, item_set, method, rater, stimulus

HIDDEN_MEANS = {
    HIDDEN_TARGET: {"realism": 4.7, "identity": 0.8, "attributes": 4.7},
    HIDDEN_SOURCE: {"realism": 3.0, "identity": 4.7, "attributes": 1.0},
    BROKEN: {"realism": 0.7, "identity": 2.5, "attributes": 2.5},
}
FIRST, LAST = 2.5, 3.4  # means of the first and last method where none are given

Answers = dict[int, dict[str, int]]  # slot -> question -> score


@dataclass(frozen=True)
class _Known:
    pair: str
    is_again: bool
    methods: tuple[str, ...]  # by slot


class Truth:
    """The answers of every rater of a study to every page that is dealt to them."""

    def __init__(
        self, store: Store, means: Mapping[str, Mapping[str, float]], *, seed: int, clickers: float, straight: float
    ) -> None:
        self._pages = _pages(store)
        pairs = sorted({known.pair for pages in self._pages.values() for known in pages.values()})
        try:
            model = RaterModel({**means, **HIDDEN_MEANS}, Spread(), clickers=clickers, straight=straight)
        except ValueError as error:
            raise ConfigError(str(error), hint="--mean, --clickers, --straight") from None
        self._panel = draw_panel(model, raters=max(place[0] for place in self._pages), sets=pairs, seed=seed)

    @property
    def habits(self) -> tuple[Habit, ...]:
        """The habit of each rater."""
        return self._panel.habits

    def answers(self, ordinal: int, kind: str, number: int) -> Answers:
        """Give a rater's answers to their page, named as pages are: kind "training" or "rated", number from 1."""
        known = self._pages[ordinal, kind][number]
        return {
            slot: {q: self._panel.score(ordinal - 1, known.pair, name, q, again=known.is_again) for q in QUESTIONS}
            for slot, name in enumerate(known.methods)
        }


def means_of(methods: Sequence[str], given: Sequence[str]) -> dict[str, dict[str, float]]:
    """Read METHOD=MEAN or METHOD=REALISM,IDENTITY,ATTRIBUTES; methods without one are spread evenly from 2.5 to 3.4.

    Raises:
        ConfigError: the method is unknown, or the numbers are not one or three.
    """
    step = (LAST - FIRST) / max(1, len(methods) - 1)
    means: dict[str, dict[str, float]] = {
        name: dict.fromkeys(QUESTIONS, FIRST + step * place) for place, name in enumerate(methods)
    }
    for text in given:
        name, _, numbers = text.rpartition("=")
        try:
            values = [float(number) for number in numbers.split(",")]
        except ValueError:
            values = []
        if name not in means or len(values) not in (1, len(QUESTIONS)):
            message = f"--mean {text}: wanted METHOD=MEAN or METHOD=REALISM,IDENTITY,ATTRIBUTES"
            raise ConfigError(message, hint=f"methods: {', '.join(methods)}; means between {LOWEST} and {HIGHEST}")
        means[name] = dict(zip(QUESTIONS, values * (len(QUESTIONS) // len(values)), strict=True))
    return means


def _pages(store: Store) -> dict[tuple[int, str], dict[int, _Known]]:
    """Read (ordinal, kind of page) -> number of the page -> what is behind it."""
    with store.read() as connection:
        query = select(stimulus.c.id, method.c.name).join(method, method.c.id == stimulus.c.method_id)
        names = {key: name for key, name in connection.execute(query.where(method.c.study_id == store.study_id))}
        dealt = (
            select(rater.c.ordinal, item_set.c.kind, item_set.c.pair_key, assignment.c.stimulus_order)
            .select_from(assignment)
            .join(rater, rater.c.id == assignment.c.rater_id)
            .join(item_set, item_set.c.id == assignment.c.set_id)
            .where(assignment.c.study_id == store.study_id, assignment.c.state != "void")
            .order_by(rater.c.ordinal, assignment.c.position)
        )
        rows = connection.execute(dealt).all()
    found: dict[tuple[int, str], dict[int, _Known]] = {}
    for ordinal, kind, pair, order in rows:
        pages = found.setdefault((ordinal, "training" if kind == "training" else "rated"), {})
        pages[len(pages) + 1] = _Known(pair, kind == "repeat", tuple(names[int(key)] for key in order.split()))
    return found
