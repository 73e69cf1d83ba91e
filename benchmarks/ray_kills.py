"""Kill workers, nodes and drivers of a Ray cluster at seeded moments; every run must give the undisturbed numbers.

A cluster of two nodes with one CPU each runs on this machine. The reference is one run without Ray. Each kill has a
fresh cache; after a driver's death the same command runs again. Compared are the bytes of pairs.csv, failures.csv and
samples.parquet, every measurement, and, where the driver lived, how many items each stage computed.

    python benchmarks/ray_kills.py --data FF [--kills 20] [--limit 20] [--seed 0] [--stand-ins] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

KINDS = ("worker", "node", "driver")
STORE_BYTES = 100 * 2**20
FILES = ("pairs.csv", "failures.csv", "samples.parquet")


def main() -> int:
    """Run, kill, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mini")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--limit", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stand-ins", action="store_true", help="networks that wait, where the machine is busy")
    parser.add_argument("--slowness", type=float, default=3.0, help="of the stand-ins")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = ["run", "ff++", "--data", given.data, "--limit", str(given.limit), "--no-controls"]
        if given.stand_ins:
            words += stand_ins(folder, given.slowness)
        finished(command(words, folder / "local", []))
        reference = outcome(folder / "local")
        cluster = start_cluster()
        there = ["--executor", "ray", "--ray-address", cluster.address, "--workers", "2"]
        began = time.monotonic()
        finished(command(words, folder / "calm", there))
        calm_seconds = time.monotonic() - began
        rows = [
            {"kill": 0, "what": "nothing", "at": None, "seconds": calm_seconds, **verdict(folder / "calm", reference)}
        ]
        print(f"undisturbed on Ray: {calm_seconds:.1f} s, equal to local: {rows[0]['equal']}", flush=True)
        for number in range(1, given.kills + 1):
            what, moment = KINDS[(number - 1) % 3], rng.uniform(0.15, 0.95) * calm_seconds
            rows.append({"kill": number, **one_kill(what, moment, words, folder / str(number), there, cluster, rng)})
            rows[-1] |= verdict(folder / str(number), reference, same_work=what != "driver")
            print({key: round(v, 1) if isinstance(v, float) else v for key, v in rows[-1].items()}, flush=True)
        cluster.shutdown()
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1) + "\n")
    bad = [row["kill"] for row in rows if not row["equal"]]
    print(f"{len(rows) - 1} kills, runs that differ: {bad or 'none'}")
    return 1 if bad else 0


def stand_ins(folder: Path, slowness: float) -> list[str]:
    """Choose the stand-ins of stand_ins.py for all networks and the swapper."""
    parts = folder / "stand_ins.py"
    text = Path(__file__).with_name("stand_ins.py").read_text(encoding="utf-8")
    parts.write_text(text.replace("SLOWNESS = 1.0", f"SLOWNESS = {slowness}"), encoding="utf-8")
    names = {"detect": "Detect", "identity": "Identity", "pose": "Pose", "expression": "Expression"}
    found = ["--swapper", f"{parts}:Swap"]
    for role, name in {**names, "distribution": "Distribution"}.items():
        found += ["--evaluator", f"{role}={parts}:{name}"]
    return found


def start_cluster() -> Any:
    """Start a head without CPUs, and two nodes of one CPU."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112  # its name; else workers get what others leave
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    return cluster


def command(words: list[str], folder: Path, more: list[str]) -> subprocess.Popen[str]:
    """Start a run with a cache of its own."""
    environment = {**os.environ, "FSBENCH_CACHE": str(folder / "cache")}
    full = [sys.executable, "-m", "fsbench", *words, *more, "--out", str(folder / "runs")]
    return subprocess.Popen(full, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finished(running: subprocess.Popen[str]) -> str:
    """Wait for the end of a run; give its stderr."""
    _, err = running.communicate()
    if running.returncode:
        raise SystemExit(err)
    return err


def one_kill(
    what: str, moment: float, words: list[str], folder: Path, there: list[str], cluster: Any, rng: random.Random
) -> dict[str, Any]:
    """Start a run, kill something at a moment of it, and see it to its end."""
    began = time.monotonic()
    running = command(words, folder, there)
    time.sleep(moment)
    hit = what
    if running.poll() is not None:
        hit = f"{what}: too late"
    elif what == "driver":
        running.kill()
        running.communicate()
        running = command(words, folder, there)
    elif what == "node":
        cluster.remove_node(
            rng.choice(sorted(cluster.worker_nodes, key=lambda node: node.node_id)), allow_graceful=False
        )
        cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES)
    elif not kill_a_worker(rng):
        hit = "worker: none yet"
    err = finished(running)
    again = [line for line in err.splitlines() if "retries" in line]
    return {"what": hit, "at": moment, "seconds": time.monotonic() - began, "retries": again[-1] if again else ""}


def kill_a_worker(rng: random.Random) -> bool:
    """Kill one process that does batches."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.joinpath("cmdline").read_bytes().startswith(b"ray::Worker"):
                found.append(int(process.name))
        except OSError:
            continue
    if found:
        os.kill(rng.choice(sorted(found)), signal.SIGKILL)
    return bool(found)


def outcome(folder: Path) -> dict[str, Any]:
    """Give all that must be equal, and the counts of items that the stages computed."""
    (result,) = (folder / "runs").rglob("result.json")
    content = json.loads(result.read_text())
    parts = {name: (result.parent / name).read_bytes() for name in FILES}
    return {**parts, "numbers": content["measurements"], "computed": content["provenance"]["computed"]}


def verdict(folder: Path, reference: dict[str, Any], *, same_work: bool = True) -> dict[str, Any]:
    """Compare a run with the reference; after a driver's death it computed less, so that is left out then."""
    found = outcome(folder)
    differ = [key for key in reference if found[key] != reference[key] and (same_work or key != "computed")]
    return {"equal": not differ, "differ": differ}


if __name__ == "__main__":
    sys.exit(main())
