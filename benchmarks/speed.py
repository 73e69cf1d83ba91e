"""How fast MobileFSGAN's generator runs in each runtime here, against the released forward in torch.

All routes take turns on one input at batch 1, with random weights (a time does not depend on them). For each it prints
the median time, how many times faster than the released eager forward it is pass by pass with a 95 % interval, the
largest difference from it in a second pass, and how far it is from the machine's limit, the faster of a large matrix
product and a large convolution. Threads, allocator, huge pages and grad mode are printed first, since they move the
baseline. With --both the same is done in a second process whose allocator keeps memory.

Exit 1 where the best exact route (difference below 1e-4) is less than 1.7 times as fast as the released forward.

    python benchmarks/speed.py [--passes 30] [--threads N] [--runtime NAME ...] [--both]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from fsbench.adapters.mobilefsgan import MobileFSGAN
from fsbench.adapters.mobilefsgan_runtimes import exported_files
from fsbench.adapters.runtimes import RUNTIMES
from fsbench.errors import FsbenchError
from fsbench.evaluators.inference import torch_threads
from fsbench.exports.random_weights import random_trained
from fsbench.metrics.ratio import FEWEST_PASSES, median_interval, median_ratio
from fsbench.protocols import machine
from fsbench.protocols.speed_runtimes import IN_TORCH, exported_file
from fsbench.protocols.timing import Stopwatch, Work, host_stopwatch, interleave
from fsbench.training import checkpoint
from fsbench.types import Part

BASELINE, EXACT, BAR = "torch", 1e-4, 1.7
KEEPS_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_TOP_PAD_": "64000000"}
SHOWN = ("platform", "instructions", "clock", "governor", "cores", "threads", "thread settings", "allocator")
SHOWN += ("huge pages", "preloaded", "precision", "os")


def written(folder: Path, size: int, width: int) -> Path:
    """Write a checkpoint of random weights, which names dlib's face net because that needs no download."""
    generator = random_trained(size=size, width=width).generator
    content = {"network": generator.settings.model_dump_json(), "generator": generator.state_dict(), "step": None}
    path = folder / "generator.pt"
    checkpoint.write(path, {**content, "identity": {"name": "dlib", "centre": None}})
    return path


def routes(path: Path, names: list[str], threads: int) -> dict[str, tuple[Part, float]]:
    """Give the generator of each runtime and the MB of its files; one that is not here is named and left out."""
    found = {}
    for name in names:
        try:
            file = None if name in IN_TORCH else exported_file(path, name, "fp32")
            swapper = MobileFSGAN(
                checkpoint=str(path), runtime=name, exported=str(file) if file else "", threads=threads
            )
            size = sum(each.stat().st_size for each in (exported_files(file) if file else (path,))) / 1e6
            found[name] = swapper.parts()[0], size
        except FsbenchError as error:
            print(f"{name}: left out: {error}")
    return found


def difference(part: Part) -> float:
    """Give the largest difference from the released forward in a second pass."""
    part.run()
    again, plain = (np.asarray(run(), np.float64) for run in (part.run, part.plain) if run is not None)
    return float(np.abs(again - plain).max())


def cpu_stopwatch(work: Work) -> float:
    """Time what this process uses of a processor: neighbours cannot lengthen it, but for the caches they empty."""
    started = time.process_time_ns()
    work()
    return (time.process_time_ns() - started) / 1e6


def measure(options: argparse.Namespace) -> bool:
    """Print the table; tell whether the bar was reached."""
    given = machine.Setting(options.threads, "cpu", "float32")
    print("; ".join(f"{name}: {value}" for name, value in machine.conditions(given).items() if name in SHOWN))
    print(
        f"grad mode: inference mode in torch, none elsewhere; {options.passes} passes after {options.warmup}, batch 1"
    )
    clock: Stopwatch = cpu_stopwatch if options.cpu_time else host_stopwatch
    print(f"clock: {'processor time of this process' if options.cpu_time else 'wall'}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FSBENCH_CACHE"] = folder
        path = written(Path(folder), options.size, options.width)
        parts = routes(path, options.runtime or [BASELINE, "torch-folded", *RUNTIMES], options.threads)
        limit = [machine.speed_limit(given, clock)]
        with torch_threads(options.threads):
            errors = {name: difference(part) for name, (part, _) in parts.items()}
            times = interleave(
                {name: lambda number, part=part: part.run() for name, (part, _) in parts.items()},
                warmup=options.warmup,
                passes=options.passes,
                stopwatch=clock,
            )
        limit.append(machine.speed_limit(given, clock))
        work = operations(parts[BASELINE][0])
    load = machine.load()
    print(f"work {work:.2f} GFLOP; limit {max(limit):.0f} GFLOP/s; load {load:.1f}" if load else "")
    head = ("runtime", "MB", "median ms", "95 %", "times as fast", "95 %", "difference", "of the limit")
    print("{:<13}{:>7}{:>11}{:>17}{:>15}{:>15}{:>12}{:>14}".format(*head))
    base = np.array(list(times[BASELINE].milliseconds.values()))
    best = 0.0
    for name, (_, size) in parts.items():
        own = np.array(list(times[name].milliseconds.values()))
        spread, ratio = median_interval(own, resamples=1000, seed=0), median_ratio(own, base, resamples=1000, seed=0)
        share = work / (np.median(own) / 1000) / max(limit)
        if errors[name] < EXACT and name != BASELINE:
            best = max(best, ratio.value)
        print(
            f"{name:<13}{size:>7.2f}{np.median(own):>11.1f}{f'[{spread.low:.1f}, {spread.high:.1f}]':>17}"
            f"{ratio.value:>15.2f}{f'[{ratio.interval.low:.2f}, {ratio.interval.high:.2f}]':>15}"
            f"{errors[name]:>12.1e}{share:>14.0%}"
        )
    reached = best >= BAR
    print(f"best exact route: {best:.2f} times as fast, bar {BAR}: {'reached' if reached else 'missed'}")
    return reached


def operations(part: Part) -> float:
    """Count the operations of the released forward, 1e9."""
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        part.run()
    return counter.get_total_flops() / 1e9


def main() -> int:
    """Measure here, and where asked for in a process whose allocator keeps memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--passes", type=int, default=30)
    parser.add_argument("--warmup", type=int, default=2)
    parser.add_argument("--threads", type=int, default=machine.usable_cores())
    parser.add_argument("--runtime", action="append", help="again for more; default: all that are here")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--cpu-time", action="store_true", help="of the process, with one thread: for a busy machine")
    parser.add_argument("--both", action="store_true", help="again with an allocator that keeps memory")
    options = parser.parse_args()
    if options.passes < FEWEST_PASSES:
        parser.error(f"--passes {options.passes}: an interval needs {FEWEST_PASSES}")
    if options.cpu_time and options.threads != 1:
        parser.error("--cpu-time adds up all threads: --threads 1")
    if options.runtime and BASELINE not in options.runtime:
        options.runtime = [BASELINE, *options.runtime]
    reached = measure(options)
    if options.both:
        print("\nwith an allocator that keeps memory (a process of its own):", flush=True)
        words = [word for word in sys.argv if word != "--both"]
        subprocess.run([sys.executable, *words], env={**os.environ, **KEEPS_MEMORY}, check=False)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main())
