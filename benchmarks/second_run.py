"""How long the same command takes again, what a new swapper costs, and how much of a run is not the work itself.

Runs `fsbench run ff++` as a process of its own in an empty cache, then again, then with one more swapper. Prints the
ratio of the second time to the first, what the third run computed of the originals (nothing is wanted), and the share
of the first run spent outside decoding, detection, swapping and networks.

    python benchmarks/second_run.py [--data FOLDER] [--frames 10] [--workers 1]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run(words: list[str], cache: Path) -> float:
    """Time one command, in seconds of wall clock."""
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "fsbench", "run", "ff++", *words],
        check=True,
        env={**os.environ, "FSBENCH_CACHE": str(cache)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - started


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="mini")
    parser.add_argument("--workers", default="1")
    parser.add_argument("--frames", default="10", help="of each video")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        space = Path(name)
        out = space / "out"
        words = ["--data", options.data, "--workers", options.workers, "--set", f"frames={options.frames}"]
        words += ["--out", str(out)]
        if options.data == "mini":  # made once, outside what is measured
            run(["--data", "mini", "--dry-run", "--out", str(out)], space / "cache")
        first = run(words, space / "cache")
        results = [json.loads(path.read_text()) for path in (out / "ff++").glob("*/*/result.json")]
        again = [run(words, space / "cache") for _ in range(3)]
        run([*words, "--swapper", "landmark", "--swapper-arg", "blend=feather"], space / "cache")
        (new,) = (out / "ff++").glob("landmark*blend*/*/result.json")
        computed = json.loads(new.read_text())["provenance"]["computed"]
        pairs = results[0]["planned"]
        print(f"{pairs} pairs, {len(results)} swappers, {options.workers} worker(s), {os.cpu_count()} cores")
        print(f"first run {first:.1f} s; the same again {sorted(again)[1]:.2f} s, ratio {sorted(again)[1] / first:.3f}")
        print(f"a new swapper computes: {computed} (originals are not among them: each is {pairs} results)")
        work = sum(sum(result["provenance"]["stages"].values()) for result in results)
        inside = sum(result["provenance"]["seconds"] for result in results)
        print(f"inside the runs {inside:.1f} s, of which work {work:.1f} s; harness {1 - work / inside:.1%}")
        print(f"starting, planning and reporting {first - inside:.1f} s")


if __name__ == "__main__":
    main()
