"""FaceForensics++: which swaps are planned, found from names and lengths alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from fsbench.errors import ConfigError
from fsbench.protocols.ffpp import FFppProtocol, read_persons
from fsbench.protocols.outcome import Plan
from fsbench.types import Failure
from tests.unit.protocols.conftest import Look, settings

FACE = Look((10, 20, 30))
Write = Callable[..., Path]


def plan(data: Path, limit: int | None = None, **choices: str) -> Plan:
    return FFppProtocol(settings(data, limit=limit, choices=choices)).plan()


def film(path: Path, frames: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=25, options={"threads": "1"})
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((32, 32, 3), number, np.uint8), format="rgb24")))
        file.mux(stream.encode())


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Two videos of 40 and 25 frames."""
    for name, frames in (("000", 40), ("001", 25)):
        film(tmp_path / f"data/original_sequences/youtube/c23/videos/{name}.mp4", frames)
    (tmp_path / "data/splits").mkdir()
    (tmp_path / "data/splits/test.json").write_text('[["000", "001"]]')
    return tmp_path / "data"


def test_both_directions_of_a_pair_are_planned_with_the_target_first_in_the_key(films: Path) -> None:
    pairs = plan(films, frames="2").pairs
    assert [(pair.key, pair.target_id, pair.source_id) for pair in pairs] == [
        ("000_001/f0000", "000", "001"),
        ("000_001/f0039", "000", "001"),
        ("001_000/f0000", "001", "000"),
        ("001_000/f0024", "001", "000"),
    ]
    assert [(pair.target.path.name, pair.target.index) for pair in pairs[1:3]] == [("000.mp4", 39), ("001.mp4", 0)]
    assert [(pair.source.path.name, pair.source.index) for pair in pairs[2:]] == [("000.mp4", 0), ("000.mp4", 24)]


@pytest.mark.parametrize(
    ("rule", "first", "second"),
    [
        # 40 frames: i * 39 / 9, rounded to the nearest, halves up; 25 frames: i * 24 / 9
        ("linspace", [0, 4, 9, 13, 17, 22, 26, 30, 35, 39], [0, 3, 5, 8, 11, 13, 16, 19, 21, 24]),
        # every 4th; every 3rd, which leaves one of ten without a frame
        ("stride", [0, 4, 8, 12, 16, 20, 24, 28, 32, 36], [0, 3, 6, 9, 12, 15, 18, 21, 24]),
        # middles of tenths: 4 i + 2; (2 i + 1) * 25 / 20, rounded down
        ("bins", [2, 6, 10, 14, 18, 22, 26, 30, 34, 38], [1, 3, 6, 8, 11, 13, 16, 18, 21, 23]),
    ],
)
def test_ten_frames_are_sampled_by_the_rule(films: Path, rule: str, first: list[int], second: list[int]) -> None:
    found = plan(films, sampling=rule)
    indices = {name: [p.target.index for p in found.pairs if p.target_id == name] for name in ("000", "001")}
    assert indices == {"000": first, "001": second}
    assert found.planned == 20


def test_the_gallery_holds_the_sampled_frames_of_every_video_in_order(films: Path) -> None:
    found = plan(films, frames="2").gallery
    assert [(ref.path.name, ref.index, name) for ref, name in found.items()] == [
        ("000.mp4", 0, "000"),
        ("000.mp4", 39, "000"),
        ("001.mp4", 0, "001"),
        ("001.mp4", 24, "001"),
    ]


@pytest.mark.parametrize(
    ("rule", "sources"),
    [
        ("same_index", [0, 20, 39]),  # 39 is behind the end of the source, which has 25 frames
        ("same_position", [0, 12, 24]),
        ("first", [0, 0, 0]),
        ("most_frontal", [0, 0, 0]),  # settled when the poses are known
    ],
)
def test_the_source_frame_to_try_first_follows_the_rule(films: Path, rule: str, sources: list[int]) -> None:
    pairs = plan(films, frames="3", source_frame=rule).pairs[:3]
    assert [pair.target.index for pair in pairs] == [0, 20, 39]
    assert [pair.source.index for pair in pairs] == sources


def test_a_video_that_does_not_open_is_as_many_failures_as_it_has_planned_frames(films: Path) -> None:
    (films / "original_sequences/youtube/c23/videos/001.mp4").write_bytes(b"no video")
    found = plan(films, frames="2")
    assert [pair.key for pair in found.pairs] == ["000_001/f0000", "000_001/f0039"]
    reason = "target 001: 001.mp4 cannot be opened as a video"
    assert [(failure.key, failure.stage) for failure in found.failures] == [
        ("001_000/missing00", "plan"),
        ("001_000/missing01", "plan"),
    ]
    assert all(failure.reason.startswith(reason) for failure in found.failures)
    assert found.planned == 4


def test_a_short_video_gives_each_frame_once_and_the_rest_is_counted(dataset: Write) -> None:
    data = dataset({"000": [FACE] * 5, "001": [FACE] * 2}, [["000", "001"]])
    found = plan(data, frames="4")
    assert [pair.key for pair in found.pairs if pair.target_id == "001"] == ["001_000/f0000", "001_000/f0001"]
    reason = "target 001: 2 frames give 2 of 4 wanted"
    assert found.failures == [
        Failure("001_000/missing02", "plan", reason),
        Failure("001_000/missing03", "plan", reason),
    ]
    assert found.planned == 8


def test_a_folder_of_frames_with_a_gap_is_a_failure_and_not_shifted(dataset: Write) -> None:
    data = dataset({"000": [FACE] * 3, "001": [FACE] * 3}, [["000", "001"]])
    (data / "original_sequences/youtube/c23/images/001/0001.png").unlink()
    found = plan(data, frames="3")
    assert {pair.target_id for pair in found.pairs} == {"000"}
    assert {failure.reason for failure in found.failures} == {"target 001: folder 001 lacks frame number 1"}
    assert found.planned == 6


@pytest.mark.parametrize(("limit", "keys"), [(1, ["000_001/f0000"]), (3, [*("000_001/f0000", "000_001/f0039")])])
def test_a_limit_takes_the_first_swaps_and_reads_no_other_video(films: Path, limit: int, keys: list[str]) -> None:
    found = plan(films, limit=limit, frames="2")
    assert found.planned == limit
    assert [pair.key for pair in found.pairs][:2] == keys


def test_a_limit_does_not_ask_for_videos_it_does_not_need(dataset: Write) -> None:
    videos = {name: [FACE] * 2 for name in ("000", "001", "002", "003")}
    found = plan(dataset(videos, [["000", "001"], ["002", "003"]]), limit=4, frames="2")
    assert set(found.gallery.values()) == {"000", "001"}


def test_the_same_settings_give_the_same_plan(films: Path) -> None:
    assert plan(films) == plan(films)


def test_a_plan_opens_no_picture(dataset: Write) -> None:
    data = dataset({"000": [FACE] * 2, "001": [FACE] * 2}, [["000", "001"]])
    for path in data.rglob("*.png"):
        path.write_bytes(b"no picture")
    assert len(plan(data, frames="2").pairs) == 4


def test_persons_are_read_by_video(tmp_path: Path) -> None:
    file = tmp_path / "persons.json"
    file.write_text('{"000": "ann", "001": 7, "002": "bob"}')
    assert read_persons(str(file), ["001", "000"]) == {"001": "7", "000": "ann"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "{file} cannot be read: [Errno 2] No such file or directory: '{file}'"),
        ("{", "{file} cannot be read: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "{file} holds no JSON object"),
        ('{"000": "ann"}', "{file} lacks 4 videos, such as 001, 002, 003"),
    ],
)
def test_a_wrong_file_of_persons_is_told(tmp_path: Path, content: str | None, message: str) -> None:
    file = tmp_path / "persons.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError) as caught:
        read_persons(str(file), ["004", "003", "002", "001", "000"])
    assert str(caught.value) == message.format(file=file)
    assert caught.value.hint == "--persons FILE, a JSON object from video id to person"


def test_hits_by_person_need_a_file_of_persons(dataset: Write) -> None:
    data = dataset({"000": [FACE], "001": [FACE]}, [["000", "001"]])
    with pytest.raises(ConfigError) as caught:
        plan(data, frames="1", hit="person")
    assert str(caught.value) == "hit=person needs to know who is in which video"
