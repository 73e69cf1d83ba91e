"""Which triplets a process draws for which step: a pure function of the step, so that a resumed run draws the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from torch.utils.data import Sampler

from fsbench.training.step import Batch

if TYPE_CHECKING:
    import torch
    from torch.utils.data import DataLoader


class Triplets(Protocol):
    """A data set whose item n is the n-th draw of an endless random sequence: same n, same triplet, on any process."""

    def __getitem__(self, draw: int) -> Any:
        """Give the five fields of `Batch` for one sample."""


class Draws(Sampler[list[int]]):
    """Batches of draw numbers, without end.

    All processes together take consecutive numbers, so two of them with batches of four see what one with batches of
    eight sees.
    """

    def __init__(self, *, batch_size: int, first_pass: int = 0, rank: int = 0, world: int = 1) -> None:
        self.batch_size, self.first_pass, self.rank, self.world = batch_size, first_pass, rank, world

    def __iter__(self) -> Iterator[list[int]]:
        """Give the numbers of one pass after the other."""
        number = self.first_pass
        while True:
            start = (number * self.world + self.rank) * self.batch_size
            yield list(range(start, start + self.batch_size))
            number += 1


def batches(dataset: Triplets, draws: Draws, *, workers: int, pin: bool) -> Iterator[Batch]:
    """Read batches, in other processes if there are workers."""
    from torch.utils.data import DataLoader

    loader: DataLoader[Any] = DataLoader(
        dataset,  # type: ignore[arg-type]  # it has no end, so it has no length
        batch_sampler=draws,
        num_workers=workers,
        pin_memory=pin,
        persistent_workers=workers > 0,
        multiprocessing_context="spawn" if workers else None,  # a fork may copy locked locks of torch's threads
    )
    for fields in loader:
        yield Batch(*fields)


def held_out_batches(dataset: Triplets, count: int, batch_size: int) -> Iterator[Batch]:
    """Read the first draws of a held-out set, always the same ones."""
    from torch.utils.data import default_collate

    for start in range(0, count, batch_size):
        items: list[Any] = [dataset[draw] for draw in range(start, min(start + batch_size, count))]
        fields: list[torch.Tensor] = default_collate(items)
        yield Batch(*fields)
