"""Swappers of five kinds in one run on real videos: one table, one set of pairs, every weight's licence below it."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Called, Cli, results, values
from tests.unit.adapters.test_onnx_swapper import install
from tests.unit.adapters.test_recipe import stand_in

MIXER = """
import sys
from PIL import Image
source, target = (Image.open(path).convert("RGB") for path in sys.argv[1:3])
Image.blend(target, source.resize(target.size), 0.1).save(sys.argv[3])
"""
SIMSWAP = """
words = dict(zip(sys.argv, sys.argv[1:]))
Image.open(words["--pic_b_path"]).convert("L").convert("RGB").save(
    words["--output_path"] + "result_whole_swapsingle.jpg", quality=90)
"""
LABELS = ["inswapper", "uniface", "simswap", "theirs", "hififace"]


def released(folder: Path, videos: Path) -> Path:
    """Make an archive like HiFiFace's, whose swapped videos are the targets' own."""
    archive = folder / "FF++_HifiFace.tar.gz"
    with tarfile.open(archive, "w:gz") as file:
        for target, source in (("000", "003"), ("001", "002"), ("004", "005"), ("006", "007")):
            for one, other in ((target, source), (source, target)):
                file.add(videos / f"{one}.mp4", f"FF++_HifiFace/videos/{one}_{other}.mp4")
    return archive


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@pytest.fixture(scope="module")
def done(cli: Cli, real_data: Path, out: Path) -> Called:
    """Run two networks of the ONNX table, a recipe, a program and a released archive at once."""
    data, place = real_data / "ffpp_mini", out.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FSBENCH_WEIGHTS", str(place / "weights"))
        install("inswapper_128")
        install("uniface_256")
        (place / "mixer.py").write_text(MIXER)
        archive = released(place, data / "original_sequences/youtube/c23/videos")
        swappers = [
            *("--swapper", "inswapper=inswapper_128", "--swapper", "uniface=uniface_256"),
            *("--swapper", "simswap=recipe:simswap-224"),
            *("--swapper-arg", f"simswap.repo={stand_in(place, 'simswap-224', SIMSWAP)}"),
            *("--swapper", "theirs=command"),
            *("--swapper-arg", f"theirs.call={sys.executable} {place / 'mixer.py'} {{source}} {{target}} {{output}}"),
            *("--swapper", "hififace=hififace-ff++", "--swapper-arg", f"hififace.archive={archive}"),
        ]
        return cli("run", "ff++", "--data", data, "--set", "frames=1", *swappers, "--out", out)


@pytest.fixture(scope="module")
def found(done: Called, out: Path) -> dict[str, dict[str, Any]]:
    assert done.code == 0, done.stderr
    return results(out)


@pytest.mark.slow
def test_five_kinds_of_swappers_give_one_table(done: Called, found: dict[str, dict[str, Any]]) -> None:
    assert set(found) == {*LABELS, "copy-target", "copy-source"}
    assert {result["definition_digest"] for result in found.values()} == {found["copy-target"]["definition_digest"]}
    assert [found[label]["swapped"] for label in LABELS] == [8] * 5
    assert done.stdout.count("ff++ on ffpp_mini") == 2  # one table, and the same pairs side by side
    rows = [line for line in done.stdout.splitlines() if line.split()[:1] and line.split()[0] in LABELS]
    assert {row.split()[0] for row in rows} == set(LABELS)


@pytest.mark.slow
def test_each_row_scores_what_its_stand_in_must(found: dict[str, dict[str, Any]]) -> None:
    target = values(found["copy-target"])
    for label, result in found.items():
        missing = {metric for metric, value in values(result).items() if value is None}
        assert missing == {"id_retrieval_strict"}, label  # one frame a video: no other right answer is in the gallery
    # its archive holds the targets' own videos, so every face is the target's
    assert values(found["hififace"])["id_retrieval"] == target["id_retrieval"] == 0
    assert values(found["hififace"])["target_leakage"] == pytest.approx(1, abs=1e-6)
    # halfway to one grey, the face is still the target's and no longer the very same
    for label in ("inswapper", "uniface"):
        assert 0.5 < values(found[label])["target_leakage"] < 1
    for label in ("simswap", "theirs"):  # a grey picture and a mixture of two: others than the target, not by much
        assert 0.5 < values(found[label])["target_leakage"] < 0.9999


@pytest.mark.slow
def test_the_foot_of_the_table_names_the_licence_of_each_weight(done: Called, found: dict[str, dict[str, Any]]) -> None:
    text = " ".join(done.stdout.split())
    assert "Licences of the weights that swap: " in text
    assert "inswapper_128.onnx of inswapper" in text
    assert "Licences of the weights that measure: " in text
    assert "dlib_face_recognition_resnet_model_v1.dat" in text and "CC0-1.0" in text
    assert set(found["uniface"]["swapper"]["licences"]) == {"uniface_256.onnx"}
