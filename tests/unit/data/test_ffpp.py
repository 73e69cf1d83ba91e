import json
import os
from pathlib import Path

import PIL.Image
import pytest

from fsbench.data.ffpp import Clip, FaceForensics
from fsbench.errors import ConfigError, DataError

PAIRS = [["000", "003"], ["001", "002"]]
IDS = ("000", "001", "002", "003")


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


def videos(root, compression="c23", ids=IDS):
    for video_id in ids:
        touch(root / "original_sequences" / "youtube" / compression / "videos" / f"{video_id}.mp4")


def splits(root, pairs=PAIRS, name="test"):
    (root / "splits").mkdir(parents=True, exist_ok=True)
    (root / "splits" / f"{name}.json").write_text(json.dumps(pairs))


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "FaceForensics++"
    videos(folder)
    splits(folder)
    return folder


def test_swaps_are_both_directions_of_each_pair_in_the_order_of_the_split(root):
    data = FaceForensics.open(root, compression="c23", split="test")

    assert data.swaps() == [("000", "003"), ("003", "000"), ("001", "002"), ("002", "001")]


def test_an_original_is_a_clip_of_its_file(root):
    clip = FaceForensics.open(root, compression="", split="all").original("002")

    assert clip == Clip("002", root / "original_sequences/youtube/c23/videos/002.mp4", is_folder=False)


def test_an_original_that_is_not_there_is_a_data_error(root):
    with pytest.raises(DataError, match="holds no original video 999"):
        FaceForensics.open(root, compression="", split="all").original("999")


def test_the_folder_above_and_the_folder_below_are_found_too(root):
    below = FaceForensics.open(root / "original_sequences", compression="", split="all")
    above = FaceForensics.open(root.parent, compression="", split="all")

    assert below.original("000").path.resolve() == above.original("000").path.resolve()


def test_a_folder_of_several_data_sets_is_refused_with_their_names(tmp_path):
    videos(tmp_path / "one")
    videos(tmp_path / "two")

    with pytest.raises(DataError, match="holds several data sets: one, two"):
        FaceForensics.open(tmp_path, compression="", split="all")


def test_several_compressions_and_none_asked_names_them(root):
    videos(root, "c40")
    videos(root, "raw")

    with pytest.raises(ConfigError, match="holds raw, c23, c40: say which") as caught:
        FaceForensics.open(root, compression="", split="all")
    assert caught.value.hint == "--compression c23"


@pytest.mark.parametrize(("folder", "asked"), [("raw", "c0"), ("c0", "raw"), ("raw", "raw"), ("c0", "")])
def test_raw_and_c0_are_one_compression_under_two_names(tmp_path, folder, asked):
    videos(tmp_path, folder)

    data = FaceForensics.open(tmp_path, compression=asked, split="all")

    assert (data.compression, len(data.originals)) == (folder, 4)


def test_a_compression_that_is_not_there_is_refused_and_never_replaced(root):
    with pytest.raises(ConfigError, match="holds c23, not c40"):
        FaceForensics.open(root, compression="c40", split="all")


@pytest.mark.parametrize("compression", ["hq", "C23"])
def test_an_unknown_compression_is_refused(root, compression):
    with pytest.raises(ConfigError, match=f"no compression is called '{compression}'"):
        FaceForensics.open(root, compression=compression, split="all")


def test_an_unknown_split_is_refused(root):
    with pytest.raises(ConfigError, match="no split is called 'dev'"):
        FaceForensics.open(root, compression="", split="dev")


def test_folders_of_frames_serve_where_there_are_no_videos(tmp_path):
    images = tmp_path / "original_sequences/youtube/c23/images"
    for video_id in IDS:
        (images / video_id).mkdir(parents=True)
    (images.parent / "videos").mkdir()

    data = FaceForensics.open(tmp_path, compression="", split="all")

    assert data.original("001") == Clip("001", images / "001", is_folder=True)


def test_videos_are_preferred_to_folders_of_frames(root):
    (root / "original_sequences/youtube/c23/images/000").mkdir(parents=True)

    assert not FaceForensics.open(root, compression="", split="all").original("000").is_folder


def test_hidden_files_beside_the_videos_are_passed_over(root):
    touch(root / "original_sequences/youtube/c23/videos/._000.mp4")

    assert len(FaceForensics.open(root, compression="", split="all").originals) == 4


@pytest.mark.parametrize("name", ["0000.mp4", "000_003.mp4", "000 (1).mp4"])
def test_a_video_whose_name_is_no_id_is_refused(root, name):
    touch(root / "original_sequences/youtube/c23/videos" / name)

    with pytest.raises(DataError, match=r"is not named like 000\.mp4"):
        FaceForensics.open(root, compression="", split="all")


def test_a_video_in_two_containers_is_refused(root):
    touch(root / "original_sequences/youtube/c23/videos/000.avi")

    with pytest.raises(DataError, match="holds video 000 twice"):
        FaceForensics.open(root, compression="", split="all")


def test_wrong_folders_are_refused_with_what_was_found(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "no_compression/original_sequences/youtube").mkdir(parents=True)
    (tmp_path / "no_videos/original_sequences/youtube/c23/videos").mkdir(parents=True)
    wanted = {
        "file": "is a file; wanted the folder",
        "none": "does not exist",
        "empty": "holds no original_sequences folder",
        "no_compression": "holds none of raw, c0, c23, c40",
        "no_videos": "holds no videos and no folders of frames",
    }
    for name, message in wanted.items():
        with pytest.raises(DataError, match=message) as caught:
            FaceForensics.open(tmp_path / name, compression="", split="all")
        assert caught.value.hint


def test_a_complete_split_passes(root):
    FaceForensics.open(root, compression="", split="test").require_complete()


def test_missing_videos_are_counted_and_the_first_three_named(tmp_path):
    videos(tmp_path, ids=[f"{n:03d}" for n in range(1000) if n not in (12, 345, 678, 999)])

    with pytest.raises(DataError, match=r"holds 996 of 1000 original videos; missing 012, 345, 678 \.\.\.$") as caught:
        FaceForensics.open(tmp_path, compression="", split="all").require_complete()
    assert f"fsbench data check ff++ --data {tmp_path}" in caught.value.hint


def test_the_hint_offers_a_split_that_is_complete(tmp_path):
    videos(tmp_path)
    splits(tmp_path, PAIRS, "test")
    splits(tmp_path, [["010", "011"]], "train")

    with pytest.raises(DataError, match=r"holds 4 of 6 original videos; missing 010, 011$") as caught:
        FaceForensics.open(tmp_path, compression="", split="all").require_complete()
    assert caught.value.hint.endswith("--split test")


def test_manipulated_videos_are_known_by_target_and_source(root):
    folder = root / "manipulated_sequences/FaceSwap/c23/videos"
    touch(folder / "000_003.mp4")
    touch(folder / "003_000.mp4")

    found = FaceForensics.open(root, compression="", split="all").manipulated("FaceSwap")

    assert set(found) == {("000", "003"), ("003", "000")}
    assert found["000", "003"] == Clip("000_003", folder / "000_003.mp4", is_folder=False)


@pytest.mark.parametrize("name", ["faceswap", "FaceSawp"])
def test_a_wrong_method_is_refused_with_the_nearest_and_the_list(root, name):
    for method in ("Deepfakes", "FaceSwap"):
        touch(root / f"manipulated_sequences/{method}/c23/videos/000_003.mp4")

    with pytest.raises(ConfigError, match=f"no method '{name}'; did you mean 'FaceSwap'") as caught:
        FaceForensics.open(root, compression="", split="all").manipulated(name)
    assert caught.value.hint == "one of: Deepfakes, FaceSwap"


def test_a_method_is_refused_where_there_is_none(root):
    with pytest.raises(ConfigError, match="no method 'FaceSwap'") as caught:
        FaceForensics.open(root, compression="", split="all").manipulated("FaceSwap")
    assert "none is there" in caught.value.hint


def test_a_method_at_another_compression_is_refused(root):
    touch(root / "manipulated_sequences/FaceSwap/c40/videos/000_003.mp4")

    with pytest.raises(ConfigError, match="holds c40, not c23"):
        FaceForensics.open(root, compression="", split="all").manipulated("FaceSwap")


def real_videos(root, make_video, lengths):
    folder = root / "original_sequences/youtube/c23/videos"
    for video_id, length in lengths.items():
        make_video(folder / f"{video_id}.mp4", range(length))
    splits(root)
    return folder


def test_a_check_of_whole_data_finds_nothing(tmp_path, make_video):
    real_videos(tmp_path, make_video, dict.fromkeys(IDS, 12))

    report = FaceForensics.open(tmp_path, compression="", split="test").check(thorough=True)

    assert (report.ok, report.pairs_planned, report.pairs_possible, len(report.lines)) == (True, 4, 4, 2)
    assert report.lines[0].endswith("c23, split test: 4 of 4 videos")


def test_a_check_names_what_is_missing_and_what_cannot_be_opened(tmp_path, make_video):
    folder = real_videos(tmp_path, make_video, {"000": 12, "001": 12, "002": 12})
    (folder / "001.mp4").write_bytes(b"damaged")

    report = FaceForensics.open(tmp_path, compression="", split="test").check()

    assert (report.ok, report.pairs_planned, report.pairs_possible) == (False, 4, 0)
    assert "missing: 003" in report.lines
    assert any(line.startswith("001: 001.mp4 cannot be opened") for line in report.lines)


def test_a_short_video_is_noted_and_no_fault(tmp_path, make_video):
    real_videos(tmp_path, make_video, {"000": 7, "001": 12, "002": 12, "003": 12})

    report = FaceForensics.open(tmp_path, compression="", split="test").check()

    assert (report.ok, report.pairs_possible) == (True, 4)
    assert "000: has 7 frames, fewer than 10" in report.lines


def test_only_a_thorough_check_finds_frames_that_are_cut_off(tmp_path, make_video):
    folder = real_videos(tmp_path, make_video, dict.fromkeys(IDS, 12))
    cut = make_video(folder / "003.mp4", range(40), movflags="faststart")
    os.truncate(cut, cut.stat().st_size // 2)
    data = FaceForensics.open(tmp_path, compression="", split="test")

    quick, thorough = data.check(), data.check(thorough=True)

    assert quick.ok
    assert not thorough.ok
    assert any(line.startswith("003: frame 39 of 003.mp4 cannot be had") for line in thorough.lines)
    assert thorough.pairs_possible == 4  # its first frames can still be swapped


def test_a_check_finds_a_gap_in_extracted_frames(tmp_path):
    images = tmp_path / "original_sequences/youtube/c23/images"
    for video_id in IDS:
        for number in range(12):
            (images / video_id).mkdir(parents=True, exist_ok=True)
            PIL.Image.new("RGB", (4, 4)).save(images / video_id / f"{number:04d}.png")
    (images / "002" / "0005.png").unlink()
    splits(tmp_path)

    report = FaceForensics.open(tmp_path, compression="", split="test").check(thorough=True)

    assert (report.ok, report.pairs_possible) == (False, 2)
    assert "002: folder 002 lacks frame number 5" in report.lines


def test_real_data_is_whole():
    folder = os.environ.get("FSBENCH_TEST_DATA")
    if not folder:
        pytest.skip("FSBENCH_TEST_DATA is not set: no real videos")

    report = FaceForensics.open(Path(folder, "ffpp_mini"), compression="", split="all").check()

    assert (report.ok, report.pairs_planned, report.pairs_possible) == (True, 8, 8)
