"""Exported networks in ncnn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import DependencyError

REDUCED = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage")


def open_ncnn(file: Path, *, threads: int) -> Callable[..., NDArray[np.float32]]:
    """Open a .param with the .bin beside it, on the CPU, in float32.

    Raises:
        DependencyError: a file is missing, or is none that ncnn can run.
    """
    import ncnn

    weights = file.with_suffix(".bin")
    for path in (file, weights):
        if not path.is_file():
            raise DependencyError(f"{path.name} is not there; ncnn wants .param and .bin side by side", hint="")
    network = ncnn.Net()
    network.opt.num_threads = threads
    network.opt.use_vulkan_compute = False
    for option in REDUCED:
        setattr(network.opt, option, False)
    if network.load_param(str(file)) or network.load_model(str(weights)):
        raise DependencyError(f"{file.name} does not run in ncnn", hint="fsbench export mobilefsgan --to ncnn")
    names = list(network.input_names()), network.output_names()[0]

    def call(*inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        # ncnn keeps no reference to an array, so it must live until the result is there; a batch is always one
        rows = [np.ascontiguousarray(each[0]) for each in inputs]
        with network.create_extractor() as extractor:
            for name, row in zip(names[0], rows, strict=True):
                extractor.input(name, ncnn.Mat(row))
            _, found = extractor.extract(names[1])
            return np.array(found, np.float32)[None]

    return call
