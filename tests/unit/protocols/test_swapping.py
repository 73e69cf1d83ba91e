"""From pictures to verified faces: which face is taken, and what is a failure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fsbench.data.frames import png_bytes
from fsbench.engine.bench import Bench
from fsbench.engine.plugins import Identified
from fsbench.errors import RunAborted
from fsbench.protocols.swapping import OVERLAP, FailureList, find_faces, overlap, ready_items, swap_and_verify
from fsbench.types import Face, Failure, FrameRef, SwapItem, SwapPair, SwapResult
from tests.unit.protocols.conftest import BOX, COPY_TARGET, Look, finished, painted, swapper

MakeBench = Callable[..., Bench]
RED = Look((200, 0, 0))
KEY = "000_001/f0000"


def still(path: Path, *looks: Look | None) -> FrameRef:
    """A picture with all the faces that are given."""
    path.write_bytes(png_bytes(np.maximum.reduce([painted(look) for look in looks])))
    return FrameRef(path)


def swapped(
    bench: Bench, by: Identified, target: FrameRef, source: FrameRef, *, alignment: str = "own"
) -> tuple[dict[str, SwapResult], dict[str, Face], list[Failure]]:
    failures = FailureList("miss")
    faces = find_faces(bench, [target, source], "largest")
    items = ready_items([SwapPair(KEY, source, target, "001", "000")], faces, failures)
    results, found = swap_and_verify(bench, by, items, alignment=alignment, failures=failures)
    return results, found, failures.items


@pytest.fixture
def target(tmp_path: Path) -> FrameRef:
    return still(tmp_path / "target.png", RED)


Finished = Callable[..., Path]


@pytest.mark.parametrize(
    ("a", "b", "shared"),
    [
        ([0, 0, 10, 10], [0, 0, 10, 10], 1.0),
        ([0, 0, 10, 10], [5, 0, 15, 10], 50 / 150),
        ([0, 0, 10, 10], [0, 0, 5, 5], 25 / 100),
        ([0, 0, 10, 10], [10, 0, 20, 10], 0.0),
        ([0, 0, 10, 10], [30, 30, 40, 40], 0.0),
        ([0, 0, 0, 0], [0, 0, 0, 0], 0.0),
    ],
)
def test_overlap_is_intersection_over_union(a: list[float], b: list[float], shared: float) -> None:
    assert overlap(np.array(a, float), np.array(b, float)) == pytest.approx(shared)
    assert overlap(np.array(b, float), np.array(a, float)) == pytest.approx(shared)


def test_the_face_of_a_picture_is_the_largest_or_the_one_in_the_middle(tmp_path: Path, make_bench: MakeBench) -> None:
    large, middle = Look((9, 9, 9), box=(0, 0, 19, 19)), Look((9, 9, 9), box=(20, 20, 30, 30))
    ref = still(tmp_path / "two.png", large, middle)
    assert find_faces(make_bench(), [ref], "largest")[ref].box.tolist() == [0, 0, 19, 19]
    assert find_faces(make_bench(), [ref], "centre")[ref].box.tolist() == [20, 20, 30, 30]


def test_a_picture_without_a_face_and_one_that_is_broken_are_failures(tmp_path: Path, make_bench: MakeBench) -> None:
    good, blank = still(tmp_path / "good.png", RED), still(tmp_path / "blank.png", None)
    broken, gone = FrameRef(tmp_path / "broken.png"), FrameRef(tmp_path / "gone.png")
    broken.path.write_bytes(b"no picture")
    found = find_faces(make_bench(), [good, blank, broken, gone], "largest")
    assert isinstance(found[good], Face)
    assert found[blank] == Failure(str(blank), "detect", "no face found")
    assert isinstance(found[broken], Failure) and found[broken].stage == "decode"
    assert found[gone] == Failure(str(gone), "decode", "gone.png cannot be read: No such file or directory")


def test_a_pair_without_a_face_names_the_side_and_the_file(tmp_path: Path, make_bench: MakeBench) -> None:
    face, blank = still(tmp_path / "face.png", RED), still(tmp_path / "blank.png", None)
    bench, failures = make_bench(), FailureList("miss")
    faces = find_faces(bench, [face, blank], "largest")
    pairs = [SwapPair("a", face, blank, "s", "t"), SwapPair("b", blank, face, "s", "t")]
    assert ready_items(pairs, faces, failures) == []
    assert failures.items == [
        Failure("a", "detect", "target blank.png: no face found"),
        Failure("b", "detect", "source blank.png: no face found"),
    ]


def test_a_face_where_the_targets_was_is_the_face_of_the_result(
    target: FrameRef, make_bench: MakeBench, results_folder: Finished
) -> None:
    results, faces, failures = swapped(make_bench(), finished(results_folder({KEY: RED})), target, target)
    assert failures == []
    assert faces[KEY].box.tolist() == list(BOX)
    assert faces[KEY].image == results[KEY].image


def test_a_face_elsewhere_is_a_failure(target: FrameRef, make_bench: MakeBench, results_folder: Finished) -> None:
    folder = results_folder({KEY: Look((200, 0, 0), box=(0, 0, 12, 12))})
    results, faces, failures = swapped(make_bench(), finished(folder), target, target)
    assert results == faces == {}
    assert failures == [Failure(KEY, "verify", "1 face(s) in the result, none where the target's was")]


@pytest.mark.parametrize(
    ("columns", "fails"),
    [
        (10, False),  # of 24 are shared: 240 / (2 * 576 - 240) = 0.263
        (9, True),  # 216 / (2 * 576 - 216) = 0.231
    ],
)
def test_the_border_between_here_and_elsewhere_is_a_quarter_of_overlap(
    tmp_path: Path, make_bench: MakeBench, results_folder: Finished, columns: int, fails: bool
) -> None:
    target = still(tmp_path / "target.png", Look((200, 0, 0), box=(0, 12, 24, 36)))
    folder = results_folder({KEY: Look((200, 0, 0), box=(24 - columns, 12, 48 - columns, 36))})
    _, _, failures = swapped(make_bench(), finished(folder), target, target)
    assert OVERLAP == 0.25
    assert bool(failures) is fails


def test_of_several_faces_the_one_where_the_targets_was_is_measured(
    target: FrameRef, make_bench: MakeBench, results_folder: Finished
) -> None:
    folder = results_folder({KEY: RED})
    picture = painted(Look((0, 90, 0), box=(14, 14, 30, 30)))
    picture[37:48] = 77  # a larger face below
    (folder / f"{KEY}.png").write_bytes(png_bytes(picture))
    _, faces, failures = swapped(make_bench(), finished(folder), target, target)
    assert failures == []
    assert faces[KEY].box.tolist() == [14, 14, 30, 30]


def test_a_result_without_a_face_is_a_failure(
    target: FrameRef, make_bench: MakeBench, results_folder: Finished
) -> None:
    _, _, failures = swapped(make_bench(), finished(results_folder({KEY: None})), target, target)
    assert failures == [Failure(KEY, "verify", "no face in the result")]


def test_a_crop_that_says_where_it_lies_is_searched_there(target: FrameRef, make_bench: MakeBench) -> None:
    # the crop starts two pixels before the box and triples it: the box lies at 6 to 78, far from 12 to 36
    _, faces, failures = swapped(make_bench(), swapper("Crop"), target, target)
    assert failures == []
    assert faces[KEY].box.tolist() == [6, 6, 78, 78]


def test_a_crop_of_unknown_place_gives_its_largest_face(target: FrameRef, make_bench: MakeBench) -> None:
    results, faces, failures = swapped(make_bench(), swapper("Crop", known="false"), target, target)
    assert failures == []
    assert results[KEY].matrix is None
    assert faces[KEY].box.tolist() == [6, 6, 78, 78]


def test_aligned_with_the_target_its_box_and_landmarks_are_taken_unseen(
    target: FrameRef, make_bench: MakeBench, results_folder: Finished
) -> None:
    bench = make_bench()
    original = find_faces(bench, [target], "largest")[target]
    folder = results_folder({KEY: None})
    _, faces, failures = swapped(bench, finished(folder), target, target, alignment="target")
    assert failures == []
    assert isinstance(original, Face)
    assert faces[KEY].box.tolist() == original.box.tolist()
    assert faces[KEY].landmarks.tolist() == original.landmarks.tolist()
    assert faces[KEY].image != original.image


def test_aligned_with_the_target_a_crops_landmarks_are_mapped_into_it(target: FrameRef, make_bench: MakeBench) -> None:
    bench = make_bench()
    original = find_faces(bench, [target], "largest")[target]
    _, faces, failures = swapped(bench, swapper("Crop"), target, target, alignment="target")
    assert failures == []
    assert isinstance(original, Face)
    assert faces[KEY].box.tolist() == [6, 6, 78, 78]
    assert np.allclose(faces[KEY].landmarks, 3 * (original.landmarks - 10))


def test_aligned_with_the_target_a_crop_of_unknown_place_is_a_failure(target: FrameRef, make_bench: MakeBench) -> None:
    _, _, failures = swapped(make_bench(), swapper("Crop", known="false"), target, target, alignment="target")
    reason = "the result is looked at where the target's face was, and where this crop lies is not known"
    assert failures == [Failure(KEY, "verify", reason)]


def test_a_swap_that_failed_is_noted_with_its_reason(
    target: FrameRef, make_bench: MakeBench, results_folder: Finished
) -> None:
    folder = results_folder({"other": RED})
    _, _, failures = swapped(make_bench(), finished(folder), target, target)
    assert [(failure.key, failure.stage) for failure in failures] == [(KEY, "swap")]
    assert failures[0].reason.startswith(f"no result in {folder}: looked for 000_001/f0000.png")


def test_under_the_policy_raise_the_first_failure_stops_the_run() -> None:
    failures = FailureList("raise")
    with pytest.raises(RunAborted) as caught:
        failures.add(KEY, "swap", "no")
    assert str(caught.value) == "000_001/f0000 failed at swap: no"
    assert caught.value.hint == "--set failures=miss counts it and goes on"


def test_equal_pictures_of_several_pairs_keep_their_own_outcome(tmp_path: Path, make_bench: MakeBench) -> None:
    same, twin = still(tmp_path / "a.png", RED), still(tmp_path / "b.png", RED)
    bench, failures = make_bench(), FailureList("miss")
    faces = find_faces(bench, [same, twin], "largest")
    pairs = [SwapPair("a", twin, same, "s", "t"), SwapPair("b", same, twin, "s", "t")]
    items: list[SwapItem] = ready_items(pairs, faces, failures)
    results, found = swap_and_verify(bench, swapper(COPY_TARGET), items, alignment="own", failures=failures)
    assert list(results) == list(found) == ["a", "b"]
    assert failures.items == []
