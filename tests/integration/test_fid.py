"""`fsbench run fid` end to end on two folders of real faces."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsbench.data.frames import png_bytes
from tests.integration.conftest import Cli, results


@pytest.fixture(scope="module")
def people(mini: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve portraits, its copy under other names, and one of twelve other portraits."""
    root = tmp_path_factory.mktemp("people")
    portraits = sorted((mini / "lfw/lfw").rglob("*.jpg"))
    for name, chosen in (("real", portraits[:12]), ("copy", portraits[:12]), ("other", portraits[12:24])):
        (root / name).mkdir()
        for number, path in enumerate(chosen):
            shutil.copy(path, root / name / (f"{number}.jpg" if name == "copy" else path.name))
    return root


def run(cli: Cli, out: Path, real: Path, swapped: Path, *words: str) -> dict[str, dict[str, Any]]:
    done = cli("run", "fid", "--real", real, "--swapped", swapped, "--out", out, *words)
    assert done.code == 0, done.stderr
    (result,) = results(out, "fid").values()
    return {measured["metric"]: measured for measured in result["measurements"]}


def test_a_copy_of_a_folder_is_at_distance_zero(cli: Cli, people: Path, tmp_path: Path) -> None:
    found = run(cli, tmp_path, people / "real", people / "copy")
    assert found["fid"]["value"] == pytest.approx(0, abs=1e-3)
    assert (found["fid"]["n"], found["fid"]["n_failed"]) == (12, 0)
    assert found["kid"]["value"] is not None


def test_other_people_are_further_away_than_a_copy(cli: Cli, people: Path, tmp_path: Path) -> None:
    found = run(cli, tmp_path, people / "real", people / "other")["fid"]
    assert found["value"] > 1
    assert found["title"].startswith("FD-")
    assert 0 <= found["low"] <= found["value"] <= found["high"]


def test_whole_frames_are_another_definition_with_another_number(cli: Cli, people: Path, tmp_path: Path) -> None:
    aligned = run(cli, tmp_path / "a", people / "real", people / "other")["fid"]
    frames = run(cli, tmp_path / "b", people / "real", people / "other", "--set", "fid_region=frame")["fid"]
    assert aligned["value"] != pytest.approx(frames["value"], rel=0.01)
    assert aligned["definition"] != frames["definition"]
    assert aligned["title"] != frames["title"]


def test_the_order_of_the_folders_changes_the_reference_and_not_the_distance(
    cli: Cli, people: Path, tmp_path: Path
) -> None:
    one = run(cli, tmp_path / "a", people / "real", people / "other")["fid"]
    other = run(cli, tmp_path / "b", people / "other", people / "real")["fid"]
    assert one["value"] == pytest.approx(other["value"], rel=1e-6)
    assert one["note"].startswith("reference: real, n = 12")
    assert other["note"].startswith("reference: other, n = 12")


def test_a_broken_picture_and_one_without_a_face_are_counted(cli: Cli, people: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    shutil.copytree(people / "other", mixed)
    (mixed / "broken.png").write_bytes(b"no picture")
    (mixed / "grey.png").write_bytes(png_bytes(np.full((250, 250, 3), 90, np.uint8)))
    done = cli("run", "fid", "--real", people / "real", "--swapped", mixed, "--out", tmp_path / "runs")
    assert done.code == 1
    assert "mixed: 2 of 14 failed, more than 5%" in done.stderr
    (result,) = results(tmp_path / "runs", "fid").values()
    assert (result["planned"], result["swapped"]) == (14, 12)
    found = {measured["metric"]: measured for measured in result["measurements"]}
    assert (found["fid"]["n"], found["fid"]["n_failed"]) == (12, 2)
    clean = run(cli, tmp_path / "clean", people / "real", people / "other")
    assert found["fid"]["value"] == pytest.approx(clean["fid"]["value"], rel=1e-9)
    lines = next((tmp_path / "runs").rglob("failures.csv")).read_text().splitlines()
    assert len(lines) == 3
    assert lines[1].startswith("swapped/broken.png,decode,")
    assert lines[2] == "swapped/grey.png,detect,no face found"
