"""ExecuTorch, with the operators that XNNPACK has delegated to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
    return job.network.module
