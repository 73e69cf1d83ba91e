"""FaceForensics++: which frame of the source video gives the identity, once it is known which frames show a face."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from fsbench.engine.bench import Bench
from fsbench.protocols.ffpp import FFppProtocol
from fsbench.protocols.outcome import Outcome
from fsbench.types import Failure
from tests.unit.protocols.conftest import COPY_TARGET, Look, ffpp, settings, swapper

Write = Callable[..., Path]


def turned(yaw: int, pitch: int = 0) -> Look:
    return Look((50, 60, 70), pose=(100 + yaw, 100 + pitch, 100))


FACE = turned(20)


def run(
    make_bench: Callable[..., Bench], data: Path, choices: Mapping[str, str]
) -> tuple[dict[str, tuple[str, str]], list[Failure], Outcome]:
    """Give, for target 000, the source frame and rule of each pair that has one, and the failures."""
    outcome = ffpp(make_bench(), data, swapper(COPY_TARGET), choices)
    rules = outcome.source_rules
    chosen = {p.key[-5:]: (p.source.path.stem, rules[p.key]) for p in outcome.pairs if p.target_id == "000"}
    return chosen, [failure for failure in outcome.failures if failure.key.startswith("000")], outcome


def videos(source: Sequence[Look | None]) -> dict[str, Sequence[Look | None]]:
    return {"000": [FACE] * 4, "001": source}


PAIR = [["000", "001"]]


def test_the_same_index_is_taken_where_it_shows_a_face(dataset: Write, make_bench: Callable[..., Bench]) -> None:
    data = dataset(videos([turned(30), turned(-3), turned(9), turned(5)]), PAIR)
    chosen, failures, _ = run(make_bench, data, {"frames": "4"})
    assert chosen == {f"f000{n}": (f"000{n}", "same_index") for n in range(4)}
    assert failures == []


def test_where_it_shows_none_the_most_frontal_sampled_frame_is_taken(
    dataset: Write, make_bench: Callable[..., Bench]
) -> None:
    # yaw and pitch together: (3, 4) is 5 from frontal and (0, 6) is 6
    data = dataset(videos([turned(30), None, turned(3, 4), turned(0, 6)]), PAIR)
    chosen, failures, _ = run(make_bench, data, {"frames": "4"})
    assert chosen["f0001"] == ("0002", "fallback: most_frontal")
    assert [chosen[key][1] for key in ("f0000", "f0002", "f0003")] == ["same_index"] * 3
    assert failures == []


def test_where_it_lies_behind_the_end_of_the_source_the_most_frontal_one_is_taken(
    dataset: Write, make_bench: Callable[..., Bench]
) -> None:
    data = dataset(videos([turned(8), turned(-2)]), PAIR)
    chosen, failures, outcome = run(make_bench, data, {"frames": "4"})
    assert chosen["f0001"] == ("0001", "same_index")
    assert chosen["f0002"] == chosen["f0003"] == ("0001", "fallback: most_frontal")
    assert failures == []
    assert outcome.planned == 8


def test_without_fallback_such_a_pair_fails_and_is_counted(dataset: Write, make_bench: Callable[..., Bench]) -> None:
    data = dataset(videos([turned(8), None]), PAIR)
    chosen, failures, _ = run(make_bench, data, {"frames": "4", "source_fallback": "none"})
    assert list(chosen) == ["f0000"]
    reason = "source 001: the source frame shows no face, or lies behind the end of the video"
    assert failures == [Failure(f"000_001/f000{n}", "detect", reason) for n in (1, 2, 3)]


def test_a_source_without_any_face_fails_its_pairs_and_does_not_loop(
    dataset: Write, make_bench: Callable[..., Bench]
) -> None:
    data = dataset(videos([None] * 4), PAIR)
    chosen, failures, _ = run(make_bench, data, {"frames": "4"})
    assert chosen == {}
    reason = "source 001: no sampled frame shows a face"
    assert failures == [Failure(f"000_001/f000{n}", "detect", reason) for n in range(4)]


def test_a_source_that_cannot_be_read_says_why(dataset: Write, make_bench: Callable[..., Bench]) -> None:
    data = dataset(videos([FACE] * 3), PAIR)
    (data / "original_sequences/youtube/c23/images/001/0001.png").unlink()
    _, failures, _ = run(make_bench, data, {"frames": "4"})
    assert {failure.reason for failure in failures} == {"source 001: folder 001 lacks frame number 1"}


def test_a_source_whose_poses_cannot_be_measured_fails(dataset: Write, make_bench: Callable[..., Bench]) -> None:
    unmeasurable = Look((50, 60, 70), pose=(1, 1, 1))
    data = dataset(videos([unmeasurable, None, unmeasurable, unmeasurable]), PAIR)
    chosen, failures, _ = run(make_bench, data, {"frames": "4"})
    assert list(chosen) == ["f0000", "f0002", "f0003"]
    assert Failure("000_001/f0001", "detect", "source 001: no sampled frame has a measurable pose") in failures


@pytest.mark.parametrize(
    ("rule", "frames"),
    [
        ("first", ["0001"] * 4),  # the first that shows a face
        ("most_frontal", ["0003"] * 4),
        ("same_position", ["0003", "0001", "0002", "0003"]),
    ],
)
def test_the_other_rules_choose_among_the_sampled_frames(
    dataset: Write, make_bench: Callable[..., Bench], rule: str, frames: list[str]
) -> None:
    data = dataset(videos([None, turned(20), turned(-10), turned(4)]), PAIR)
    chosen, failures, _ = run(make_bench, data, {"frames": "4", "source_frame": rule})
    assert [frame for frame, _ in chosen.values()] == frames
    rules = [rule] * 4 if rule != "same_position" else ["fallback: most_frontal", *[rule] * 3]
    assert [given for _, given in chosen.values()] == rules
    assert failures == []


def test_the_same_position_takes_the_sampled_frame_of_the_same_rank(
    dataset: Write, make_bench: Callable[..., Bench]
) -> None:
    data = dataset(videos([FACE] * 10), PAIR)
    chosen, _, _ = run(make_bench, data, {"frames": "4", "source_frame": "same_position"})
    assert [frame for frame, _ in chosen.values()] == ["0000", "0003", "0006", "0009"]


def test_pairs_that_are_settled_keep_their_key_and_their_target(
    dataset: Write, make_bench: Callable[..., Bench]
) -> None:
    data = dataset(videos([None, FACE, FACE, FACE]), PAIR)
    planned = FFppProtocol(settings(data, choices={"frames": "4"})).plan().pairs
    _, _, outcome = run(make_bench, data, {"frames": "4"})
    assert [(p.key, p.target) for p in outcome.pairs if p.target_id == "000"] == [
        (p.key, p.target) for p in planned if p.target_id == "000"
    ]
