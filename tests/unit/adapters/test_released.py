"""Archives that authors released: unpacked once and safely, found by pair and frame, and never guessed."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fsbench.adapters.released import HiFiFaceVideos, MegaFSFrames
from fsbench.data.archives import unpacked
from fsbench.errors import ConfigError, DataError, ItemError
from tests.unit.adapters.test_precomputed import greys, picture, put_video


@pytest.fixture
def item(flat_face, make_item):
    return make_item(flat_face(200, "source"), flat_face(100, "target"), key="000_003/f0002")


def hififace(folder: Path, name: str = "FF++_HifiFace/videos/000_003.mp4") -> Path:
    """Make the archive with one video, whose frame i is a grey of 20 + 20 i."""
    video = put_video(folder / "one.mp4", greys(4))
    archive = folder / "FF++_HifiFace.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        file.add(video, name)
        file.add(video, "FF++_HifiFace/videos/003_000.mp4")
    return archive


def megafs(folder: Path, names: dict[str, int]) -> Path:
    archive = folder / "MegaFS-FF++.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for name, colour in names.items():
            file.writestr(name, picture(colour, (256, 256)))
    return archive


def test_frame_i_of_a_released_video_is_the_result_for_frame_i(item, tmp_path):
    swapper = HiFiFaceVideos(archive=str(hififace(tmp_path)))
    (found,) = swapper.swap([item])
    assert np.abs(found.image.astype(int) - 60).max() <= 2
    assert swapper.fingerprint(item.pair).endswith("#2")


def test_an_archive_is_unpacked_once(item, tmp_path):
    archive = hififace(tmp_path)
    HiFiFaceVideos(archive=str(archive)).swap([item])
    target = tmp_path / "FF++_HifiFace.tar.gz.unpacked"
    before = target.stat().st_mtime_ns
    HiFiFaceVideos(archive=str(archive)).swap([item])
    assert target.stat().st_mtime_ns == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "FF++_HifiFace.tar.gz",
        target.name,
        "flat_pictures",
        "one.mp4",
    ]


@pytest.mark.parametrize(("order", "name"), [("target_source", "000_003"), ("source_target", "003_000")])
def test_the_order_of_names_can_be_told(order, name, item, tmp_path):
    archive = megafs(tmp_path, {f"MegaFS-FF++/{name}/0002.png": 77})
    (found,) = MegaFSFrames(archive=str(archive), order=order).swap([item])
    assert found.image[0, 0].tolist() == [77] * 3
    assert found.matrix is None


@pytest.mark.parametrize("name", ["000_003/2.png", "a/000_003/frame_0002.jpg", "000_003_2.png", "b/000_003_0002.png"])
def test_a_picture_is_found_by_pair_and_last_number(name, item, tmp_path):
    archive = megafs(tmp_path, {name: 50, "003_000/2.png": 90})
    (found,) = MegaFSFrames(archive=str(archive)).swap([item])
    assert found.image[0, 0, 0] == 50


def test_a_frame_map_tells_other_numbers(item, tmp_path):
    archive = megafs(tmp_path, {"000_003/0.png": 10, "000_003/1.png": 30, "000_003/2.png": 50})
    numbers = tmp_path / "map.csv"
    numbers.write_text("pair,number,frame\n000_003,1,2\n000_003,2,4\n")
    (found,) = MegaFSFrames(archive=str(archive), frame_map=str(numbers)).swap([item])
    assert found.image[0, 0, 0] == 30


def test_what_is_missing_or_double_fails_that_pair(item, tmp_path):
    archive = megafs(tmp_path, {"000_003/7.png": 1, "x/000_003/7.png": 2})
    (found,) = MegaFSFrames(archive=str(archive)).swap([item])
    assert "no picture of 000_003 has the number of frame 2" in found.reason
    (tmp_path / "two" / "y").mkdir(parents=True)
    archive = megafs(tmp_path / "two", {"a/000_003/2.png": 1, "b/000_003/2.png": 2})
    (found,) = MegaFSFrames(archive=str(archive)).swap([item])
    assert "2 pictures of 000_003 may be frame 2" in found.reason
    archive = megafs(tmp_path / "two" / "y", {"001_002/2.png": 1})
    (found,) = MegaFSFrames(archive=str(archive)).swap([item])
    assert "has nothing for 000_003" in found.reason


def test_an_archive_without_pairs_is_refused(item, tmp_path):
    archive = megafs(tmp_path, {"readme/1.png": 3})
    with pytest.raises(DataError, match=r"no file .* whose path names a pair"):
        MegaFSFrames(archive=str(archive)).swap([item])


def test_wrong_settings_are_named(tmp_path):
    with pytest.raises(ConfigError, match="needs its authors' archive"):
        HiFiFaceVideos(archive="")
    with pytest.raises(ConfigError, match="is not there"):
        HiFiFaceVideos(archive=str(tmp_path / "none.zip"))
    with pytest.raises(ConfigError, match="knows no order"):
        HiFiFaceVideos(archive=str(tmp_path), order="any")
    (tmp_path / "map.csv").write_text("pair,number\n000_003,1\n")
    with pytest.raises(ConfigError, match="frame map"):
        MegaFSFrames(archive=str(tmp_path), frame_map=str(tmp_path / "map.csv"))


def test_a_pair_without_a_frame_in_its_key_fails(flat_face, make_item, tmp_path):
    item = make_item(flat_face(1, "a"), flat_face(2, "b"), key="lfw/one")
    archive = megafs(tmp_path, {"000_003/2.png": 1})
    (found,) = MegaFSFrames(archive=str(archive)).swap([item])
    assert isinstance(found, ItemError)
    assert "names no frame" in found.reason


def wicked_tar(folder: Path, name: str, kind: bytes = tarfile.REGTYPE) -> Path:
    archive = folder / "wicked.tar"
    with tarfile.open(archive, "w") as file:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, "/etc/passwd"
        file.addfile(member, io.BytesIO(b""))
    return archive


@pytest.mark.parametrize("name", ["../out.png", "/tmp/out.png", "a/../../out.png"])
def test_a_path_that_leads_out_is_refused(name, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    with pytest.raises(DataError, match="lead out of its folder"):
        unpacked(wicked_tar(folder, name))
    with zipfile.ZipFile(folder / "wicked.zip", "w") as file:
        file.writestr(name, b"x")
    with pytest.raises(DataError, match="lead out of its folder"):
        unpacked(folder / "wicked.zip")
    assert not (tmp_path / "out.png").exists()
    assert sorted(path.name for path in folder.iterdir()) == ["wicked.tar", "wicked.zip"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(kind, tmp_path):
    with pytest.raises(DataError, match="lead out of its folder"):
        unpacked(wicked_tar(tmp_path, "inside.png", kind))


def test_a_broken_archive_is_told_and_leaves_nothing_behind(tmp_path):
    archive = hififace(tmp_path)
    archive.write_bytes(archive.read_bytes()[:-60])
    with pytest.raises(DataError, match="cannot be unpacked"):
        unpacked(archive)
    text = tmp_path / "notes.zip"
    text.write_text("no archive")
    with pytest.raises(DataError, match="neither a zip nor a tar"):
        unpacked(text)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    assert os.path.exists(text)


def test_a_released_video_of_another_size_is_refused(item, tmp_path):
    video = put_video(tmp_path / "v" / "000_003.mp4", greys(4, (20, 30)))
    (found,) = HiFiFaceVideos(archive=str(video.parent)).swap([item])
    assert "30 x 20 pixels" in found.reason
