"""Training on two nodes: two torchrun agents that meet at a rendezvous, one of which is killed and started anew."""

from __future__ import annotations

import csv
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.integration.test_training import config  # noqa: F401  # a fixture

pytest.importorskip("lightning_fabric", reason="needs lightning-fabric, which the extra 'train' installs")
pytestmark = pytest.mark.slow

# Else torch (2.14) shares one store over all rounds, and a machine that joins again waits for an address in vain.
ALONE = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
STEPS, KILLED_AT = 5, 2
TOO_LONG = 400  # seconds: a rendezvous that nobody joins would wait on


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def agent(settings: Path, out: Path, port: int) -> subprocess.Popen[bytes]:
    """Start what runs on one node: the command of docs/cluster.md."""
    rendezvous = ["--rdzv-backend", "c10d", "--rdzv-id", "training", "--rdzv-endpoint", f"127.0.0.1:{port}"]
    words = ["--nnodes", "2", "--nproc-per-node", "1", "--max-restarts", "5", *rendezvous, "--no-python"]
    command = [sys.executable, "-m", "fsbench", "train", "mobilefsgan", "--config", str(settings), "--out", str(out)]
    changes = ["--set", "hardware.nodes=2", "--set", "record.checkpoint=1", "--set", "record.log=1"]
    full = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        *words,
        *command,
        "--steps",
        str(STEPS),
        "--resume",
        *changes,
    ]
    with (out.parent / f"{out.name}.log").open("ab") as log:
        return subprocess.Popen(full, stdout=log, stderr=log, start_new_session=True, env={**os.environ, **ALONE})


def kill(running: subprocess.Popen[bytes]) -> None:
    """Kill an agent and its process at once, as a machine goes dark."""
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def steps(out: Path) -> int:
    """Tell how far a training has come."""
    try:
        with (out / "losses.csv").open(newline="", encoding="utf-8") as file:
            return max((int(row["step"]) for row in csv.DictReader(file)), default=0)
    except (OSError, ValueError):
        return 0


def test_a_lost_node_that_comes_back_goes_on_to_the_same_weights(
    config: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    weights = []
    for name, kills in (("calm", 0), ("hurt", 1)):
        out, port, deadline = tmp_path / name, free_port(), time.monotonic() + TOO_LONG
        first, second = agent(config, out, port), agent(config, out, port)
        try:
            while first.poll() is None and time.monotonic() < deadline:
                if kills and steps(out) >= KILLED_AT:
                    kills = 0
                    kill(second)
                    second = agent(config, out, port)
                time.sleep(0.1)
            log = (tmp_path / f"{name}.log").read_text(errors="replace")
            assert first.poll() == 0, log[-3000:]
            assert second.wait(60) == 0, log[-3000:]
            assert ("going on from step" in log) == (name == "hurt")
        finally:
            for running in (first, second):
                if running.poll() is None:
                    kill(running)
        weights.append(torch.load(out / f"checkpoint-{STEPS:08d}.pt", weights_only=True)["generator"])
    calm, hurt = weights
    assert calm.keys() == hurt.keys()
    assert all(torch.equal(calm[key], hurt[key]) for key in calm)
