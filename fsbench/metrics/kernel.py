"""How far two sets of features are apart by the maximum mean discrepancy, also of parts of the sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fsbench.metrics.distribution import two_sets
from fsbench.metrics.rows import Rows, RowSource, tiles

Groups = NDArray[np.int64]


def kernel_distance(
    real: ArrayLike | RowSource, swapped: ArrayLike | RowSource, *, origin: ArrayLike | None = None
) -> float:
    """Tell how far two sets of features are apart by the unbiased squared maximum mean discrepancy.

    The kernel is (x.y / D + 1)^3, as in KID. KID as published averages this estimate over random subsets of 1000
    rows; here all rows enter once, which estimates the same quantity with less variance and gives the same number at
    every run. It is unbiased, so equal distributions score around 0 and single values may be negative. Unlike
    Frechet distances, numbers of different n compare.

    The estimate asks for rows that do not depend on each other. A swap depends on its own target, which would make
    the two sets look nearer than they are: `origin` leaves each such pair out of the comparison between the sets.
    With every row paired that is the estimator of Gretton 2012 for paired samples, and equal sets score exactly 0.

    Args:
        real: (N, D) features, N >= 2.
        swapped: (M, D) features, M >= 2.
        origin: (M,) for each swapped row the real row that it was made from, or -1; None: all are -1.

    Returns:
        Any sign; tables print it times 1000.

    Raises:
        ValueError: fewer than two rows, columns that do not match, NaN or infinity, or an origin that is no row.

    Source: Binkowski 2018 (arXiv:1801.01401), section 4; the estimators are Gretton 2012, eq. 3 and eq. 4.
    """
    return kernel_sums(real, swapped, origin=origin).distance()


@dataclass(frozen=True)
class KernelSums:
    """Sums of the kernel between groups of rows, from which the distance of any groups follows at once.

    Each is (G, G): `within` sums leave out a row with itself, `between` leaves out a row with its origin, and the
    counts say over how many pairs of rows each sum runs.
    """

    within_real: Rows
    within_swapped: Rows
    between: Rows
    real_pairs: Rows
    swapped_pairs: Rows
    between_pairs: Rows

    def distance(self, kept: NDArray[np.bool_] | None = None) -> float:
        """Give the kernel distance of the rows in the groups of a (G,) mask, or of all rows.

        Raises:
            ValueError: the groups hold too few rows.
        """
        some = np.ones(len(self.between), np.bool_) if kept is None else kept
        part = np.ix_(some, some)
        counts = [float(pairs[part].sum()) for pairs in (self.real_pairs, self.swapped_pairs, self.between_pairs)]
        if min(counts) <= 0:
            raise ValueError(f"pairs of rows within real, within swapped and between: {counts}; wanted some of each")
        sums = (self.within_real, self.within_swapped, self.between)
        real, swapped, between = (float(s[part].sum()) / n for s, n in zip(sums, counts, strict=True))
        return real + swapped - 2 * between

    def without_groups(self) -> Rows:
        """Give the (G,) distances of what is left when each group in turn is left out.

        Raises:
            ValueError: too few rows are left.
        """
        groups = np.arange(len(self.between))
        return np.array([self.distance(groups != group) for group in groups])


def kernel_sums(
    real: ArrayLike | RowSource,
    swapped: ArrayLike | RowSource,
    *,
    real_groups: Groups | None = None,
    swapped_groups: Groups | None = None,
    origin: ArrayLike | None = None,
) -> KernelSums:
    """Sum the kernel between groups of rows, each pair of rows once.

    Args:
        real: (N, D) features, N >= 2.
        swapped: (M, D) features, M >= 2.
        real_groups: (N,) group of each row, from 0; None: all are of one.
        swapped_groups: (M,) likewise.
        origin: as for `kernel_distance`.

    Raises:
        ValueError: as for `kernel_distance`.
    """
    a, b = two_sets(real, swapped)
    made_from = np.full(len(b), -1) if origin is None else np.asarray(origin, np.int64)
    if len(made_from) != len(b) or made_from.max(initial=-1) >= len(a):
        raise ValueError(f"{len(made_from)} origins up to {made_from.max(initial=-1)}; wanted {len(b)} below {len(a)}")
    real_groups = np.zeros(len(a), np.int64) if real_groups is None else real_groups
    swapped_groups = np.zeros(len(b), np.int64) if swapped_groups is None else swapped_groups
    count = int(max(real_groups.max(), swapped_groups.max())) + 1
    first, second = _indicator(real_groups, count), _indicator(swapped_groups, count)
    n, m = first.sum(0), second.sum(0)
    own = made_from >= 0
    paired = np.zeros((count, count))
    np.add.at(paired, (real_groups[made_from[own]], swapped_groups[own]), 1)
    return KernelSums(
        within_real=_sums(a, a, first, first, np.arange(len(a))),
        within_swapped=_sums(b, b, second, second, np.arange(len(b))),
        between=_sums(a, b, first, second, made_from),
        real_pairs=np.outer(n, n) - np.diag(n),
        swapped_pairs=np.outer(m, m) - np.diag(m),
        between_pairs=np.outer(n, m) - paired,
    )


def _indicator(groups: Groups, count: int) -> Rows:
    return np.asarray(groups[:, None] == np.arange(count), np.float64)


def _sums(a: RowSource, b: RowSource, a_groups: Rows, b_groups: Rows, origin: NDArray[np.int64]) -> Rows:
    """Sum the kernel of all pairs but (origin[j], j) by group: (G, G)."""
    total = np.zeros((a_groups.shape[1], b_groups.shape[1]))
    for rows, first in tiles(a):
        for columns, second in tiles(b):
            kernel = _kernel(first, second)
            inside = (origin[columns] >= rows.start) & (origin[columns] < rows.stop)
            kernel[origin[columns][inside] - rows.start, np.flatnonzero(inside)] = 0
            total += a_groups[rows].T @ kernel @ b_groups[columns]
    return total


def _kernel(a: Rows, b: Rows) -> Rows:
    base: Rows = a @ b.T
    base /= a.shape[1]
    base += 1
    cube = base * base
    cube *= base
    return cube
