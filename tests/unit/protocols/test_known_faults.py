"""Faults that evaluation scripts of face-swap papers were found to have; each test is named after one."""

from __future__ import annotations

import dataclasses
import importlib.util
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from fsbench import catalog
from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.engine.bench import Bench
from fsbench.engine.plugins import identify, plugin
from fsbench.interfaces import Evaluator
from fsbench.metrics.spec import METRICS
from fsbench.metrics.stats import cluster_bootstrap
from fsbench.types import Face, FrameRef, ImageRef
from tests.unit.protocols.conftest import (
    COPY_TARGET,
    Look,
    ffpp,
    finished,
    measurements,
    painted,
    per_pair,
    swapper,
)

Write = Callable[..., Path]
MakeBench = Callable[..., Bench]
COPY_SOURCE = "fsbench.adapters.controls:CopySource"
TEN = {"frames": "10"}


def keys(target: str, source: str, count: int = 10) -> list[str]:
    return [f"{target}_{source}/f{index:04d}" for index in range(count)]


@pytest.fixture
def two_videos(dataset: Write) -> Path:
    """Ten frames each, all of one colour in a video, at a right angle to the other's."""
    return dataset({"000": [Look((200, 0, 0))] * 10, "001": [Look((0, 200, 0))] * 10}, [["000", "001"]])


def test_cosine_that_reads_one_frame_in_ten(two_videos: Path, make_bench: MakeBench, results_folder: Write) -> None:
    # the first frame of each video is the source's, the others are the target's: 2 of 20 are alike
    looks = {key: Look((200, 0, 0)) for key in keys("000", "001")} | {
        key: Look((0, 200, 0)) for key in keys("001", "000")
    }
    looks |= {"000_001/f0000": Look((0, 200, 0)), "001_000/f0000": Look((200, 0, 0))}
    found = measurements(ffpp(make_bench(), two_videos, finished(results_folder(looks)), TEN))["id_similarity"]
    assert (found.n, found.value) == (20, pytest.approx(0.1))


def test_evaluator_that_reads_the_first_of_a_batch_alone(dataset: Write, make_bench: MakeBench) -> None:
    looks = {
        "000": [Look((index, 0, 9), pose=(100 + index, 100, 100)) for index in range(10)],
        "001": [Look((0, index, 9), pose=(100, 100 + index, 100)) for index in range(10)],
    }
    data = dataset(looks, [["000", "001"]])
    one, many = (
        ffpp(make_bench(f"cache{batch}", batch), data, swapper(COPY_SOURCE), {**TEN, "alignment": "target"})
        for batch in (1, 7)
    )
    assert per_pair(many, "pose_error") == per_pair(one, "pose_error")
    assert per_pair(many, "id_similarity") == per_pair(one, "id_similarity")
    # source frame i against target frame i: i degrees of yaw against i of pitch
    errors = [per_pair(many, "pose_error")[key] for key in keys("000", "001")]
    assert errors == pytest.approx([index * 2**0.5 for index in range(10)])


def test_number_of_videos_that_is_fixed_in_code(dataset: Write, make_bench: MakeBench) -> None:
    for count in (2, 6):
        names = [f"{number:03d}" for number in range(count)]
        data = dataset(
            {name: [Look((9, 9, 9))] for name in names},
            list(zip(names[::2], names[1::2], strict=True)),
            name=f"data{count}",
        )
        outcome = ffpp(make_bench(), data, swapper(COPY_TARGET), {"frames": "1"})
        assert (outcome.planned, measurements(outcome)["id_similarity"].n) == (count, count)


def test_frame_without_a_face_that_is_replaced_by_the_next(dataset: Write, make_bench: MakeBench) -> None:
    face = Look((200, 0, 0))
    data = dataset({"000": [face, None, face, None, face], "001": [face] * 5}, [["000", "001"]])
    outcome = ffpp(make_bench(), data, swapper(COPY_TARGET), {"frames": "5"})
    assert [(failure.key, failure.stage, failure.reason) for failure in outcome.failures] == [
        ("000_001/f0001", "detect", "target 0001.png: no face found"),
        ("000_001/f0003", "detect", "target 0003.png: no face found"),
    ]
    measured = [key for key in per_pair(outcome, "pose_error") if key.startswith("000")]
    assert measured == ["000_001/f0000", "000_001/f0002", "000_001/f0004"]
    found = measurements(outcome)
    assert (found["pose_error"].n, found["pose_error"].n_failed, found["coverage"].value) == (8, 2, 80.0)


def test_search_for_a_face_that_never_ends(dataset: Write, make_bench: MakeBench) -> None:
    data = dataset({"000": [None] * 3, "001": [None] * 3}, [["000", "001"]])
    outcome = ffpp(make_bench(), data, swapper(COPY_TARGET), {"frames": "3"})
    assert len(outcome.failures) == outcome.planned == 6
    assert measurements(outcome)["coverage"].value == 0


def test_blank_output_that_earns_a_score_by_the_landmarks_of_the_target(
    two_videos: Path, make_bench: MakeBench, results_folder: Write, tmp_path: Path
) -> None:
    seen = Look((90, 0, 0), pose=(103, 104, 100))
    blank = dict.fromkeys([*keys("000", "001"), *keys("001", "000")])
    by = finished(results_folder({**blank, "000_001/f0000": seen}))
    own = measurements(ffpp(make_bench(), two_videos, by, {**TEN, "alignment": "own"}))
    assert (own["pose_error"].value, own["pose_error"].n, own["pose_error"].n_failed) == (5.0, 1, 19)
    assert (own["id_similarity"].n, own["fid"].value, own["coverage"].value) == (1, None, 5.0)
    for path in (tmp_path / "results").rglob("*.png"):
        path.write_bytes(png_bytes(np.full((48, 48, 3), 60, np.uint8)))
    targets = measurements(ffpp(make_bench(), two_videos, by, {**TEN, "alignment": "target"}))
    assert targets["pose_error"].n == 20  # as code of this kind has it, and as its definition says


def test_pairs_that_are_matched_by_the_order_of_their_file_names(
    dataset: Write, make_bench: MakeBench, tmp_path: Path
) -> None:
    # plain order is 0, 1, 10, 11, 2 ...; natural order is 0, 1, 2 ...; there is one picture too many, too
    looks = {name: [Look((9, 9, 9), pose=(100 + index, 100, 100)) for index in range(12)] for name in ("000", "001")}
    data = dataset(looks, [["000", "001"]])
    for folder in ("000_001", "001_000"):
        for index, look in enumerate(looks["000"]):
            path = tmp_path / f"results/{folder}/{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png_bytes(painted(look)))
        (tmp_path / f"results/{folder}/overview.png").write_bytes(png_bytes(painted(None)))
    outcome = ffpp(make_bench(), data, finished(tmp_path / "results"), {"frames": "12"})
    assert outcome.failures == []
    assert set(per_pair(outcome, "pose_error").values()) == {0.0}
    assert len(per_pair(outcome, "pose_error")) == 24


def test_pictures_that_reach_an_evaluator_in_the_order_of_opencv(tmp_path: Path, make_bench: MakeBench) -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[16:48, 16:48] = (220, 0, 0)
    still, film = tmp_path / "red.png", tmp_path / "red.mp4"
    still.write_bytes(png_bytes(red))
    with av.open(str(film), "w") as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        file.mux(stream.encode(av.VideoFrame.from_ndarray(red, format="rgb24")))
        file.mux(stream.encode())
    bench = make_bench()
    refs = [FrameRef(still), FrameRef(film, 0)]
    images = bench.images(refs)
    faces = [
        Face(image, np.array([16.0, 16.0, 48.0, 48.0]), np.zeros((5, 2)), 1.0)
        for ref in refs
        if isinstance(image := images[ref], ImageRef)
    ]
    rows = bench.features("identity", faces)[0].values
    assert rows[0].tolist() == [220, 0, 0]
    assert rows[1] == pytest.approx([220, 0, 0], abs=12)  # a video rounds colours


@pytest.mark.parametrize("name", ["dlib-resnet", "efflite0"])
def test_swapped_colour_channels_do_not_pass_unseen(tmp_path: Path, make_bench: MakeBench, name: str) -> None:
    folder = importlib.util.find_spec("skimage")
    assert folder is not None and folder.origin is not None
    path = Path(folder.origin).parent / "data/astronaut.png"
    from fsbench.evaluators.detectors import Dlib

    original = read_rgb(path)
    (face,) = Dlib().detect([ImageRef(path, pixel_sha256(original))])[0]
    swapped = np.ascontiguousarray(original[..., ::-1])
    (tmp_path / "bgr.png").write_bytes(png_bytes(swapped))
    other = dataclasses.replace(face, image=ImageRef(tmp_path / "bgr.png", pixel_sha256(swapped)))
    by = identify(plugin(catalog.EVALUATORS[name].target, {}, {}), Evaluator).plugin.build()
    one, two = by.extract([face, other])
    assert np.linalg.norm(one - two) > 0.05 * np.linalg.norm(one)


def test_random_choice_of_frames_so_that_a_score_changes_from_run_to_run(dataset: Write, make_bench: MakeBench) -> None:
    rng = np.random.default_rng(0)
    looks = {name: [Look(tuple(rng.integers(2, 255, 3))) for _ in range(30)] for name in ("000", "001")}
    data = dataset(looks, [["000", "001"]])
    one, two = (ffpp(make_bench(f"cache{n}"), data, swapper(COPY_SOURCE), TEN) for n in range(2))
    assert one.pairs == two.pairs
    assert [scored.measurement for scored in one.scored] == [scored.measurement for scored in two.scored]


def test_crashed_swapper_that_becomes_a_picture_and_is_scored(two_videos: Path, make_bench: MakeBench) -> None:
    outcome = ffpp(make_bench(), two_videos, swapper("Crash", every="2"), TEN)
    assert {failure.key for failure in outcome.failures} == {
        key for key in (*keys("000", "001"), *keys("001", "000")) if int(key[-1]) % 2 == 0
    }
    assert {failure.stage for failure in outcome.failures} == {"swap"}
    assert outcome.failures[0].reason.startswith("ZeroDivisionError: a bug (parts.py:")
    found = measurements(outcome)
    assert (found["id_retrieval"].value, found["id_similarity"].n, found["coverage"].value) == (50.0, 10, 50.0)


def test_measurement_that_is_a_constant_nought_where_nothing_was_measured(
    two_videos: Path, make_bench: MakeBench
) -> None:
    outcome = ffpp(make_bench(), two_videos, swapper("Crash"), {**TEN, "failures": "drop"})
    found = measurements(outcome)
    absent = {metric: measured.value for metric, measured in found.items() if metric != "coverage"}
    assert set(absent.values()) == {None}
    assert {measured.n_failed for measured in found.values()} == {20}
    assert all(measured.note for metric, measured in found.items() if metric != "coverage")
    assert "NaN" not in "".join(measured.model_dump_json() for measured in found.values())


def test_failed_embedding_that_becomes_nought(two_videos: Path, make_bench: MakeBench, results_folder: Write) -> None:
    good = {key: Look((0, 200, 0)) for key in keys("000", "001")} | {
        key: Look((200, 0, 0)) for key in keys("001", "000")
    }
    outcome = ffpp(make_bench(), two_videos, finished(results_folder({**good, "000_001/f0003": Look((1, 1, 1))})), TEN)
    found = measurements(outcome)["id_similarity"]
    assert (found.value, found.n, found.n_failed) == (pytest.approx(1.0), 19, 1)


def test_interval_that_takes_the_frames_of_a_video_for_independent(
    dataset: Write, make_bench: MakeBench, results_folder: Write
) -> None:
    names = [f"{number:03d}" for number in range(6)]
    pairs = list(zip(names[::2], names[1::2], strict=True))
    data = dataset({name: [Look((9, 9, 9))] * 10 for name in names}, pairs)
    directions = [direction for a, b in pairs for direction in ((a, b), (b, a))]
    looks = {
        key: Look((9, 9, 9), pose=(100 + 3 * number, 100, 100))
        for number, (target, source) in enumerate(directions)
        for key in keys(target, source)
    }
    outcome = ffpp(make_bench(), data, finished(results_folder(looks)), TEN)
    found, values = measurements(outcome)["pose_error"], per_pair(outcome, "pose_error")
    naive = cluster_bootstrap(list(values.values()), list(values), resamples=1000, seed=0)
    assert found.low is not None and found.high is not None and naive is not None
    assert found.value == 7.5
    assert found.high - found.low > 2.5 * (naive.high - naive.low)  # 10 alike frames: sqrt(10) = 3.2 times


def test_distance_of_another_networks_features_that_is_called_fid(two_videos: Path, make_bench: MakeBench) -> None:
    outcome = ffpp(make_bench(), two_videos, swapper(COPY_TARGET), TEN)
    titles = [measurements(outcome)[metric].title for metric in ("fid", "kid")]
    assert titles == ["FD-Pixel", "KD-Pixel"]
    assert METRICS["fid"].title not in titles


def test_numbers_of_different_definitions_in_one_column(two_videos: Path, make_bench: MakeBench) -> None:
    definitions = {
        measurements(ffpp(make_bench(), two_videos, swapper(COPY_TARGET), {**TEN, **choice}))["pose_error"].definition
        for choice in ({}, {"pose_reduce": "rms"}, {"alignment": "target"}, {"sampling": "stride"})
    }
    assert len(definitions) == 4
