"""FSTriplets as a torch data set: source, target, and what the swapped result should be where that is known.

Source: the paper's section 3.3; folders, shares and augmentation as in MobileFSGAN's released loader (dataset.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError, DataError, ItemError
from fsbench.training.augment import UNCHANGED, draw_change
from fsbench.training.sampling import shares
from fsbench.training.triplet_folder import IDENTITY, TripletFolder

if TYPE_CHECKING:
    import torch

EPOCH = 640_000  # draws; as released


class Triplet(NamedTuple):
    """One sample; pictures are (3, S, S) float32 RGB in [-1, 1]."""

    source: torch.Tensor  # whose identity the result takes
    target: torch.Tensor  # whose attributes it keeps
    truth: torch.Tensor  # what the result should be; all -1 where that is not known
    has_truth: bool
    source_is_real: bool  # the source is unedited; where it is not, the target is


class Files(NamedTuple):
    """Which pictures a draw takes, as paths relative to the folder."""

    kind: str
    source: str
    target: str
    truth: str | None
    source_is_real: bool


class FSTriplets:
    """Draws triplets from a folder. A map-style data set for torch's DataLoader.

    Draw n is a function of (seed, epoch, n) alone: neither the order of reading nor the number of workers matters.
    A number past the epoch's end is a draw of a later epoch, so item n of epoch 1 is item `len + n` of epoch 0, and a
    sampler may count on without end.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        image_size: int = 256,
        weights: str | Mapping[str, float] = "paper",
        augment: bool = True,
        seed: int = 0,
        length: int = EPOCH,
    ) -> None:
        """Look at the folder; pictures are read when they are drawn.

        Args:
            folder: in the layout of `TripletFolder`.
            image_size: side of what is given out; pictures of another size are resized.
            weights: see `sampling.shares`.
            augment: flips, greys and colours.
            seed: of all draws, >= 0.
            length: draws an epoch.

        Raises:
            ConfigError: a setting is wrong.
            DataError: the folder is not what it should be.
        """
        for name, number, least in (("image_size", image_size, 1), ("seed", seed, 0), ("length", length, 1)):
            if number < least:
                raise ConfigError(f"'{name}' is {number}, wanted >= {least}", hint=f"{name} = {least}")
        self.folder = TripletFolder(Path(folder))
        self.shares = shares(self.folder, weights)
        self.image_size, self.augment, self.seed, self.length, self.epoch = image_size, augment, seed, length, 0
        self._kinds = tuple(self.shares)
        self._limits = np.cumsum([share.probability for share in self.shares.values()])

    def __len__(self) -> int:
        """Give the number of draws of an epoch."""
        return self.length

    def set_epoch(self, epoch: int) -> None:
        """Start another epoch; workers that outlive an epoch do not hear of it, so give them numbers past the end."""
        self.epoch = epoch

    def __getitem__(self, number: int) -> Triplet:
        """Give a draw, any number >= 0.

        Raises:
            DataError: a picture cannot be read or is not square.
        """
        import torch

        random = self._random(number)
        files = self._files(random)
        source_change = target_change = UNCHANGED
        # As released, an identity edit's pair is not augmented: its source must stay its target's twin.
        if self.augment and self.folder.role(files.kind) != IDENTITY:
            source_change, target_change = draw_change(random, "source"), draw_change(random, "target")
        source, target = (self._read(path) for path in (files.source, files.target))
        target = _scaled(target_change.apply(target))
        if files.truth is None:
            truth = torch.full_like(target, -1)
        elif files.truth == files.target:
            truth = target.clone()
        else:  # lies pixel on pixel on the target, so it shares the target's change
            truth = _scaled(target_change.apply(self._read(files.truth)))
        source = _scaled(source_change.apply(source))
        return Triplet(source, target, truth, files.truth is not None, files.source_is_real)

    def files(self, number: int) -> Files:
        """Tell which pictures a draw takes."""
        return self._files(self._random(number))

    def _random(self, number: int) -> np.random.Generator:
        if number < 0:
            raise IndexError(f"draws have numbers >= 0, found {number}")
        later, index = divmod(int(number), self.length)
        return np.random.default_rng([self.seed, self.epoch + later, index])

    def _files(self, random: np.random.Generator) -> Files:
        place = int(np.searchsorted(self._limits, random.random() * self._limits[-1], side="right"))
        kind = self._kinds[min(place, len(self._kinds) - 1)]
        chosen = int(random.integers(self.folder.count(kind)))
        if kind == "vanilla":
            vanilla = self.folder.vanilla
            return Files(kind, vanilla[chosen], vanilla[int(random.integers(len(vanilla)))], None, True)
        if kind == "vanilla_same":
            path = self.folder.vanilla[chosen]
            return Files(kind, path, path, path, True)
        if kind == "edited_target":
            truth, edits, person = self.folder.two_pictures[chosen]
            others = [path for path in self.folder.people[person] if path != truth] or [truth]
            source = others[int(random.integers(len(others)))]
            return Files(kind, source, edits[int(random.integers(len(edits)))], truth, True)
        pair, edited_source = self.folder.pairs[kind][chosen], bool(random.random() < self.shares[kind].edited_source)
        source, target = (pair.edited, pair.original) if edited_source else (pair.original, pair.edited)
        truth = source if self.folder.role(kind) == IDENTITY else target
        return Files(kind, source, target, truth, not edited_source)

    def _read(self, path: str) -> torch.Tensor:
        import cv2
        import torch

        try:
            picture = read_rgb(self.folder.root / path)
        except ItemError as error:
            raise DataError(f"{self.folder.root / path}: {error}", hint="remove it, or make it again") from None
        height, width = picture.shape[:2]
        if height != width:
            raise DataError(
                f"{self.folder.root / path} is {width} x {height}, wanted an aligned square crop",
                hint="fsbench data triplets FACES OUT aligns faces",
            )
        if height != self.image_size:
            method = cv2.INTER_AREA if height > self.image_size else cv2.INTER_CUBIC
            picture = np.asarray(cv2.resize(picture, (self.image_size,) * 2, interpolation=method), np.uint8)
        return torch.from_numpy(picture).permute(2, 0, 1)


def _scaled(picture: torch.Tensor) -> torch.Tensor:
    return (picture.float() / 127.5 - 1).contiguous()
