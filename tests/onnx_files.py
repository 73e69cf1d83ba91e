"""Small ONNX files with the inputs and outputs of InsightFace's, whose numbers can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

STRIDES = (8, 16, 32)
INPUT = 640


def detector(box: Sequence[float], points: Sequence[Sequence[float]], *, score: float = 0.9) -> bytes:
    """Write a detector in SCRFD's form that finds one face at a place in 640 x 640, whatever it is shown.

    Nine outputs: scores, box distances and point offsets in strides, for two anchors a cell at three strides. The face
    is told by the first anchor of a cell of stride 16 at the middle of the box.
    """
    from onnx import TensorProto, helper, numpy_helper

    column, row = (round((box[i] + box[i + 2]) / 2 / 16) for i in (0, 1))
    centre, anchor = np.array([column * 16, row * 16], float), (row * (INPUT // 16) + column) * 2
    distances = np.concatenate([centre - box[:2], np.array(box[2:]) - centre]) / 16
    offsets = ((np.array(points) - centre) / 16).ravel()
    nodes, outputs = [], []
    for kind, values in (("score", [score]), ("box", distances), ("points", offsets)):
        for stride in STRIDES:
            rows = np.zeros(((INPUT // stride) ** 2 * 2, len(values)), np.float32)
            if stride == 16:
                rows[anchor] = values
            name = f"{kind}{stride}"
            nodes.append(helper.make_node("Constant", [], [name], value=numpy_helper.from_array(rows)))
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, rows.shape))
    return _model(nodes, [1, 3, INPUT, INPUT], outputs)


def recogniser(seed: int = 0) -> bytes:
    """Write a recogniser in ArcFace's form: means of 16 x 16 pixels of 112 x 112, mixed to 512 numbers."""
    from onnx import TensorProto, helper, numpy_helper

    mixing = np.random.default_rng(seed).normal(size=(3 * 7 * 7, 512)).astype(np.float32)
    nodes = [
        helper.make_node("AveragePool", ["input"], ["pooled"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Constant", [], ["mixing"], value=numpy_helper.from_array(mixing)),
        helper.make_node("MatMul", ["flat", "mixing"], ["embedding"]),
    ]
    outputs = [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 512])]
    return _model(nodes, ["N", 3, 112, 112], outputs)


def _model(nodes: list[Any], shape: list[Any], outputs: list[Any]) -> bytes:
    from onnx import TensorProto, helper

    inputs = [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)]
    graph = helper.make_graph(nodes, "hand made", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    content: bytes = model.SerializeToString()
    return content
