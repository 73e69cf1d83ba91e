"""Swappers that take one pair at a time: a failed item is an outcome, not an end."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fsbench.errors import ItemError
from fsbench.types import SwapItem, Swapped


def one_by_one(items: Sequence[SwapItem], swap_one: Callable[[SwapItem], Swapped]) -> list[Swapped | ItemError]:
    """Swap each item by itself; an ItemError becomes the outcome of its item alone."""
    outcomes: list[Swapped | ItemError] = []
    for item in items:
        try:
            outcomes.append(swap_one(item))
        except ItemError as error:
            outcomes.append(error)
    return outcomes
