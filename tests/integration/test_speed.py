"""`fsbench run speed` as users call it, and what `fsbench compare` and `fsbench report` make of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Cli, results, values

SLEEPER = f"{Path(__file__).parents[1] / 'unit/protocols/parts.py'}:Sleeper"


@pytest.fixture(scope="module")
def sessions(cli: Cli, mini: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two sessions of the same two swappers, one of which takes four times as long."""
    from fsbench.protocols import machine

    folders = [tmp_path_factory.mktemp(name) for name in ("first", "second")]
    words = ["--swapper", f"old={SLEEPER}", "--swapper", f"new={SLEEPER}"]
    words += ["--swapper-arg", "old.milliseconds=15", "--swapper-arg", "new.milliseconds=60"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "PRODUCT_SECONDS", 0.0)
        for folder in folders:
            done = cli("run", "speed", *words, "--passes", "12", "--warmup", "1", "--out", folder)
            assert done.code == 0, done.stderr
            assert "times the" in done.stdout
    return folders


def test_two_swappers_of_one_session_are_judged_by_their_ratio(cli: Cli, sessions: list[Path]) -> None:
    done = cli("compare", sessions[0] / "speed/old", sessions[0] / "speed/new", "--json")
    (found,) = json.loads(done.stdout)["swappers"]
    (judged,) = [one for one in found["metrics"] if one["metric"] == "latency_ms"]
    assert (done.code, judged["verdict"], judged["n"]) == (1, "worse", 12)
    assert 2 < judged["low"] <= judged["difference"]
    back = cli("compare", sessions[0] / "speed/new", sessions[0] / "speed/old", "--json")
    assert back.code == 0
    assert "better" in back.stdout


def test_times_of_two_sessions_are_not_judged(cli: Cli, sessions: list[Path]) -> None:
    done = cli("compare", sessions[0] / "speed/old", sessions[1] / "speed/old", "--json")
    (found,) = json.loads(done.stdout)["swappers"]
    judged = {one["metric"]: one for one in found["metrics"]}
    assert done.code == 0
    assert judged["latency_ms"]["verdict"] == "unsure"
    assert "not measured turn by turn" in judged["latency_ms"]["note"]
    assert set(judged) == {"latency_ms", "memory_mb"}


def test_a_report_keeps_sessions_apart(cli: Cli, sessions: list[Path], tmp_path: Path) -> None:
    done = cli("report", *sessions, "--out", tmp_path)
    assert done.code == 0, done.stderr
    page, table = (tmp_path / "report.html").read_text(), (tmp_path / "report.csv").read_text()
    assert page.count("before and after<") == 4
    assert "session" in done.stdout
    assert table.count("latency_p95_ms") == 4
    assert "Latency" in (tmp_path / "report.tex").read_text()


def test_the_run_folder_has_a_row_a_pass(sessions: list[Path]) -> None:
    from fsbench.reports.integrity import edits
    from fsbench.reports.runs import load_runs

    found = results(sessions[0], "speed")
    assert found["old"]["planned"] == found["old"]["swapped"] == 12
    assert values(found["new"])["latency_ms"] >= 60
    for run in load_runs([sessions[0]]).runs:
        assert edits(run) == []
        assert run.samples["pass"] == list(range(1, 13))
        assert len(set(run.samples["session"])) == 1
        assert all(run.samples["ok"])


def test_options_of_speed_are_refused_elsewhere_and_foreign_ones_here(cli: Cli, mini: Path) -> None:
    for words, found in (
        (("ff++", "--data", "mini", "--passes", "3"), "ff++ has no use for --passes"),
        (("speed", "--real", "."), "speed has no use for --real"),
        (("speed", "--passes", "0"), "'passes' is '0'"),
        (("speed", "--set", "frames=3"), "no setting is called 'frames'"),
    ):
        done = cli("run", *words)
        assert done.code == 2
        assert done.stderr.splitlines()[-2].startswith("fsbench: "), done.stderr
        assert found in done.stderr
        assert "Traceback" not in done.stderr


def test_times_of_a_phone_stand_in_a_table_of_devices_beside_the_papers(cli: Cli, tmp_path: Path) -> None:
    phone = {"platform": "Phone 9", "os": "OS", "framework": "Core", "hardware": "NPU", "times_ms": [7.0, 9.0]}
    file = tmp_path / "phone.json"
    file.write_text(json.dumps({"format": "fsbench device times 1", "results": [{**phone, "warmup": 1}]}))
    done = cli("run", "speed", "--from-device", file, "--out", tmp_path)
    assert done.code == 0, done.stderr
    assert "Inference speed by device" in done.stdout
    assert "398.8" in done.stdout  # the paper's first row
    (found,) = results(tmp_path, "speed").values()
    assert found["provenance"]["machine"] == "Phone 9, OS, Core, NPU (measured elsewhere)"
    assert values(found)["network_ms"] == 8.0
    page = (tmp_path / "speed/report.html").read_text()
    assert page.index("Phone 9") < page.index("<h2>As published")
    assert cli("report", tmp_path).code == 0


def test_sizes_stand_beside_the_papers(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(bytes(1_500_000))
    done = cli("run", "size", "--swapper", "landmark", "--export", tmp_path / "net.onnx", "--out", tmp_path)
    assert done.code == 0, done.stderr
    assert "669.0 + 64.0 + 168.0" in done.stdout
    assert "Not comparable" not in done.stdout
    assert values(results(tmp_path, "size")["net.onnx"])["size_mb"] == 1.5
    same = cli("compare", tmp_path, tmp_path)
    assert same.code == 0, same.stderr
    row = next(line for line in same.stdout.splitlines() if "1.5" in line)
    assert "of 0" not in row and "0.01" in row  # no pairs; a margin of 1 %


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A narrow generator of 64 px that takes dlib's embeddings."""
    import torch

    from fsbench.training import checkpoint
    from fsbench.training.architecture import NetworkSettings
    from fsbench.training.network import Generator

    torch.manual_seed(0)
    network = Generator(NetworkSettings(image_size=64, width=4, embedding_size=128))
    content = {"network": network.settings.model_dump_json(), "generator": network.state_dict(), "step": 1}
    path = tmp_path_factory.mktemp("trained") / "generator.pt"
    checkpoint.write(path, {**content, "identity": {"name": "dlib", "centre": None}})
    return path


def test_one_generator_in_several_runtimes_is_a_row_each_and_exported_once(
    cli: Cli, mini: Path, cache_folder: Path, generator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsbench.protocols import machine
    from fsbench.protocols.speed_runtimes import exported_file

    monkeypatch.setattr(machine, "PRODUCT_SECONDS", 0.0)
    words = ["run", "speed", "--swapper", "G=mobilefsgan", "--swapper-arg", f"checkpoint={generator}"]
    for name in ("torch", "torch-folded", "onnx"):
        words += ["--runtime", name]
    done = cli(*words, "--passes", "2", "--warmup", "1", "--threads", "1", "--out", tmp_path)
    assert done.code == 0, done.stderr
    found = {label: values(result) for label, result in results(tmp_path, "speed").items()}
    assert set(found) == {"G on torch", "G on torch-folded", "G on onnx"}
    assert all(row["network_error"] < 1e-4 for row in found.values())
    assert found["G on torch"]["network_error"] == 0
    assert len({row["network_gflop"] for row in found.values()}) == 1  # of the plain network, whatever runs it
    assert all(row["new_source_ms"] and row["network_ms"] and row["limit_share"] for row in found.values())
    (file,) = (cache_folder / "exports").rglob("*.onnx")
    made = file.stat().st_mtime_ns
    assert exported_file(generator, "onnx", "fp32") == file
    assert file.stat().st_mtime_ns == made  # the same one
    file.write_bytes(b"cut off")
    assert exported_file(generator, "onnx", "fp32").stat().st_size > 1000  # made anew


def test_a_runtime_that_cannot_be_is_refused_in_one_line(cli: Cli, mini: Path, generator: Path) -> None:
    mobile = ("--swapper", "mobilefsgan", "--swapper-arg", f"checkpoint={generator}")
    for words, says in (
        ((*mobile, "--runtime", "nosuch"), "no runtime is called 'nosuch'"),
        ((*mobile, "--runtime", "torch:fp16"), "no such precision"),
        (("--swapper", "landmark", "--runtime", "onnx"), "landmark has no runtime to choose"),
        (("--swapper", "mobilefsgan", "--runtime", "onnx"), "has no checkpoint"),
    ):
        done = cli("run", "speed", *words)
        assert done.code == 2
        assert says in done.stderr
        assert "Traceback" not in done.stderr
