import os
from pathlib import Path

import av
import numpy as np
import pytest

from fsbench.data.frames import count_frames, decode_frames, read_frames
from fsbench.errors import ItemError
from fsbench.types import FrameRef


def outcomes(frames, index_of):
    return [frame if isinstance(frame, ItemError) else index_of(frame) for frame in frames]


def test_frames_come_by_their_index_in_the_order_asked(tmp_path, make_video, index_of):
    video = make_video(tmp_path / "v.mp4", range(40))

    assert outcomes(decode_frames(video, [39, 0, 17, 3, 17]), index_of) == [39, 0, 17, 3, 17]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov", ".avi"])
def test_every_frame_is_itself_in_each_container(tmp_path, make_video, index_of, suffix):
    video = make_video(tmp_path / f"v{suffix}", range(30))

    assert outcomes(decode_frames(video, range(30)), index_of) == list(range(30))
    assert count_frames(video) == 30


def test_frames_are_uint8_rgb_of_the_size_of_the_video(tmp_path, make_video):
    (frame,) = decode_frames(make_video(tmp_path / "v.mp4", [5]), [0])

    assert (frame.shape, frame.dtype) == ((96, 96, 3), np.uint8)


def test_frames_are_whole_in_memory_whatever_the_width(tmp_path):
    path = tmp_path / "v.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 90, 34, "yuv420p"  # a row of 270 bytes is padded by the decoder
        file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((34, 90, 3), np.uint8), format="rgb24")))
        file.mux(stream.encode())

    (frame,) = decode_frames(path, [0])

    assert frame.shape == (34, 90, 3)
    assert frame.flags.c_contiguous
    assert frame.flags.writeable


def test_an_index_past_the_end_is_an_error_and_not_the_last_frame(tmp_path, make_video, index_of):
    first, beyond = decode_frames(make_video(tmp_path / "v.mp4", range(7)), [6, 7])

    assert index_of(first) == 6
    assert isinstance(beyond, ItemError)
    assert beyond.reason == "frame 7 of v.mp4 cannot be had: the stream ends after 7 frames"


def test_a_video_of_one_frame_has_one_frame(tmp_path, make_video, index_of):
    video = make_video(tmp_path / "v.mp4", [33])

    assert count_frames(video) == 1
    assert index_of(decode_frames(video, [0])[0]) == 33


def test_no_index_asked_gives_nothing(tmp_path, make_video):
    assert decode_frames(make_video(tmp_path / "v.mp4", range(3)), []) == []


def test_a_file_cut_short_gives_its_first_frames_and_errors_for_the_rest(tmp_path, make_video, index_of):
    video = make_video(tmp_path / "v.mp4", range(40), movflags="faststart")
    os.truncate(video, video.stat().st_size // 2)

    found = outcomes(decode_frames(video, range(40)), index_of)

    kept = [outcome for outcome in found if not isinstance(outcome, ItemError)]
    assert 0 < len(kept) < 40
    assert kept == list(range(len(kept)))
    assert isinstance(found[-1], ItemError)


def test_a_file_without_its_index_cannot_be_opened(tmp_path, make_video):
    video = make_video(tmp_path / "v.mp4", range(40))
    os.truncate(video, video.stat().st_size // 2)

    with pytest.raises(ItemError, match=r"v\.mp4 cannot be opened as a video"):
        count_frames(video)
    assert isinstance(decode_frames(video, [0])[0], ItemError)


@pytest.mark.parametrize("content", [b"", b"not a video, only text\n" * 50], ids=["empty", "text"])
def test_what_is_no_video_is_an_item_error(tmp_path, content):
    path = tmp_path / "v.mp4"
    path.write_bytes(content)

    with pytest.raises(ItemError, match=r"v\.mp4"):
        count_frames(path)
    (outcome,) = decode_frames(path, [0])
    assert isinstance(outcome, ItemError)
    assert "frame 0 of v.mp4 cannot be had" in outcome.reason


def test_a_missing_file_and_a_folder_are_item_errors(tmp_path):
    for path in (tmp_path / "none.mp4", tmp_path):
        with pytest.raises(ItemError):
            count_frames(path)
        assert isinstance(decode_frames(path, [0])[0], ItemError)


def test_a_file_with_sound_alone_holds_no_video(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 44100
        file.mux(stream.encode(sound))
        file.mux(stream.encode())

    with pytest.raises(ItemError, match="holds no video stream"):
        count_frames(path)
    assert "holds no video stream" in decode_frames(path, [0])[0].reason


@pytest.mark.parametrize("seed", range(12))
def test_damage_in_the_middle_never_shows_another_frame(tmp_path, make_video, index_of, seed):
    video = make_video(tmp_path / "v.mp4", range(40))
    content = bytearray(video.read_bytes())
    start, end = content.find(b"mdat") + 800, content.find(b"moov") - 200  # past the encoder's own text
    rng = np.random.default_rng(seed)
    at = int(rng.integers(start, end))
    content[at : at + 200] = rng.bytes(200)  # most of a frame
    video.write_bytes(content)

    found = outcomes(decode_frames(video, range(40)), index_of)

    assert any(isinstance(outcome, ItemError) for outcome in found)
    assert all(isinstance(outcome, ItemError) or outcome == index for index, outcome in enumerate(found))


def test_many_references_come_back_in_order_pictures_and_frames_mixed(tmp_path, make_video, index_of):
    one, two = make_video(tmp_path / "a.mp4", range(10)), make_video(tmp_path / "b.mp4", range(20, 30))
    refs = [FrameRef(two, 4), FrameRef(one, 9), FrameRef(tmp_path / "none.png"), FrameRef(two, 0), FrameRef(one, 10)]

    found = outcomes(read_frames(refs), index_of)

    assert [found[0], found[1], found[3]] == [24, 9, 20]
    assert isinstance(found[2], ItemError)
    assert isinstance(found[4], ItemError)


def test_real_videos_decode_to_their_last_frame():
    folder = os.environ.get("FSBENCH_TEST_DATA")
    if not folder:
        pytest.skip("FSBENCH_TEST_DATA is not set: no real videos")
    for video in sorted(Path(folder, "ffpp_mini").rglob("*.mp4"))[:3]:
        last = count_frames(video) - 1
        found, beyond = decode_frames(video, [last, last + 1])
        assert not isinstance(found, ItemError)
        assert isinstance(beyond, ItemError)
