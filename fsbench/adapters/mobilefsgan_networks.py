"""MobileFSGAN's two networks ready to run: what a source is turned into, once, and how targets are painted with it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from fsbench.types import Image, Part

if TYPE_CHECKING:
    import torch

    from fsbench.training.checkpoint import Trained
    from fsbench.training.embedder import Embedder
    from fsbench.training.folded import FoldedGenerator
    from fsbench.training.network import Generator

SOURCE_SIZE = 256  # pixels; what the identity network's crop was measured in
Rows = NDArray[np.float32]
GENERATOR, FACE_NET = "generator", "face net"


class Networks(ABC):
    """The generator and the face net of one checkpoint."""

    framework: str  # what runs the generator, in words

    @abstractmethod
    def code(self, source: Image) -> Rows:
        """Turn an aligned source (256, 256, 3) into the row that the generator takes."""

    @abstractmethod
    def paint(self, targets: Image, codes: Rows) -> Rows:
        """Give the pictures of aligned targets (N, S, S, 3) with sources' codes (N, D): (N, S, S, 3), about [-1, 1]."""

    @abstractmethod
    def parts(self) -> tuple[Part, ...]:
        """Give both networks with random inputs, to be timed, counted and weighed by themselves."""


class TorchNetworks(Networks):
    """In torch, with all folded that does not depend on the target; a code is the style of the source."""

    framework = "PyTorch, folded"

    def __init__(self, path: Path, trained: Trained, *, device: str, threads: int) -> None:
        self._path, self._trained, self._device, self._threads = path, trained, device, threads

    def code(self, source: Image) -> Rows:
        """Embed, and work out scales and shifts of all blocks."""
        return np.asarray(self._run(lambda: self._folded.style_of(self._embedder(self._tensor(source[None]))))[0])

    def paint(self, targets: Image, codes: Rows) -> Rows:
        """Paint a batch in one pass."""
        import torch

        styles = torch.from_numpy(codes).to(self._device)
        return self._run(lambda: self._folded(self._tensor(targets), styles).permute(0, 2, 3, 1))

    def parts(self) -> tuple[Part, ...]:
        """Count the parameters of the checkpoint's networks; time what is run of them."""
        source = self._tensor(example(SOURCE_SIZE)[None])
        generator, face = self._trained.generator, self._embedder.network
        return (
            Part(GENERATOR, self._painted(), self._painted_plain(), parameters_of(generator), self._files()),
            Part(
                FACE_NET,
                lambda: self._run(lambda: self._embedder(source)),
                lambda: self._run(lambda: self._embedder(source)),
                parameters_of(face),
                face_net_files(self._trained),
                once_a_source=True,
            ),
        )

    def _painted(self) -> Callable[[], object]:
        """Give one pass of the generator as it is run here, its input ready."""
        import torch

        target, embedding = self._examples()
        with torch.inference_mode():
            style = self._folded.style_of(embedding)
        return lambda: self._run(lambda: self._folded(target, style))

    def _painted_plain(self) -> Callable[[], object]:
        """Give one pass of the same input through the network as it was released."""
        target, embedding = self._examples()
        return lambda: self._run(lambda: self._plain(target, embedding)[0])

    def _examples(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Give a target of noise, and an embedding."""
        import torch

        rows = torch.ones(1, self._trained.generator.settings.embedding_size, device=self._device)
        return self._tensor(example(self._size)[None]), torch.nn.functional.normalize(rows)

    def _files(self) -> tuple[Path, ...]:
        return (self._path,)

    def _run(self, work: Callable[[], torch.Tensor]) -> Rows:
        import torch

        from fsbench.evaluators.inference import torch_threads

        with torch.inference_mode(), torch_threads(self._threads):
            return np.asarray(work().float().cpu().numpy(), np.float32)

    def _tensor(self, pictures: Image) -> torch.Tensor:
        """(N, S, S, 3) uint8 to (N, 3, S, S) in [-1, 1]."""
        import torch

        found = torch.from_numpy(pictures).to(self._device).permute(0, 3, 1, 2).contiguous()
        return found.float() / 127.5 - 1

    @property
    def _size(self) -> int:
        return self._trained.generator.settings.image_size

    @cached_property
    def _plain(self) -> Generator:
        """The network with tensors of its own: what is laid out anew for the folded one must not change it."""
        from fsbench.training.checkpoint import load_trained

        return load_trained(self._path).generator.eval().requires_grad_(False).to(self._device)

    @cached_property
    def _folded(self) -> FoldedGenerator:
        from fsbench.evaluators.inference import prepared
        from fsbench.training.folded import FoldedGenerator

        return prepared(FoldedGenerator(self._trained.generator), self._device)

    @cached_property
    def _embedder(self) -> Embedder:
        return face_net(self._trained, self._device)


def face_net(trained: Trained, device: str) -> Embedder:
    """Build the identity network that a generator understands, centred as it was trained.

    Raises:
        DependencyError: its weights are not there.
    """
    from fsbench.evaluators.inference import prepared
    from fsbench.training.embedder import build_embedder
    from fsbench.zoo.store import require

    embedder = build_embedder(trained.identity, require)
    if trained.centre is not None:
        embedder.centre.copy_(trained.centre)
    return prepared(embedder, device)


def example(size: int) -> Image:
    """Make a picture of noise; what a network costs does not depend on what it sees."""
    return np.random.default_rng(size).integers(0, 256, (size, size, 3), np.uint8)


def face_net_files(trained: Trained) -> tuple[Path, ...]:
    """Name the file of the identity network that a generator understands.

    Raises:
        DependencyError: it is not there.
    """
    from fsbench.training.embedder import weight_files
    from fsbench.zoo.store import require

    return tuple(weight_files(trained.identity, require).values())


def parameters_of(network: torch.nn.Module) -> int:
    """Count what was learned."""
    return sum(parameter.numel() for parameter in network.parameters())
