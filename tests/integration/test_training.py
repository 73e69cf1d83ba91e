"""Training from the command line: measured by the bench on the way, and the table of ablations."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from fsbench.data.frames import png_bytes
from tests.integration.conftest import Cli

SETTINGS = """
discriminator_width = 2
[network]
image_size = 64
width = 2
[data]
folder = "{folder}"
held_out = "{folder}"
weights = "unedited"
held_out_weights = "unedited"
workers = 0
[loss]
identity_network = "dlib"
attribute_network = "dlib"
centre = false
[optimiser]
batch_size = 2
[hardware]
accelerator = "cpu"
threads = 1
[record]
validate_draws = 2
tensorboard = false
[measure]
limit = 2
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, random = tmp_path_factory.mktemp("training"), np.random.default_rng(0)
    (root / "triplets/vanilla").mkdir(parents=True)
    for name in "abc":
        blocks = random.integers(0, 256, (8, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        (root / f"triplets/vanilla/{name}.png").write_bytes(png_bytes(blocks))
    (root / "training.toml").write_text(SETTINGS.format(folder=root / "triplets"))
    return root / "training.toml"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_training_is_measured_by_the_bench_on_the_way(cli: Cli, mini: Path, config: Path, tmp_path: Path) -> None:
    done = cli(
        *("train", "mobilefsgan", "--config", config, "--steps", "2", "--out", tmp_path / "run"),
        *("--set", "measure.every=1", "--set", "loss.centre=true"),
    )
    assert done.code == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "run/generator.pt")
    measured = rows(tmp_path / "run/measured.csv")
    assert [row["step"] for row in measured] == ["1", "2"]
    assert all(row["planned"] == "2" and "id_retrieval" in row for row in measured)
    folders = sorted(path.parent.name for path in (tmp_path / "run/measured").rglob("result.json"))
    assert len(folders) == 2
    results = [json.loads(path.read_text()) for path in sorted((tmp_path / "run/measured").rglob("result.json"))]
    assert {result["swapper"]["label"] for result in results} == {"step-00000001", "step-00000002"}
    # nobody finds a face in a crop of 64 pixels
    assert {swapper["args"]["paste"] for result in results for swapper in result["config"]["swappers"]} == {"frame"}


def test_ablations_are_trained_measured_and_laid_out_once(cli: Cli, mini: Path, config: Path, tmp_path: Path) -> None:
    words = ["train", "ablation", "--config", config, "--steps", "1", "--out", tmp_path]
    words += ["--variant", "baseline", "--variant", "shallow"]
    first = cli(*words)
    assert first.code == 0, first.stderr
    lines = [line for line in first.stdout.splitlines() if line.startswith("|")]
    head, _, *body = lines
    for title in ("ID retrieval", "Pose error", "Expression error", "File, MB", "Paper, MB or MiB"):
        assert title in head
    assert [line.split("|")[1].strip() for line in body] == ["Baseline", "Shallow"]
    assert body[0].split("|")[-2].strip() == "10.2" and body[1].split("|")[-2].strip() == "8.8"
    table = {(row["variant"], row["metric"]): row for row in rows(tmp_path / "ablation.csv")}
    assert int(table["shallow", "parameters"]["value"]) < int(table["baseline", "parameters"]["value"])
    assert (tmp_path / "curves.png").is_file() and r"\toprule" in (tmp_path / "ablation.tex").read_text()
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("generator.pt")}
    again = cli(*words)
    assert again.stdout == first.stdout
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("generator.pt")} == times


@pytest.mark.parametrize(
    ("words", "found", "hint"),
    [
        (("--set", "network.image_size=63"), "image_size", "docs/training.md"),
        (("--set", "nothing=1"), "nothing is no setting of a training", "docs/training.md"),
        (("--data", "nowhere"), "'nowhere' is no folder of triplets", "fsbench data triplets FACES OUT"),
        (("--set", "loss.identity_network=mobilefacenet", "--set", "network.embedding_size=512"), "mobilefacenet", ""),
        (("--ablation", "wdie"), "wdie", "wide"),
    ],
)
def test_what_cannot_be_trained_is_one_line_before_any_work(
    cli: Cli, config: Path, tmp_path: Path, words: tuple[str, ...], found: str, hint: str
) -> None:
    done = cli("train", "mobilefsgan", "--config", config, "--out", tmp_path / "run", *words)
    assert done.code == 2 and not (tmp_path / "run").exists()
    assert found in done.stderr and hint in done.stderr and len(done.stderr.splitlines()) <= 2
