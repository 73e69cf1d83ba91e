import dataclasses
import os
from pathlib import Path

import av
import numpy as np
import pytest

from fsbench.adapters.precomputed import UNCHANGED_LIMITS, Manipulated, Precomputed, largest_change
from fsbench.data.frames import decode_frames, pixel_sha256, png_bytes, read_rgb
from fsbench.errors import ConfigError, FsbenchError, ItemError
from fsbench.types import ImageRef

SIZE = (40, 60)


def picture(colour: int, size: tuple[int, int] = SIZE) -> bytes:
    return png_bytes(np.full((*size, 3), colour, np.uint8))


def put(path: Path, colour: int = 10, size: tuple[int, int] = SIZE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture(colour, size))
    return path


def put_video(path: Path, frames: list[np.ndarray], crf: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": str(crf)})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


def greys(count: int, size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    return [np.full((*size, 3), 20 + 20 * index, np.uint8) for index in range(count)]


@pytest.fixture
def item(flat_face, make_item):
    return make_item(flat_face(200, "source"), flat_face(100, "target"))


@pytest.mark.parametrize(
    "name",
    [
        "000_003/f0120.png",
        "000_003/120.png",
        "000_003/0120.png",
        "000_003/00120.png",
        "000_003/frame_0120.png",
        "000_003/frame_120.PNG",
        "000_003_f0120.png",
        "000_003_120.png",
        "000_003_0120.bmp",
        "000_003_frame_00120.png",
    ],
)
def test_a_result_is_found_under_each_accepted_name(tmp_path, item, name):
    path = put(tmp_path / "results" / "x.png", 77)
    final = path.parent / name
    final.parent.mkdir(exist_ok=True)
    if final.suffix == ".bmp":
        import PIL.Image

        PIL.Image.open(path).save(final)
        path.unlink()
    else:
        path.rename(final)
    (outcome,) = Precomputed(folder=str(tmp_path / "results")).swap([item])
    assert (outcome.image == 77).all()


@pytest.mark.parametrize(
    "name",
    [
        "000_003/f0121.png",
        "003_000/f0120.png",
        "000_003/f0120.txt",
        "000_003/.f0120.png",
        "1000_003_0120.png",
        "120.png",
    ],
)
def test_a_file_with_another_name_is_no_result(tmp_path, item, name):
    put(tmp_path / "results" / name)
    (outcome,) = Precomputed(folder=str(tmp_path / "results")).swap([item])
    assert isinstance(outcome, ItemError)
    assert "000_003/f0120.png" in outcome.reason


def test_a_folder_with_just_as_many_pictures_is_not_guessed(tmp_path, item):
    put(tmp_path / "results" / "000_003" / "first.png")
    (outcome,) = Precomputed(folder=str(tmp_path / "results")).swap([item])
    assert isinstance(outcome, ItemError)


@pytest.mark.parametrize(
    ("first", "second"),
    [("000_003/f0120.png", "000_003/120.png"), ("000_003/f0120.png", "000_003_0120.png"), ("000_003/1.png", "")],
)
def test_two_candidates_are_an_error_that_names_both(tmp_path, item, first, second):
    names = (first, second) if second else ("000_003/0120.png", "000_003.mp4")
    for name in names:
        put(tmp_path / "results" / name)
    swapper = Precomputed(folder=str(tmp_path / "results"))
    (outcome,) = swapper.swap([item])
    assert all(name in outcome.reason for name in names)
    with pytest.raises(ItemError):
        swapper.fingerprint(item.pair)


def test_a_folder_that_names_the_source_first_is_read_so_when_told(tmp_path, item):
    put(tmp_path / "results" / "003_000" / "f0120.png", 5)
    put(tmp_path / "results" / "000_003" / "f0120.png", 6)
    folder = str(tmp_path / "results")
    assert (Precomputed(folder=folder).swap([item])[0].image == 6).all()
    assert (Precomputed(folder=folder, order="source_target").swap([item])[0].image == 5).all()


@pytest.mark.parametrize(("order", "name"), [("target_source", "target__source"), ("source_target", "source__target")])
@pytest.mark.parametrize("ending", ["", "__line7"])
def test_a_pair_without_a_frame_number_is_found_by_its_key(tmp_path, item, order, name, ending):
    pair = dataclasses.replace(item.pair, key=f"target__source{ending}")
    put(tmp_path / "results" / f"{name}{ending}.png", 9)
    swapper = Precomputed(folder=str(tmp_path / "results"), order=order)
    assert (swapper.swap([dataclasses.replace(item, pair=pair)])[0].image == 9).all()


def test_an_order_that_cannot_be_told_fails_the_pair(tmp_path, item):
    pair = dataclasses.replace(item.pair, key="something/f0120")
    with pytest.raises(ItemError, match="something"):
        Precomputed(folder=str(tmp_path), order="source_target").fingerprint(pair)


def test_a_video_gives_the_frame_at_the_index(tmp_path, item):
    put_video(tmp_path / "000_003.mp4", greys(8))
    pairs = [dataclasses.replace(item.pair, key=f"000_003/f{index:04d}") for index in (5, 2, 99)]
    outcomes = Precomputed(folder=str(tmp_path)).swap([dataclasses.replace(item, pair=pair) for pair in pairs])
    assert [round(float(outcome.image.mean())) for outcome in outcomes[:2]] == pytest.approx([120, 60], abs=2)
    assert "frame 99" in outcomes[2].reason


def test_the_fingerprint_changes_with_the_file_and_with_the_frame(tmp_path, item):
    video = put_video(tmp_path / "000_003.mp4", greys(8))
    swapper = Precomputed(folder=str(tmp_path))
    prints = {swapper.fingerprint(dataclasses.replace(item.pair, key=f"000_003/f{index:04d}")) for index in (1, 2)}
    put_video(video, greys(9))
    prints.add(swapper.fingerprint(dataclasses.replace(item.pair, key="000_003/f0001")))
    assert len(prints) == 3


def test_a_result_that_is_written_later_is_seen(tmp_path, item):
    swapper = Precomputed(folder=str(tmp_path))
    with pytest.raises(ItemError):
        swapper.fingerprint(item.pair)
    put(tmp_path / "000_003_0120.png")
    os.utime(tmp_path, ns=(1, 1))
    assert len(swapper.fingerprint(item.pair)) == 64


def test_a_result_of_another_size_names_both_sizes_and_the_layout(tmp_path, item):
    put(tmp_path / "000_003_0120.png", size=(30, 20))
    (outcome,) = Precomputed(folder=str(tmp_path)).swap([item])
    assert "20 x 30" in outcome.reason and "60 x 40" in outcome.reason and "layout=crop" in outcome.reason


def test_a_crop_has_no_place(tmp_path, item):
    put(tmp_path / "000_003_0120.png", size=(30, 20))
    (outcome,) = Precomputed(folder=str(tmp_path), layout="crop").swap([item])
    assert outcome.image.shape == (30, 20, 3)
    assert outcome.matrix is None


def test_a_broken_picture_fails_its_pair_alone(tmp_path, item):
    put(tmp_path / "000_003_0120.png")
    (tmp_path / "000_003_0121.png").write_bytes(b"no picture")
    broken = dataclasses.replace(item, pair=dataclasses.replace(item.pair, key="000_003/f0121"))
    first, second = Precomputed(folder=str(tmp_path)).swap([broken, item])
    assert isinstance(first, ItemError)
    assert (second.image == 10).all()


@pytest.mark.parametrize("settings", [{"folder": ""}, {"folder": "nowhere/at/all"}])
def test_a_folder_that_does_not_exist_is_refused(settings):
    with pytest.raises(ConfigError, match="does not exist"):
        Precomputed(**settings)


@pytest.mark.parametrize("settings", [{"order": "ab"}, {"layout": "face"}])
def test_an_unknown_setting_is_refused(tmp_path, settings):
    with pytest.raises(ConfigError):
        Precomputed(folder=str(tmp_path), **settings)


@pytest.fixture
def dataset(tmp_path, people, make_item):
    """FaceForensics++ with one method: frame 0 is swapped, frame 1 is left as it was; and an item for each frame."""
    target, source = people[-1], people[0]
    frame = read_rgb(target.image.path)
    left, top, right, bottom = target.box.astype(int)
    swapped = frame.copy()
    swapped[top:bottom, left:right] = swapped[top:bottom, left:right][:, ::-1]
    root = tmp_path / "ffpp"
    original = put_video(root / "original_sequences/youtube/c23/videos/000.mp4", [frame] * 4, crf=23)
    put_video(root / "manipulated_sequences/FaceSwap/c23/videos/000_003.mp4", [swapped, swapped, frame, frame], crf=23)
    items = []
    for index, decoded in zip((0, 2), decode_frames(original, [0, 2]), strict=True):
        path = tmp_path / f"target{index}.png"
        path.write_bytes(png_bytes(decoded))
        face = dataclasses.replace(target, image=ImageRef(path, pixel_sha256(decoded)))
        items.append(make_item(source, face, f"000_003/f{index:04d}", index))
    return root, items


def test_a_manipulated_video_is_read_and_unchanged_frames_fail(dataset):
    root, items = dataset
    swapper = Manipulated(method="FaceSwap", data=str(root))
    first, second = swapper.swap(items)
    assert first.image.shape == read_rgb(items[0].target.image.path).shape
    assert "left the target frame unchanged" in second.reason
    assert swapper.name == "ffpp:FaceSwap"
    assert len({swapper.fingerprint(item.pair) for item in items}) == 2


def test_unchanged_frames_are_kept_when_told(dataset):
    root, items = dataset
    _, second = Manipulated(method="FaceSwap", data=str(root), unchanged="keep").swap(items)
    assert not isinstance(second, ItemError)


def test_a_pair_that_the_method_has_no_video_of_fails_alone(dataset):
    root, items = dataset
    other = dataclasses.replace(items[0], pair=dataclasses.replace(items[0].pair, source_id="004"))
    first, second = Manipulated(method="FaceSwap", data=str(root)).swap([other, items[0]])
    assert "000_004" in first.reason
    assert not isinstance(second, ItemError)


@pytest.mark.parametrize("settings", [{"method": "FaceSwop"}, {"method": ""}, {"data": ""}, {"compression": "c40"}])
def test_a_wrong_method_data_set_or_compression_is_the_users_to_mend(dataset, settings):
    given = {"method": "FaceSwap", "data": str(dataset[0]), **settings}
    with pytest.raises(FsbenchError) as caught:
        Manipulated(**given)
    assert caught.value.hint


def test_the_largest_change_is_that_of_one_cell(flat_face):
    face = flat_face()  # its box is 24 x 24 at 18, 8, so a cell is 3 x 3
    target = read_rgb(face.image.path)
    result = target.copy()
    result[8:11, 18:21] += 9
    assert largest_change(result, target, face) == pytest.approx(9)
    result[0, 0] = 255
    assert largest_change(result, target, face) == pytest.approx(9)


def test_re_encoding_a_real_video_stays_below_the_limit_of_its_compression(tmp_path, detector):
    data = os.environ.get("FSBENCH_TEST_DATA")
    if not data:
        pytest.skip("FSBENCH_TEST_DATA names no folder with real videos")
    video = Path(data) / "ffpp_mini/original_sequences/youtube/c23/videos/004.mp4"
    frames = decode_frames(video, range(12))
    path = tmp_path / "frame.png"
    path.write_bytes(png_bytes(frames[5]))
    face = detector.detect([ImageRef(path, pixel_sha256(frames[5]))])[0][0]
    again = decode_frames(put_video(tmp_path / "again.mp4", frames, crf=23), [5])[0]
    assert 0 < largest_change(again, frames[5], face) < UNCHANGED_LIMITS["c23"]
    assert largest_change(frames[5], frames[11], face) > UNCHANGED_LIMITS["c23"]
