import hashlib
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from fsbench.data import mini
from fsbench.data.ffpp import FaceForensics, evenly
from fsbench.data.frames import read_frames, read_rgb
from fsbench.data.lfw import Lfw
from fsbench.errors import DataError, ItemError


def half_and_half(source, target):
    """A swap that is easy to recognise: the source on the left, the target on the right."""
    result = target.copy()
    result[:, : target.shape[1] // 2] = source[:, : target.shape[1] // 2]
    return result


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return mini.build(tmp_path_factory.mktemp("cache") / "data" / "mini", None)


@pytest.fixture
def short(tmp_path, monkeypatch):
    """A set of shorter videos, for tests of how a set is made and not of what is in it."""
    monkeypatch.setattr(mini, "CLIP_FRAMES", 4)
    return mini.build(tmp_path / "short" / "mini", None)


def content(root):
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_it_is_a_complete_copy_of_faceforensics_with_three_pairs(root):
    data = FaceForensics.open(root, compression="", split="all")

    data.require_complete()
    report = data.check(thorough=True)
    assert (report.ok, report.pairs_planned, report.pairs_possible) == (True, 6, 6)
    assert {data.original(video_id).length() for video_id in data.originals} == {40}


def test_it_is_a_complete_copy_of_lfw_with_pairs_of_both_kinds(root):
    data = Lfw.open(root, variant="")

    data.require_complete()
    assert data.check(thorough=True).ok
    assert (len(data.positives()), len(data.negatives())) == (24, 24)
    assert len({frozenset((p.first_person, p.second_person)) for p in data.negatives()}) == 21  # all couples of seven


def test_no_two_pictures_and_no_two_frames_are_equal(root):
    data = FaceForensics.open(root, compression="", split="all")
    frames = read_frames([data.original(video_id).frame(i) for video_id in data.originals for i in range(40)])
    pictures = [read_rgb(path) for path in (root / "lfw").rglob("*.jpg")]

    assert len({frame.tobytes() for frame in frames}) == 240
    assert len({picture.tobytes() for picture in pictures}) == 28


def test_frames_have_no_black_border(root):
    data = FaceForensics.open(root, compression="", split="all")
    for frame in read_frames([data.original(video_id).frame(i) for video_id in data.originals for i in (0, 20, 39)]):
        for edge in (frame[0], frame[-1], frame[:, 0], frame[:, -1]):
            assert (edge.max(1) < 16).mean() < 0.6  # dark clothes reach the edge, a border would fill it


def test_dlib_finds_one_face_and_only_one_in_every_frame_and_picture(root):
    dlib = pytest.importorskip("dlib")
    data = FaceForensics.open(root, compression="", split="all")
    refs = [data.original(name).frame(i) for name in sorted(data.originals) for i in evenly(40, 10, "linspace")]
    named = {str(ref): frame for ref, frame in zip(refs, read_frames(refs), strict=True)}
    named |= {path.name: read_rgb(path) for path in sorted((root / "lfw").rglob("*.jpg"))}
    detect = dlib.get_frontal_face_detector()

    counts = {name: len(detect(picture, 0)) for name, picture in named.items()}

    assert len(counts) == 60 + 28
    assert {name: count for name, count in counts.items() if count != 1} == {}


def test_equal_calls_give_equal_files(root, request):
    other = content(request.getfixturevalue("mini"))  # which another process may have made
    assert {name: sha256 for name, sha256 in other.items() if not name.startswith("manipulated_")} == content(root)


def test_a_second_call_changes_nothing(root):
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}

    assert mini.build(root, None) == root
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize("harm", ["cut", "old", "no marker"])
def test_a_set_that_is_not_whole_is_made_again(short, tmp_path, harm):
    copy = shutil.copytree(short, tmp_path / "mini")
    video, marker = copy / "original_sequences/youtube/c23/videos/003.mp4", copy / mini.MARKER
    if harm == "cut":
        video.write_bytes(video.read_bytes()[:1000])
    elif harm == "old":
        marker.write_text(json.dumps({**json.loads(marker.read_text()), "version": 0}))
    else:
        marker.unlink()

    mini.build(copy, None)

    assert content(copy) == content(short)


def test_a_folder_of_other_things_is_never_touched(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")

    with pytest.raises(DataError, match=r"holds 'thesis\.tex', which is not of the mini data set"):
        mini.build(tmp_path / "mine", None)
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "x"


def test_a_file_in_its_place_is_refused(tmp_path):
    (tmp_path / "mini").write_text("x")

    with pytest.raises(DataError, match="is a file; wanted a folder"):
        mini.build(tmp_path / "mini", None)
    with pytest.raises(DataError, match="cannot be written"):
        mini.build(tmp_path / "mini" / "below", None)


def test_a_build_that_fails_leaves_nothing_behind(short, tmp_path):
    copy = shutil.copytree(short, tmp_path / "copy" / "mini")

    def broken(source, target):
        raise RuntimeError("the swapper fell over")

    with pytest.raises(RuntimeError, match="fell over"):
        mini.build(copy, broken)

    assert content(copy) == content(short)
    assert [path.name for path in copy.parent.iterdir() if not path.name.endswith(".lock")] == ["mini"]


def test_swapped_videos_are_added_by_target_and_source(root, tmp_path):
    copy = shutil.copytree(root, tmp_path / "mini")

    mini.build(copy, half_and_half)

    data = FaceForensics.open(copy, compression="", split="all")
    clips = data.manipulated("FaceSwap")
    assert set(clips) == set(data.swaps())
    target_id, source_id = data.swaps()[0]
    found, target, source = read_frames(
        [clips[target_id, source_id].frame(7), data.original(target_id).frame(7), data.original(source_id).frame(7)]
    )
    assert np.abs(found.astype(int) - half_and_half(source, target)).mean() < 4  # coded twice, else the same
    assert clips[target_id, source_id].length() == 40
    assert {name: digest for name, digest in content(copy).items() if "manipulated" not in name} == content(root)


def test_a_frame_that_cannot_be_swapped_stays_the_target(short, tmp_path):
    copy = shutil.copytree(short, tmp_path / "mini")

    def no_face(source, target):
        raise ItemError("no face")

    mini.build(copy, no_face)

    data = FaceForensics.open(copy, compression="", split="all")
    found, target = read_frames([data.manipulated("FaceSwap")["001", "000"].frame(2), data.original("001").frame(2)])
    assert np.abs(found.astype(int) - target).mean() < 4


def test_two_processes_at_once_make_one_whole_set(root, tmp_path):
    place = tmp_path / "mini"
    command = f"from pathlib import Path; from fsbench.data.mini import build; build(Path({str(place)!r}), None)"
    processes = [subprocess.Popen([sys.executable, "-c", command]) for _ in range(2)]

    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    assert content(place) == content(root)


def test_its_place_in_the_cache_names_its_version(tmp_path):
    assert mini.location(tmp_path) == tmp_path / "data" / f"mini-{mini.VERSION}"
