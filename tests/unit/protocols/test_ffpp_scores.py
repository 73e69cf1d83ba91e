"""FaceForensics++: measurements of painted faces, against values worked out by hand.

An embedding is the colour of the face. Four videos of two frames, a to h; eight results, p1 to p8:

    gallery         direction           result                source, its video   direction
    a 000 frame 0   (1, 0, 0)           p1 000_001/f0000      c, 001              (0, 1, 0)
    b 000 frame 1   (.8, .6, 0)         p2 000_001/f0001      d, 001              (.6, .8, 0)
    c 001 frame 0   (0, 1, 0)           p3 001_000/f0000      a, 000              (.8, 0, .6)
    d 001 frame 1   (0, .707, .707)     p4 001_000/f0001      b, 000              (0, 0, 1)
    e 002 frame 0   (0, 0, 1)           p5 002_003/f0000      g, 003              that of g
    f 002 frame 1   (0, .6, .8)         p6 002_003/f0001      h, 003              that of h
    g 003 frame 0   (0, .053, .999)     p7 003_002/f0000      e, 002              that of e
    h 003 frame 1   (.206, 0, .979)     p8 003_002/f0001      f, 002              that of f

    cosine   a     b     c     d     e     f     g     h       dot in thousands
    p1       0    .6     1   .71     0    .6   .05     0         0   12   20   10    0    6    1    0
    p2      .6   .96    .8   .57     0   .48   .04   .12         3 19.2   16    8    0  4.8   .8  2.4
    p3      .8   .64     0   .42    .6   .48   .60   .75         8 25.6    0   12   24  9.6 22.8 29.2
    p4       0     0     0   .71     1    .8  .999   .98         0    0    0   25   50   20 47.5 47.5
    p5       0   .03   .05   .74  .999   .83     1  .977         0  1.2    2   20   38 15.8 36.2 36.1
    p6     .21   .16     0   .69  .979   .78  .977     1         2  6.4    0   19   38 15.2 36.1 37.7
    p7       0     0     0   .71     1    .8  .999   .98         0    0    0   20   40   16   38   38
    p8       0   .36    .6   .99    .8     1   .83   .78         0  7.2   12   14   16   10 15.8 15.2
"""

from __future__ import annotations

import json
from collections.abc import Callable
from math import sqrt
from pathlib import Path

import pytest

from fsbench.engine.bench import Bench
from fsbench.errors import RunAborted
from fsbench.protocols.outcome import Outcome
from tests.unit.protocols.conftest import COPY_TARGET, Look, evaluator, ffpp, finished, measurements, per_pair, swapper

COLOURS = {
    "000": [(50, 0, 0), (160, 120, 0)],
    "001": [(0, 200, 0), (0, 100, 100)],
    "002": [(0, 0, 200), (0, 60, 80)],
    "003": [(0, 10, 190), (40, 0, 190)],
}
PAIRS = [["000", "001"], ["002", "003"]]
P1, P2, P3, P4, P5, P6, P7, P8 = KEYS = [
    f"{target}_{source}/f000{index}"
    for target, source in (("000", "001"), ("001", "000"), ("002", "003"), ("003", "002"))
    for index in (0, 1)
]
RESULTS = {
    P1: Look((0, 100, 0), pose=(103, 104, 100)),
    P2: Look((60, 80, 0), pose=(100, 100, 112)),
    P3: Look((160, 0, 120), expression=(106, 108, 100)),
    P4: Look((0, 0, 250)),
    P5: Look((0, 10, 190)),
    P6: Look((40, 0, 190)),
    P7: Look((0, 0, 200)),
    P8: Look((0, 60, 80)),
}
BASE = {"frames": "2"}
Score = Callable[..., Outcome]


@pytest.fixture
def data(dataset: Callable[..., Path]) -> Path:
    return dataset({video: [Look(colour) for colour in colours] for video, colours in COLOURS.items()}, PAIRS)


@pytest.fixture
def score(data: Path, make_bench: Callable[..., Bench], results_folder: Callable[..., Path]) -> Score:
    """Measure the results above, or with single ones changed or (None for the look) blank, or not there."""

    def run(
        choices: dict[str, str] | None = None, *, missing: str = "", persons: str = "", **changed: object
    ) -> Outcome:
        looks = {**RESULTS, **changed}
        folder = results_folder({key: look for key, look in looks.items() if key != missing})  # type: ignore[misc]
        return ffpp(make_bench(), data, finished(folder), {**BASE, **(choices or {})}, persons=persons)

    return run


def hits(outcome: Outcome, metric: str = "id_retrieval") -> set[str]:
    return {key for key, hit in per_pair(outcome, metric).items() if hit}


def test_the_nearest_frame_must_be_of_the_source_video(score: Score) -> None:
    outcome = score()
    assert hits(outcome) == {P1, P3, P5, P6, P7, P8}  # p2 is nearest to b, p4 to e
    assert measurements(outcome)["id_retrieval"].value == 75.0


def test_top_five_is_the_best_rank_of_the_source_video(score: Score) -> None:
    outcome = score()
    assert hits(outcome, "id_retrieval_top5") == {P1, P2, P3, P5, P6, P7, P8}  # of p4, d to h stand before a and b
    assert measurements(outcome)["id_retrieval_top5"].value == 87.5


def test_the_strict_value_leaves_the_very_source_frame_out(score: Score) -> None:
    outcome = score()
    # without c, p1 is nearest to d; p3: h before b; p5, p6: e; p7: g, h before f; p8: d, g before e
    assert hits(outcome, "id_retrieval_strict") == {P1}
    found = measurements(outcome)["id_retrieval_strict"]
    assert found.value == 12.5
    assert found.note.startswith("gallery of 8 frames; the source frame is among them for 8 of 8 results")


def test_a_strict_value_leaves_out_results_that_have_no_other_right_answer(score: Score) -> None:
    outcome = score({"gallery": "first_frame"})  # a, c, e, g: of p1, p3, p5 and p7 the source frame is the only one
    assert per_pair(outcome, "id_retrieval_strict") == {P2: 1, P4: 0, P6: 0, P8: 0}
    found = measurements(outcome)["id_retrieval_strict"]
    assert (found.value, found.n) == (25.0, 4)
    assert "4 results left out, which have no other right answer" in found.note


@pytest.mark.parametrize("choices", [{"gallery": "source_frames", "source_frame": "first"}, {"hit": "frame"}])
def test_a_strict_value_that_no_result_could_reach_is_null_and_not_nought(
    score: Score, choices: dict[str, str]
) -> None:
    found = measurements(score(choices))["id_retrieval_strict"]
    assert (found.value, found.low, found.n) == (None, None, 0)
    assert "8 results left out, which have no other right answer" in found.note


def test_by_dot_product_long_embeddings_win(score: Score) -> None:
    outcome = score({"similarity": "dot"})
    assert hits(outcome) == {P1, P7, P8}  # p3: h; p5 and p6: e, which is the longest
    assert hits(outcome, "id_retrieval_top5") == set(KEYS) - {P4}


def test_a_gallery_of_first_frames_holds_one_of_each_video(score: Score) -> None:
    outcome = score({"gallery": "first_frame"})  # a, c, e, g
    assert hits(outcome) == {P1, P2, P3, P5, P7}  # p6: e .979 before g .977; p8: g .83 before e .8
    assert measurements(outcome)["id_retrieval"].note.startswith("gallery of 4 frames")


def test_the_first_frame_without_a_face_gives_way_to_the_next(
    dataset: Callable[..., Path], make_bench: Callable[..., Bench]
) -> None:
    looks = {"000": [None, Look((9, 0, 0)), Look((7, 7, 0))], "001": [Look((0, 9, 0))] * 3}
    data = dataset(looks, [["000", "001"]])
    outcome = ffpp(make_bench(), data, swapper(COPY_TARGET), {"frames": "3", "gallery": "first_frame"})
    assert measurements(outcome)["id_retrieval"].note.startswith("gallery of 2 frames")


def test_a_gallery_of_source_frames_holds_each_source_once(score: Score) -> None:
    outcome = score({"gallery": "source_frames", "source_frame": "first"})  # a, c, e, g again
    assert hits(outcome) == {P1, P2, P3, P5, P7}
    assert measurements(outcome)["id_retrieval"].note.startswith("gallery of 4 frames")


def test_a_hit_by_frame_is_the_very_source_frame(score: Score) -> None:
    outcome = score({"hit": "frame", "similarity": "dot"})
    assert hits(outcome) == {P1, P7}  # p8 is nearest to e, its source is f
    assert hits(outcome, "id_retrieval_top5") == {P1, P2, P5, P6, P7}  # of p8, c, d, e, g, h stand before f


def test_a_hit_by_person_may_show_another_video(score: Score, tmp_path: Path) -> None:
    file = tmp_path / "persons.json"
    file.write_text(json.dumps({"000": "ann", "001": "bob", "002": "ann", "003": "cy"}))
    assert hits(score({"hit": "person"}, persons=str(file))) == set(KEYS) - {
        P2
    }  # p4 is nearest to e, ann's other video


def test_similarity_is_the_cosine_of_each_result_to_its_own_source(score: Score) -> None:
    outcome = score()
    found = per_pair(outcome, "id_similarity")
    assert found == pytest.approx({**dict.fromkeys(KEYS, 1.0), P2: 0.8 * sqrt(0.5), P3: 0.8, P4: 0.0})
    assert measurements(outcome)["id_similarity"].value == pytest.approx((5.8 + 0.8 * sqrt(0.5)) / 8)
    assert measurements(outcome)["id_similarity"].n == 8


def test_leakage_is_the_cosine_of_each_result_to_its_own_target(score: Score) -> None:
    near_e, h = 190 / sqrt(36200), 190 / sqrt(37700)
    expected = {P1: 0.0, P2: 0.96, P3: 0.0, P4: sqrt(0.5), P5: near_e, P6: 0.8 * h, P7: near_e, P8: 0.8 * h}
    outcome = score()
    assert per_pair(outcome, "target_leakage") == pytest.approx(expected)
    assert measurements(outcome)["target_leakage"].value == pytest.approx(sum(expected.values()) / 8)


def test_pose_and_expression_errors_are_distances_to_the_own_target(score: Score) -> None:
    outcome = score()
    assert per_pair(outcome, "pose_error") == {**dict.fromkeys(KEYS, 0.0), P1: 5.0, P2: 12.0}
    assert per_pair(outcome, "expression_error") == {**dict.fromkeys(KEYS, 0.0), P3: 10.0}
    found = measurements(outcome)
    assert (found["pose_error"].value, found["expression_error"].value) == (17 / 8, 10 / 8)


def test_the_root_of_the_mean_square_is_a_choice_of_each(score: Score) -> None:
    found = measurements(score({"pose_reduce": "rms"}))
    assert found["pose_error"].value == pytest.approx(sqrt((25 + 144) / 8))
    assert found["expression_error"].value == 10 / 8
    found = measurements(score({"expression_reduce": "rms"}))
    assert (found["pose_error"].value, found["expression_error"].value) == (17 / 8, pytest.approx(sqrt(100 / 8)))


def test_what_reads_landmarks_alone_is_null_where_they_are_the_targets_own(
    data: Path, make_bench: Callable[..., Bench]
) -> None:
    bench = make_bench()
    bench.evaluators = {**bench.evaluators, "pose": evaluator("pose", blind="true")}
    own, target = (
        measurements(ffpp(bench, data, swapper(COPY_TARGET), {**BASE, "alignment": whose}))
        for whose in ("own", "target")
    )
    assert (own["pose_error"].value, own["expression_error"].value) == (0, 0)
    assert (target["pose_error"].value, target["expression_error"].value) == (None, 0)
    assert target["pose_error"].note == (
        "results have the target's own landmarks here, and this measure reads nothing else"
    )


@pytest.mark.parametrize("reference", ["targets", "all_frames", "sources"])
def test_a_distance_names_its_reference_and_its_size(score: Score, reference: str) -> None:
    found = measurements(score({"fid_reference": reference, "source_frame": "first"}))
    assert found["fid"].note.startswith(f"reference: {reference.replace('_', ' ')}, n = 8")
    assert found["fid"].n == 8


@pytest.mark.parametrize(
    ("by", "reference"),
    [
        ("CopyTarget", "targets"),
        ("CopyTarget", "all_frames"),
        ("CopySource", "sources"),
        ("CopySource", "targets"),  # every frame is a target once and a source once
    ],
)
def test_copies_are_at_distance_zero_from_what_they_copy(
    data: Path, make_bench: Callable[..., Bench], by: str, reference: str
) -> None:
    control = swapper(f"fsbench.adapters.controls:{by}")
    outcome = ffpp(make_bench(), data, control, {**BASE, "fid_reference": reference})
    assert measurements(outcome)["fid"].value == pytest.approx(0, abs=1e-6)


def failing(score: Score, policy: str) -> Outcome:
    """Of p1 no result is there; p2 is blank; the face of p3 is elsewhere; p4 cannot be embedded."""
    changed = {P2: None, P3: Look((160, 0, 120), box=(0, 0, 12, 12)), P4: Look((1, 1, 1))}
    return score({"failures": policy}, missing=P1, **changed)


def test_each_failure_names_its_pair_and_its_stage(score: Score) -> None:
    outcome = failing(score, "miss")
    assert [(failure.key, failure.stage) for failure in outcome.failures] == [
        (P1, "swap"),
        (P2, "verify"),
        (P3, "verify"),
        (P4, "identity"),
        (P4, "distribution"),
    ]
    assert {failure.key: failure.reason for failure in outcome.failures if failure.key != P1} == {
        P2: "no face in the result",
        P3: "1 face(s) in the result, none where the target's was",
        P4: "this pixel cannot be measured",
    }


def test_a_failure_is_a_miss_of_retrieval_and_no_value_of_anything_else(score: Score) -> None:
    found = measurements(failing(score, "miss"))
    assert (found["id_retrieval"].value, found["id_retrieval"].n, found["id_retrieval"].n_failed) == (50.0, 8, 4)
    assert (found["id_similarity"].value, found["id_similarity"].n, found["id_similarity"].n_failed) == (1.0, 4, 4)
    assert (found["pose_error"].n, found["pose_error"].n_failed) == (5, 3)  # the pose of p4 is there
    assert (found["fid"].n, found["fid"].n_failed) == (4, 4)
    assert (found["coverage"].value, found["coverage"].n_failed) == (62.5, 3)


def test_a_failure_that_is_dropped_is_counted_still(score: Score) -> None:
    found = measurements(failing(score, "drop"))
    assert (found["id_retrieval"].value, found["id_retrieval"].n, found["id_retrieval"].n_failed) == (100.0, 4, 4)
    assert found["coverage"].value == 62.5


def test_a_failure_stops_the_run_where_that_is_the_policy(score: Score) -> None:
    with pytest.raises(RunAborted, match="000_001/f0000 failed at swap: no result in"):
        failing(score, "raise")


def test_where_every_result_failed_retrieval_is_nought_and_the_rest_is_null(score: Score) -> None:
    outcome = score(**dict.fromkeys(KEYS))
    found = measurements(outcome)
    assert [found[m].value for m in ("id_retrieval", "id_retrieval_top5", "id_retrieval_strict", "coverage")] == [0] * 4
    rest = ("id_similarity", "target_leakage", "pose_error", "expression_error", "fid", "kid")
    assert [found[metric].value for metric in rest] == [None] * 6
    assert {found[metric].n_failed for metric in found} == {8}
    assert outcome.finished == 0


def test_dropped_failures_leave_nothing_where_every_result_failed(score: Score) -> None:
    found = measurements(score({"failures": "drop"}, **dict.fromkeys(KEYS)))
    assert found["id_retrieval"].value is None
    assert found["id_retrieval"].n_failed == 8


def test_planned_swaps_that_cannot_be_named_count_as_failed(
    dataset: Callable[..., Path], make_bench: Callable[..., Bench]
) -> None:
    data = dataset({"000": [Look((90, 0, 0))] * 3, "001": [Look((0, 90, 0))]}, [["000", "001"]])
    outcome = ffpp(make_bench(), data, swapper("fsbench.adapters.controls:CopySource"), {"frames": "3"})
    found = measurements(outcome)
    assert (outcome.planned, outcome.finished) == (6, 4)
    assert (found["id_retrieval"].value, found["id_retrieval"].n) == (pytest.approx(100 * 4 / 6), 6)
    assert (found["pose_error"].n, found["pose_error"].n_failed) == (4, 2)
    assert [failure.stage for failure in outcome.failures] == ["plan", "plan"]
    assert outcome.clusters["001_000/missing01"] == ("001",)


def test_every_measurement_of_the_table_is_there_in_order(score: Score) -> None:
    assert list(measurements(score())) == [
        "id_retrieval",
        "id_retrieval_top5",
        "id_retrieval_strict",
        "id_similarity",
        "target_leakage",
        "pose_error",
        "expression_error",
        "fid",
        "kid",
        "coverage",
    ]
