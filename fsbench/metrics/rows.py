"""The check that every metric makes first: rows of finite numbers, in float64."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

Rows = NDArray[np.float64]
Features = NDArray[np.float32] | Rows
TILE = 2048  # rows at a time: of 2048 numbers each, 32 MB


def finite_rows(rows: ArrayLike, name: str) -> Rows:
    """Give the rows as (N, D) float64, or say why they cannot be measured.

    Raises:
        ValueError: the shape is not (N, D) with D >= 1, or a number is NaN or infinite. A failed item must be
            left out by the caller and counted; a metric that swallowed it would print a number that means nothing.
    """
    found = np.asarray(rows, np.float64)
    if found.ndim != 2 or found.shape[1] == 0:
        raise ValueError(f"{name} has shape {found.shape}, wanted (N, D) with D >= 1")
    _check_finite(found, name)
    return found


def finite_features(rows: ArrayLike, name: str) -> Features:
    """Give the rows as (N, D), float32 as they came or else float64; refuses what `finite_rows` refuses.

    For sets so large that a copy in float64 would be the most of a run's memory: `tiles` gives them in parts.
    """
    found = np.asarray(rows)
    if found.dtype != np.float32:
        return finite_rows(found, name)
    if found.ndim != 2 or found.shape[1] == 0:
        raise ValueError(f"{name} has shape {found.shape}, wanted (N, D) with D >= 1")
    _check_finite(found, name)
    return found


def tiles(rows: Features) -> Iterator[tuple[slice, Rows]]:
    """Give the rows in float64, so many at a time, and which they are."""
    for start in range(0, len(rows), TILE):
        part = slice(start, min(start + TILE, len(rows)))
        yield part, np.asarray(rows[part], np.float64)


def finite_values(values: ArrayLike, name: str) -> Rows:
    """Give the values as (N,) float64; refuses what `finite_rows` refuses."""
    found = np.asarray(values, np.float64)
    if found.ndim != 1:
        raise ValueError(f"{name} has shape {found.shape}, wanted (N,)")
    _check_finite(found[:, None], name)
    return found


def paired_rows(first: ArrayLike, second: ArrayLike, names: tuple[str, str]) -> tuple[Rows, Rows]:
    """Give two finite (N, D) arrays in which row i of one belongs to row i of the other."""
    a, b = finite_rows(first, names[0]), finite_rows(second, names[1])
    if a.shape != b.shape:
        raise ValueError(f"{names[0]} has shape {a.shape} and {names[1]} {b.shape}; wanted equal shapes")
    return a, b


def _check_finite(rows: Features, name: str) -> None:
    finite = np.isfinite(rows).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise ValueError(
            f"{len(bad)} of {len(rows)} rows of {name} hold NaN or infinity, the first is row {bad[0]}; "
            "leave failed items out and count them"
        )
