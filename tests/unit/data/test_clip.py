import pickle

import PIL.Image
import pytest

from fsbench.data.ffpp import Clip
from fsbench.errors import ItemError
from fsbench.types import FrameRef


def folder_of(tmp_path, *names):
    folder = tmp_path / "012"
    folder.mkdir()
    for name in names:
        PIL.Image.new("RGB", (2, 2)).save(folder / name) if name.endswith(".png") else (folder / name).write_text("")
    return Clip("012", folder, is_folder=True)


def test_a_video_has_the_length_of_its_stream_and_frames_by_index(tmp_path, make_video):
    path = make_video(tmp_path / "012.mp4", range(17))
    clip = Clip("012", path, is_folder=False)

    assert clip.length() == 17
    assert clip.frame(16) == FrameRef(path, 16)


def test_a_video_that_cannot_be_opened_is_an_item_error(tmp_path):
    (tmp_path / "012.mp4").write_bytes(b"nothing")

    with pytest.raises(ItemError, match=r"012\.mp4"):
        Clip("012", tmp_path / "012.mp4", is_folder=False).length()


@pytest.mark.parametrize("first", [0, 1])
def test_frames_of_a_folder_are_counted_from_its_first_number(tmp_path, first):
    clip = folder_of(tmp_path, *(f"{number:04d}.png" for number in range(first, first + 3)))

    assert clip.length() == 3
    assert clip.frame(0) == FrameRef(clip.path / f"{first:04d}.png")
    assert clip.frame(2) == FrameRef(clip.path / f"{first + 2:04d}.png")


def test_frames_are_sorted_by_number_and_not_by_name(tmp_path):
    clip = folder_of(tmp_path, *(f"{number}.png" for number in range(12)))

    assert [clip.frame(i).path.name for i in (1, 2, 10)] == ["1.png", "2.png", "10.png"]


def test_other_files_and_hidden_files_are_no_frames(tmp_path):
    assert folder_of(tmp_path, "0000.png", "notes.txt", "._0001.png.txt", ".DS_Store").length() == 1


WRONG = {
    "gap": (["0000.png", "0001.png", "0003.png"], "folder 012 lacks frame number 2"),
    "late start": (["0002.png", "0003.png"], "start at 2; wanted 0 or 1"),
    "name": (["0000.png", "cover.png"], r"holds cover\.png; wanted numbered frames"),
    "twice": (["0000.png", "000.png"], r"one frame twice: 000\.png and 0000\.png"),
    "empty": ([], "holds no frames"),
}


@pytest.mark.parametrize(("names", "message"), WRONG.values(), ids=WRONG)
def test_a_folder_whose_frames_cannot_be_trusted_is_an_item_error(tmp_path, names, message):
    with pytest.raises(ItemError, match=message):
        folder_of(tmp_path, *names).length()


def test_a_gap_refuses_single_frames_too(tmp_path):
    with pytest.raises(ItemError, match="lacks frame number 1"):
        folder_of(tmp_path, "0000.png", "0002.png").frame(0)


def test_a_frame_past_the_end_of_a_folder_is_an_item_error(tmp_path):
    with pytest.raises(ItemError, match="holds 2 frames, not frame 2"):
        folder_of(tmp_path, "0000.png", "0001.png").frame(2)


def test_a_missing_folder_is_an_item_error(tmp_path):
    with pytest.raises(ItemError, match="folder none cannot be read"):
        Clip("012", tmp_path / "none", is_folder=True).length()


def test_a_negative_index_is_a_value_error(tmp_path):
    with pytest.raises(ValueError, match="-1"):
        Clip("012", tmp_path / "012.mp4", is_folder=False).frame(-1)


def test_a_clip_crosses_process_borders(tmp_path):
    clip = folder_of(tmp_path, "0000.png")

    assert pickle.loads(pickle.dumps(clip)) == clip
