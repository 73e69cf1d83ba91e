"""Frechet and kernel distance of two sets of features, each with its jackknife interval."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fsbench.metrics.distribution import frechet_distance, frechet_without_groups
from fsbench.metrics.kernel import kernel_sums
from fsbench.metrics.rows import RowSource, parts
from fsbench.metrics.spec import METRICS
from fsbench.metrics.stats import Interval, deal_groups, jackknife_interval

MOST_COARSE = 3  # groups: a spread of two numbers says nothing

Numbers = list[float | None]
Remember = Callable[[Mapping[str, object], Callable[[], Numbers]], Numbers]
"""Gives stored numbers for the parts of a key, or computes and stores them."""


@dataclass(frozen=True)
class Rows:
    """Features of a set of pictures, each with its key and with what intervals resample."""

    keys: Sequence[str]
    values: RowSource  # (N, D) float32
    labels: Sequence[str]
    origins: Sequence[str] = ()  # the key of the real row each was made from, where that is not its own key


@dataclass(frozen=True)
class Distance:
    """One number and how sure it is."""

    value: float
    interval: Interval | None


def at_once(parts: Mapping[str, object], compute: Callable[[], Numbers]) -> Numbers:
    """Remember nothing."""
    return compute()


def set_distances(real: Rows, swapped: Rows, *, seed: int, remember: Remember = at_once) -> tuple[Distance, Distance]:
    """Measure Frechet and kernel distance, with delete-a-group jackknife intervals.

    A group leaves out the same videos (people) of both sets. A row and the one it was made from are not compared by
    the kernel distance. Ten thousand rows take a minute, so the numbers are remembered by the content of the rows.
    """
    of_row = deal_groups([*real.labels, *swapped.labels], seed=seed)
    groups = of_row[: len(real.values)], of_row[len(real.values) :]
    place = {key: row for row, key in enumerate(real.keys)}
    origin = np.array([place.get(key, -1) for key in swapped.origins or swapped.keys], np.int64)
    arrays = (real.values, swapped.values, *groups, origin)
    parts = {
        "kind": "set distances",
        "versions": [METRICS["fid"].version, METRICS["kid"].version],
        "dim": real.values.shape[1],
        "content": [_sha256(array) for array in arrays],
    }
    found = remember(parts, lambda: _numbers(real.values, swapped.values, *groups, origin))
    return _distance(found[:3]), _distance(found[3:])


def _sha256(rows: RowSource) -> str:
    """Hash the numbers of rows, which are read in parts."""
    digest = hashlib.sha256()
    for part in parts(len(rows)):
        digest.update(np.ascontiguousarray(rows[part]).data)
    return digest.hexdigest()


def _numbers(
    real: RowSource,
    swapped: RowSource,
    real_groups: NDArray[np.int64],
    swapped_groups: NDArray[np.int64],
    origin: NDArray[np.int64],
) -> Numbers:
    sums = kernel_sums(real, swapped, real_groups=real_groups, swapped_groups=swapped_groups, origin=origin)
    frechet, kernel = frechet_distance(real, swapped), sums.distance()
    interval = _jackknifed(
        frechet,
        lambda: frechet_without_groups(real, swapped, real_groups=real_groups, swapped_groups=swapped_groups),
    )
    if interval is not None:  # a distance is not negative, though its +- may reach there
        interval = Interval(max(0.0, interval.low), interval.high)
    return [*_flat(frechet, interval), *_flat(kernel, _jackknifed(kernel, sums.without_groups))]


def _flat(value: float, interval: Interval | None) -> Numbers:
    return [value, interval.low if interval else None, interval.high if interval else None]


def _distance(numbers: Numbers) -> Distance:
    value, low, high = numbers
    if value is None:
        raise ValueError("a distance was remembered without its value")
    return Distance(value, None if low is None or high is None else Interval(low, high))


def _jackknifed(value: float, without_groups: Callable[[], NDArray[np.float64]]) -> Interval | None:
    """Give the interval of a distance, where leaving out each of at least three groups leaves enough on both sides."""
    try:
        left_out = without_groups()
    except ValueError:
        return None
    return jackknife_interval(value, left_out) if len(left_out) >= MOST_COARSE else None
