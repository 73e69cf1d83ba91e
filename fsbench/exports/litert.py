"""LiteRT, once TensorFlow Lite."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from fsbench.exports.job import Job

SIGNATURE = "serving_default"


def convert(job: Job) -> list[Path]:
    """Write a .tflite; fp16 halves the weights, int8 quantises all that its quantiser knows."""
    import litert_torch

    path = job.path(".tflite")
    found = litert_torch.convert(job.network.module, job.network.tensors())
    if job.precision == "fp32":
        found.export(str(path))
        return [path]
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "float.tflite"
        found.export(str(plain))
        path.write_bytes(_reduced(plain, job))
    return [path]


def _reduced(plain: Path, job: Job) -> bytes:
    from ai_edge_quantizer import algorithm_manager, qtyping, quantizer, recipe

    work: Any = quantizer.Quantizer(str(plain))
    calibrated = None
    if job.precision == "fp16":
        halved = qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT)
        for name in ("FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"):
            work.update_quantization_recipe(
                regex=".*",
                operation_name=qtyping.TFLOperationName[name],
                op_config=qtyping.OpQuantizationConfig(weight_tensor_config=halved, explicit_dequantize=True),
                algorithm_key=algorithm_manager.AlgorithmName.FLOAT_CASTING,
            )
    else:
        work.load_quantization_recipe(recipe.static_wi8_ai8())
        feeds = [{f"args_{place}": array for place, array in enumerate(arrays)} for arrays in job.samples]
        calibrated = work.calibrate({SIGNATURE: feeds})
    return bytes(work.quantize(calibrated).quantized_model)
