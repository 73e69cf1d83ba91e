"""The Inception network of FID as the package `pytorch_fid` has it, with weights from a file and not from the net."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fsbench.errors import DependencyError
from fsbench.networks.packages import load_package

if TYPE_CHECKING:
    import torch
    from torch import nn

DIM = 2048
INPUT_SIZE = 299


def fid_network(tensors: Mapping[str, torch.Tensor], *, name: str) -> nn.Module:
    """Build pytorch_fid's network up to the pooled features, for pictures (N, 3, 299, 299) in 0..1.

    The package fetches its weights itself when it builds the network; for that moment it is handed ours.

    Raises:
        DependencyError: the package is not installed, or the weights are of another network.
    """
    package = load_package("pytorch_fid.inception", hint="pip install pytorch-fid")
    fetch = package.load_state_dict_from_url
    package.load_state_dict_from_url = lambda *args, **options: dict(tensors)
    try:
        network: nn.Module = package.InceptionV3(resize_input=False)
    except RuntimeError as error:
        problem = str(error).splitlines()[1].strip()[:200]
        message = f"{name} does not hold the weights of FID's Inception: {problem}"
        raise DependencyError(message, hint="fsbench zoo verify") from None
    finally:
        package.load_state_dict_from_url = fetch
    return network


def pooled(network: Any, pictures: torch.Tensor) -> torch.Tensor:
    """Give the features (N, 2048) of pictures (N, 3, 299, 299) in 0..1."""
    found: torch.Tensor = network(pictures)[-1].flatten(1)
    return found
