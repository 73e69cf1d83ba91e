"""Baselines: records alone, whole or not at all."""

import json

import numpy as np
import pytest

from fsbench.errors import ConfigError, RecordError
from fsbench.reports.baseline import load_baseline, load_side, names, remove_baseline, save_baseline
from fsbench.reports.compare import compare
from fsbench.reports.compare_settings import CompareSettings
from fsbench.reports.places import without_places
from fsbench.reports.runs import load_runs


def values(shift=0.0):
    return np.random.default_rng(0).normal(2, 0.3, 200) + shift


@pytest.fixture
def root(tmp_path):
    return tmp_path / "baselines"


def test_a_baseline_holds_records_and_no_pictures_and_is_compared_as_the_run_is(side, root):
    run = side("run", pose_error=values())
    (run / "swaps").mkdir()
    (run / "swaps" / "a.png").write_bytes(b"picture")
    saved = save_baseline("main", [run], root)
    files = sorted(file.name for file in saved.folder.rglob("*") if file.is_file())
    assert files == ["baseline.json", "failures.csv", "result.json", "samples.parquet"]
    compared = compare(load_side("main", root), load_runs([run]), CompareSettings(), name="x")
    assert compared.exit_code == 0
    assert [judged.verdict for judged in compared.swappers[0].metrics] == ["same"]
    worse = side("worse", pose_error=values(0.5))
    assert compare(load_side("main", root), load_runs([worse]), CompareSettings(), name="x").exit_code == 1


def test_no_place_of_the_machine_is_saved(side, root):
    run = side(
        "run",
        pose_error=values(),
        config={"data": "/home/ann/faces", "out": "/srv/out", "source_frames": "/home/ann/list.txt"},
        provenance={"command": "fsbench run ff++ --data /home/ann/faces"},
        args={"weights": "/home/ann/ours.onnx"},
    )
    folder = save_baseline("main", [run], root).folder
    text = "".join(file.read_bytes().decode("latin-1") for file in folder.rglob("*") if file.is_file())
    assert "/home" not in text
    assert "/srv" not in text
    assert "ours.onnx" in text
    assert compare(load_side("main", root), load_runs([run]), CompareSettings(), name="x").exit_code == 0


def test_a_baseline_is_replaced_only_where_that_is_said(side, root):
    save_baseline("main", [side("old", pose_error=values())], root)
    newer = side("new", pose_error=values(1.0))
    with pytest.raises(ConfigError, match="there already"):
        save_baseline("main", [newer], root)
    assert save_baseline("main", [newer], root, replace=True).runs[0].result.measurements[0].value > 2.5


def test_a_folder_that_is_no_baseline_is_never_replaced(side, root):
    (root / "main").mkdir(parents=True)
    (root / "main" / "thesis.txt").write_text("x")
    with pytest.raises(ConfigError, match="is no baseline"):
        save_baseline("main", [side("run", pose_error=values())], root, replace=True)
    assert (root / "main" / "thesis.txt").is_file()


def test_after_an_error_nothing_is_left(side, root):
    run = side("run", pose_error=values())
    (run / "samples.parquet").write_bytes(b"cut")
    with pytest.raises(RecordError):
        save_baseline("main", [run], root)
    assert names(root) == []
    assert not (root / "main").exists()


def test_a_run_whose_numbers_were_changed_is_not_saved_and_not_compared(side, root, break_result):
    run = side("run", pose_error=values())
    content = json.loads((run / "result.json").read_text())
    content["measurements"][0]["value"] = 0.1
    break_result(run, measurements=content["measurements"])
    with pytest.raises(RecordError, match="changed after the run"):
        save_baseline("main", [run], root)
    with pytest.raises(RecordError, match="changed after the run"):
        load_side(str(run), root)


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "-flag", "a b"])
def test_a_name_is_no_path(side, root, name):
    with pytest.raises(ConfigError, match="no name for a baseline"):
        save_baseline(name, [side("run", pose_error=values())], root)


def test_what_is_not_there_is_said_with_what_is(side, root):
    save_baseline("main", [side("run", pose_error=values())], root)
    with pytest.raises(ConfigError, match="there are: main"):
        load_side("mian", root)
    with pytest.raises(ConfigError, match="neither a folder nor a baseline"):
        load_side("no/such/folder", root)
    remove_baseline("main", root)
    assert names(root) == []


def test_a_baseline_from_the_future_is_refused(side, root):
    folder = save_baseline("main", [side("run", pose_error=values())], root).folder
    (folder / "baseline.json").write_text('{"schema_version": 99, "runs": []}')
    with pytest.raises(RecordError, match="schema 99"):
        load_baseline("main", root)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cannot read '/home/ann/a.png'", "cannot read 'a.png'"),
        (r"C:\Users\ann\x.onnx gone", "x.onnx gone"),
        ("~/faces/x", "x"),
        ("data (3b15c72c / 2ca67149)", "data (3b15c72c / 2ca67149)"),
        ("/", "/"),
        ("see https://example.org/a", "see https://example.org/a"),
        ("ff++/f0120 of 3/4", "ff++/f0120 of 3/4"),
    ],
)
def test_absolute_paths_become_their_last_part(text, expected):
    assert without_places(text) == expected
