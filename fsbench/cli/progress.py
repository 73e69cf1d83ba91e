"""Progress bars on stderr, with rate and time left."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

    from fsbench.engine.bench import Advance


LINE_SECONDS = 60.0  # between two lines where stderr is a file


@contextlib.contextmanager
def bar(label: str, total: int) -> Iterator[Advance]:
    """Show one bar; where stderr is no terminal, a line a minute and one when it is done."""
    from tqdm import tqdm

    terminal = sys.stderr.isatty()
    started = spoken = time.monotonic()
    last = ""
    with tqdm(total=total, desc=f"{label:<24}", unit="", file=sys.stderr, disable=not terminal, leave=True) as shown:
        count = 0

        def advance(done: int, note: str = "") -> None:
            nonlocal count, spoken, last
            count, last = count + done, note
            if terminal:
                shown.set_postfix_str(note, refresh=False)
                shown.update(done)
            elif (now := time.monotonic()) - spoken >= LINE_SECONDS:
                spoken = now
                rate = f"{count / (now - started):.1f} a second"
                print(f"{label}: {count} of {total}, {rate}{note and ', ' + note}", file=sys.stderr)

        yield advance
    if not terminal:
        print(f"{label}: {total} done{last and ' (' + last + ')'}", file=sys.stderr)


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
