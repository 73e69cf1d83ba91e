"""MobileFSGAN's generator: a target picture and the embedding of a source face to swapped pictures at three sizes.

Source: MobileFSGAN (ICME 2022) with its supplement, and the code its authors released, whose names and shapes of
parameters the default settings repeat, so that a state dict of it loads strictly.
"""

from __future__ import annotations

import torch
from torch import nn

from fsbench.training.architecture import Layout, NetworkSettings, layout
from fsbench.training.blocks import AttributeBlock, DecoderBlock, Down, Header, IdentityBlock, PictureHead, Up

Features = dict[tuple[int, int], torch.Tensor]  # (height, how many blocks behind the first map) -> maps


class IdentityEncoder(nn.Module):
    """Replaces the identity in the target's maps; goes far down, and back up to where the decoder begins."""

    def __init__(self, settings: NetworkSettings, plan: Layout) -> None:
        super().__init__()
        size, self.downs = settings.image_size, plan.identity_downs
        self.lowest = len(plan.attribute_blocks) - 1  # the scale at which the decoder begins
        self.size, self.fuses = size, plan.fuses

        def block(scale: int) -> IdentityBlock:
            return IdentityBlock(plan.channels(settings.width, scale), settings.embedding_size, skips=plan.fuses)

        for scale in range(self.downs + 1):
            if scale:
                channels = (plan.channels(settings.width, scale - 1), plan.channels(settings.width, scale))
                self.add_module(f"down{size >> scale}", Down(*channels))
            self.add_module(f"b{size >> scale}_down", block(scale))
        for scale in range(self.downs - 1, self.lowest - 1, -1):
            channels = (plan.channels(settings.width, scale + 1), plan.channels(settings.width, scale))
            self.add_module(f"up{size >> scale}", Up(*channels))
            self.add_module(f"b{size >> scale}_up", block(scale))

    def forward(self, maps: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        """Maps at full size and (N, E) embeddings to the maps that the decoder starts from."""
        kept = {}
        for scale in range(self.downs + 1):
            size = self.size >> scale
            if scale:
                maps = self.get_submodule(f"down{size}")(maps)
            maps = kept[size] = self.get_submodule(f"b{size}_down")(maps, embedding)
        for scale in range(self.downs - 1, self.lowest - 1, -1):
            size = self.size >> scale
            maps = self.get_submodule(f"up{size}")(maps)
            maps = self.get_submodule(f"b{size}_up")(maps + kept[size] if self.fuses else maps, embedding)
        return maps


class AttributeEncoder(nn.Module):
    """Keeps what the identity branch destroys: background, hair, expression, pose."""

    def __init__(self, settings: NetworkSettings, plan: Layout) -> None:
        super().__init__()
        self.size, self.counts = settings.image_size, plan.attribute_blocks
        for scale, count in enumerate(self.counts):
            size, channels = self.size >> scale, plan.channels(settings.width, scale)
            if scale:
                self.add_module(f"downsample{size}", Down(plan.channels(settings.width, scale - 1), channels))
            for index in range(1, count + 1):
                self.add_module(f"b{size}_{index}", AttributeBlock(channels, skips=plan.fuses))

    def forward(self, maps: torch.Tensor) -> Features:
        """Maps at full size to all maps on the way, by height and by number of blocks passed at that height."""
        found: Features = {}
        for scale, count in enumerate(self.counts):
            size = self.size >> scale
            if scale:
                maps = self.get_submodule(f"downsample{size}")(maps)
            found[size, 0] = maps
            for index in range(1, count + 1):
                maps = found[size, index] = self.get_submodule(f"b{size}_{index}")(maps)
        return found


class Decoder(nn.Module):
    """Fuses identity with attributes, block by block and scale by scale; a picture before each doubling."""

    def __init__(self, settings: NetworkSettings, plan: Layout) -> None:
        super().__init__()
        self.size, self.sizes, self.scales = settings.image_size, settings.sizes, len(plan.decoder_blocks)
        # A block takes the attribute maps whose index its name carries: the latest first.
        self.blocks = {
            self.size >> scale: tuple(range(last, last - count, -1))
            for scale, (last, count) in enumerate(zip(plan.attribute_blocks, plan.decoder_blocks, strict=True))
        }
        for scale in range(self.scales - 1, -1, -1):
            size, channels = self.size >> scale, plan.channels(settings.width, scale)
            if scale < self.scales - 1:
                self.add_module(f"up{size}", Up(plan.channels(settings.width, scale + 1), channels))
            for index in self.blocks[size]:
                self.add_module(f"b{size}_{index}", DecoderBlock(channels, kernel=plan.attention_kernel))
            if size in self.sizes:
                self.add_module(f"image{size}_output", PictureHead(channels))

    def forward(self, maps: torch.Tensor, attributes: Features, *, largest_only: bool) -> tuple[torch.Tensor, ...]:
        """The identity branch's last maps, and the attribute maps, to pictures in [-1, 1], largest first."""
        pictures = []
        for scale in range(self.scales - 1, -1, -1):
            size = self.size >> scale
            if scale < self.scales - 1:
                maps = self.get_submodule(f"up{size}")(maps)
            for index in self.blocks[size]:
                maps = self.get_submodule(f"b{size}_{index}")(maps, attributes.get((size, index)))
            if size == self.size or (size in self.sizes and not largest_only):
                pictures.append(self.get_submodule(f"image{size}_output")(maps))
        return tuple(reversed(pictures))


class Generator(nn.Module):
    """The whole generator."""

    def __init__(self, settings: NetworkSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or NetworkSettings()
        plan = layout(self.settings)
        self.fuses = plan.fuses
        self.encoder_head = Header(self.settings.width)
        self.identity_encoder = IdentityEncoder(self.settings, plan)
        self.attribute_encoder = AttributeEncoder(self.settings, plan)
        if not plan.fuses:  # nothing reads it: it counts for the size alone
            self.attribute_encoder.requires_grad_(False)
        self.decoder = Decoder(self.settings, plan)

    def forward(self, target: torch.Tensor, embedding: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Swap.

        Args:
            target: (N, 3, S, S) RGB in [-1, 1], S = settings.image_size.
            embedding: (N, E) of the sources, each of length 1.

        Returns:
            Pictures (N, 3, S, S), (N, 3, S / 2, S / 2), (N, 3, S / 4, S / 4) in [-1, 1], as many as settings.outputs.
        """
        return self._pictures(target, embedding, largest_only=False)

    def swap(self, target: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        """Give the largest picture alone, (N, 3, S, S); the other heads are not computed."""
        return self._pictures(target, embedding, largest_only=True)[0]

    def _pictures(
        self, target: torch.Tensor, embedding: torch.Tensor, *, largest_only: bool
    ) -> tuple[torch.Tensor, ...]:
        identity, attribute = self.encoder_head(target)
        attributes = self.attribute_encoder(attribute) if self.fuses else {}
        maps = self.identity_encoder(identity, embedding)
        found: tuple[torch.Tensor, ...] = self.decoder(maps, attributes, largest_only=largest_only)
        return found


class LargestPicture(nn.Module):
    """A generator as a network of two inputs and one output, for export."""

    def __init__(self, generator: Generator) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, target: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        """(N, 3, S, S) targets and (N, E) embeddings of length 1 to (N, 3, S, S) pictures."""
        return self.generator.swap(target, embedding)
