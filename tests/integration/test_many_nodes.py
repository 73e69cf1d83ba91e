"""Training on two nodes: two torchrun agents that meet at a rendezvous, one of which is killed and started anew."""

from __future__ import annotations

import contextlib
import csv
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from needs import needs

from tests.integration.test_training import config  # noqa: F401  # a fixture

needs("lightning_fabric", "train")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes by /proc")]

# Else torch (2.14) shares one store over all rounds, and a machine that joins again waits for an address in vain.
ALONE = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1", "OMP_NUM_THREADS": "1"}
STEPS, KILLED_AT = 4, 2
PATIENCE = 240.0  # seconds
CHANGES = ["--steps", str(STEPS), "--set", "record.checkpoint=1", "--set", "record.log=1"]


def training(settings: Path, out: Path, *changes: str) -> list[str]:
    words = ["train", "mobilefsgan", "--config", str(settings), "--out", str(out)]
    return [sys.executable, "-m", "fsbench", *words, *CHANGES, *changes]


def agent(settings: Path, out: Path, port: int, *, first: bool) -> subprocess.Popen[bytes]:
    """Start what runs on one node: the command of docs/cluster.md, with short patience for the dead.

    On two machines the endpoint's name tells which of them hosts the rendezvous. Here both answer to it.
    """
    conf = f"is_host={int(first)},keep_alive_interval=1,keep_alive_max_attempt=4"
    rendezvous = ["--rdzv-backend", "c10d", "--rdzv-id", "training", "--rdzv-endpoint", f"127.0.0.1:{port}"]
    words = ["--nnodes", "2", "--nproc-per-node", "1", "--max-restarts", "5", *rendezvous, "--rdzv-conf", conf]
    command = training(settings, out, "--resume", "--set", "hardware.nodes=2")
    full = [sys.executable, "-m", "torch.distributed.run", *words, "--no-python", *command]
    with (out.parent / f"{out.name}.log").open("ab") as log:
        return subprocess.Popen(full, stdout=log, stderr=log, env={**os.environ, **ALONE})


def kill(running: subprocess.Popen[bytes]) -> None:
    """Kill an agent and its process, as a machine goes dark. The process has a session of its own, and would go on."""
    own = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
    running.kill()
    for process in own:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGKILL)
    running.wait()


def until(is_so: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-5000:]
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def steps(out: Path) -> int:
    """Tell how far a training has come."""
    try:
        with (out / "losses.csv").open(newline="", encoding="utf-8") as file:
            return max((int(row["step"]) for row in csv.DictReader(file)), default=0)
    except (OSError, ValueError):
        return 0


def weights(out: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = torch.load(out / f"checkpoint-{STEPS:08d}.pt", weights_only=True)["generator"]
    return found


def test_a_lost_node_that_comes_back_goes_on_to_the_same_weights(
    config: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    calm, hurt, log = tmp_path / "calm", tmp_path / "hurt", tmp_path / "hurt.log"
    subprocess.run(training(config, calm, "--set", "hardware.devices=2"), check=True, env={**os.environ, **ALONE})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    first = agent(config, hurt, port, first=True)
    until(lambda: listens(port), log)
    second = agent(config, hurt, port, first=False)
    try:
        until(lambda: steps(hurt) >= KILLED_AT, log)
        kill(second)
        second = agent(config, hurt, port, first=False)
        until(lambda: first.poll() is not None and second.poll() is not None, log)
    finally:
        for running in (first, second):
            if running.poll() is None:
                kill(running)
    said = log.read_text(errors="replace")
    assert (first.returncode, second.returncode) == (0, 0), said[-5000:]
    assert "going on from step" in said
    before, after = weights(calm), weights(hurt)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[key], after[key]) for key in before)
