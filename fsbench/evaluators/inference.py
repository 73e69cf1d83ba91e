"""Running a torch network on pictures so that a row does not depend on the batch it was computed in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import ConfigError

if TYPE_CHECKING:
    import torch

    Network = TypeVar("Network", bound=torch.nn.Module)

GROUP = 8  # pictures at once: larger groups gain little on a CPU, and torch may then choose other kernels


def check_device(device: str) -> None:
    """Find out before the work whether a device can be used; "cpu" needs no look.

    Raises:
        ConfigError: there is no such device here.
    """
    if device == "cpu":
        return
    import torch

    prepared(torch.nn.Linear(1, 1), device)


def prepared(network: Network, device: str) -> Network:
    """Put a network on a device for measuring only: eval mode, no gradients, the faster memory layout.

    Raises:
        ConfigError: there is no such device here.
    """
    import torch

    try:
        network = network.to(torch.device(device))
    except (RuntimeError, AssertionError) as error:
        problem = str(error).splitlines()[0]
        raise ConfigError(f"the device '{device}' cannot be used: {problem}", hint="--device cpu") from None
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def network_rows(
    network: Callable[[torch.Tensor], torch.Tensor],
    pictures: NDArray[np.floating] | NDArray[np.uint8],
    *,
    device: str,
    dim: int,
) -> NDArray[np.float32]:
    """Run a network on (N, H, W, 3) pictures and give its (N, dim) rows.

    On a CPU, torch 2 was seen to give the same bits for any N from 2 to 12, and others for 1. So pictures go in
    groups of at most eight, and a picture on its own is doubled. Another number of threads gives other bits too, so
    one is used: more cores are for more processes, whose number must not change a result.
    """
    import torch

    rows = np.zeros((len(pictures), dim), np.float32)
    with torch.inference_mode(), _one_thread():
        for start in range(0, len(pictures), GROUP):
            group = pictures[start : start + GROUP]
            doubled = np.concatenate([group, group]) if len(group) == 1 else group
            batch = torch.from_numpy(np.ascontiguousarray(doubled, dtype=np.float32)).to(device).permute(0, 3, 1, 2)
            rows[start : start + len(group)] = network(batch)[: len(group)].cpu().numpy()
    return rows
