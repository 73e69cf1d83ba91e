"""Whose face is it: cosine of embeddings, and the rank of the wanted person in a gallery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fsbench.metrics.rows import Rows, RowSource, finite_features, paired_rows, tiles

BLOCK = 1024  # probes in one matrix product: more is no faster
SCORES = 1 << 22  # scores held at once, 32 MB, so that a large gallery makes the blocks smaller
ROUNDING = 2.0**-53  # relative error of one float64 operation


@dataclass(frozen=True, eq=False)
class Retrieval:
    """Where the wanted person stands in the gallery, for each probe."""

    rank: NDArray[np.int64]  # (N,) from 1; 0 where the gallery holds no row of the wanted label
    nearest: NDArray[np.int64]  # (N,) the best gallery row; -1 where `exclude` left none

    def hits(self, k: int = 1) -> NDArray[np.bool_]:
        """Tell for each probe whether the wanted label is among the k best gallery rows. Mean = top-k retrieval."""
        return (self.rank >= 1) & (self.rank <= k)


def cosine(a: ArrayLike, b: ArrayLike) -> Rows:
    """Tell how alike row i of `a` is to row i of `b`, by the cosine of the angle between them.

    Args:
        a: (N, D) embeddings; need not be normalised.
        b: (N, D) embeddings.

    Returns:
        (N,) in -1..1.

    Raises:
        ValueError: the shapes differ, or a row is all zeros (a failed embedding), NaN or infinite.

    >>> cosine([[2, 0], [1, 1]], [[0.5, 0], [-1, 1]]).tolist()
    [1.0, 0.0]
    """
    first, second = paired_rows(a, b, ("a", "b"))
    _lengths(first, "a"), _lengths(second, "b")
    found: Rows = np.sum(_unit(first) * _unit(second), axis=1)
    return np.clip(found, -1.0, 1.0)  # equal rows can come out a last digit above 1


def retrieve(
    probes: ArrayLike | RowSource,
    gallery: ArrayLike | RowSource,
    *,
    probe_labels: Sequence[str],
    gallery_labels: Sequence[str],
    exclude: ArrayLike | None = None,
    similarity: Literal["cosine", "dot"] = "cosine",
) -> Retrieval:
    """Tell at which rank of the gallery each probe meets the first row of its wanted label.

    Scores are float64 dot products, whatever the input. A matrix product adds in an order that depends on a row's
    place, so even two equal rows may score a few units in the last digit apart; a strict comparison would rank
    them at random. Two scores therefore count as equal within 4 (D + 8) 2^-53 |probe| |gallery row|, the most
    that rounding can part scores that are equal in exact arithmetic (2e-13 for D = 512 and cosine; one unit in the
    last digit of float32 is 6e-8). Equal scores rank by place: the earlier gallery row stands before the later.

    Args:
        probes: (N, D) embeddings of the results.
        gallery: (M, D) embeddings, M >= 1.
        probe_labels: N labels, the person (or video) that each probe should show.
        gallery_labels: M labels.
        exclude: (N,) the gallery row to leave out for each probe, or -1 for none.
        similarity: "cosine"; or "dot" without normalising, which favours long gallery rows and is here to
            reproduce scripts that do so.

    Returns:
        Ranks count gallery rows, not labels: three rows of one wrong person before the right one make rank 4.

    Raises:
        ValueError: a shape or a length does not fit, `exclude` points outside the gallery, or a row is all zeros,
            NaN or infinite (a failed embedding must be left out by the caller and counted).

    Source: ID retrieval as in FaceShifter (arXiv:1912.13457); checked against a brute force in exact fractions.

    >>> found = retrieve([[2, 0.1], [1, 0.9]], [[1, 0], [0, 1]], probe_labels=["ann", "bob"],
    ...                  gallery_labels=["ann", "bob"])
    >>> found.rank.tolist(), found.nearest.tolist()
    ([1, 2], [0, 0])
    """
    p, g = finite_features(probes, "probes"), finite_features(gallery, "gallery")
    if p.shape[1] != g.shape[1] or not len(g):
        raise ValueError(f"probes are {p.shape} and the gallery is {g.shape}; wanted (N, D) and (M, D), M >= 1")
    wanted, held = _codes(probe_labels, len(p), gallery_labels, len(g))
    left_out = _left_out(exclude, len(p), len(g))
    if similarity not in ("cosine", "dot"):
        raise ValueError(f"similarity is '{similarity}', wanted 'cosine' or 'dot'")
    with np.errstate(over="ignore"):
        largest = _lengths(p, "probes") * _lengths(g, "gallery").max()  # no dot product of a probe is larger
    if similarity == "cosine":
        largest = np.ones(len(p))
    elif not np.isfinite(largest).all():
        raise ValueError("the dot products overflow float64; scale the rows down")
    tolerance = 4 * (p.shape[1] + 8) * ROUNDING * largest
    rank, nearest = np.zeros(len(p), np.int64), np.zeros(len(p), np.int64)
    size = max(1, min(BLOCK, SCORES // len(g)))
    for start in range(0, len(p), size):
        block = slice(start, start + size)
        scores = _scores(p[block], g, unit=similarity == "cosine")
        rows = np.flatnonzero(left_out[block] >= 0)
        scores[rows, left_out[block][rows]] = -np.inf
        nearest[block] = _nearest(scores, tolerance[block])
        rank[block] = _rank(scores, wanted[block, None] == held, tolerance[block])
    return Retrieval(rank, nearest)


def _scores(probes: ArrayLike, gallery: RowSource, *, unit: bool) -> Rows:
    """Multiply some probes with each row of the gallery, which is read in parts: (N, M)."""
    scale = _unit if unit else np.asarray
    left = scale(np.asarray(probes, np.float64))
    scores = np.empty((len(left), len(gallery)))
    for part, tile in tiles(gallery):
        np.matmul(left, scale(tile).T, out=scores[:, part])
    return scores


def _nearest(scores: Rows, tolerance: Rows) -> NDArray[np.int64]:
    """Find the first of the best-scoring columns of each row; -1 where all are left out."""
    best = scores.max(axis=1)
    first = np.argmax(scores >= (best - tolerance)[:, None], axis=1)
    return np.where(np.isfinite(best), first, -1)


def _rank(scores: Rows, is_wanted: NDArray[np.bool_], tolerance: Rows) -> NDArray[np.int64]:
    """Count from 1 the place of the first wanted column; 0 where there is none that is not left out."""
    best = np.where(is_wanted, scores, -np.inf).max(axis=1)
    as_good = scores >= (best - tolerance)[:, None]
    first = np.argmax(as_good & is_wanted, axis=1)
    better = scores > (best + tolerance)[:, None]
    before = better | (as_good & (np.arange(scores.shape[1]) < first[:, None]))
    return np.where(np.isfinite(best), 1 + np.count_nonzero(before, axis=1), 0)


def _lengths(rows: RowSource, name: str) -> Rows:
    """Give the length of each row; an all-zero row is an error."""
    lengths, is_zero = np.zeros(len(rows)), np.zeros(len(rows), np.bool_)
    for part, tile in tiles(rows):
        with np.errstate(over="ignore"):  # infinity is looked for by the caller
            lengths[part] = np.linalg.norm(tile, axis=1)
        is_zero[part] = ~tile.any(axis=1)
    if is_zero.any():
        raise ValueError(
            f"{is_zero.sum()} of {len(rows)} rows of {name} are all zeros, the first is row {is_zero.argmax()}: a "
            "failed embedding has no direction; leave it out and count it"
        )
    return lengths


def _unit(rows: Rows) -> Rows:
    scaled: Rows = rows / np.abs(rows).max(axis=1, keepdims=True)  # so that squares neither overflow nor vanish
    scaled /= np.linalg.norm(scaled, axis=1, keepdims=True)
    return scaled


def _codes(
    probe_labels: Sequence[str], probes: int, gallery_labels: Sequence[str], gallery: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if (len(probe_labels), len(gallery_labels)) != (probes, gallery):
        raise ValueError(
            f"{probes} probes have {len(probe_labels)} labels and {gallery} gallery rows have {len(gallery_labels)}"
        )
    code: dict[str, int] = {}
    numbers = [code.setdefault(label, len(code)) for label in (*probe_labels, *gallery_labels)]
    return np.array(numbers[:probes], np.int64), np.array(numbers[probes:], np.int64)


def _left_out(exclude: ArrayLike | None, probes: int, gallery: int) -> NDArray[np.int64]:
    if exclude is None:
        return np.full(probes, -1, np.int64)
    found = np.asarray(exclude)
    if found.shape != (probes,) or (probes and not np.issubdtype(found.dtype, np.integer)):
        raise ValueError(f"exclude is {found.dtype} of shape {found.shape}, wanted ({probes},) whole numbers")
    if probes and (found.min() < -1 or found.max() >= gallery):
        raise ValueError(f"exclude holds {found.min()}..{found.max()}, wanted -1..{gallery - 1}")
    return found.astype(np.int64)
