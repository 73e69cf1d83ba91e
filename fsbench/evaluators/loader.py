"""Reading and cutting faces in threads, ahead of the network that measures them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from fsbench.types import Face

T = TypeVar("T")
THREADS = 2  # decoding a frame takes a few milliseconds, and releases Python's lock
AHEAD = 2  # groups that wait for the network: more would only hold memory


def groups_ahead(faces: Sequence[Face], prepare: Callable[[Face], T], *, size: int) -> Iterator[list[T]]:
    """Prepare faces in threads and give them in groups of `size`, in order; the next ones are prepared meanwhile.

    Raises:
        ItemError: `prepare` raised it for a face; the faces behind it are not waited for.
    """
    waiting: deque[list[Future[T]]] = deque()
    left = iter(faces)
    pool = ThreadPoolExecutor(THREADS, thread_name_prefix="fsbench-loader")
    try:
        while True:
            while len(waiting) <= AHEAD and (group := list(islice(left, size))):
                waiting.append([pool.submit(prepare, face) for face in group])
            if not waiting:
                return
            yield [future.result() for future in waiting.popleft()]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
