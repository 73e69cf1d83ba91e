"""Progress bars on stderr, with rate and time left."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm


@contextlib.contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show one bar; where stderr is no terminal, one line when it is done."""
    from tqdm import tqdm

    terminal = sys.stderr.isatty()
    with tqdm(total=total, desc=f"{label:<24}", unit="", file=sys.stderr, disable=not terminal, leave=True) as shown:

        def advance(done: int) -> None:
            shown.update(done)

        yield advance
    if not terminal:
        print(f"{label}: {total} done", file=sys.stderr)


class ByteBar:
    """A bar that counts bytes of one file after the other."""

    def __enter__(self) -> ByteBar:
        """Open without a bar: the first call makes it."""
        self._bar: tqdm[Any] | None = None
        return self

    def __exit__(self, *error: object) -> None:
        """Close the last bar."""
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` bytes of a file are there; another total is another file."""
        from tqdm import tqdm

        if self._bar is None or self._bar.total != (total or None):
            self.__exit__()
            self._bar = tqdm(total=total or None, desc="download", unit="B", unit_scale=True, file=sys.stderr)
        self._bar.update(done - self._bar.n)
