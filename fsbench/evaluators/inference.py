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
GPU_GROUP = 64
PRECISIONS = ("float32", "float16", "bfloat16")


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


def one_thread() -> contextlib.AbstractContextManager[None]:
    """Let torch use one thread inside: with another number of them it gives other bits."""
    return torch_threads(1)


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch use so many threads inside."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def check_precision(precision: str, device: str) -> None:
    """Refuse a precision that does not exist, or that would be slower and less exact here.

    Raises:
        ConfigError: it is none of PRECISIONS, or a reduced one on a CPU.
    """
    if precision not in PRECISIONS:
        raise ConfigError(f"'precision' is '{precision}', wanted one of: {', '.join(PRECISIONS)}")
    if precision != "float32" and torch_device_type(device) == "cpu":
        raise ConfigError(f"precision={precision} is for a GPU; on a CPU it is slower", hint="--device cuda")


def torch_device_type(device: str) -> str:
    """Give "cuda" of "cuda:1"."""
    return device.partition(":")[0]


def group_size(device: str) -> int:
    """Tell how many pictures go through a network at once."""
    return GROUP if torch_device_type(device) == "cpu" else GPU_GROUP


def network_rows(
    network: Callable[[torch.Tensor], torch.Tensor],
    pictures: NDArray[np.floating] | NDArray[np.uint8],
    *,
    device: str,
    dim: int,
) -> NDArray[np.float32]:
    """Run a network on (N, H, W, 3) pictures and give its (N, dim) rows; see `batch_rows`."""
    import torch

    rows = np.zeros((len(pictures), dim), np.float32)
    for start in range(0, len(pictures), GROUP):
        group = np.ascontiguousarray(pictures[start : start + GROUP], dtype=np.float32)
        rows[start : start + len(group)] = batch_rows(network, torch.from_numpy(group).to(device).permute(0, 3, 1, 2))
    return rows


def batch_rows(
    network: Callable[[torch.Tensor], torch.Tensor], batch: torch.Tensor, *, precision: str = "float32"
) -> NDArray[np.float32]:
    """Run a network once on (N, 3, H, W) pictures, at most eight on a CPU, and give its rows.

    On a CPU, torch 2 was seen to give the same bits for any N from 2 to 12, and others for 1. So pictures go in
    groups of at most eight, and a picture on its own is doubled. Another number of threads gives other bits too, so
    one is used: more cores are for more processes, whose number must not change a result.
    """
    import torch

    doubled = torch.cat([batch, batch]) if len(batch) == 1 else batch
    doubled = doubled.contiguous(memory_format=torch.channels_last)
    reduced = precision != "float32"
    kind = getattr(torch, precision) if reduced else None
    with torch.inference_mode(), one_thread(), torch.autocast(batch.device.type, dtype=kind, enabled=reduced):
        found = network(doubled)
    return np.asarray(found[: len(batch)].float().cpu().numpy(), np.float32)
