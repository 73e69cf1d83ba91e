"""ExecuTorch, with the operators that XNNPACK has delegated to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsbench.exports.job import Job

if TYPE_CHECKING:
    import torch


def convert(job: Job) -> list[Path]:
    """Write a .pte for the runtime with the XNNPACK delegate."""
    import torch
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower

    path, module = job.path(".pte"), _module(job)
    with torch.no_grad():
        graph = torch.export.export(module, job.network.tensors())
        program = to_edge_transform_and_lower(graph, partitioner=[XnnpackPartitioner()]).to_executorch()
    path.write_bytes(program.buffer)
    return [path]


def _module(job: Job) -> torch.nn.Module:
    if job.precision == "fp16":
        from fsbench.exports.half import HalfInside

        return HalfInside(job.network.module).eval()
    return _quantized(job) if job.precision == "int8" else job.network.module


def _quantized(job: Job) -> torch.nn.Module:
    """Quantise by channel, with ranges from the samples."""
    import torch
    from executorch.backends.xnnpack.quantizer import xnnpack_quantizer
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    quantizer: Any = xnnpack_quantizer.XNNPACKQuantizer()
    quantizer.set_global(xnnpack_quantizer.get_symmetric_quantization_config(is_per_channel=True))
    with torch.no_grad():
        graph = torch.export.export(job.network.module, job.network.tensors()).module()
        prepared = prepare_pt2e(graph, quantizer)
        for arrays in job.samples:
            prepared(*map(torch.from_numpy, arrays))
        found: torch.nn.Module = convert_pt2e(prepared)
    return found
