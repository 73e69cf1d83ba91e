"""How much memory a run takes as the number of pairs grows, networks left out.

Makes small pictures in LFW's layout and runs the whole protocol in a process of its own, with stand-ins that cost
nothing and give rows as long as real networks do: a box for every picture, 512 and 2048 numbers from its pixels.

    python benchmarks/memory.py [--pairs 100 1000 10000]
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import PIL.Image

STAND_INS = """
from typing import ClassVar
import numpy as np
from fsbench.data.frames import read_rgb
from fsbench.interfaces import Detector, Evaluator
from fsbench.types import Face


class Box(Detector):
    name: ClassVar[str] = "box"
    title: ClassVar[str] = "a box"
    version: ClassVar[int] = 1
    batch_size: ClassVar[int] = 16

    def detect(self, images):
        return [[Face(image, np.array([8.0, 8, 56, 56]), POINTS, 1.0)] for image in images]


POINTS = np.array([[20.0, 24], [44, 24], [32, 36], [24, 46], [40, 46]])


class Rows(Evaluator):
    version: ClassVar[int] = 1

    def extract(self, faces):
        seeds = [int(read_rgb(face.image.path).astype(np.int64).sum()) for face in faces]
        return np.array([np.random.default_rng(seed).normal(size=self.dim) for seed in seeds], np.float32)


class Identity(Rows):
    role, name, title, dim = "identity", "rows512", "rows", 512

    def __init__(self, *, flip: bool = False) -> None:
        self.flip = flip


class Distribution(Rows):
    role, name, title, dim = "distribution", "rows2048", "rows", 2048

    def __init__(self, *, region: str = "aligned_256") -> None:
        self.region = region
"""


def make_lfw(folder: Path, pairs: int) -> None:
    """Make people with two pictures each, and a list of as many negative as positive pairs."""
    people = max(20, pairs // 5)
    rng = np.random.default_rng(0)
    for person in range(people):
        home = folder / "lfw" / f"P_{person:05d}"
        home.mkdir(parents=True)
        for number in (1, 2):
            noise = rng.integers(0, 256, (8, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
            PIL.Image.fromarray(noise).save(home / f"P_{person:05d}_{number:04d}.jpg", quality=90)
    lines = [f"1\t{pairs}"]
    lines += [f"P_{k % people:05d}\t1\t2" for k in range(pairs)]
    for k in range(pairs):
        first, second = k % people, (k + 1 + k // people) % people
        lines.append(f"P_{first:05d}\t1\tP_{second:05d}\t2")
    (folder / "pairs.txt").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Print time and peak resident memory for each number of pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, nargs="+", default=[100, 1000, 10000])
    options = parser.parse_args()
    before = 0
    for pairs in options.pairs:
        with tempfile.TemporaryDirectory() as name:
            space = Path(name)
            make_lfw(space / "data", pairs)
            plugin = space / "stand_ins.py"
            plugin.write_text(STAND_INS)
            words = ["--data", str(space / "data"), "--no-controls", "--swapper", "copy-source", "--workers", "1"]
            words += ["--evaluator", f"detect={plugin}:Box", "--evaluator", f"identity={plugin}:Identity"]
            words += ["--evaluator", f"distribution={plugin}:Distribution", "--out", str(space / "out")]
            started = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "fsbench", "run", "lfw", *words],
                check=True,
                env={**os.environ, "FSBENCH_CACHE": str(space / "cache")},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            spent = time.perf_counter() - started
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # of the largest child so far, in KiB on Linux
        note = "" if peak > before else " (at most)"
        before = max(before, peak)
        print(
            f"{pairs:6d} pairs: {spent:7.1f} s, {1000 * spent / pairs:6.2f} ms a pair, peak {peak / 1024:.0f} MiB{note}"
        )


if __name__ == "__main__":
    main()
