"""A Python function as a swapper: two pictures in, one picture out. It lives in the process that registered it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence

from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError
from fsbench.interfaces import Swapper
from fsbench.types import Image, SwapItem, SwapPair, Swapped

SwapFunction = Callable[[Image, Image], Image]
_registered: dict[str, SwapFunction] = {}  # text is what swappers are built from, and a function is no text


@contextlib.contextmanager
def registered(function: SwapFunction, *, name: str, version: str) -> Iterator[dict[str, str]]:
    """Make a function reachable by text for a while.

    Args:
        function: from the source's and the target's picture, (H, W, 3) uint8 RGB, to the result, which has the
            target's size.
        name: what tables call it.
        version: what its results are remembered by; empty: by nothing, so that each call swaps anew.

    Yields:
        The settings of `FunctionSwapper` that name it.
    """
    token = f"{name}@{version}" if version else f"{name}#{uuid.uuid4().hex[:12]}"
    _registered[token] = function
    try:
        yield {"function": token}
    finally:
        del _registered[token]


class FunctionSwapper(Swapper):
    """Calls a registered function once a pair."""

    name = "function"
    version = 1

    def __init__(self, *, function: str) -> None:
        if function not in _registered:
            raise ConfigError(
                f"no function is registered as '{function}' in this process",
                hint="fsbench.evaluate(function, ...) in Python, or --swapper path/to/file.py:Class",
            )
        self._token, self._function = function, _registered[function]
        self.name = function.partition("#")[0].partition("@")[0]  # type: ignore[misc]

    def fingerprint(self, pair: SwapPair) -> str:
        """Tell functions apart that share a name."""
        return self._token

    def swap(self, items: Sequence[SwapItem]) -> list[Swapped]:
        """Call the function on the two pictures of each item; what it raises costs that item alone."""
        return [self._swap_one(item) for item in items]

    def _swap_one(self, item: SwapItem) -> Swapped:
        return Swapped(self._function(read_rgb(item.source.image.path), read_rgb(item.target.image.path)))
