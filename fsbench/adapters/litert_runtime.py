"""Exported networks in LiteRT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import DependencyError


def open_litert(file: Path, *, threads: int) -> Callable[..., NDArray[np.float32]]:
    """Open a .tflite on the CPU; inputs and outputs in int8 are scaled as the file says.

    Raises:
        DependencyError: it is no network that LiteRT can run.
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        network = Interpreter(model_path=str(file), num_threads=threads)
        network.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        problem = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DependencyError(f"{file.name} does not run in LiteRT: {problem}", hint="") from None
    # torch's arguments are args_0, args_1 ... in the file; its own order is another matter
    inputs = sorted(network.get_input_details(), key=lambda each: str(each["name"]))
    output = network.get_output_details()[0]

    def call(*arrays: NDArray[np.float32]) -> NDArray[np.float32]:
        for each, array in zip(inputs, arrays, strict=True):
            network.set_tensor(each["index"], _stored(each, array))
        network.invoke()
        return _read(output, network.get_tensor(output["index"]))

    return call


def _stored(details: Mapping[str, Any], array: NDArray[np.float32]) -> NDArray[Any]:
    kind = details["dtype"]
    if not np.issubdtype(kind, np.integer):
        return array.astype(kind)
    scale, zero = details["quantization"]
    limits = np.iinfo(kind)
    return np.asarray(np.clip(np.rint(array / scale + zero), limits.min, limits.max).astype(kind))


def _read(details: Mapping[str, Any], found: NDArray[Any]) -> NDArray[np.float32]:
    if not np.issubdtype(details["dtype"], np.integer):
        return np.array(found, np.float32)
    scale, zero = details["quantization"]
    return np.asarray((found.astype(np.float32) - zero) * scale, np.float32)
