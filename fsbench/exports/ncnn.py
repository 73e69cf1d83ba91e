"""ncnn, by way of pnnx, which reads TorchScript and fuses what it knows of torch."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from fsbench.exports.job import Job


def convert(job: Job) -> list[Path]:
    """Write .param and .bin; pnnx's other files are left behind.

    Raises:
        RuntimeError: pnnx failed, or left out an operator, with what it said.
    """
    import pnnx
    import torch

    param, weights = job.path(".ncnn.param"), job.path(".ncnn.bin")
    shapes = ",".join(f"[{','.join(map(str, each.shape))}]" for each in job.network.inputs)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "network.pt"
        with torch.no_grad():
            torch.jit.trace(job.network.module, job.network.tensors()).save(str(script))  # type: ignore[no-untyped-call]
        half = int(job.precision == "fp16")
        call = [pnnx.EXEC_PATH, str(script), f"inputshape={shapes}", f"fp16={half}", "optlevel=2"]
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).splitlines()
        left_out = [line for line in said if line.startswith("ignore ")]
        if done.returncode or left_out:
            raise RuntimeError((left_out or said or [f"exit code {done.returncode}"])[-1])
        for made, wanted in (("network.ncnn.param", param), ("network.ncnn.bin", weights)):
            wanted.write_bytes((Path(folder) / made).read_bytes())
    return [param, weights]
