"""How time and memory of a run grow with the number of pairs, and how they shrink with Ray workers.

Makes videos in FF++'s layout (256 x 256, ten frames each) and runs the whole protocol as a process of its own, with
networks that wait as long as real ones on a GPU and give rows as long (stand_ins.py). Decoding, PNG, cache, metrics,
intervals and run folders are the real ones. Three parts:

    python benchmarks/growth.py pairs   [--pairs 100 1000 10000] [--workers 4]     time, memory, disk
    python benchmarks/growth.py lookups [--entries 1000 ... 1000000]               a look-up in a cache so large
    python benchmarks/growth.py workers [--pairs 100 400] [--workers 1 2 4 8]      Ray, and the cost of a task

Each prints lines, and with --json FILE writes them; scaling_model.py reads the last one. --flame FILE.svg samples the
driver of `pairs` with py-spy. --slowness scales the waits.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

FRAMES, SIDE = 10, 256
HERE = Path(__file__).parent


def make_videos(root: Path, pairs: int) -> None:
    """Make enough videos for so many swaps, each of smooth noise that moves."""
    import av

    count = max(2, -(-pairs // FRAMES) // 2 * 2)
    folder = root / "original_sequences/youtube/c23/videos"
    folder.mkdir(parents=True)
    for number in range(count):
        rng = np.random.default_rng(number)
        coarse = rng.integers(0, 256, (SIDE // 8 + 2, SIDE // 8 + 2, 3), np.uint8)
        with av.open(str(folder / f"{number:03d}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=25, options={"crf": "23", "preset": "ultrafast"})
            stream.width = stream.height = SIDE
            stream.pix_fmt = "yuv420p"
            for frame in range(FRAMES):
                picture = coarse.repeat(8, 0).repeat(8, 1)[frame : frame + SIDE, frame : frame + SIDE]
                container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture))))
            container.mux(stream.encode())
    (root / "splits").mkdir()
    ids = [[f"{n:03d}", f"{n + 1:03d}"] for n in range(0, count, 2)]
    (root / "splits/test.json").write_text(json.dumps(ids))


def words(space: Path, pairs: int, slowness: float) -> list[str]:
    """Give the command for the videos of a folder."""
    parts = space / "stand_ins.py"
    text = (HERE / "stand_ins.py").read_text(encoding="utf-8")
    parts.write_text(text.replace("SLOWNESS = 1.0", f"SLOWNESS = {slowness}"), encoding="utf-8")
    names = {"detect": "Detect", "identity": "Identity", "pose": "Pose", "expression": "Expression"}
    found = ["run", "ff++", "--data", str(space / "data"), "--no-controls", "--swapper", f"{parts}:Swap"]
    for role, name in {**names, "distribution": "Distribution"}.items():
        found += ["--evaluator", f"{role}={parts}:{name}"]
    return [*found, "--limit", str(pairs)]


class Watch:
    """Looks at the resident memory of a process and of its children while it runs."""

    def __init__(self, pid: int) -> None:
        self.pid, self.peak_mib, self.children_mib = pid, 0.0, 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(0.2):
            self.peak_mib = max(self.peak_mib, _mib(self.pid, "VmHWM"))
            self.children_mib = max([self.children_mib, *(_mib(pid, "VmRSS") for pid in _children(self.pid))])


def _mib(pid: int, field: str) -> float:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def measured(command: list[str], space: Path, out: str, *, flame: Path | None = None) -> dict[str, Any]:
    """Run a command in a cache of its own; give its seconds, memory, and what its result says of its stages."""
    environment = {**os.environ, "FSBENCH_CACHE": str(space / f"cache-{out}")}
    full = [sys.executable, "-m", "fsbench", *command, "--out", str(space / out)]
    began, used = time.perf_counter(), _cpu_seconds()
    running = subprocess.Popen(full, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    watch = Watch(running.pid)
    if flame:
        sampler = [str(Path(sys.executable).with_name("py-spy")), "record", "--rate", "50", "--output", str(flame)]
        subprocess.Popen([*sampler, "--pid", str(running.pid)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, err = running.communicate()
    seconds, cpu_seconds = time.perf_counter() - began, _cpu_seconds() - used
    watch.stop()
    if running.returncode:
        raise SystemExit(err)
    (result,) = (space / out).rglob("result.json")
    origin = json.loads(result.read_text())["provenance"]
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),  # of the command and of the processes it waited for, not of Ray's
        "driver_peak_mib": round(watch.peak_mib),
        "largest_worker_mib": round(watch.children_mib),
        "stages": origin["stages"],
        "calls": calls(err),
        "run_seconds": origin["seconds"],
    }


def calls(said: str) -> list[tuple[str, int]]:
    """Read from the lines of a run which stage was asked for how many items, call by call."""
    found = re.findall(r"^(read frames|find faces|swap|measure \w+)\b.*: (\d+) done", said, re.MULTILINE)
    names = {"read frames": "decode", "find faces": "detect"}
    return [(names.get(label, label.removeprefix("measure ")), int(count)) for label, count in found]


def grow(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Run each number of pairs, twice: as new, and again with everything in the cache."""
    rows = []
    for pairs in given.pairs:
        with tempfile.TemporaryDirectory() as name:
            space = Path(name)
            make_videos(space / "data", pairs)
            command = [*words(space, pairs, given.slowness), "--workers", str(given.workers[0])]
            row = {"pairs": pairs, **measured(command, space, "out", flame=given.flame)}
            again = measured(command, space, "out")
            row |= {"again_seconds": again["seconds"], "again_peak_mib": again["driver_peak_mib"]}
            files = [path.stat().st_size for path in (space / "cache-out").rglob("*") if path.is_file()]
            row["cache_mib"] = round(sum(files) / 2**20)
        rows.append(row)
        print(row, flush=True)
    return rows


def look_up(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Time look-ups of 500 keys at once in caches of growing size, half of them absent."""
    from fsbench.engine.cache import Cache, key_of

    rows = []
    with tempfile.TemporaryDirectory() as name:
        cache, stored = Cache(Path(name)), 0
        for entries in given.entries:
            for start in range(stored, entries, 10000):
                cache.put({key_of(n=n): b"x" * 2048 for n in range(start, min(start + 10000, entries))})
            stored, rng = entries, np.random.default_rng(entries)
            times = []
            for _ in range(40):
                keys = [key_of(n=int(n)) for n in rng.integers(0, 2 * entries, 500)]
                began = time.perf_counter()
                cache.get(keys)
                times.append((time.perf_counter() - began) / 500)
            rows.append({"entries": entries, "microseconds_a_key": round(1e6 * float(np.median(times)), 2)})
            print(rows[-1], flush=True)
    return rows


def spread(given: argparse.Namespace) -> list[dict[str, Any]]:
    """Run the same pairs with each number of Ray workers, and time tasks that do nothing."""
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # its name; else workers get what others leave
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        space = Path(name)
        make_videos(space / "data", max(given.pairs))
        plan = [(pairs, given.workers[0]) for pairs in given.pairs[:-1]]
        for pairs, workers in [*plan, *((given.pairs[-1], workers) for workers in given.workers)]:
            command = words(space, pairs, given.slowness)
            head = {"num_cpus": workers, "object_store_memory": 200 * 2**20, "include_dashboard": False}
            cluster = Cluster(initialize_head=True, head_node_args=head)
            there = ["--executor", "ray", "--ray-address", cluster.address, "--workers", str(workers)]
            row = measured([*command, *there], space, f"ray{pairs}-{workers}")
            started, task = starting(cluster.address, workers)
            rows.append({"pairs": pairs, "workers": workers, **row, "start_seconds": started, "task_ms": task})
            print(rows[-1], flush=True)
            cluster.shutdown()
    return rows


def starting(address: str, count: int, tasks: int = 2000) -> tuple[float, float]:
    """Time the start of so many workers, and then the driver's whole work on a task that does nothing.

    Returns:
        Seconds until all have started; milliseconds a task: packing, sending, waiting, unpacking.
    """
    from fsbench.engine.executors import executor
    from fsbench.engine.stages import Task
    from fsbench.records import run_config

    began = time.perf_counter()
    workers = executor(run_config(protocol="ff++", executor="ray", ray_address=address, workers=count), planned=1)
    try:
        while not workers.status().startswith(f"{count} of"):
            list(workers.map(Task("hash"), [[]]))
        started = time.perf_counter() - began
        began = time.perf_counter()
        done = len(list(workers.map(Task("hash"), [[] for _ in range(tasks)])))
        return round(started, 2), round(1000 * (time.perf_counter() - began) / done, 3)
    finally:
        workers.close()


def main() -> None:
    """Run one part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["pairs", "lookups", "workers"], nargs="?", default="pairs")
    parser.add_argument("--pairs", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--workers", type=int, nargs="+", default=[4])
    parser.add_argument("--entries", type=int, nargs="+", default=[1000, 10000, 100000, 1000000])
    parser.add_argument("--slowness", type=float, default=1.0)
    parser.add_argument("--flame", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rows = {"pairs": grow, "lookups": look_up, "workers": spread}[given.part](given)
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
