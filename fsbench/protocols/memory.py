"""How much memory a swapper needs at most: a process of its own that loads it, swaps, and looks at its peak."""

from __future__ import annotations

import pickle
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fsbench.engine.plugins import Plugin
from fsbench.types import SwapItem

CALLS = 3  # the first ones allocate
LONGEST = 1800  # seconds until it is given up
CODE = "from fsbench.protocols.memory import answer; answer()"


@dataclass(frozen=True)
class Peak:
    """The peak of one process in MB (1e6 bytes), or why there is none."""

    host_mb: float | None = None
    device_mb: float | None = None  # that torch allocated on a GPU
    problem: str = ""


def peak_memory(part: Plugin, items: Sequence[SwapItem], *, threads: int, device: str) -> Peak:
    """Let a new process swap a few times, and give its peak of resident memory.

    A process of its own, because a peak is never taken back: in one process the second swapper would be given the
    first one's.
    """
    job = pickle.dumps((part, list(items), threads, device))
    try:
        done = subprocess.run(
            [sys.executable, "-c", CODE], input=job, capture_output=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return Peak(problem=f"no end after {LONGEST} s")
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or [f"exit code {done.returncode}"]
        return Peak(problem=lines[-1][:200])
    found: Peak = pickle.loads(done.stdout)  # our own child's
    return found


def answer() -> None:
    """Do the job of standard input in this process, and write its peak to standard output."""
    from fsbench.errors import ItemError

    part, items, threads, device = pickle.loads(sys.stdin.buffer.read())  # our own parent's
    swapper = part.build()
    for _ in range(CALLS):
        for outcome in swapper.swap(items):
            if isinstance(outcome, ItemError):
                raise SystemExit(outcome.reason)
        if "torch" in sys.modules:  # and not before: a swapper without torch shall not pay for it
            sys.modules["torch"].set_num_threads(threads)
    sys.stdout.buffer.write(pickle.dumps(Peak(host_peak() / 1e6, device_peak(device))))


def host_peak() -> int:
    """Give this process's peak of resident memory in bytes."""
    try:  # not getrusage: on Linux a child starts with its parent's peak
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def device_peak(device: str) -> float | None:
    """Give the peak of what torch allocated on a GPU of Nvidia, in MB; None elsewhere."""
    if not device.startswith("cuda"):
        return None
    import torch

    return torch.cuda.max_memory_allocated(device) / 1e6
