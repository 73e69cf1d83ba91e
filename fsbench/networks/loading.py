"""Filling a network with the tensors of a weight file, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch import nn

from fsbench.errors import DependencyError

Network = TypeVar("Network", bound=nn.Module)


def filled(build: Callable[[], Network], tensors: Mapping[str, torch.Tensor], *, name: str) -> Network:
    """Build a network without drawing random weights and give it its tensors.

    Args:
        build: the class, or a function that builds it.
        tensors: name of the parameter to its value, as float.
        name: of the weight file, for the message.

    Raises:
        DependencyError: a tensor is missing, left over or of another shape: the file holds another network.
    """
    with torch.device("meta"):
        network = build()
    try:
        network.load_state_dict(dict(tensors), strict=True, assign=True)
    except RuntimeError as error:
        problems = [line.strip() for line in str(error).splitlines()[1:]]
        message = f"{name} does not hold the weights of {type(network).__name__}: {problems[0][:200]}"
        raise DependencyError(message, hint="fsbench zoo verify") from None
    return network.float()
