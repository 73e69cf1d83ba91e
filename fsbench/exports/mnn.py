"""MNN: its converter, called as a library. The command of the package is not: it reports each use to its vendor."""

from __future__ import annotations

import importlib
import tempfile
from pathlib import Path

from fsbench.exports import onnx
from fsbench.exports.job import Job


def convert(job: Job) -> list[Path]:
    """Write .mnn from ONNX; fp16 halves the weights in the file.

    Raises:
        RuntimeError: there is no file afterwards.
    """
    importlib.import_module("MNN")  # loads the library that the converter is part of
    tools = importlib.import_module("_tools")
    path = job.path(".mnn")
    path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        (source,) = onnx.convert(Job(job.network, "fp32", Path(folder) / "network"))
        words = [
            "MNNConvert",
            "-f",
            "ONNX",
            "--modelFile",
            str(source),
            "--MNNModel",
            str(path),
            "--bizCode",
            "fsbench",
        ]
        tools.mnnconvert([*words, "--fp16"] if job.precision == "fp16" else words)
    if not path.is_file():
        raise RuntimeError("MNN's converter wrote no file")
    return [path]
