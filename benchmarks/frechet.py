"""Time the Frechet distance against pytorch-fid's own function, in turns in one process.

    python benchmarks/frechet.py --rows 10000 500 --dimensions 2048 --repeats 3

Two comparisons are printed for each number of rows:
    moments    means and covariances in, distance out, both sides: what calculate_frechet_distance does
    features   rows in, distance out, both sides: pytorch-fid's side is numpy's mean and cov, then its function
Ratios are pytorch-fid's best time over ours, so higher is better for fsbench. Features are random and normal.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pytorch_fid.fid_score import calculate_frechet_distance

from fsbench.metrics.distribution import frechet_distance, frechet_from_moments

Features = NDArray[np.float64]


def moments(real: Features, swapped: Features) -> tuple[Features, Features, Features, Features]:
    """Give mean and covariance of both sets, as pytorch-fid computes them."""
    return real.mean(axis=0), np.cov(real, rowvar=False), swapped.mean(axis=0), np.cov(swapped, rowvar=False)


def in_turns(calls: dict[str, Callable[[], float]], repeats: int) -> dict[str, tuple[float, float]]:
    """Call each in turn, so that a neighbour on the machine slows all alike: name -> (best seconds, value)."""
    best: dict[str, tuple[float, float]] = {}
    for _ in range(repeats):
        for name, call in calls.items():
            start = time.perf_counter()
            value = float(call())
            seconds = time.perf_counter() - start
            best[name] = (min(seconds, best.get(name, (seconds, value))[0]), value)
    return best


def compare(rows: int, dimensions: int, repeats: int, seed: int) -> None:
    """Time and print both comparisons for one number of rows."""
    rng = np.random.default_rng(seed)
    real = rng.normal(size=(rows, dimensions))
    swapped = rng.normal(0.1, 1.1, size=(rows, dimensions))
    ready = moments(real, swapped)
    found = in_turns(
        {
            "theirs, moments": lambda: calculate_frechet_distance(*ready),
            "ours, moments": lambda: frechet_from_moments(*ready),
            "theirs, features": lambda: calculate_frechet_distance(*moments(real, swapped)),
            "ours, features": lambda: frechet_distance(real, swapped),
        },
        repeats,
    )
    print(f"N = {rows}, D = {dimensions}, best of {repeats}")
    for start in ("moments", "features"):
        (their_seconds, theirs), (our_seconds, ours) = found[f"theirs, {start}"], found[f"ours, {start}"]
        print(
            f"  from {start:8s}  pytorch-fid {their_seconds:8.3f} s  fsbench {our_seconds:7.3f} s  "
            f"ratio {their_seconds / our_seconds:6.1f}x  values {theirs:.9f} {ours:.9f}  "
            f"relative difference {abs(ours - theirs) / abs(theirs):.1e}"
        )
    strict = found["theirs, moments"][0] / found["ours, features"][0]
    print(f"  pytorch-fid from ready moments over fsbench from features: {strict:.1f}x")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description="Frechet distance: fsbench against pytorch-fid")
    parser.add_argument("--rows", type=int, nargs="+", default=[10000, 500])
    parser.add_argument("--dimensions", type=int, default=2048)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=DeprecationWarning)  # pytorch-fid calls sqrtm with an old argument
    for rows in options.rows:
        compare(rows, options.dimensions, options.repeats, options.seed)


if __name__ == "__main__":
    main()
