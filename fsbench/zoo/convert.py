"""Turns a torch file that holds more than tensors into safetensors, in a process of its own behind walls.

The other process is started with an empty environment, is limited in memory and time, and hands back one line of JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsbench
from fsbench.errors import WeightError

SECONDS = 900
SPARE_BYTES = 24 << 30  # of address space: torch maps far more than it uses


@dataclass(frozen=True)
class Converted:
    """What a conversion did."""

    tensors: int
    left_out: tuple[str, ...]  # what was in the file besides tensors
    walls: str  # who kept the process from the network


def convert(source: Path, result: Path, *, key: str = "") -> Converted:
    """Write the tensors of a torch file as safetensors.

    Args:
        source: the torch file.
        result: is written; removed again after an error.
        key: where the state dict is in the checkpoint; the rest is dropped. Names keep the key in front.

    Raises:
        WeightError: the file tries to run something, is damaged, or holds no tensors.
    """
    command = [sys.executable, "-m", "fsbench.zoo.convert", str(source), str(result), key]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(Path(fsbench.__file__).parent.parent), "OMP_NUM_THREADS": "1"}
    if sys.platform == "win32":
        environment["SYSTEMROOT"] = os.environ.get("SYSTEMROOT", "")
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS
        )
        answer = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        answer = {"problem": f"reading it took more than {SECONDS // 60} minutes"}
    except (ValueError, IndexError):
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        answer = {"problem": f"the process that read it broke off: {last[:200]}"}
    if "problem" in answer:
        result.unlink(missing_ok=True)
        raise WeightError(
            f"{source.name} is refused: {answer['problem']}", hint="do not use this file elsewhere either"
        )
    return Converted(int(answer["tensors"]), tuple(map(str, answer["left_out"])), str(answer["walls"]))


def _behind_walls(source: Path, result: Path, key: str) -> dict[str, Any]:
    """Do the work in the other process."""
    import safetensors.torch

    from fsbench.zoo import guard
    from fsbench.zoo.unpickle import Dangerous, tensors_of

    safetensors.torch.save({})  # whatever it loads at its first use must be loaded before the walls stand
    _limit_memory(source.stat().st_size)
    with result.open("wb") as file:
        walls = guard.enter()
        try:
            tensors, left_out = tensors_of(source)
        except Dangerous as error:
            return {"problem": f"it tries to run {error}, which no weight has a use for"}
        except Exception as error:  # noqa: BLE001 - torch raises whatever a damaged file makes it stumble over
            line = str(error).splitlines()[0] if str(error) else ""
            return {"problem": f"it cannot be read ({type(error).__name__}: {line})"}
        if key:
            tensors = {name: tensor for name, tensor in tensors.items() if name.startswith(f"{key}.")}
        if not tensors:
            return {"problem": "it holds no tensors" + (f" under '{key}'" if key else "")}
        file.write(safetensors.torch.save(tensors))
    return {"tensors": len(tensors), "left_out": left_out, "walls": walls}


def _limit_memory(size: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = 8 * size + SPARE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_behind_walls(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])) + "\n")
