"""LFW: measurements of painted faces, against values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fsbench.data.frames import png_bytes
from fsbench.engine.bench import Bench
from fsbench.engine.plugins import Identified
from fsbench.protocols.lfw import LfwProtocol
from fsbench.protocols.outcome import Outcome
from fsbench.types import Failure
from tests.unit.protocols.conftest import (
    COPY_TARGET,
    Look,
    finished,
    measurements,
    painted,
    per_pair,
    settings,
    swapper,
)

MakeBench = Callable[..., Bench]
COPY_SOURCE = "fsbench.adapters.controls:CopySource"
PICTURES = {
    "Ann_0001": (200, 0, 0),
    "Ann_0002": (160, 120, 0),
    "Bob_0001": (0, 200, 0),
    "Bob_0002": (0, 120, 160),
    "Cy_0001": (0, 0, 200),
}
PAIRS = """1\t3
Ann\t1\t2
Bob\t1\t2
Ann\t2\t1
Ann\t1\tBob\t2
Bob\t1\tCy\t1
Ann\t2\tBob\t1
"""
KEYS = ["Ann_0001__Bob_0002", "Bob_0001__Cy_0001", "Ann_0002__Bob_0001"]
# cosine of the pictures of each pair: 0, 0 and .6; of the positive ones: .8, .6 and .8


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, colour in PICTURES.items():
        path = tmp_path / "data/lfw" / name[:-5] / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png_bytes(painted(Look(colour))))
    (tmp_path / "data/pairs.txt").write_text(PAIRS)
    return tmp_path / "data"


def run(make_bench: MakeBench, data: Path, by: Identified, **given: object) -> Outcome:
    protocol = LfwProtocol(settings(data, protocol="lfw", **given))
    return protocol.run(make_bench(), protocol.plan(), by)


def test_the_second_picture_is_the_source_and_the_first_the_target(data: Path) -> None:
    plan = LfwProtocol(settings(data, protocol="lfw")).plan()
    assert [(p.key, p.target.path.stem, p.source.path.stem, p.target_id, p.source_id) for p in plan.pairs] == [
        ("Ann_0001__Bob_0002", "Ann_0001", "Bob_0002", "Ann", "Bob"),
        ("Bob_0001__Cy_0001", "Bob_0001", "Cy_0001", "Bob", "Cy"),
        ("Ann_0002__Bob_0001", "Ann_0002", "Bob_0001", "Ann", "Bob"),
    ]
    assert [pair.key for pair in plan.positives] == ["Ann_0001__Ann_0002", "Bob_0001__Bob_0002", "Ann_0002__Ann_0001"]


def test_a_pair_that_the_list_repeats_is_swapped_twice_under_two_names(data: Path) -> None:
    text = PAIRS.replace("Ann\t2\tBob\t1", "Ann\t1\tBob\t2")
    (data / "pairs.txt").write_text(text)
    keys = [pair.key for pair in LfwProtocol(settings(data, protocol="lfw")).plan().pairs]
    assert keys == ["Ann_0001__Bob_0002", "Bob_0001__Cy_0001", "Ann_0001__Bob_0002__line7"]


def test_the_same_settings_give_the_same_plan_and_a_limit_its_start(data: Path) -> None:
    plans = [LfwProtocol(settings(data, protocol="lfw", limit=limit)).plan() for limit in (None, None, 2)]
    assert plans[0] == plans[1]
    assert (plans[2].pairs, plans[2].positives) == (plans[0].pairs[:2], plans[0].positives[:2])


def test_the_cosine_is_that_of_the_result_to_the_source(
    data: Path, make_bench: MakeBench, results_folder: Callable[..., Path]
) -> None:
    # sources (0, .6, .8), (0, 0, 1) and (0, 1, 0)
    looks = [Look((0, 100, 0)), Look((0, 0, 100)), Look((160, 120, 0))]
    outcome = run(make_bench, data, finished(results_folder(dict(zip(KEYS, looks, strict=True)))))
    found = measurements(outcome)
    assert per_pair(outcome, "lfw_cosine_mean") == pytest.approx(dict(zip(KEYS, [0.6, 1.0, 0.6], strict=True)))
    assert found["lfw_cosine_mean"].value == pytest.approx(2.2 / 3)
    assert found["lfw_cosine_var"].value == pytest.approx(0.16 / 3)  # (.0178 + .0711 + .0178) / 2
    assert per_pair(outcome, "target_leakage") == pytest.approx(dict(zip(KEYS, [0.0, 0.0, 1.0], strict=True)))


def test_floor_and_ceiling_are_those_of_the_pictures_themselves(data: Path, make_bench: MakeBench) -> None:
    found = measurements(run(make_bench, data, swapper(COPY_SOURCE)))
    assert (found["lfw_cosine_floor"].value, found["lfw_cosine_floor"].n) == (pytest.approx(0.2), 3)
    assert (found["lfw_cosine_ceiling"].value, found["lfw_cosine_ceiling"].n) == (pytest.approx(2.2 / 3), 3)


def test_copying_the_target_scores_the_floor_and_copying_the_source_scores_one(
    data: Path, make_bench: MakeBench
) -> None:
    found = measurements(run(make_bench, data, swapper(COPY_TARGET)))
    assert found["lfw_cosine_mean"].value == found["lfw_cosine_floor"].value
    assert found["target_leakage"].value == pytest.approx(1)
    found = measurements(run(make_bench, data, swapper(COPY_SOURCE)))
    assert found["lfw_cosine_mean"].value == pytest.approx(1)
    assert found["lfw_cosine_var"].value == pytest.approx(0)


def test_a_pair_whose_picture_shows_no_face_is_counted_everywhere(data: Path, make_bench: MakeBench) -> None:
    (data / "lfw/Cy/Cy_0001.png").write_bytes(png_bytes(painted(None)))
    outcome = run(make_bench, data, swapper(COPY_TARGET))
    assert outcome.failures == [Failure(KEYS[1], "detect", "source Cy_0001.png: no face found")]
    found = measurements(outcome)
    for metric in ("lfw_cosine_mean", "lfw_cosine_var", "target_leakage", "lfw_cosine_floor", "fid"):
        assert (found[metric].n, found[metric].n_failed) == (2, 1)
    assert found["lfw_cosine_floor"].value == pytest.approx(0.3)
    assert found["coverage"].value == pytest.approx(200 / 3)


def test_the_face_nearest_to_the_middle_is_the_person_of_a_picture(data: Path, make_bench: MakeBench) -> None:
    crowd = painted(Look((200, 0, 0), box=(16, 16, 32, 32)))
    crowd[34:48] = 222  # a larger face at the edge, of another colour
    (data / "lfw/Ann/Ann_0001.png").write_bytes(png_bytes(crowd))
    middle = run(make_bench, data, swapper(COPY_TARGET))
    largest = run(make_bench, data, swapper(COPY_TARGET), choices={"face": "largest"})
    assert per_pair(middle, "lfw_cosine_floor")[KEYS[0]] == pytest.approx(0)
    # grey against (0, .6, .8): 1.4 / sqrt(3)
    assert per_pair(largest, "lfw_cosine_floor")[KEYS[0]] == pytest.approx(1.4 / np.sqrt(3))


def test_intervals_resample_people_of_both_sides(data: Path, make_bench: MakeBench) -> None:
    outcome = run(make_bench, data, swapper(COPY_TARGET))
    assert outcome.clusters == {KEYS[0]: ("Ann", "Bob"), KEYS[1]: ("Bob", "Cy"), KEYS[2]: ("Ann", "Bob")}
    assert measurements(outcome)["lfw_cosine_mean"].note == "only 2 clusters: the interval is too narrow"
