"""Programs that run an exported network: found by name, opened on a file, called with arrays.

A runtime is one row of RUNTIMES and one function `open_...(file, *, threads)` that gives a callable. What it is called
with is the same for all: float32 arrays in the order of the exported network's inputs, batch first. The generator of
MobileFSGAN takes targets (1, 3, S, S) in [-1, 1] and the row of a source (1, D), and gives pictures (1, 3, S, S).
"""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fsbench import catalog
from fsbench.errors import ConfigError, DependencyError

Rows = NDArray[np.float32]
Network = Callable[..., Rows]  # inputs in the order of the file -> its first output, a new array that the caller owns


@dataclass(frozen=True)
class Runtime:
    """One program that runs exported networks."""

    opens: str  # "module:function", called with (file: Path, *, threads: int)
    file_format: str  # of `fsbench export --to`, whose file it runs
    module: str  # that must be importable
    hint: str  # how to install it


def _optional(name: str, module: str) -> Runtime:
    """Describe a runtime whose package an extra of its name brings."""
    return Runtime(f"fsbench.adapters.{name}_runtime:open_{name}", name, module, f"pip install 'fsbench[{name}]'")


RUNTIMES: dict[str, Runtime] = {
    "onnx": Runtime("fsbench.adapters.onnx_session:open_onnx", "onnx", "onnxruntime", "pip install onnxruntime"),
    "openvino": _optional("openvino", "openvino"),
    "ncnn": _optional("ncnn", "ncnn"),
    "mnn": _optional("mnn", "MNN"),
    "litert": _optional("litert", "ai_edge_litert"),
    "executorch": _optional("executorch", "executorch"),
    "torchscript": Runtime("fsbench.adapters.torch_runtime:open_torchscript", "torchscript", "torch", ""),
    "torch-export": Runtime("fsbench.adapters.torch_runtime:open_exported", "torch-export", "torch", ""),
}


def runtime(name: str) -> Runtime:
    """Find a runtime by name, and that its package is here.

    Raises:
        ConfigError: there is no such name; the message offers the nearest.
        DependencyError: its package is not installed.
    """
    if name not in RUNTIMES:
        near = difflib.get_close_matches(name, RUNTIMES, n=1)
        guess = f"; did you mean '{near[0]}'?" if near else ""
        raise ConfigError(f"no runtime is called '{name}'{guess}", hint=f"runtimes: {', '.join(RUNTIMES)}")
    found = RUNTIMES[name]
    if importlib.util.find_spec(found.module) is None:
        raise DependencyError(f"the runtime '{name}' needs the package '{found.module}'", hint=found.hint)
    return found


def open_runtime(name: str, file: Path, *, threads: int) -> Network:
    """Open an exported file, ready to be called many times.

    Args:
        name: key of RUNTIMES.
        file: what `fsbench export` wrote, of the runtime's format.
        threads: how many the runtime may use.

    Raises:
        ConfigError: there is no such runtime.
        DependencyError: its package is not installed, or it cannot run the file.
    """
    opened: Network = catalog.load(runtime(name).opens)(file, threads=threads)
    return opened
