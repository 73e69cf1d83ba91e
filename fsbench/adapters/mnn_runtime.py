"""Exported networks in MNN."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import DependencyError

WINOGRAD_MEMORY = 3  # number of the hint in MNN's Interpreter::HintMode; its Python has no name for it
SMALL_TILES = 0  # the larger tiles of the default lose two to three decimals


def open_mnn(file: Path, *, threads: int) -> Callable[..., NDArray[np.float32]]:
    """Open an .mnn on the CPU, in high precision and with the small Winograd tiles.

    Raises:
        DependencyError: it is no network that MNN can run.
    """
    with _stdout_to_stderr():  # it prints what it found and was asked for, and stdout is for results
        mnn = importlib.import_module("MNN")
        runtime = mnn.nn.create_runtime_manager(({"backend": "CPU", "numThread": threads, "precision": "high"},))
    runtime.set_hint(WINOGRAD_MEMORY, SMALL_TILES)
    network: Any = None
    if file.is_file():
        network = mnn.nn.load_module_from_file(str(file), [], [], runtime_manager=runtime)
    if network is None or not network.get_info()["inputNames"]:
        raise DependencyError(f"{file.name} does not run in MNN", hint="fsbench export mobilefsgan --to mnn")
    layout = mnn.expr.NCHW

    def variable(array: NDArray[np.float32]) -> object:
        found = mnn.expr.placeholder(list(array.shape), layout)
        found.write(np.ascontiguousarray(array))
        return found

    def call(*inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        found = mnn.expr.convert(network.onForward([variable(each) for each in inputs])[0], layout)
        return np.array(found.read(), np.float32).reshape(found.shape)

    return call


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Send what C++ writes to stdout to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        ctypes.CDLL(None).fflush(None)  # C keeps lines back where stdout is a pipe
        os.dup2(kept, 1)
        os.close(kept)
