"""The check that every metric makes first: rows of finite numbers, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Rows = NDArray[np.float64]
TILE = 1024  # rows at a time: of 2048 numbers each, 16 MB


@runtime_checkable
class RowSource(Protocol):
    """(N, D) numbers that are read in parts: an array, or rows that lie on disk."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Give (N, D)."""

    @property
    def dtype(self) -> Any:
        """Give the kind of the numbers."""

    def __len__(self) -> int:
        """Give N."""

    def __getitem__(self, rows: Any, /) -> Any:
        """Read the rows of a slice, or those with the numbers in an array: (n, D)."""


@dataclass(frozen=True, eq=False)
class Selected:
    """Some rows of others, which are not read before they are asked for."""

    rows: RowSource
    numbers: NDArray[np.int64]  # of the rows

    @property
    def shape(self) -> tuple[int, ...]:
        """Give (n, D)."""
        return (len(self.numbers), self.rows.shape[1])

    @property
    def dtype(self) -> Any:
        """Give the kind of the numbers."""
        return self.rows.dtype

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: slice | NDArray[np.int64], /) -> NDArray[Any]:
        found: NDArray[Any] = self.rows[self.numbers[rows]]
        return found

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)


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


def finite_features(rows: ArrayLike | RowSource, name: str) -> RowSource:
    """Give the rows as (N, D), float32 as they came or else float64; refuses what `finite_rows` refuses.

    For sets so large that a copy in float64 would be the most of a run's memory: `tiles` gives them in parts.
    """
    found = rows if isinstance(rows, RowSource) else np.asarray(rows)
    if found.dtype != np.float32:
        return finite_rows(np.asarray(found), name)
    if len(found.shape) != 2 or found.shape[1] == 0:
        raise ValueError(f"{name} has shape {found.shape}, wanted (N, D) with D >= 1")
    _check_finite(found, name)
    return found


def tiles(rows: RowSource) -> Iterator[tuple[slice, Rows]]:
    """Give copies of the rows in float64, so many at a time, and which they are."""
    for part in parts(len(rows)):
        yield part, np.array(rows[part], np.float64)


def parts(count: int) -> Iterator[slice]:
    """Cut so many rows into tiles."""
    for start in range(0, count, TILE):
        yield slice(start, min(start + TILE, count))


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


def _check_finite(rows: RowSource, name: str) -> None:
    finite = np.ones(len(rows), np.bool_)
    for part in parts(len(rows)):
        finite[part] = np.isfinite(rows[part]).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise ValueError(
            f"{len(bad)} of {len(rows)} rows of {name} hold NaN or infinity, the first is row {bad[0]}; "
            "leave failed items out and count them"
        )
