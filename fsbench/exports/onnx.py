"""ONNX: written by torch, then cleaned by ONNX Runtime, which folds what is constant."""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from typing import Any

from fsbench.exports.job import Job

OPSET = 17


def convert(job: Job) -> list[Path]:
    """Write the network; fp16 keeps float32 inputs and outputs."""
    path = job.path(".onnx")
    with tempfile.TemporaryDirectory() as folder:
        model = cleaned_graph(job, Path(folder), opset=OPSET)
        if job.precision == "fp16":
            model = _half(model)
        if job.precision == "int8":
            from fsbench.exports.onnx_int8 import quantized

            model = quantized(model, job, Path(folder))
    path.write_bytes(model.SerializeToString())
    return [path]


def cleaned_graph(job: Job, folder: Path, *, opset: int) -> Any:
    """Give the ONNX model with constants folded and batch norms in their convolutions, checked, in standard operators.

    torch writes the amounts of a padding as eight operators on constants, which small converters do not understand.
    """
    import onnx
    import onnxruntime
    import torch

    raw, clean = folder / "raw.onnx", folder / "clean.onnx"
    options: dict[str, Any] = {
        "input_names": [each.name for each in job.network.inputs],
        "output_names": [job.network.output.name],
        "opset_version": opset,
    }
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False  # the other exporter needs one more package, and writes a file half a megabyte larger
    with torch.no_grad():
        torch.onnx.export(job.network.module, job.network.tensors(), str(raw), **options)
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    settings.optimized_model_filepath = str(clean)
    settings.log_severity_level = 3
    onnxruntime.InferenceSession(str(raw), settings, providers=["CPUExecutionProvider"])
    model = onnx.load(clean)
    standard = [entry for entry in model.opset_import if entry.domain == ""]
    del model.opset_import[:]
    model.opset_import.extend(standard)
    onnx.checker.check_model(model, full_check=True)
    return model


def _half(model: Any) -> Any:
    from onnxruntime.transformers.float16 import convert_float_to_float16

    return convert_float_to_float16(model, keep_io_types=True)
