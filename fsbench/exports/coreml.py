"""Core ML: converted anywhere, run on Apple's systems alone."""

from __future__ import annotations

from pathlib import Path

from fsbench.exports.job import Job


def convert(job: Job) -> list[Path]:
    """Write an ML program as .mlpackage, a folder, for iOS 15 and later; arithmetic is in the precision asked for."""
    import coremltools
    import torch

    path = job.path(".mlpackage")
    with torch.no_grad():
        graph = torch.export.export(job.network.module, job.network.tensors()).run_decompositions({})
    half = job.precision == "fp16"
    model = coremltools.convert(
        graph,
        inputs=[coremltools.TensorType(each.name, shape=each.shape) for each in job.network.inputs],
        outputs=[coremltools.TensorType(job.network.output.name)],
        convert_to="mlprogram",
        compute_precision=coremltools.precision.FLOAT16 if half else coremltools.precision.FLOAT32,
        minimum_deployment_target=coremltools.target.iOS15,
    )
    model.save(str(path))
    return [path]
