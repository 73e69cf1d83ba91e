"""torch's own two formats: TorchScript, and a graph of torch.export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fsbench.exports.job import Job

if TYPE_CHECKING:
    import torch


def torchscript(job: Job) -> list[Path]:
    """Write a traced module, for torch.jit.load and LibTorch."""
    import torch

    path = job.path(".torchscript.pt")
    with torch.no_grad():
        torch.jit.trace(_module(job), job.network.tensors()).save(str(path))  # type: ignore[no-untyped-call]
    return [path]


def exported(job: Job) -> list[Path]:
    """Write a graph for torch.export.load, with weights and without Python."""
    import torch

    path = job.path(".pt2")
    with torch.no_grad():
        torch.export.save(torch.export.export(_module(job), job.network.tensors()), path)
    return [path]


def _module(job: Job) -> torch.nn.Module:
    from fsbench.exports.half import HalfInside

    return HalfInside(job.network.module).eval() if job.precision == "fp16" else job.network.module
