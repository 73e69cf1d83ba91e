"""From measured times to the number of workers worth having: what was measured, what follows, what is predicted.

Reads the rows of `growth.py workers --pairs FEW MANY --workers 1 2 4 8 --json FILE`. For N pairs and n workers:

    T(n) = F + N max(W / n, D)

W: seconds that workers spend on a pair, the sum of the measured stages of the run with one worker.
D: seconds of the driver's processor on a pair: the difference of the runs with MANY and FEW pairs over theirs. It holds
   all of Ray's overhead that the driver pays: packing, sending, waiting and unpacking of the pair's share of tasks.
F: what does not grow: the remainder of the run with one worker. Starting, planning, metrics, run folder.

W, D and F come from the runs with one worker alone; the other runs test the prediction.

    python benchmarks/scaling_model.py FILE [--pair-seconds S ...]   S: seconds of workers on a pair, in place of W
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORKERS = (1, 2, 4, 8, 16, 32, 64)


@dataclass(frozen=True)
class Model:
    """What a run costs."""

    fixed: float  # F, seconds
    worker: float  # W, seconds a pair
    driver: float  # D, seconds a pair

    @classmethod
    def fitted(cls, rows: list[dict[str, Any]]) -> Model:
        """Take the three numbers from the runs with one worker."""
        alone = sorted((row for row in rows if row["workers"] == 1), key=lambda row: row["pairs"])
        few, many = alone[0], alone[-1]
        driver = (many["cpu_seconds"] - few["cpu_seconds"]) / (many["pairs"] - few["pairs"])
        worker = sum(many["stages"].values()) / many["pairs"]
        return cls(many["seconds"] - many["pairs"] * max(worker, driver), worker, driver)

    def seconds(self, pairs: int, workers: int) -> float:
        """Predict the time of a run."""
        return self.fixed + pairs * max(self.worker / workers, self.driver)

    def efficiency(self, pairs: int, workers: int) -> float:
        """Predict which share of n workers' time is put to use."""
        return self.seconds(pairs, 1) / (workers * self.seconds(pairs, workers))

    @property
    def limit(self) -> float:
        """Tell from how many workers on the driver is the limit."""
        return self.worker / self.driver


def main() -> None:
    """Print the fit, its test, and the prediction for 10,000 pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--pair-seconds", type=float, nargs="*", default=[])
    given = parser.parse_args()
    if given.file is None:
        print("scaling_model.py needs the file that `growth.py workers --json FILE` writes")
        return
    rows = json.loads(given.file.read_text())
    runs = [row for row in rows if "workers" in row]
    model = Model.fitted(runs)
    print(f"measured: F {model.fixed:.1f} s, W {1000 * model.worker:.1f} ms and D {1000 * model.driver:.2f} ms a pair")
    print(f"measured: a task costs the driver {rows[-1]['task_milliseconds']} ms")
    for row in runs:
        found, predicted = row["seconds"], model.seconds(row["pairs"], row["workers"])
        used = "in the fit" if row["workers"] == 1 else f"predicted {predicted:.1f} s, {predicted / found - 1:+.0%}"
        print(f"measured: {row['pairs']} pairs, {row['workers']} workers: {found:.1f} s; {used}")
    for seconds in [model.worker, *given.pair_seconds]:
        other = Model(model.fixed, seconds, model.driver)
        shares = ", ".join(f"{n}: {other.efficiency(10000, n):.0%}" for n in WORKERS)
        print(f"predicted, {seconds:.3f} s a pair, 10,000 pairs: {shares}; the driver limits from {other.limit:.0f} on")


if __name__ == "__main__":
    main()
