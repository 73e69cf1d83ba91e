"""Addresses serve as paths do: memory:// stands for the stores of a cluster."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import numpy as np
import pytest
from needs import needs

from fsbench.data.frames import decode_frames, file_sha256, picture_size, png_bytes, read_rgb
from fsbench.data.places import is_address, is_everywhere, is_remote, opened, place, reaching, require_folder, state_of
from fsbench.data.video import count_frames
from fsbench.errors import DataError, ItemError

needs("upath", "remote")


@pytest.fixture
def store() -> Path:
    """A folder of the file system in memory."""
    folder = place(f"memory://{uuid.uuid4().hex}")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("text", ["s3://b/x", "s3:/b/x", "gs://b", "hdfs://host:9000/x", "memory://a"])
def test_an_address_is_told_from_a_path(text: str) -> None:
    assert is_address(text)
    assert not is_address(text.partition(":")[2])


@pytest.mark.parametrize("text", ["runs", "/data/ff++", "C:\\data", "./s3:", "my.py:Class", "a b:/", ""])
def test_a_path_is_no_address(text: str) -> None:
    assert not is_address(text)


def test_a_path_that_lost_a_slash_of_its_address_finds_it_again() -> None:
    assert place(str(Path("memory://one/two"))) == place("memory://one/two")
    assert place("file:///tmp") == Path("/tmp")
    assert not is_remote(place("file:///tmp")) and not is_everywhere(place("file:///tmp"))
    assert not is_everywhere(place("memory://one"))  # each process has its own


def test_pictures_and_videos_are_read_where_they_are(store: Path, mini: Path) -> None:
    video = mini / "original_sequences/youtube/c23/videos/000.mp4"
    (store / "000.mp4").write_bytes(video.read_bytes())
    here, there = (decode_frames(path, [30, 0, 7, 9999]) for path in (video, store / "000.mp4"))
    assert all(np.array_equal(one, other) for one, other in zip(here[:3], there[:3], strict=True))
    assert isinstance(there[3], ItemError) and there[3].reason == here[3].reason
    assert count_frames(store / "000.mp4") == count_frames(video)
    assert file_sha256(store / "000.mp4") == file_sha256(video)
    image = np.arange(30 * 20 * 3, dtype=np.uint8).reshape(30, 20, 3)
    (store / "a.png").write_bytes(png_bytes(image))
    assert np.array_equal(read_rgb(store / "a.png"), image)
    assert picture_size(store / "a.png") == (30, 20)


def test_what_is_not_there_costs_its_item(store: Path) -> None:
    with pytest.raises(ItemError, match=r"gone\.png cannot be read as a picture"):
        read_rgb(store / "gone.png")
    with pytest.raises(ItemError, match=r"gone\.mp4 cannot be opened as a video"):
        count_frames(store / "gone.mp4")
    (found,) = decode_frames(store / "gone.mp4", [0])
    assert isinstance(found, ItemError)
    with pytest.raises(OSError):
        state_of(store / "gone.png")


def test_a_changed_object_has_another_state(store: Path) -> None:
    (store / "a").write_bytes(b"one")
    before = state_of(store / "a")
    assert state_of(store / "a") == before
    (store / "a").write_bytes(b"two")
    assert state_of(store / "a") != before


def test_a_long_video_is_streamed_and_not_kept(store: Path) -> None:
    """The stream that a decoder gets keeps 32 blocks of 1 MiB, whatever the length of the file."""
    (store / "long").write_bytes(b"x")
    with opened(store / "long") as file:
        assert file.read() == b"x"
    from fsspec.caching import BlockCache

    cache = BlockCache(1 << 20, lambda start, end: bytes(end - start), 100 << 20, maxblocks=32)
    for block in range(100):
        cache._fetch(block << 20, (block << 20) + 1)
    assert cache.cache_info().currsize == 32


def test_what_goes_wrong_at_an_address_is_one_line(store: Path) -> None:
    (store / "file").write_bytes(b"")
    for path, found in ((store / "gone", "is not there"), (store / "file", "is a file; wanted a folder")):
        with pytest.raises(DataError, match=found):
            require_folder(path, "the data folder", "--data FOLDER")
    with pytest.raises(DataError, match="cannot be used: RuntimeError: the token is out of date"), reaching(store):
        raise RuntimeError("the token\nis out of date")
    with pytest.raises(DataError, match="cannot be used"):
        place("nosuchkind://a")


def test_without_the_package_there_is_a_clear_line(tmp_path: Path) -> None:
    code = "import sys; sys.modules['upath'] = None; from fsbench.cli.main import main; main()"
    words = ["run", "ff++", "--data", "s3://bucket/ff", "--out", str(tmp_path)]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-2:] == [
        "fsbench: s3://bucket/ff needs universal-pathlib",
        '  try: pip install "fsbench[remote]"',
    ]
    shutil.rmtree(tmp_path)
