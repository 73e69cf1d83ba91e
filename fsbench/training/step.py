"""One training step: all losses of both networks, and nothing computed that is thrown away.

Set against the straightforward loop: the frozen networks have no weight gradients, the target's features and the
source's embedding are made without a graph, the identity network sees the pictures of all sizes in one pass, and the
discriminator's weights are frozen while the generator's gradient passes through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from fsbench.training import losses
from fsbench.training.discriminator import Discriminator
from fsbench.training.embedder import Embedder
from fsbench.training.network import Generator
from fsbench.training.perception import DlibFeatures, Vgg19Features
from fsbench.training.settings import LossSettings

Pictures = tuple[torch.Tensor, ...]
Parts = dict[str, torch.Tensor]  # name of a loss -> its value before weighting, without a graph


class Batch(NamedTuple):
    """Triplets side by side. Pictures are (N, 3, S, S) in [-1, 1], at least as large as the network's."""

    source: torch.Tensor
    target: torch.Tensor
    truth: torch.Tensor  # what the result should be; anything where there is none
    has_truth: torch.Tensor  # (N,) bool
    source_is_real: torch.Tensor  # (N,) bool: the source is the unedited picture of the two


class Loss(NamedTuple):
    """A sum to go back through, and what it was made of."""

    total: torch.Tensor
    parts: Parts


def resized(pictures: torch.Tensor, size: int) -> torch.Tensor:
    """Shrink (N, 3, S, S) to a smaller size by averaging whole blocks; S must be a multiple of it."""
    if pictures.shape[-1] == size:
        return pictures
    if pictures.shape[-1] % size:
        raise ValueError(f"pictures of {pictures.shape[-1]} px cannot be averaged to {size} px")
    return functional.interpolate(pictures, (size, size), mode="area")


class Step:
    """The losses of one batch, given the networks."""

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        embedder: Embedder,
        features: Vgg19Features | DlibFeatures,
        settings: LossSettings,
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.embedder, self.features, self.settings = embedder, features, settings
        self.sizes = generator.settings.sizes

    def generate(self, batch: Batch, generator: nn.Module | None = None) -> tuple[Pictures, torch.Tensor]:
        """Give the pictures, and the sources' embeddings (N, E) that they were made from.

        `generator` is what to call in place of the bare network, such as its wrapper over several processes.
        """
        with torch.no_grad():
            wanted = self.embedder(batch.source)
        pictures: Pictures = (generator or self.generator)(resized(batch.target, self.sizes[0]), wanted)
        return pictures, wanted

    def generator_loss(
        self, batch: Batch, pictures: Pictures, wanted: torch.Tensor, count: torch.Tensor | None = None
    ) -> Loss:
        """Sum up what the generator pays; `count` as in `losses.pixel_loss`. Freezes the discriminator's weights."""
        self.discriminator.requires_grad_(False)
        terms = [*self._adversarial(pictures), *self._identity(pictures, wanted)]
        if self.settings.attribute:
            with torch.no_grad():
                kept = self.features(resized(batch.target, self.sizes[0]))
            value = losses.attribute_loss(self.features(pictures[0]), kept, self.features.weights)
            terms.append(("attribute", self.settings.attribute, value))
        if self.settings.pixel:
            truth = resized(batch.truth, self.sizes[0])
            value = losses.pixel_loss(pictures[0], truth, batch.has_truth, count=count)
            terms.append(("pixel", self.settings.pixel, value))
        total = torch.stack([weight * value for _, weight, value in terms]).sum()
        return Loss(total, {name: value.detach() for name, _, value in terms})

    def discriminator_loss(
        self, batch: Batch, pictures: Pictures, judge: Callable[[Sequence[torch.Tensor]], Pictures] | None = None
    ) -> Loss:
        """Sum up what the discriminators pay. Real is the source where it is unedited, and else the target."""
        self.discriminator.requires_grad_(True)
        judge = judge or self.discriminator
        largest = resized(
            torch.where(batch.source_is_real[:, None, None, None], batch.source, batch.target), self.sizes[0]
        )
        real = [self._shrunk(largest, size) for size in self.discriminator.sizes]
        swapped = judge([picture.detach() for picture in self._judged(pictures)])
        terms = []
        for size, seen, made in zip(self.discriminator.sizes, judge(real), swapped, strict=True):
            value = losses.discriminator_loss(seen, made, reduction=self.settings.reduction)
            terms.append((f"discriminator_{size}", self._weight(size), value))
        total = torch.stack([weight * value for _, weight, value in terms]).sum()
        return Loss(total, {name: value.detach() for name, _, value in terms})

    def _adversarial(self, pictures: Pictures) -> list[tuple[str, float, torch.Tensor]]:
        patches = self.discriminator(self._judged(pictures))
        options = self.settings
        return [
            (
                f"adversarial_{size}",
                self._weight(size),
                losses.adversarial_loss(made, form=options.adversarial_form, reduction=options.reduction),
            )
            for size, made in zip(self.discriminator.sizes, patches, strict=True)
        ]

    def _identity(self, pictures: Pictures, wanted: torch.Tensor) -> list[tuple[str, float, torch.Tensor]]:
        asked = [(size, weight) for size, weight in zip(self.sizes, self.settings.identity, strict=False) if weight]
        if not asked:
            return []
        rows = self.embedder.several([pictures[self.sizes.index(size)] for size, _ in asked])
        return [
            (f"identity_{size}", weight, losses.identity_loss(found, wanted, margin=self.settings.margin))
            for (size, weight), found in zip(asked, rows, strict=True)
        ]

    def _judged(self, pictures: Pictures) -> list[torch.Tensor]:
        return [pictures[self.sizes.index(size)] for size in self.discriminator.sizes]

    def _weight(self, size: int) -> float:
        return self.settings.adversarial[self.sizes.index(size)]

    @staticmethod
    def _shrunk(pictures: torch.Tensor, size: int) -> torch.Tensor:
        if pictures.shape[-1] == size:
            return pictures
        return functional.interpolate(pictures, (size, size), mode="bilinear", align_corners=True)  # as released


def judged_sizes(sizes: Sequence[int], settings: LossSettings) -> tuple[int, ...]:
    """Say which sizes need a discriminator: those whose adversarial loss has a weight."""
    return tuple(size for size, weight in zip(sizes, settings.adversarial, strict=False) if weight)
