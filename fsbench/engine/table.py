"""Rows of numbers, in memory while they are few and beyond that in a file without a name."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fsbench.errors import DataError

IN_MEMORY = 8 << 20  # bytes


class Table:
    """(N, D) float32 rows on disk, zeros at first. Read in parts by slices and arrays of row numbers, as an array is.

    The file is gone when the table is, or the process.

    Raises:
        DataError: the disk is full, now or at any later use.
    """

    def __init__(self, shape: tuple[int, int], folder: Path) -> None:
        self.shape = shape
        self.dtype = np.dtype(np.float32)
        self._folder = folder
        self._stride = shape[1] * self.dtype.itemsize
        with self._disk_errors():
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed when the table goes
            self._file.truncate(shape[0] * self._stride)

    def __len__(self) -> int:
        return self.shape[0]

    def __setitem__(self, rows: Iterable[int], value: NDArray[np.float32]) -> None:
        """Write one row to each of some places."""
        content = np.asarray(value, np.float32).tobytes()
        if len(content) != self._stride:
            raise ValueError(f"a row has {np.shape(value)} numbers, wanted ({self.shape[1]},)")
        with self._disk_errors():
            for row in rows:
                self._file.seek(row * self._stride)
                self._file.write(content)

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        numbers = np.arange(len(self))[rows]
        found = np.empty((len(numbers), self.shape[1]), np.float32)
        breaks = np.flatnonzero(np.diff(numbers) != 1) + 1
        with self._disk_errors():
            for first, last in itertools.pairwise([0, *breaks.tolist(), len(numbers)]):  # rows in a row are one read
                if last > first:
                    self._file.seek(int(numbers[first]) * self._stride)
                    self._file.readinto(found[first:last].data.cast("B"))
        return found

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                f"rows of features cannot be kept in {self._folder}: {error.strerror or error}",
                hint="free disk space, or set FSBENCH_CACHE to a folder on another disk",
            ) from error


def zeros(shape: tuple[int, int], folder: Path) -> NDArray[np.float32] | Table:
    """Make rows of zeros: an array, or where that would be large a table in a folder."""
    large = shape[0] * shape[1] * np.dtype(np.float32).itemsize > IN_MEMORY
    return Table(shape, folder) if large else np.zeros(shape, np.float32)
