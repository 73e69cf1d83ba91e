"""Exported networks in torch: TorchScript, and graphs of torch.export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import DependencyError


def open_torchscript(file: Path, *, threads: int) -> Callable[..., NDArray[np.float32]]:
    """Open a traced module on the CPU, without its optimiser, which compiles for ten seconds to fuse little.

    Raises:
        DependencyError: it is none.
    """
    import torch

    def load() -> Any:
        network = torch.jit.load(str(file), map_location="cpu").eval()  # type: ignore[no-untyped-call]

        def call(*inputs: torch.Tensor) -> Any:
            with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
                return network(*inputs)

        return call

    return _opened(file, load, threads)


def open_exported(file: Path, *, threads: int) -> Callable[..., NDArray[np.float32]]:
    """Open a graph of torch.export on the CPU.

    Raises:
        DependencyError: it is none.
    """
    import torch

    return _opened(file, lambda: torch.export.load(file).module(), threads)


def _opened(file: Path, load: Callable[[], Any], threads: int) -> Callable[..., NDArray[np.float32]]:
    import torch

    from fsbench.evaluators.inference import torch_threads

    try:
        network = load()
    except Exception as error:  # noqa: BLE001 - what torch raises on a foreign file has no class in common but this
        problem = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DependencyError(f"{file.name} does not run in torch: {problem}", hint="") from None

    def call(*inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode(), torch_threads(threads):
            return np.asarray(network(*(torch.from_numpy(each) for each in inputs)).numpy(), np.float32)

    return call
