"""The suites `paper` and `modern` from the command line, with random weights: everything but the numbers is real."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from onnx_files import detector, recogniser

pytestmark = pytest.mark.slow
TORCH = {
    "paper": ("fan-2d", "cosface-acc9928", "hopenet-robust-alpha1", "deep3d-epoch20", "inception-fid"),
    "modern": ("facenet-vggface2", "6drepnet-300wlp", "l2cs-gaze360"),
}
SMALL = ("--limit", "2", "--set", "frames=2", "--json")


@pytest.fixture
def weights(install: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random weights for both suites, a detector that finds one face at the middle of every picture, a new cache."""
    monkeypatch.setenv("FSBENCH_CACHE", str(tmp_path / "cache"))
    points = [[270, 150], [360, 150], [315, 200], [280, 245], [350, 245]]
    install("scrfd-10g", content=detector([240, 90, 400, 290], points))
    install("arcface-w600k-r50", content=recogniser())
    for name in (*TORCH["paper"], *TORCH["modern"]):
        install(name)


def results(called: Any) -> dict[str, Any]:
    assert called.code == 0, called.stderr
    return {result["swapper"]["name"]: result for result in json.loads(called.stdout)}


def by_metric(result: Any) -> dict[str, Any]:
    return {found["metric"]: found for found in result["measurements"]}


def test_both_suites_run_and_the_second_pays_for_its_own_networks_alone(
    cli: Any, mini: Path, weights: None, tmp_path: Path
) -> None:
    run = ("run", "ff++", "--data", mini, "--swapper", "copy-target", "--out", tmp_path / "runs", *SMALL)
    paper = results(cli(*run, "--suite", "paper"))
    target = by_metric(paper["copy-target"])
    titles = {metric: found["title"] for metric, found in target.items()}
    assert titles["id_retrieval"] == "ID retrieval"
    assert titles["pose_error"] == "Pose error"
    assert titles["expression_error"] == "Expression error"
    assert titles["fid"] == "FID"
    assert titles["shape_error"] == "Shape error (Deep3DFaceRecon)"
    for metric in ("pose_error", "expression_error", "light_error"):
        assert target[metric]["value"] == 0, metric  # the target is its own result
    assert target["shape_error"]["value"] > 0  # which is compared with the source
    assert target["id_retrieval"]["value"] == 0
    assert by_metric(paper["copy-source"])["pose_error"]["value"] > 0
    assert "Hopenet sees" in " ".join(paper["copy-target"]["explanation"])

    modern = results(cli(*run, "--no-controls", "--suite", "modern", "--evaluator", "detect=scrfd-10g+fan"))
    columns = by_metric(modern["copy-target"])
    assert columns["id_retrieval"]["title"] == "ID retrieval (ArcFace R50)"
    assert columns["id_retrieval_2"]["title"] == "ID retrieval (FaceNet)"
    assert columns["pose_geodesic"]["title"] == "Rotation error (6DRepNet)"
    assert columns["gaze_error"]["value"] == columns["pose_geodesic"]["value"] == 0
    computed = [result["provenance"]["computed"] for result in modern.values()]
    stages = {stage for one in computed for stage in one}
    assert {"identity", "identity2", "pose", "gaze"} <= stages
    assert not {"decode", "detect", "swap", "expression", "distribution"} & stages  # `paper` paid for them


def test_lfw_is_measured_by_arcface_under_the_papers_title(cli: Any, mini: Path, weights: None, tmp_path: Path) -> None:
    words = (
        "run",
        "lfw",
        "--data",
        mini / "lfw",
        "--suite",
        "paper",
        "--swapper",
        "copy-target",
        "--no-controls",
        "--limit",
        "2",
        "--json",
    )
    found = results(cli(*words, "--out", tmp_path / "runs"))
    columns = by_metric(found["copy-target"])
    assert columns["lfw_cosine_mean"]["title"] == "LFW cosine, mean"
    assert columns["target_leakage"]["title"] == "Target leakage (ArcFace R50)"
    assert columns["target_leakage"]["value"] == pytest.approx(1)


def test_a_suite_without_its_weights_is_told_before_any_work(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FSBENCH_WEIGHTS", str(tmp_path / "empty"))
    called = cli("run", "ff++", "--data", "mini", "--suite", "paper", "--out", tmp_path / "runs")
    assert called.code == 2
    assert "fsbench zoo fetch scrfd-10g" in called.stderr
