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
        """Count the parameters of the checkpoint's networks; time the folded ones."""
        import torch

        target, source = (self._tensor(example(size)[None]) for size in (self._size, SOURCE_SIZE))
        embedding = torch.nn.functional.normalize(torch.ones(1, self._folded.style.in_features, device=self._device))
        with torch.inference_mode():
            style = self._folded.style_of(embedding)
        return (
            _part(
                GENERATOR,
                self._trained.generator,
                (self._path,),
                lambda: self._run(lambda: self._folded(target, style)),
            ),
            _part(
                FACE_NET,
                self._embedder.network,
                face_net_files(self._trained),
                lambda: self._run(lambda: self._embedder(source)),
            ),
        )

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


def _part(name: str, module: torch.nn.Module, files: tuple[Path, ...], run: Callable[[], object]) -> Part:
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return Part(name, run, run, parameters, files, once_a_source=name == FACE_NET)
