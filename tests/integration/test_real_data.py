"""Both protocols on real videos and pictures, where FSBENCH_TEST_DATA names a folder that holds them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Cli, numbers, results, values

FRAMES = "4"  # of each video: enough for both directions of four pairs to be 32 swaps


def measured(cli: Cli, out: Path, protocol: str, data: Path) -> dict[str, dict[str, Any]]:
    """Run the controls and the landmark swapper, then its stored pictures once more; give the results by label."""
    words = ["run", protocol, "--data", data, *(["--set", f"frames={FRAMES}"] if protocol == "ff++" else [])]
    done = cli(*words, "--out", out)
    assert done.code == 0, done.stderr
    (swaps,) = (out / protocol / "landmark").glob("*/swaps")
    stored = ["--swapper", "stored=precomputed", "--swapper-arg", f"folder={swaps}", "--no-controls"]
    done = cli(*words, *stored, "--out", out)
    assert done.code == 0, done.stderr
    return results(out, protocol)


@pytest.fixture(scope="module")
def ffpp_out(cli: Cli, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("real_ffpp")
    measured(cli, out, "ff++", real_data / "ffpp_mini")
    return out


@pytest.fixture(scope="module")
def ffpp(ffpp_out: Path) -> dict[str, dict[str, Any]]:
    return results(ffpp_out)


@pytest.fixture(scope="module")
def lfw(cli: Cli, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return measured(cli, tmp_path_factory.mktemp("real_lfw"), "lfw", real_data / "lfw_mini")


@pytest.mark.parametrize("protocol", ["ff++", "lfw"])
def test_stored_pictures_score_exactly_what_their_swapper_scored(protocol: str, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue("ffpp" if protocol == "ff++" else "lfw")
    assert numbers(found["stored"]) == numbers(found["landmark"])


def test_no_original_frame_is_lost_to_detection(ffpp: dict[str, dict[str, Any]]) -> None:
    for label in ("copy-target", "copy-source"):
        assert (ffpp[label]["planned"], ffpp[label]["swapped"]) == (32, 32)
        assert values(ffpp[label])["coverage"] == 100


def test_hardly_a_swap_is_lost(ffpp: dict[str, dict[str, Any]], lfw: dict[str, dict[str, Any]]) -> None:
    assert values(ffpp["landmark"])["coverage"] >= 95
    assert values(lfw["landmark"])["coverage"] >= 95


def test_every_frame_takes_the_source_frame_of_the_same_index(ffpp_out: Path, ffpp: dict[str, Any]) -> None:
    (file,) = (ffpp_out / "ff++/landmark").glob("*/pairs.csv")
    with file.open() as lines:
        pairs = list(csv.DictReader(lines))
    assert len(pairs) == 32
    behind = [pair for pair in pairs if pair["source_rule"] != "same_index"]
    assert all(pair["source_rule"] == "fallback: most_frontal" for pair in behind)  # of a shorter source video
    assert len(behind) < 16
    for pair in pairs:
        assert pair["target_frame"] == pair["source_frame"] or pair in behind


def test_copying_the_target_of_a_video_scores_what_it_must(ffpp: dict[str, dict[str, Any]]) -> None:
    found = values(ffpp["copy-target"])
    assert found["id_retrieval"] == found["id_retrieval_strict"] == 0
    assert found["pose_error"] == found["expression_error"] == 0
    assert found["target_leakage"] == pytest.approx(1, abs=1e-9)
    assert found["fid"] == pytest.approx(0, abs=1e-3)
    assert found["kid"] == pytest.approx(0, abs=1e-6)


def test_copying_the_source_of_a_video_scores_what_it_must(ffpp: dict[str, dict[str, Any]]) -> None:
    found = values(ffpp["copy-source"])
    assert found["id_retrieval"] == found["id_retrieval_top5"] == 100
    assert found["id_similarity"] == pytest.approx(1, abs=0.01)
    assert found["pose_error"] > 2


def test_a_real_swap_lies_between_the_controls(ffpp: dict[str, dict[str, Any]]) -> None:
    target, swap, source = (values(ffpp[label]) for label in ("copy-target", "landmark", "copy-source"))
    assert target["id_similarity"] < swap["id_similarity"] < source["id_similarity"]
    assert target["target_leakage"] > swap["target_leakage"] > source["target_leakage"]
    assert 0 < swap["pose_error"] < source["pose_error"]
    assert 0 < swap["expression_error"] < source["expression_error"]
    assert swap["fid"] > 0


def test_the_controls_on_real_portraits_score_what_they_must(lfw: dict[str, dict[str, Any]]) -> None:
    target, swap, source = (values(lfw[label]) for label in ("copy-target", "landmark", "copy-source"))
    assert target["lfw_cosine_mean"] == target["lfw_cosine_floor"]
    assert source["lfw_cosine_mean"] == pytest.approx(1, abs=0.01)
    assert target["lfw_cosine_ceiling"] > target["lfw_cosine_floor"]
    assert target["lfw_cosine_mean"] < swap["lfw_cosine_mean"] < source["lfw_cosine_mean"]
    assert target["fid"] == pytest.approx(0, abs=1e-3)


def test_real_portraits_give_every_pair_a_value(lfw: dict[str, dict[str, Any]]) -> None:
    for label in ("copy-target", "copy-source"):
        assert (lfw[label]["planned"], lfw[label]["swapped"]) == (30, 30)
