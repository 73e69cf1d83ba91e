"""The plan: balance of sets, of places and of orders, for any counts."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fsbench.userstudy.plan import Dealer, Given, Visit, gold_pool, latin_squares, make_plan
from fsbench.userstudy.spec import Counts

PAPER = Counts(sets=240, raters=18, per_rater=40)


def mains(plan: tuple[Visit, ...], rater: int | None = None) -> list[Visit]:
    return [v for v in plan if v.kind == "main" and rater in (None, v.rater)]


def places(visits: list[Visit], methods: int) -> list[int]:
    """How often each method stands in each place."""
    found = Counter((method, slot) for v in visits for slot, method in enumerate(v.order))
    return [found[method, slot] for method in range(methods) for slot in range(methods)]


def within(values: list[int], spread: int = 1) -> bool:
    return max(values) - min(values) <= spread


def deal(counts: Counts, methods: int, seed: int) -> tuple[Visit, ...]:
    return make_plan(counts, methods=methods, seed=seed, gold_sets=gold_pool(counts.gold, wanted=2))


@pytest.mark.parametrize("methods", range(2, 9))
def test_each_square_has_every_method_once_in_every_place_and_followers_are_balanced(methods: int) -> None:
    for square in latin_squares(methods):
        for line in (*square, *zip(*square, strict=True)):
            assert sorted(line) == list(range(methods))
    follows = Counter(pair for square in latin_squares(methods) for row in square for pair in itertools.pairwise(row))
    assert set(follows.values()) == {2} and len(follows) == methods * (methods - 1)


def test_the_study_of_the_paper_is_balanced() -> None:
    plan = deal(PAPER, 3, 11)
    views = Counter(v.item for v in mains(plan))
    assert len(views) == 240 and set(views.values()) == {3}
    orders = Counter(v.order for v in mains(plan))
    assert len(orders) == 6 and all(119 <= count <= 121 for count in orders.values())
    assert places(mains(plan), 3) == [240] * 9
    for rater in range(18):
        assert set(places(mains(plan, rater), 3)) == {13, 14}


def test_a_pool_that_does_not_divide_is_dealt_as_evenly_as_it_can_be() -> None:
    views = Counter(v.item for v in mains(deal(Counts(sets=100, raters=18, per_rater=40), 3, 0)))
    assert set(views.values()) == {7, 8}  # 720 / 100


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 9), st.integers(1, 25), st.integers(1, 30), st.integers(2, 8), st.integers(0, 4), st.integers(0, 6),
    st.integers(0, 3), st.integers(0, 2**31),
)  # fmt: skip
def test_margins_differ_by_one_at_most(
    raters: int, per_rater: int, sets: int, methods: int, training: int, gold: int, repeats: int, seed: int
) -> None:
    assume(per_rater <= sets and repeats <= per_rater // 2)
    counts = Counts(sets=sets, raters=raters, per_rater=per_rater, training=training, gold=gold, repeats=repeats)
    plan = deal(counts, methods, seed)
    views = Counter(v.item for v in mains(plan))
    assert within([views[item] for item in range(sets)])
    assert within(places(mains(plan), methods))
    for rater in range(raters):
        own = [v for v in plan if v.rater == rater]
        assert [v.position for v in own] == list(range(training + per_rater + gold + repeats))
        assert [v.kind for v in own[:training]] == ["training"] * training
        assert Counter(v.kind for v in own) == Counter(training=training, main=per_rater, gold=gold, repeat=repeats)
        assert len({(v.kind, v.item) for v in own}) == len(own)
        assert within(places(mains(plan, rater), methods))
        _check_repeats(own)
        hidden = Counter(v.item % 3 for v in own if v.kind == "gold")
        assert not gold or within([hidden[kind] for kind in range(3)])


def _check_repeats(own: list[Visit]) -> None:
    first = {v.item: v for v in own if v.kind == "main"}
    for again in (v for v in own if v.kind == "repeat"):
        assert again.position > first[again.item].position + 1 or len(first) < 4
        assert again.order == first[again.item].order[::-1]


def test_repeats_of_a_study_of_forty_come_at_least_ten_pages_later() -> None:
    plan = deal(PAPER, 3, 4)
    for rater in range(18):
        first = {v.item: v.position for v in mains(plan, rater)}
        gaps = [v.position - first[v.item] for v in plan if v.kind == "repeat" and v.rater == rater]
        assert len(gaps) == 2 and min(gaps) >= 10


def test_equal_seeds_deal_equal_plans_and_others_do_not() -> None:
    assert deal(PAPER, 3, 7) == deal(PAPER, 3, 7)
    assert deal(PAPER, 3, 7) != deal(PAPER, 3, 8)


def test_what_others_left_is_dealt_as_it_was() -> None:
    counts = Counts(sets=12, raters=1, per_rater=6, training=0, gold=0, repeats=0)
    left = [Given(100 + n, n, (2, 0, 1)) for n in range(4)]
    pages = Dealer(counts, 3, seed=1, gold_sets=0, first_rater=5, used=[1] * 12).rater(left)
    assert {(v.item, v.order, v.replaces) for v in pages if v.replaces} == {(n, (2, 0, 1), 100 + n) for n in range(4)}
    assert len({v.item for v in pages}) == 6 and {v.rater for v in pages} == {5}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"per_rater": 300}, "300 sets a rater, but a pool of 240"),
        ({"repeats": 21}, "21 of 40 sets again; at most half"),
    ],
)
def test_counts_that_cannot_be_dealt_are_refused(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        deal(PAPER.model_copy(update=changes), 3, 0)
