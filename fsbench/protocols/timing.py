"""Taking times: one call at a time, turn by turn, with whatever clock the device needs."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from fsbench.errors import ItemError
from fsbench.metrics.ratio import FEWEST_PASSES, median_interval
from fsbench.metrics.stats import Interval

Name = TypeVar("Name", bound=Hashable)
Work = Callable[[], object]
Stopwatch = Callable[[Work], float]
"""Does the work and gives the milliseconds it took, until its last result is there."""

Call = Callable[[int], object]  # one pass, given its number; raises ItemError where it gave no result


@dataclass
class Times:
    """What the counted passes of one call took."""

    milliseconds: dict[int, float] = field(default_factory=dict)  # number of the pass, from 0
    failures: dict[int, str] = field(default_factory=dict)  # number of the pass -> why it has no time


@dataclass(frozen=True)
class Summary:
    """The times of one call in a few numbers, milliseconds."""

    median: float
    mean: float
    p95: float
    interval: Interval | None  # of the median; None for too few passes
    n: int


def interleave(
    calls: Mapping[Name, Call],
    *,
    warmup: int,
    passes: int,
    stopwatch: Stopwatch,
    advance: Callable[[int], None] = lambda done: None,
) -> dict[Name, Times]:
    """Time several calls turn by turn: A B C, A B C, ...

    A machine that grows slow, for heat or for its neighbours, is slow for all of them, so that their ratio stays.

    Args:
        calls: by name; each is called once a round with the number of the round. In the warm-up the numbers go
            round from 0, so that it does what the first counted rounds do.
        warmup: rounds that are not counted.
        passes: rounds that are.
        stopwatch: times one call.
        advance: is told of each finished round.

    Returns:
        The times by name; a pass that raised an ItemError has a reason and no time.
    """
    found = {name: Times() for name in calls}
    for place in range(-warmup, passes):
        number = place if place >= 0 else (place + warmup) % passes
        for name, call in calls.items():
            try:
                took = stopwatch(functools.partial(call, number))
            except ItemError as error:
                if place >= 0:
                    found[name].failures[place] = error.reason
                continue
            if place >= 0:
                found[name].milliseconds[place] = took
        advance(1)
    return found


def summary(times: Times, *, resamples: int, seed: int) -> Summary | None:
    """Give the median with its interval, mean and 95th percentile of what was timed; None where nothing was."""
    values = np.array(list(times.milliseconds.values()), np.float64)
    if not len(values):
        return None
    interval = median_interval(values, resamples=resamples, seed=seed) if len(values) >= FEWEST_PASSES else None
    return Summary(
        float(np.median(values)), float(values.mean()), float(np.quantile(values, 0.95)), interval, len(values)
    )


def stopwatch_for(device: str) -> tuple[Stopwatch, str]:
    """Choose the clock of a device, and say in words what it is."""
    kind = device.partition(":")[0]
    if kind == "cuda":
        return cuda_stopwatch(device), "CUDA events around each call"
    if kind == "mps":
        return mps_stopwatch, "wall clock, the GPU's queue emptied before and after each call"
    return host_stopwatch, "wall clock (perf_counter)"


def host_stopwatch(work: Work) -> float:
    """Time on the wall clock."""
    started = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - started) / 1e6


def cuda_stopwatch(device: str) -> Stopwatch:
    """Time by events in the stream of a GPU, which wait for all kernels before them."""
    import torch

    place = torch.device(device)

    def timed(work: Work) -> float:
        with torch.cuda.device(place):
            first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
            torch.cuda.synchronize(place)
            first.record()
            work()
            last.record()
            last.synchronize()
            return float(first.elapsed_time(last))

    return timed


def mps_stopwatch(work: Work) -> float:
    """Time on the wall clock until Apple's GPU has done all it was given."""
    import torch

    torch.mps.synchronize()
    started = time.perf_counter_ns()
    work()
    torch.mps.synchronize()
    return (time.perf_counter_ns() - started) / 1e6
