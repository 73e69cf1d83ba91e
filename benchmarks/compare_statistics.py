"""How often the interval of a paired difference holds the truth: Student's t on a clustered bootstrap, and percentiles.

python benchmarks/compare_statistics.py [--data-sets 1000]
"""

from __future__ import annotations

import argparse

import numpy as np

from fsbench.metrics.shift import paired_shift
from fsbench.metrics.stats import cluster_bootstrap

TRUTH, ROWS, DRAWS = 0.3, 10, 1000


def main() -> None:
    """Print the coverage of both for several numbers of clusters."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data-sets", type=int, default=1000)
    count = parser.parse_args().data_sets
    print("| clusters | Student's t, % | percentiles, % |\n| ---: | ---: | ---: |")
    for clusters in (6, 12, 30, 100):
        hits = np.zeros(2)
        for seed in range(count):
            rng = np.random.default_rng([clusters, seed])
            labels = np.repeat(np.arange(clusters), ROWS).astype(str)
            between, within = rng.normal(0, 1, clusters), rng.normal(0, 1, clusters * ROWS)
            differences = TRUTH + np.repeat(between, ROWS) + within
            shift = paired_shift(differences, labels, resamples=DRAWS, seed=seed)
            plain = cluster_bootstrap(differences, labels, resamples=DRAWS, seed=seed)
            if shift is None or plain is None:
                raise ValueError("there are clusters enough for an interval")
            hits += [found.low <= TRUTH <= found.high for found in (shift.interval(), plain)]
        print(f"| {clusters} | {100 * hits[0] / count:.1f} | {100 * hits[1] / count:.1f} |")


if __name__ == "__main__":
    main()
