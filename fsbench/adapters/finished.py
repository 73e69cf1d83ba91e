"""What swappers share that only read results: hash the file, read it, check its size."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from fsbench.adapters.declared import identity_networks
from fsbench.adapters.file_hashes import FileHashes
from fsbench.data.frames import picture_size, read_frames
from fsbench.errors import ItemError
from fsbench.interfaces import Swapper
from fsbench.types import FrameRef, IdentityUse, Image, SwapItem, SwapPair, Swapped


class FinishedResults(Swapper):
    """Reads the results of a batch at once, so that a video is decoded once a batch."""

    batch_size = 10  # as many frames of one video as protocols usually take

    def __init__(self, trained_with: str = "") -> None:
        """Start without any hash.

        Args:
            trained_with: identity networks that the results were made with, as `declared.identity_networks` reads.
        """
        self._hashes = FileHashes()
        self._made_with = identity_networks(trained_with)

    def identity_networks(self) -> tuple[IdentityUse, ...] | None:
        """Name what the user says."""
        return self._made_with

    @abstractmethod
    def find(self, pair: SwapPair) -> FrameRef:
        """Name the picture or frame that holds the result.

        Raises:
            ItemError: there is none, or none that is surely the right one.
        """

    @abstractmethod
    def accept(self, image: Image, item: SwapItem) -> Swapped:
        """Turn what was read into an outcome.

        Raises:
            ItemError: it cannot be the result of this item.
        """

    def fingerprint(self, pair: SwapPair) -> str:
        """Give the sha256 of the file that holds the result, and the index of the frame."""
        ref = self.find(pair)
        sha256 = self._hashes.of(ref.path)
        return sha256 if ref.index is None else f"{sha256}#{ref.index}"

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped | ItemError]:
        """Read the result of each item."""
        refs: dict[int, FrameRef] = {}
        outcomes: list[Swapped | ItemError] = [ItemError("not read")] * len(items)
        for place, item in enumerate(items):
            try:
                refs[place] = self.find(item.pair)
            except ItemError as error:
                outcomes[place] = error
        for place, image in zip(refs, read_frames(list(refs.values())), strict=True):
            try:
                outcomes[place] = image if isinstance(image, ItemError) else self.accept(image, items[place])
            except ItemError as error:
                outcomes[place] = error
        return outcomes


def whole_frame(image: Image, item: SwapItem, *, advice: str) -> Swapped:
    """Take a picture as the whole frame of the target.

    Raises:
        ItemError: it has another size than the target's picture.
    """
    height, width = picture_size(item.target.image.path)
    if image.shape[:2] != (height, width):
        found = f"{image.shape[1]} x {image.shape[0]}"
        raise ItemError(f"the result has {found} pixels, the target's picture {width} x {height}; {advice}")
    return Swapped(image)
