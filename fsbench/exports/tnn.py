"""TNN, the paper's runtime: ONNX in the operators that its converter takes. TNN itself is not on PyPI and not run here.

Source: Tencent/TNN, tools/onnx2tnn/src/core/layer, one file an operator, and tools/convert2tnn for the command.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fsbench.exports.job import Job
from fsbench.exports.onnx import cleaned_graph

OPSET = 11  # its converter was written for ONNX 1.6
OPERATORS = {
    *("Add", "AveragePool", "BatchNormalization", "Clip", "Concat", "Conv", "Div", "Expand", "Flatten", "Gemm"),
    *("GlobalAveragePool", "LeakyRelu", "MaxPool", "Mul", "PRelu", "Pad", "ReduceL2", "ReduceMean", "ReduceSum"),
    *("Relu", "Reshape", "Resize", "Slice", "Split", "Squeeze", "Sub", "Tanh", "Transpose", "Unsqueeze"),
}


def convert(job: Job) -> list[Path]:
    """Write the ONNX file for `python3 converter.py onnx2tnn`.

    Raises:
        ValueError: the network has an operator, or a setting of one, that TNN's converter does not take.
    """
    path = job.path(".tnn.onnx")
    with tempfile.TemporaryDirectory() as folder:
        model = cleaned_graph(job, Path(folder), opset=OPSET)
    problems = problems_of(model)
    if problems:
        raise ValueError(f"TNN's converter does not take: {'; '.join(problems)}")
    path.write_bytes(model.SerializeToString())
    return [path]


def problems_of(model: Any) -> list[str]:
    """Name what in an ONNX model TNN's converter does not take."""
    import onnx.helper

    found = []
    for node in model.graph.node:
        name = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        settings = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        if name not in OPERATORS:
            found.append(f"operator {name}")
        elif problem := _setting_problem(name, settings):
            found.append(problem)
    return sorted(set(found))


def _setting_problem(operator: str, settings: Mapping[str, Any]) -> str:
    """Check the settings that its converter asserts or ignores."""
    if operator == "Resize":
        how = settings.get("coordinate_transformation_mode", b"half_pixel")
        if settings.get("mode") not in (b"linear", b"nearest") or how not in (b"half_pixel", b"align_corners"):
            return f"Resize, {settings.get('mode')}, {how}"
    if operator == "Pad" and settings.get("mode", b"constant") not in (b"constant", b"reflect", b"edge"):
        return f"Pad, {settings['mode']}"
    if operator in ("AveragePool", "MaxPool"):
        pads = list(settings.get("pads", ()))
        if pads[: len(pads) // 2] != pads[len(pads) // 2 :]:
            return f"{operator} with the pads {pads}"
    return ""
