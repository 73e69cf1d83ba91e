"""Exported networks in OpenVINO."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import DependencyError


def open_openvino(file: Path, *, threads: int) -> Callable[..., NDArray[np.float32]]:
    """Open an .xml on the CPU; arithmetic is float32, also where the weights are halved in the file.

    Raises:
        DependencyError: it is no network that OpenVINO can run.
    """
    import openvino

    settings = {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1}
    try:
        network = openvino.Core().compile_model(file, "CPU", settings)
    except RuntimeError as error:
        problem = str(error).strip().splitlines()[-1]
        raise DependencyError(f"{file.name} does not run in OpenVINO: {problem}", hint="") from None

    def call(*inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.array(network(list(inputs))[0], np.float32)

    return call
