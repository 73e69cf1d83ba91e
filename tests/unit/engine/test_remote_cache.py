"""The store at an address, from several machines: each has an index of its own in a folder."""

from __future__ import annotations

import uuid
from pathlib import Path

import numpy as np
import pytest
from needs import needs

from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.data.places import place
from fsbench.engine.remote_cache import RemoteCache

needs("upath", "remote")


@pytest.fixture
def address() -> Path:
    return place(f"memory://{uuid.uuid4().hex}/cache")


def test_what_one_machine_stores_another_finds(address: Path, tmp_path: Path) -> None:
    one = RemoteCache(address, tmp_path / "one")
    image = np.full((4, 4, 3), 7, np.uint8)
    path = one.put_picture("k" * 64, pixel_sha256(image), png_bytes(image))
    one.put({"k" * 64: bytes(range(256)), "other": b""})
    assert one.holds(path)
    two = RemoteCache(address, tmp_path / "two")
    assert two.get(["k" * 64, "other", "absent"]) == {"k" * 64: bytes(range(256)), "other": b""}
    found = two.picture("k" * 64, pixel_sha256(image))
    assert two.holds(found)
    assert np.array_equal(read_rgb(found), image)
    assert not two.holds(two.picture("x" * 64, pixel_sha256(image)))


def test_two_runs_at_once_lose_nothing_of_each_other(address: Path, tmp_path: Path) -> None:
    one, two = (RemoteCache(address, tmp_path / name) for name in ("one", "two"))
    for number in range(5):
        one.put({f"one{number}": b"1"})
        two.put({f"two{number}": b"2"})
    assert len(one) == len(two) == 5  # each knows its own until it is opened again
    assert len(RemoteCache(address, tmp_path / "one")) == len(RemoteCache(address, tmp_path / "three")) == 10


def test_a_segment_is_read_once(address: Path, tmp_path: Path) -> None:
    RemoteCache(address, tmp_path / "one").put({"a": b"1"})
    RemoteCache(address, tmp_path / "two").close()
    (segment,) = (address / "entries").iterdir()
    segment.write_bytes(b"no json: it would stop whoever reads it again\n")
    assert RemoteCache(address, tmp_path / "two").get(["a"]) == {"a": b"1"}


def test_an_index_of_a_store_that_was_cleared_starts_anew(address: Path, tmp_path: Path) -> None:
    one, two = (RemoteCache(address, tmp_path / name) for name in ("one", "two"))
    one.put({"a": b"1"})
    assert len(RemoteCache(address, tmp_path / "two")) == 1
    one.clear()
    assert len(one) == 0
    assert len(RemoteCache(address, tmp_path / "two")) == 0
    two.close()
