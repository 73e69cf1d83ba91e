"""Static int8 of an ONNX model: convolutions and matrices, weights by channel, ranges of activations from pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsbench.exports.job import Job

OPERATORS = ["Conv", "Gemm"]  # quantising what lies between them costs decibels and saves nothing


def quantized(model: Any, job: Job, folder: Path) -> Any:
    """Give the model with quantise and dequantise operators around what is computed in int8.

    Weights use seven bits: processors without VNNI add two products in 16 bits, which eight would overflow.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # the package declares no types
        """Gives one sample after the other."""

        def __init__(self) -> None:
            self._samples = _feeds(job)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            """Give the next, or None behind the last."""
            return next(self._samples, None)

    source, target = folder / "float.onnx", folder / "int8.onnx"
    onnx.save(model, source)
    quantize_static(
        source,
        target,
        Reader(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=OPERATORS,
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    return onnx.load(target)


def _feeds(job: Job) -> Iterator[dict[str, NDArray[np.float32]]]:
    for arrays in job.samples:
        yield {each.name: array for each, array in zip(job.network.inputs, arrays, strict=True)}
