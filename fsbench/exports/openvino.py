"""OpenVINO: its own reader takes the ONNX file; the converter that reports to its vendor is not called."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fsbench.exports import onnx
from fsbench.exports.job import Job, Precision


def convert(job: Job) -> list[Path]:
    """Write the intermediate representation: .xml, and .bin with the weights."""
    import openvino

    path = job.path(".openvino.xml")
    with tempfile.TemporaryDirectory() as folder:
        (source,) = onnx.convert(Job(job.network, _source(job), Path(folder) / "network", job.samples))
        model = openvino.Core().read_model(source)
        openvino.save_model(model, path, compress_to_fp16=job.precision == "fp16")
    return [path, path.with_suffix(".bin")]


def _source(job: Job) -> Precision:
    return "int8" if job.precision == "int8" else "fp32"
