"""Who rates what, in which order: every set as often as every other, every method as often in every place."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from fsbench.userstudy.spec import HIDDEN, Counts, Kind

Order = tuple[int, ...]


@dataclass(frozen=True)
class Visit:
    """One page of one rater."""

    rater: int  # from 0
    position: int  # from 0, over all of the rater's pages
    kind: Kind
    item: int  # place among the sets of that kind; of a repeat: among the main sets
    order: Order  # by slot: the place of the result among the set's results
    replaces: int | None = None  # key of the void assignment that this one stands for


@dataclass(frozen=True)
class Given:
    """A main set with its order that another rater left: to be dealt as it is."""

    key: int
    item: int
    order: Order


def latin_squares(methods: int) -> tuple[tuple[Order, ...], tuple[Order, ...]]:
    """Give two Latin squares of orders, the second the mirror of the first.

    Rows are orders: in each square every method comes once in every place, and in both together every method follows
    every other one equally often.

    Source: Williams 1949, Experimental designs balanced for the estimation of residual effects of treatments,
    Australian Journal of Scientific Research A 2 (2).

    >>> latin_squares(3)[0]
    ((0, 1, 2), (1, 2, 0), (2, 0, 1))
    """
    first = [(place + 1) // 2 if place % 2 else (methods - place // 2) % methods for place in range(methods)]
    rows = tuple(tuple((shift + label) % methods for label in first) for shift in range(methods))
    return rows, tuple(row[::-1] for row in rows)


@dataclass
class Dealer:
    """Deals pages, rater by rater. Equal arguments deal equal pages."""

    counts: Counts
    methods: int
    seed: int
    gold_sets: int  # in the pool; item j hides the kind j % 3
    first_rater: int = 0  # how many raters there are already
    used: list[int] = field(default_factory=list)  # views of each main set; zeros where empty
    gold_used: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Refuse counts that cannot be dealt.

        Raises:
            ValueError: a rater would see a set twice, or be asked to repeat or see more than there is.
        """
        counts = self.counts
        if counts.per_rater > counts.sets:
            raise ValueError(f"{counts.per_rater} sets a rater, but a pool of {counts.sets}")
        if counts.repeats and counts.repeats > counts.per_rater // 2:
            raise ValueError(f"{counts.repeats} of {counts.per_rater} sets again; at most half of them can come again")
        if counts.gold and self.gold_sets < gold_pool(counts.gold):
            raise ValueError(f"{self.gold_sets} gold sets; wanted {gold_pool(counts.gold)}")
        self.used = self.used or [0] * counts.sets
        self.gold_used = self.gold_used or [0] * self.gold_sets
        self._rng = np.random.default_rng([self.seed, self.first_rater])
        self._next = self.first_rater

    def rater(self, given: Sequence[Given] = ()) -> list[Visit]:
        """Deal the pages of the next rater.

        Args:
            given: main sets that others left, with their orders; the rater gets these first, each set once.
        """
        number, rng = self._next, self._rng
        self._next += 1
        mains: list[tuple[int, Order, int | None]] = [(left.item, left.order, left.key) for left in given]
        taken = {left.item for left in given}
        rest = self.counts.per_rater - len(mains)
        orders = rng.permutation(np.array(self._orders(number, rest)).reshape(rest, self.methods))
        for item, order in zip(self._least_used(self.used, rest, taken), orders.tolist(), strict=True):
            mains.append((item, tuple(order), None))
        for item, _, _ in mains:
            self.used[item] += 1
        mains = [mains[place] for place in rng.permutation(len(mains))]
        pages: list[tuple[Kind, int, Order, int | None]] = [("main", *main) for main in mains]
        pages = self._with_gold(self._with_repeats(pages), number)
        square = latin_squares(self.methods)[number % 2]
        training: list[tuple[Kind, int, Order, int | None]] = [
            ("training", item, square[(number + item) % self.methods], None) for item in range(self.counts.training)
        ]
        return [Visit(number, position, *page) for position, page in enumerate([*training, *pages])]

    def _orders(self, number: int, count: int) -> list[Order]:
        """Give the orders of a rater's sets: whole squares, and of what remains different rows of one square.

        Over raters the rows of what remains go round, so that at any time every method was in every place equally
        often, but for one.
        """
        squares, whole, rest = latin_squares(self.methods), count // self.methods, count % self.methods
        rows = [row for block in range(whole) for row in squares[(block + number) % 2]]
        last = squares[(number // self.methods) % 2]
        return rows + [last[(number * rest + step) % self.methods] for step in range(rest)]

    def _least_used(self, used: Sequence[int], count: int, taken: Collection[int]) -> list[int]:
        order = np.lexsort((self._rng.random(len(used)), np.array(used)))
        return [int(item) for item in order if int(item) not in taken][:count]

    def _with_repeats(
        self, pages: list[tuple[Kind, int, Order, int | None]]
    ) -> list[tuple[Kind, int, Order, int | None]]:
        """Put some sets of the first third again into the last third, results in mirrored order."""
        count = self.counts.repeats
        if not count:
            return pages
        early = max(count, len(pages) // 3)
        chosen = self._rng.choice(early, count, replace=False)
        late = self._rng.integers(max(early + 1, 2 * len(pages) // 3), len(pages) + 1, count)
        found = list(pages)
        for place, origin in sorted(zip(late.tolist(), chosen.tolist(), strict=True), reverse=True):
            _, item, order, _ = pages[origin]
            found.insert(place, ("repeat", item, order[::-1], None))
        return found

    def _with_gold(
        self, pages: list[tuple[Kind, int, Order, int | None]], number: int
    ) -> list[tuple[Kind, int, Order, int | None]]:
        """Spread gold items: one in each of as many equal stretches, at a random place in it."""
        count = self.counts.gold
        if not count:
            return pages
        found, square = list(pages), latin_squares(self.methods)[0]
        edges = np.linspace(0, len(pages), count + 1)
        hidden = self._rng.permutation([(number + place) % len(HIDDEN) for place in range(count)])
        taken: set[int] = set()
        for place in reversed(range(count)):
            others = {item for item in range(self.gold_sets) if item % len(HIDDEN) != hidden[place]}
            (item,) = self._least_used(self.gold_used, 1, others | taken)
            taken.add(item)
            self.gold_used[item] += 1
            order = square[(number + item + place) % self.methods]
            low = min(int(edges[place]) + 1, len(pages))
            at = int(self._rng.integers(low, max(low, int(edges[place + 1])) + 1))
            found.insert(at, ("gold", item, order, None))
        return found


def gold_pool(gold: int, *, wanted: int = 1) -> int:
    """Give the size of a pool with `wanted` times as many gold sets of each hidden kind as one rater may see."""
    return len(HIDDEN) * -(-gold // len(HIDDEN)) * wanted if gold else 0


def make_plan(counts: Counts, *, methods: int, seed: int, gold_sets: int = 0) -> tuple[Visit, ...]:
    """Deal a whole study.

    Views of a set differ by at most one, and so does how often a method stands in a place, for each rater and over
    all. Gold items and repeats come on top and count in none of this.

    Args:
        counts: how many raters, sets and pages.
        methods: results on a page, >= 2.
        seed: equal seeds deal equal plans.
        gold_sets: in the pool.

    Raises:
        ValueError: the counts cannot be dealt.
    """
    dealer = Dealer(counts, methods, seed, gold_sets)
    return tuple(visit for _ in range(counts.raters) for visit in dealer.rater())
