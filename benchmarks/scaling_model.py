"""From measured times to the number of workers worth having: what was measured, what follows, what is predicted.

Reads the rows of `growth.py workers --pairs FEW MANY --workers 1 2 4 8 --json FILE`. For N pairs and n workers:

    T(n) = F + S(n) + sum over the calls of all stages of B(n) b + N D

B, b: items of the worker that gets the most in a call, and seconds of one. A call waits for its last batch, so four
      batches keep no more than four workers busy.
D:    seconds of the driver's processor on a pair: the difference of the runs with MANY and FEW pairs over theirs. It
      holds all of Ray's overhead that the driver pays. Counted in full, as if no worker did anything meanwhile.
S(n): measured start of n workers. Here they share the cores; in a cluster each node starts its own: S(1).
F:    what does not grow: the remainder of the run with one worker. Starting, planning, metrics, run folder.

b, D and F come from the runs with one worker alone; the other runs test the prediction.

    python benchmarks/scaling_model.py FILE [--pair-seconds S ...]   S: seconds of workers on a pair, in place of theirs
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

WORKERS = (1, 2, 4, 8, 16, 32, 64)
BATCH = {"decode": 10, "detect": 16, "swap": 8}  # of the stand-ins; a video's frames are one batch
BATCH_OF_FEATURES = 64


@dataclass(frozen=True)
class Model:
    """What a run costs."""

    fixed: float  # F, seconds
    driver: float  # D, seconds a pair
    start: float  # S(1), seconds
    calls: list[tuple[str, float]]  # stage, items a pair
    item_seconds: dict[str, float]  # of a worker, by stage

    @classmethod
    def fitted(cls, rows: list[dict[str, Any]]) -> Model:
        """Take all but the starts from the runs with one worker."""
        alone = sorted((row for row in rows if row["workers"] == 1), key=lambda row: row["pairs"])
        few, many = alone[0], alone[-1]
        pairs = many["pairs"]
        asked: dict[str, int] = {}
        for stage, count in many["calls"]:
            asked[stage] = asked.get(stage, 0) + count
        model = cls(
            fixed=0.0,
            driver=(many["cpu_seconds"] - few["cpu_seconds"]) / (pairs - few["pairs"]),
            start=many["start_seconds"],
            calls=[(stage, count / pairs) for stage, count in many["calls"]],
            item_seconds={stage: many["stages"][stage] / count for stage, count in asked.items()},
        )
        return replace(model, fixed=many["seconds"] - model.seconds(pairs, 1, start=model.start))

    @property
    def worker(self) -> float:
        """Seconds of workers on a pair."""
        return sum(share * self.item_seconds[stage] for stage, share in self.calls)

    def seconds(self, pairs: int, workers: int, *, start: float) -> float:
        """Predict the time of a run."""
        found = self.fixed + start + pairs * self.driver
        for stage, share in self.calls:
            found += longest(round(pairs * share), stage, workers) * self.item_seconds[stage]
        return found

    def efficiency(self, pairs: int, workers: int) -> float:
        """Predict which share of n workers' time is put to use, each node starting its own."""
        alone, together = (self.seconds(pairs, count, start=self.start) for count in (1, workers))
        return alone / (workers * together)

    def taking(self, pair_seconds: float) -> Model:
        """Give the model of networks that take so many seconds a pair in all."""
        times = {stage: seconds * pair_seconds / self.worker for stage, seconds in self.item_seconds.items()}
        return replace(self, item_seconds=times)


def longest(items: int, stage: str, workers: int) -> int:
    """Tell how many items the worker with the most of them gets, where each idle one takes the next batch."""
    batch = BATCH.get(stage, BATCH_OF_FEATURES)
    whole, rest = divmod(items, batch)
    rounds, more = divmod(whole, workers)
    return rounds * batch + (batch if more else rest)


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
    model = Model.fitted(rows)
    worker, driver = 1000 * model.worker, 1000 * model.driver
    print(f"measured: F {model.fixed:.1f} s; a pair takes workers {worker:.1f} ms and the driver, D, {driver:.2f} ms")
    for row in rows:
        predicted = model.seconds(row["pairs"], row["workers"], start=row["start_seconds"])
        off = predicted / row["seconds"] - 1
        used = "in the fit" if row["workers"] == 1 else f"predicted {predicted:.1f} s, {off:+.0%}"
        print(f"measured: {row['pairs']} pairs, {row['workers']} workers: {row['seconds']:.1f} s; {used}; ", end="")
        print(f"all had started after {row['start_seconds']} s; a task costs {row['task_ms']} ms")
    for seconds in [model.worker, *given.pair_seconds]:
        other = model.taking(seconds)
        shares = ", ".join(f"{n}: {other.efficiency(10000, n):.0%}" for n in WORKERS)
        limit = other.worker / other.driver
        print(f"predicted, {seconds:.3f} s a pair, 10,000 pairs: {shares}; the driver takes half from {limit:.0f} on")


if __name__ == "__main__":
    main()
