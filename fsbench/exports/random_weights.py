"""Networks with random weights, for measuring speed and size, and what runtimes do, where nothing is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from fsbench.training.checkpoint import Trained
    from fsbench.training.embedder import Embedder

NOTE = {"random weights": "seed 0"}


def random_trained(*, size: int = 256, width: int = 64) -> Trained:
    """Make the released architecture with random weights; its batch norms have the statistics of two pictures.

    Args:
        size: pixels of a side, a power of two from 64.
        width: channels; the paper's network has 64.

    Raises:
        ConfigError: the architecture has no such size.
    """
    import torch
    from pydantic import ValidationError
    from torch.nn.functional import normalize

    from fsbench.errors import ConfigError
    from fsbench.training.architecture import NetworkSettings
    from fsbench.training.checkpoint import Trained
    from fsbench.training.network import Generator

    try:
        settings = NetworkSettings(image_size=size, width=width)
    except ValidationError as error:
        raise ConfigError(f"--size {size} --width {width}: {error.errors()[0]['msg']}", hint="--size 256") from None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = Generator(settings)
        embeddings = normalize(torch.randn(2, settings.embedding_size))
        _settle(generator, _pictures(size), embeddings)
    return Trained(generator.eval(), "mobilefacenet", None, None)


def random_face_net() -> Embedder:
    """Make MobileFaceNet with random weights."""
    import torch

    from fsbench.networks.mobilefacenet import CROP_SIZE, DIM, MobileFaceNet
    from fsbench.training.embedder import MOBILE_CROP, Embedder

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = MobileFaceNet()
        _settle(network, _pictures(CROP_SIZE))
    return Embedder("mobilefacenet", network, MOBILE_CROP, dim=DIM)


def _pictures(size: int) -> torch.Tensor:
    """Draw a smooth picture and one of noise: with statistics of noise alone smooth pictures grow beyond bounds."""
    import torch

    rows, columns = torch.meshgrid(torch.linspace(0, 9, size), torch.linspace(0, 5, size), indexing="ij")
    smooth = torch.stack([torch.sin(rows + columns * factor) for factor in (1.0, -0.7, 0.4)])
    return torch.stack([smooth, torch.rand(3, size, size) * 2 - 1])


def _settle(network: torch.nn.Module, *inputs: torch.Tensor) -> None:
    """Let batch norms see data once, and give them factors other than 1 and 0, so that a wrong fold shows."""
    import torch

    for norm in network.modules():
        if isinstance(norm, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            norm.momentum = None  # the plain mean of what is seen
            if norm.affine:
                torch.nn.init.uniform_(norm.weight, 0.7, 1.3)
                torch.nn.init.uniform_(norm.bias, -0.2, 0.2)
    with torch.no_grad():
        network.train()(*inputs)
    network.eval()
