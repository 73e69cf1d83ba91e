"""`fsbench run ff++` end to end on the mini set, which is made on the spot from pictures in installed packages."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
import PIL.Image
import pyarrow.parquet
import pytest

from tests.integration.conftest import REPORT_FORMATS, Cli, Run, numbers, results, values


def folder(out: Path, label: str, protocol: str = "ff++") -> Path:
    (found,) = (out / protocol / label).iterdir()
    return found


def test_copying_the_target_scores_what_it_must(ffpp_run: Path) -> None:
    found = values(results(ffpp_run)["copy-target"])
    assert found["id_retrieval"] == found["id_retrieval_strict"] == 0
    assert found["pose_error"] == found["expression_error"] == 0
    assert found["target_leakage"] == pytest.approx(1, abs=1e-9)
    assert found["fid"] == pytest.approx(0, abs=1e-3)
    assert found["kid"] == pytest.approx(0, abs=1e-6)
    assert found["coverage"] == 100


def test_copying_the_source_scores_what_it_must(ffpp_run: Path) -> None:
    found, other = values(results(ffpp_run)["copy-source"]), values(results(ffpp_run)["copy-target"])
    assert found["id_retrieval"] == found["id_retrieval_top5"] == 100
    assert found["id_similarity"] == pytest.approx(1, abs=0.01)
    assert found["target_leakage"] == pytest.approx(other["id_similarity"], abs=0.01)
    assert found["pose_error"] > 5


def test_the_landmark_swap_lies_between_the_controls(ffpp_run: Path) -> None:
    found = results(ffpp_run)
    target, swap, source = (values(found[label]) for label in ("copy-target", "landmark", "copy-source"))
    assert target["id_similarity"] < swap["id_similarity"] < source["id_similarity"]
    assert target["pose_error"] < swap["pose_error"] < source["pose_error"]
    assert target["target_leakage"] > swap["target_leakage"] > source["target_leakage"]
    assert swap["id_retrieval_top5"] >= swap["id_retrieval"]


def test_every_number_carries_its_n_interval_and_definition(ffpp_run: Path) -> None:
    for result in results(ffpp_run).values():
        for measured in result["measurements"]:
            assert measured["n"] == 60
            assert measured["n_failed"] == 0
            assert measured["low"] <= measured["value"] + 1e-9 and measured["value"] - 1e-9 <= measured["high"]
            assert len(measured["definition"]) == 12


def test_samples_hold_the_angles_of_the_targets_and_whom_each_result_was_taken_for(ffpp_run: Path) -> None:
    place = folder(ffpp_run, "copy-target")
    table = pyarrow.parquet.read_table(place / "samples.parquet").to_pydict()
    assert all(abs(angle) < 90 for name in ("target_yaw", "target_pitch", "target_roll") for angle in table[name])
    assert len({round(angle) for angle in table["target_yaw"]}) > 5  # the mini set turns its heads
    assert table["found_id"] == table["target_id"]  # a copied target is found as itself, and the source later
    assert min(table["found_rank"]) > 1
    found = sorted((place / "retrieval").iterdir())
    assert 0 < len(found) <= 9
    assert PIL.Image.open(found[0]).size == (4 * 256, 256)


def test_a_run_folder_holds_all_that_is_promised(ffpp_run: Path) -> None:
    place = folder(ffpp_run, "landmark")
    with (place / "pairs.csv").open() as file:
        pairs = list(csv.DictReader(file))
    assert len(pairs) == 60
    assert pairs[0]["key"] == "000_001/f0000"
    assert (pairs[0]["target"], pairs[0]["source"], pairs[0]["source_rule"]) == ("000.mp4", "001.mp4", "same_index")
    assert {pair["target_frame"] for pair in pairs} == {pair["source_frame"] for pair in pairs}
    assert (place / "failures.csv").read_text() == "key,stage,reason\n"
    samples = pyarrow.parquet.read_table(place / "samples.parquet").to_pylist()
    assert [row["key"] for row in samples] == [pair["key"] for pair in pairs]
    assert all((place / row["result"]).is_file() for row in samples)
    assert len(list((place / "strips").glob("*.jpg"))) >= 8


def test_the_value_is_the_mean_of_the_samples(ffpp_run: Path) -> None:
    place, result = folder(ffpp_run, "landmark"), results(ffpp_run)["landmark"]
    table = pyarrow.parquet.read_table(place / "samples.parquet")
    found = values(result)
    assert np.mean(table["pose_error"].to_pylist()) == pytest.approx(found["pose_error"])
    assert 100 * np.mean(table["id_retrieval"].to_pylist()) == pytest.approx(found["id_retrieval"])


def test_the_table_names_its_networks_and_the_report_is_written(ffpp_run: Path) -> None:
    text = (ffpp_run / "stdout").read_text()
    assert "ff++ on the mini set, c23, preset mobilefsgan, offline suite" in text
    assert "says nothing about methods" in text
    assert "dlib" in text
    assert "FID" not in text
    assert {path.suffix for path in (ffpp_run / "ff++").glob("report*")} == REPORT_FORMATS


def test_the_same_command_again_computes_nothing_and_gives_the_same(
    fsbench: Run, ffpp_run: Path, tmp_path: Path
) -> None:
    done = fsbench("run", "ff++", "--data", "mini", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    again, before = results(tmp_path), results(ffpp_run)
    for label, result in again.items():
        assert result["provenance"]["computed"] == {}
        assert numbers(result) == numbers(before[label])


def test_finished_pictures_score_what_their_swapper_scored(cli: Cli, ffpp_run: Path, tmp_path: Path) -> None:
    swaps = folder(ffpp_run, "landmark") / "swaps"
    words = ["--swapper", "copy=precomputed", "--swapper-arg", f"folder={swaps}", "--no-controls", "--out", tmp_path]
    done = cli("run", "ff++", "--data", "mini", *words)
    assert done.code == 0, done.stderr
    assert numbers(results(tmp_path)["copy"]) == numbers(results(ffpp_run)["landmark"])


def test_several_processes_give_the_same_numbers(fsbench: Run, cli: Cli, mini: Path, tmp_path: Path) -> None:
    words = ["run", "ff++", "--limit", "12", "--data", mini, "--compression", "c23", "--no-controls"]
    alone = cli(*words, "--out", tmp_path / "one")
    shared = fsbench(*words, "--workers", "2", "--out", tmp_path / "two", cache=tmp_path / "cache")
    assert alone.code == shared.returncode == 0, alone.stderr + shared.stderr
    one, two = results(tmp_path / "one"), results(tmp_path / "two")
    assert [numbers(result) for result in one.values()] == [numbers(two[label]) for label in one]


def test_a_killed_run_goes_on_where_it_was(fsbench: Run, cli: Cli, mini: Path, tmp_path: Path) -> None:
    words = ["run", "ff++", "--data", str(mini), "--compression", "c23", "--limit", "20", "--no-controls"]
    cache = tmp_path / "cache"
    environment = {**os.environ, "FSBENCH_CACHE": str(cache)}
    killed = subprocess.Popen(
        [sys.executable, "-m", "fsbench", *words, "--out", str(tmp_path / "one")],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert killed.stderr is not None
    for line in killed.stderr:
        if line.startswith("measure identity"):
            killed.send_signal(signal.SIGKILL)
            break
    killed.wait()
    assert not list((tmp_path / "one").rglob("result.json"))
    resumed = fsbench(*words, "--out", tmp_path / "one", cache=cache)
    whole = cli(*words, "--out", tmp_path / "two")
    assert resumed.returncode == whole.code == 0, resumed.stderr
    one, two = results(tmp_path / "one"), results(tmp_path / "two")
    computed = one["landmark"]["provenance"]["computed"]
    assert computed["expression"] > 0 and not {"decode", "swap"} & computed.keys()
    for label, result in two.items():
        assert numbers(one[label]) == numbers(result)
        for name in ("pairs.csv", "failures.csv", "samples.parquet"):
            pair = [folder(tmp_path / run, label) / name for run in ("one", "two")]
            assert pair[0].read_bytes() == pair[1].read_bytes()


def test_manipulated_videos_of_the_data_set_are_measured(cli: Cli, mini: Path, tmp_path: Path) -> None:
    words = ["--swapper", "ffpp:FaceSwap", "--limit", "10", "--no-controls", "--out", tmp_path]
    done = cli("run", "ff++", "--data", mini, "--compression", "c23", *words)
    assert done.code == 0, done.stderr
    (result,) = results(tmp_path).values()
    assert result["swapper"]["label"] == "ffpp:FaceSwap"
    assert values(result)["coverage"] == 100


@pytest.mark.parametrize("preset", ["reliableswap", "reface", "casia"])
def test_every_preset_runs(cli: Cli, ffpp_run: Path, mini: Path, tmp_path: Path, preset: str) -> None:
    words = ["--preset", preset, "--limit", "20", "--swapper", "copy-source", "--out", tmp_path]
    done = cli("run", "ff++", "--data", mini, "--compression", "c23", *words)
    assert done.code == 0, done.stderr
    result = results(tmp_path)["copy-source"]
    if preset != "reface":  # where a hit is the very frame, and the dot product favours long embeddings
        assert values(result)["id_retrieval"] == 100
    assert result["definition_digest"] != results(ffpp_run)["copy-source"]["definition_digest"]
    explained = " ".join(result["explanation"])
    assert {"reliableswap": "root of the mean square", "reface": "source frame itself", "casia": "mirror image"}[
        preset
    ] in explained


def test_a_failed_swap_is_a_miss_and_is_counted(cli: Cli, mini: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "half.py"
    plugin.write_text(
        "from fsbench.adapters.controls import CopySource\n"
        "from fsbench.errors import ItemError\n"
        "class Half(CopySource):\n"
        "    name, version, is_control = 'half', 1, False\n"
        "    def swap(self, items):\n"
        "        done = super().swap(items)\n"
        "        return [ItemError('no') if i.pair.target.index % 2 else s for i, s in zip(items, done)]\n"
    )
    words = ["--swapper", f"{plugin}:Half", "--limit", "20", "--no-controls"]
    base = ["run", "ff++", "--data", str(mini), "--compression", "c23", *words]
    miss, drop = (cli(*base, "--set", f"failures={p}", "--out", tmp_path / p) for p in ("miss", "drop"))
    assert miss.code == drop.code == 1
    assert "of 20 failed, more than 5%\n  most often (" in miss.stderr
    assert ") at swap: no\n  all of them: " in miss.stderr
    (missed,), (dropped,) = (results(tmp_path / policy).values() for policy in ("miss", "drop"))
    counted = {m["metric"]: m for m in missed["measurements"]}
    left = {m["metric"]: m for m in dropped["measurements"]}
    failed = counted["coverage"]["n_failed"]
    assert 0 < failed < 20
    assert counted["id_retrieval"]["value"] == pytest.approx(100 * (20 - failed) / 20)
    assert (counted["id_retrieval"]["n"], counted["id_retrieval"]["n_failed"]) == (20, failed)
    assert (left["id_retrieval"]["value"], left["id_retrieval"]["n"]) == (100, 20 - failed)
    assert counted["pose_error"]["n"] == 20 - failed
    place = next((tmp_path / "miss" / "ff++").glob("*/*/failures.csv"))
    lines = place.read_text().splitlines()
    assert len(lines) == 1 + failed
    assert lines[1].endswith(",swap,no")
    stopped = cli(*base, "--set", "failures=raise", "--out", tmp_path / "raise")
    assert stopped.code == 1
    assert "failed at swap: no" in stopped.stderr


def test_a_blank_result_earns_nothing(cli: Cli, mini: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "blank.py"
    plugin.write_text(
        "import numpy as np\n"
        "from fsbench.adapters.controls import CopyTarget\n"
        "from fsbench.types import Swapped\n"
        "class Blank(CopyTarget):\n"
        "    name, version, is_control = 'blank', 1, False\n"
        "    def swap(self, items):\n"
        "        return [Swapped(np.zeros_like(s.image)) for s in super().swap(items)]\n"
    )
    words = ["--swapper", f"{plugin}:Blank", "--limit", "10", "--no-controls", "--out", tmp_path / "runs"]
    done = cli("run", "ff++", "--data", mini, "--compression", "c23", *words)
    assert done.code == 1
    (result,) = results(tmp_path / "runs").values()
    found = values(result)
    assert found["id_retrieval"] == 0
    assert found["coverage"] == 0
    assert found["pose_error"] is found["fid"] is found["id_similarity"] is None
    assert "NaN" not in next((tmp_path / "runs").rglob("result.json")).read_text()


def test_broken_and_short_videos_are_counted_and_never_repeated(cli: Cli, mini: Path, tmp_path: Path) -> None:
    import av

    data = tmp_path / "data"
    videos = data / "original_sequences/youtube/c23/videos"
    videos.mkdir(parents=True)
    whole = mini / "original_sequences/youtube/c23/videos"
    for name in ("000", "001", "002", "003"):
        (videos / f"{name}.mp4").write_bytes((whole / f"{name}.mp4").read_bytes())
    (videos / "001.mp4").write_bytes(b"no video")
    with av.open(str(whole / "002.mp4")) as long, av.open(str(videos / "002.mp4"), "w") as short:
        stream = short.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 360, 360, "yuv420p"
        for frame in islice(long.decode(video=0), 4):
            short.mux(stream.encode(frame.reformat(format="yuv420p")))
        short.mux(stream.encode())
    (data / "splits").mkdir()
    (data / "splits/test.json").write_text(json.dumps([["000", "001"], ["002", "003"]]))
    done = cli("run", "ff++", "--data", data, "--compression", "c23", "--no-controls", "--out", tmp_path / "runs")
    assert done.code == 1, done.stderr
    (result,) = results(tmp_path / "runs").values()
    assert result["planned"] == 40
    # 000 has no source, 001 is no video, 002 has 4 of 10 frames, 003 takes what frames of 002 there are
    with next((tmp_path / "runs").rglob("failures.csv")).open() as file:
        failures = list(csv.DictReader(file))
    stages = {name: [f for f in failures if f["key"].startswith(name)] for name in ("000", "001", "002", "003")}
    assert [len(stages[name]) for name in stages] == [10, 10, 6, 0]
    assert "001.mp4 cannot be opened as a video" in stages["000"][0]["reason"]
    assert stages["002"][0]["reason"] == "target 002: 4 frames give 4 of 10 wanted"
    with next((tmp_path / "runs").rglob("pairs.csv")).open() as file:
        rules = [row["source_rule"] for row in csv.DictReader(file) if row["key"].startswith("003")]
    assert rules == ["same_index"] + ["fallback: most_frontal"] * 9
    keys = [row["key"] for row in csv.DictReader(next((tmp_path / "runs").rglob("pairs.csv")).open())]
    assert len(keys) == len(set(keys))


def test_interrupting_keeps_what_is_finished(mini: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "FSBENCH_CACHE": str(tmp_path / "cache")}
    words = [
        "run",
        "ff++",
        "--data",
        str(mini),
        "--compression",
        "c23",
        "--limit",
        "20",
        "--out",
        str(tmp_path / "out"),
    ]
    running = subprocess.Popen(
        [sys.executable, "-m", "fsbench", *words],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    assert running.stderr is not None
    for line in running.stderr:
        if line.startswith("find faces"):
            time.sleep(0.2)
            running.send_signal(signal.SIGINT)
            break
    rest = running.stderr.read()
    assert running.wait() == 130
    assert rest.splitlines()[-1].startswith("fsbench: interrupted; what was finished is kept")
    assert "Traceback" not in rest
