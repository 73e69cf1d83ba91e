"""Rows that lie on disk: the same as an array, but for memory."""

from __future__ import annotations

import gc
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fsbench.engine import table
from fsbench.engine.table import Table
from fsbench.errors import DataError
from fsbench.metrics.distribution import frechet_distance, frechet_without_groups
from fsbench.metrics.identity import retrieve
from fsbench.metrics.kernel import kernel_distance
from fsbench.metrics.rows import TILE, Selected, finite_features

FULL = """
import resource, sys
from pathlib import Path
import numpy as np
from fsbench.engine.table import Table
from fsbench.errors import DataError
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # a full disk, as far as a file can tell
try:
    Table((1000, 64), Path(sys.argv[1]))
except DataError as error:
    print(error, "|", error.hint)
"""


def on_disk(rows: NDArray[np.float32], folder: Path) -> Table:
    found = Table((len(rows), rows.shape[1]), folder)
    for number, row in enumerate(rows):
        found[[number]] = row
    return found


def some_rows(count: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


def peak_of(call: Callable[[], object]) -> int:
    """Tell how many bytes a call holds at most."""
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_few_rows_are_an_array_and_many_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(table.zeros((10, 4), tmp_path), np.ndarray)
    monkeypatch.setattr(table, "IN_MEMORY", 10 * 4 * 4 - 1)
    assert isinstance(table.zeros((10, 4), tmp_path), Table)


def test_rows_are_read_as_those_of_an_array(tmp_path: Path) -> None:
    rows = some_rows(50, 3)
    found = on_disk(rows, tmp_path)
    assert (len(found), found.shape, found.dtype) == (50, (50, 3), np.float32)
    for part in (slice(None), slice(7, 9), slice(40, 99), slice(60, 70), slice(0, 50, 7), slice(None, None, -1)):
        assert np.array_equal(found[part], rows[part])
    numbers = np.array([3, 49, 3, 0])
    assert np.array_equal(found[numbers], rows[numbers])
    assert found[np.zeros(0, np.int64)].shape == (0, 3)
    assert np.array_equal(np.asarray(found), rows)


def test_a_row_goes_to_all_its_places_and_the_rest_is_zeros(tmp_path: Path) -> None:
    found = Table((5, 2), tmp_path)
    found[[4, 1]] = np.array([1.5, -2], np.float32)
    assert found[:].tolist() == [[0, 0], [1.5, -2], [0, 0], [0, 0], [1.5, -2]]
    with pytest.raises(ValueError, match=r"a row has \(3,\) numbers, wanted \(2,\)"):
        found[[0]] = np.zeros(3, np.float32)


def test_the_file_has_no_name_and_goes_with_the_table(tmp_path: Path) -> None:
    found = Table((5, 2), tmp_path)
    assert found[0:1].shape == (1, 2)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"rows of features cannot be kept in .*gone: No such file"):
        Table((5, 2), tmp_path / "gone")


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"rows of features cannot be kept in {tmp_path}: File too large | free disk space")


def test_metrics_give_the_same_of_rows_on_disk(tmp_path: Path) -> None:
    first, second = some_rows(300, 40), some_rows(200, 40, seed=1) + 1
    groups = {"real_groups": np.arange(300) % 5, "swapped_groups": np.arange(200) % 5}
    stored = on_disk(first, tmp_path), on_disk(second, tmp_path)
    assert frechet_distance(*stored) == frechet_distance(first, second)
    assert kernel_distance(*stored) == kernel_distance(first, second)
    assert np.array_equal(frechet_without_groups(*stored, **groups), frechet_without_groups(first, second, **groups))
    labels = {"probe_labels": ["a"] * 200, "gallery_labels": [str(n) for n in range(299)] + ["a"]}
    found, wanted = retrieve(stored[1], stored[0], **labels), retrieve(second, first, **labels)
    assert np.array_equal(found.rank, wanted.rank) and np.array_equal(found.nearest, wanted.nearest)


def test_a_row_that_is_not_finite_is_found_on_disk(tmp_path: Path) -> None:
    rows = some_rows(TILE + 20, 2)
    rows[TILE + 5, 1] = np.nan
    with pytest.raises(ValueError, match=f"1 of {TILE + 20} rows of x .*the first is row {TILE + 5}"):
        finite_features(on_disk(rows, tmp_path), "x")


def test_selected_rows_are_those_with_the_numbers(tmp_path: Path) -> None:
    rows, numbers = some_rows(30, 3), np.array([5, 2, 29])
    for source in (rows, on_disk(rows, tmp_path)):
        found = Selected(source, numbers)
        assert (len(found), found.shape) == (3, (3, 3))
        assert np.array_equal(np.asarray(found), rows[numbers])
        assert np.array_equal(found[1:], rows[numbers[1:]])


@pytest.mark.parametrize("metric", [frechet_distance, kernel_distance])
def test_twice_the_rows_take_a_set_distance_no_more_memory(tmp_path: Path, metric: Callable[..., float]) -> None:
    def peak(count: int) -> int:
        sides = on_disk(some_rows(count, 64), tmp_path), on_disk(some_rows(count, 64, seed=1), tmp_path)
        return peak_of(lambda: metric(*sides))

    few, many = peak(3 * TILE), peak(6 * TILE)
    more_rows = 2 * 3 * TILE * 64 * 4
    assert many - few < more_rows / 4


def test_a_larger_gallery_takes_a_search_no_more_memory_than_its_labels(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        gallery, labels = on_disk(some_rows(count, 256), tmp_path), [str(number) for number in range(count)]
        probes = some_rows(8, 256, seed=1)
        return peak_of(lambda: retrieve(probes, gallery, probe_labels=labels[:8], gallery_labels=labels))

    few, many = peak(4 * TILE), peak(8 * TILE)
    assert many - few < 4 * TILE * 256 * 4 / 4
