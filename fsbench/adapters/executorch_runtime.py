"""Exported networks in ExecuTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import DependencyError


def open_executorch(file: Path, *, threads: int) -> Callable[..., NDArray[np.float32]]:
    """Open a .pte. Its Python runtime has a thread pool of its own: `threads` is not heard.

    Raises:
        DependencyError: it is no program that ExecuTorch can run.
    """
    import torch
    from executorch.runtime import Runtime

    try:
        program = Runtime.get().load_program(file)
        method = program.load_method("forward")
    except (RuntimeError, OSError) as error:
        problem = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise DependencyError(f"{file.name} does not run in ExecuTorch: {problem}", hint="") from None
    if method is None:
        raise DependencyError(f"{file.name} has no method 'forward'", hint="fsbench export mobilefsgan --to executorch")

    def call(*inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        found = method.execute([torch.from_numpy(np.ascontiguousarray(each)) for each in inputs])[0]
        return np.array(found.numpy(), np.float32)  # a copy: the next call writes over it

    return call
