"""`fsbench run lfw` end to end on the mini set."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from fsbench.data.frames import png_bytes, read_rgb
from tests.integration.conftest import Cli, numbers, results, values


def folder(out: Path, label: str) -> Path:
    (found,) = (out / "lfw" / label).iterdir()
    return found


def test_copying_the_target_scores_what_it_must(lfw_run: Path) -> None:
    found = values(results(lfw_run, "lfw")["copy-target"])
    assert found["lfw_cosine_mean"] == found["lfw_cosine_floor"]
    assert found["target_leakage"] == pytest.approx(1, abs=1e-9)
    assert found["fid"] == pytest.approx(0, abs=1e-3)
    assert found["kid"] == pytest.approx(0, abs=1e-6)
    assert found["coverage"] == 100


def test_copying_the_source_scores_what_it_must(lfw_run: Path) -> None:
    found = values(results(lfw_run, "lfw")["copy-source"])
    assert found["lfw_cosine_mean"] == pytest.approx(1, abs=0.01)
    assert found["lfw_cosine_var"] == pytest.approx(0, abs=1e-4)
    assert found["target_leakage"] == pytest.approx(found["lfw_cosine_floor"], abs=0.01)


def test_floor_and_ceiling_belong_to_the_data_and_stand_in_order(lfw_run: Path) -> None:
    found = [values(result) for result in results(lfw_run, "lfw").values()]
    assert len({(one["lfw_cosine_floor"], one["lfw_cosine_ceiling"]) for one in found}) == 1
    assert found[0]["lfw_cosine_ceiling"] > found[0]["lfw_cosine_floor"]


def test_the_landmark_swap_lies_between_the_controls(lfw_run: Path) -> None:
    found = results(lfw_run, "lfw")
    target, swap, source = (values(found[label]) for label in ("copy-target", "landmark", "copy-source"))
    assert target["lfw_cosine_mean"] < swap["lfw_cosine_mean"] < source["lfw_cosine_mean"]
    assert target["target_leakage"] > swap["target_leakage"] > source["target_leakage"]


def test_every_number_carries_its_n_interval_and_definition(lfw_run: Path) -> None:
    for result in results(lfw_run, "lfw").values():
        assert (result["planned"], result["swapped"]) == (24, 24)
        for measured in result["measurements"]:
            assert (measured["n"], measured["n_failed"]) == (24, 0)
            assert measured["low"] <= measured["value"] + 1e-9 and measured["value"] - 1e-9 <= measured["high"]
            assert len(measured["definition"]) == 12


def test_the_second_picture_of_a_pair_is_its_source(lfw_run: Path, mini: Path) -> None:
    lines = [line.split("\t") for line in (mini / "lfw/pairs.txt").read_text().splitlines()[1:]]
    negatives = [fields for fields in lines if len(fields) == 4]
    with (folder(lfw_run, "landmark") / "pairs.csv").open() as file:
        pairs = list(csv.DictReader(file))
    assert [(pair["target_id"], pair["source_id"]) for pair in pairs] == [(f[0], f[2]) for f in negatives]
    assert [pair["source"] for pair in pairs] == [
        f"{name}/{name}_{int(number):04d}.jpg" for _, _, name, number in negatives
    ]


def test_the_value_is_the_mean_of_the_samples_and_both_people_are_clusters(lfw_run: Path) -> None:
    found = values(results(lfw_run, "lfw")["landmark"])
    table = pyarrow.parquet.read_table(folder(lfw_run, "landmark") / "samples.parquet")
    cosines = table["lfw_cosine_mean"].to_pylist()
    assert np.mean(cosines) == pytest.approx(found["lfw_cosine_mean"])
    assert np.var(cosines, ddof=1) == pytest.approx(found["lfw_cosine_var"])
    assert table["cluster"].to_pylist() == table["target_id"].to_pylist()
    assert table["cluster2"].to_pylist() == table["source_id"].to_pylist()


def test_finished_pictures_score_what_their_swapper_scored(cli: Cli, lfw_run: Path, tmp_path: Path) -> None:
    swaps = folder(lfw_run, "landmark") / "swaps"
    words = ["--swapper", "copy=precomputed", "--swapper-arg", f"folder={swaps}", "--no-controls", "--out", tmp_path]
    done = cli("run", "lfw", "--data", "mini", *words)
    assert done.code == 0, done.stderr
    assert numbers(results(tmp_path, "lfw")["copy"]) == numbers(results(lfw_run, "lfw")["landmark"])


def test_pictures_of_a_repeated_run_are_those_that_were_measured_last(cli: Cli, mini: Path, tmp_path: Path) -> None:
    words = ["run", "lfw", "--data", mini, "--limit", "2"]
    assert cli(*words, "--dry-run", "--out", tmp_path).code == 0
    with (tmp_path / "lfw/planned_pairs.csv").open() as file:
        pairs = list(csv.DictReader(file))
    made = tmp_path / "made"
    made.mkdir()
    runs = ["--swapper", "mine=precomputed", "--swapper-arg", f"folder={made}", "--no-controls", "--out", tmp_path]
    for side in ("source", "target"):
        for pair in pairs:
            (made / f"{pair['key']}.png").write_bytes(png_bytes(read_rgb(mini / "lfw/lfw" / pair[side])))
        cli(*words, *runs)
    for pair in pairs:
        stored = read_rgb(folder(tmp_path, "mine") / "swaps" / f"{pair['key']}.png")
        assert (stored == read_rgb(mini / "lfw/lfw" / pair["target"])).all()
    assert values(results(tmp_path, "lfw")["mine"])["target_leakage"] == pytest.approx(1, abs=1e-9)


def test_broken_pictures_and_pictures_without_a_face_are_counted(cli: Cli, mini: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(mini / "lfw", data)
    with (data / "pairs.txt").open() as file:
        negatives = [line.split() for line in file if len(line.split()) == 4][:4]
    targets = [data / "lfw" / name / f"{name}_{int(number):04d}.jpg" for name, number, _, _ in negatives]
    targets[0].write_bytes(b"no picture")
    targets[1].write_bytes(png_bytes(np.full((250, 250, 3), 90, np.uint8)))
    words = ["--swapper", "copy-target", "--no-controls", "--limit", "4", "--out", tmp_path / "runs"]
    done = cli("run", "lfw", "--data", data, *words)
    assert done.code == 1
    (result,) = results(tmp_path / "runs", "lfw").values()
    with next((tmp_path / "runs").rglob("failures.csv")).open() as file:
        failures = {row["key"]: row for row in csv.DictReader(file)}
    failed = len(failures)
    assert failed >= 2
    assert {row["stage"] for row in failures.values()} == {"decode", "detect"}
    assert f"target {targets[1].name}: no face found" in [row["reason"] for row in failures.values()]
    assert f"fsbench: copy-target: {failed} of 4 failed, more than 5%\n  most often (" in done.stderr
    assert done.stderr.endswith("failures.csv\n")
    counted = {measured["metric"]: measured for measured in result["measurements"]}
    assert (counted["lfw_cosine_mean"]["n"], counted["lfw_cosine_mean"]["n_failed"]) == (4 - failed, failed)
    assert counted["coverage"]["value"] == 100 * (4 - failed) / 4
