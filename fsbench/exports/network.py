"""What is exported: a network with its inputs by name, and two sets of inputs on which every export is checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

    from fsbench.training.checkpoint import Trained
    from fsbench.training.embedder import Embedder

Arrays = tuple[NDArray[np.float32], ...]
Part = Literal["generator", "face-net"]
PICTURE = "RGB in [-1, 1]: pixel / 127.5 - 1; a crop of the template mobilefsgan"
EMBEDDING = "what the face net gives for the source: length 1"
FACE_SIDE = 256  # pixels; the face net's crop is cut out of such a picture


@dataclass(frozen=True)
class Input:
    """One input of an exported network; all are float32."""

    name: str
    shape: tuple[int, ...]
    meaning: str


@dataclass(frozen=True, eq=False)
class Network:
    """A torch module in evaluation mode, called with its inputs in order, that gives one tensor."""

    part: Part
    form: str  # "folded" or "plain"; the face net has the one form
    module: torch.nn.Module
    inputs: tuple[Input, ...]
    output: Input
    weights: Mapping[str, str]  # file -> sha256, or what they are instead

    @property
    def title(self) -> str:
        """The name that its files begin with."""
        return f"{self.part}-plain" if self.form == "plain" else self.part

    def examples(self) -> tuple[Arrays, Arrays]:
        """Give a smooth picture and one of noise, with a row each: the same ones for every export."""
        return self._arrays(seed=1, smooth=True), self._arrays(seed=2, smooth=False)

    def tensors(self) -> tuple[torch.Tensor, ...]:
        """Give the first example as tensors, to trace with."""
        import torch

        return tuple(torch.from_numpy(array) for array in self.examples()[0])

    def run(self, arrays: Arrays) -> NDArray[np.float32]:
        """Run the torch module: what every export is compared with."""
        import torch

        from fsbench.evaluators.inference import one_thread

        with torch.inference_mode(), one_thread():
            return np.asarray(self.module(*map(torch.from_numpy, arrays)).numpy(), np.float32)

    def _arrays(self, *, seed: int, smooth: bool) -> Arrays:
        draw = np.random.default_rng(seed)
        found = []
        for each in self.inputs:
            if len(each.shape) == 4:
                values = _waves(draw, each.shape) if smooth else draw.uniform(-1, 1, each.shape)
            else:
                values = draw.standard_normal(each.shape)
                values = values / np.linalg.norm(values)
            found.append(values.astype(np.float32))
        return tuple(found)


def generator_network(trained: Trained, *, folded: bool, weights: Mapping[str, str]) -> Network:
    """Make the generator ready: a target and an embedding to the largest picture.

    Folded, the linear layers of all blocks are one matrix and most batch norms are gone. Those in front of zero padding
    stay: taken into the convolution, the border would need values of its own, and runtimes have no cheap operator.
    """
    from fsbench.training.folded import FoldedGenerator, WithEmbedding
    from fsbench.training.network import LargestPicture

    generator, side = trained.generator, trained.generator.settings.image_size
    module: torch.nn.Module = (
        WithEmbedding(FoldedGenerator(generator, keep_down_norms=True)) if folded else LargestPicture(generator)
    )
    return Network(
        part="generator",
        form="folded" if folded else "plain",
        module=module.eval().requires_grad_(False),
        inputs=(
            Input("target", (1, 3, side, side), PICTURE),
            Input("embedding", (1, generator.settings.embedding_size), EMBEDDING),
        ),
        output=Input("picture", (1, 3, side, side), "RGB in [-1, 1]: (value + 1) * 127.5 is the pixel"),
        weights=weights,
    )


def face_net_network(embedder: Embedder, *, weights: Mapping[str, str]) -> Network:
    """Make the face net ready, with its crop, its scaling and its centre inside: a source picture to an embedding."""
    import torch

    module = embedder.to(memory_format=torch.contiguous_format)
    return Network(
        part="face-net",
        form=embedder.name,
        module=module.eval().requires_grad_(False),
        inputs=(Input("source", (1, 3, FACE_SIDE, FACE_SIDE), PICTURE),),
        output=Input("embedding", (1, embedder.dim), EMBEDDING),
        weights=weights,
    )


def _waves(draw: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Draw a picture without hard edges, (1, C, H, W) in [-1, 1]."""
    _, channels, height, width = shape
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width)
    planes = []
    for _ in range(channels):
        first, second, phase = draw.uniform(2, 12, 3)
        planes.append(np.sin(first * rows + second * columns + phase))
    return np.stack(planes)[None]
