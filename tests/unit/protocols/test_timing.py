"""Taking times turn by turn, on a machine whose clock and troubles are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fsbench.errors import ItemError
from fsbench.metrics.ratio import median_interval, median_ratio
from fsbench.protocols.timing import Times, host_stopwatch, interleave, summary


class Machine:
    """A machine that does work of a known cost, and is slower at times."""

    def __init__(self, slowness: Callable[[float], float]) -> None:
        self.now, self.slowness = 0.0, slowness

    def stopwatch(self, work: Callable[[], object]) -> float:
        cost = work()
        assert isinstance(cost, float)
        took = cost * self.slowness(self.now)
        self.now += took
        return took


def three_times_slower_after(moment: float) -> Callable[[float], float]:
    return lambda now: 3.0 if now > moment else 1.0


def times_of(found: Times) -> list[float]:
    return list(found.milliseconds.values())


def test_turns_cancel_a_machine_that_becomes_slow_where_one_after_the_other_does_not() -> None:
    costs = {"a": lambda number: 10.0, "b": lambda number: 20.0}
    machine = Machine(three_times_slower_after(1500.0))
    found = interleave(costs, warmup=0, passes=100, stopwatch=machine.stopwatch)
    ratio = median_ratio(times_of(found["a"]), times_of(found["b"]), resamples=200, seed=0)
    assert ratio.value == pytest.approx(2)
    assert ratio.interval.low <= 2 <= ratio.interval.high

    machine = Machine(three_times_slower_after(1500.0))
    apart = [
        interleave({name: cost}, warmup=0, passes=100, stopwatch=machine.stopwatch)[name]
        for name, cost in costs.items()
    ]
    assert np.median(times_of(apart[1])) / np.median(times_of(apart[0])) == pytest.approx(6)


def test_a_round_is_one_call_of_each_and_the_warm_up_is_not_counted() -> None:
    calls: list[tuple[str, int]] = []

    def call(name: str) -> Callable[[int], object]:
        return lambda number: calls.append((name, number))

    rounds = []
    found = interleave(
        {"a": call("a"), "b": call("b")},
        warmup=3,
        passes=2,
        stopwatch=lambda work: (work(), 5.0)[1],  # type: ignore[func-returns-value]
        advance=rounds.append,
    )
    assert [name for name, _ in calls] == ["a", "b"] * 5
    assert [number for name, number in calls if name == "a"] == [0, 1, 0, 0, 1]
    assert found["a"].milliseconds == {0: 5.0, 1: 5.0}
    assert sum(rounds) == 5


def test_a_pass_that_gives_no_result_has_a_reason_and_no_time() -> None:
    def call(number: int) -> object:
        if number == 1:
            raise ItemError("no face")
        return None

    found = interleave({"a": call}, warmup=1, passes=3, stopwatch=host_stopwatch)["a"]
    assert (sorted(found.milliseconds), found.failures) == ([0, 2], {1: "no face"})


def test_the_summary_of_passes_is_worked_out_by_hand() -> None:
    short = summary(Times(dict(enumerate([1.0, 2.0, 3.0, 4.0, 90.0]))), resamples=100, seed=0)
    assert short is not None
    assert (short.median, short.mean, short.n, short.interval) == (3.0, 20.0, 5, None)
    assert short.p95 == pytest.approx(4 + 0.8 * 86)
    assert summary(Times(), resamples=100, seed=0) is None


def test_the_interval_of_a_median_covers_it_and_knows_that_neighbours_are_alike() -> None:
    rng = np.random.default_rng(0)
    independent = rng.normal(100, 5, 400)
    slow_drift = 100 + 5 * np.repeat(rng.normal(size=20), 20)  # as much spread, in runs of twenty
    widths = []
    for values in (independent, slow_drift):
        found = median_interval(values, resamples=500, seed=0)
        assert found.low <= np.median(values) <= found.high
        widths.append(found.high - found.low)
    assert widths[1] > 1.5 * widths[0]
    with pytest.raises(ValueError, match="at least 10"):
        median_interval([1.0] * 9, resamples=100, seed=0)
