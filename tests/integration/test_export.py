"""`fsbench export` as users call it."""

from __future__ import annotations

import importlib.util
import json

import pytest

from fsbench.exports.targets import FORMATS
from fsbench.training import checkpoint


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A checkpoint of a narrow network that understands dlib's embeddings."""
    import torch

    from fsbench.training.architecture import NetworkSettings
    from fsbench.training.network import Generator

    torch.manual_seed(1)
    settings = NetworkSettings(image_size=64, width=4, embedding_size=128)
    content = {
        "step": 3,
        "network": settings.model_dump_json(),
        "generator": Generator(settings).state_dict(),
        "identity": {"name": "dlib", "centre": torch.linspace(-0.1, 0.1, 128)},
    }
    path = tmp_path_factory.mktemp("trained") / "narrow.pt"
    checkpoint.write(path, content)
    return path


def test_the_list_names_every_format_and_what_it_can(cli):
    called = cli("export", "--list")
    assert called.code == 0
    lines = {line.split()[0]: line for line in called.stdout.splitlines()}
    assert list(lines) == list(FORMATS)
    assert "fp16" in lines["onnx"]
    assert "converted, not compared" in lines["coreml"]


@pytest.mark.parametrize("part", ["generator", "face-net"])
def test_both_networks_of_a_checkpoint_are_written_with_its_hash(cli, file, part, tmp_path):
    called = cli("export", "mobilefsgan", "--checkpoint", file, "--to", "onnx", "--part", part, "-o", tmp_path)
    assert called.code == 0
    assert f"{part}.fp32.onnx" in called.stdout
    assert "run 1 largest" in called.stdout
    assert "run 2 largest" in called.stdout
    manifest = json.loads((tmp_path / f"{part}.fp32.onnx.json").read_text())
    assert len(manifest["weights"]["narrow.pt"]) == 64
    assert ("dlib_face_recognition_resnet_model_v1.dat" in manifest["weights"]) == (part == "face-net")
    assert manifest["inputs"][0]["shape"] == ([1, 3, 64, 64] if part == "generator" else [1, 3, 256, 256])


def test_a_refused_export_is_exit_1_and_says_so(cli, file, tmp_path):
    words = (
        "export",
        "mobilefsgan",
        "--checkpoint",
        file,
        "--to",
        "onnx",
        "--bound",
        "1e-12",
        "-o",
        tmp_path,
        "--json",
    )
    called = cli(*words)
    assert called.code == 1
    assert json.loads(called.stdout) == []
    assert called.stderr.startswith("refused: onnx fp32: found a difference")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--to", "onnx"), "wanted a checkpoint, or random weights"),
        (("--to", "onxn", "--random"), "did you mean 'onnx'"),
        (("--to", "onnx", "--random", "--part", "face"), "--part face: wanted generator or face-net"),
        (("--to", "onnx", "--random", "--precision", "fp8"), "--precision fp8: wanted fp32"),
        (("--to", "onnx", "--random", "--precision", "int8"), "int8 and --calibrate want each other"),
        (("--to", "onnx", "--random", "--calibrate", "mini"), "int8 and --calibrate want each other"),
        (("--to", "onnx", "--random", "--size", "100"), "--size 100 --width 64"),
        (("--to", "onnx", "--checkpoint", "nowhere.pt"), "there is no checkpoint nowhere.pt"),
    ],
)
def test_a_mistake_is_answered_in_one_line(cli, words, said, tmp_path):
    called = cli("export", "mobilefsgan", *words, "-o", tmp_path)
    assert called.code == 2
    assert said in called.stderr.splitlines()[0]
    assert list(tmp_path.iterdir()) == []


def test_a_log_of_a_phone_becomes_rows_of_a_run(cli, file, tmp_path):
    """Export, take the log as a phone would print it, convert it, and read it with `run speed`."""
    if importlib.util.find_spec("pnnx") is None:
        pytest.skip("needs pnnx")
    cli("export", "mobilefsgan", "--checkpoint", file, "--to", "ncnn", "-o", tmp_path)
    name = "generator.fp32.ncnn.param"
    call = "loop_count = 1\nnum_threads = 4\npowersave = 2\n{name}  min = {time}  max = {time}  avg = {time}\n"
    log = tmp_path / "phone.log"
    log.write_text("".join(call.format(name=name, time=time) for time in (135.25, 134.0, 136.5)))
    words = ("--platform", "Pixel 8", "--os", "Android 15", "--hardware", "CPU", "--manifest")
    called = cli("export", "device-json", log, *words, tmp_path / f"{name}.json", "-o", tmp_path / "phone.json")
    assert called.code == 0
    (times,) = json.loads((tmp_path / "phone.json").read_text())["results"]
    assert times["times_ms"] == [135.25, 134.0, 136.5]
    assert (times["framework"], times["warmup"], times["threads"], times["precision"]) == ("ncnn", 8, 4, "float32")
    assert times["file_sha256"] == json.loads((tmp_path / f"{name}.json").read_text())["files"][0]["sha256"]
    run = cli("run", "speed", "--from-device", tmp_path / "phone.json", "--out", tmp_path / "runs")
    assert run.code == 0
    assert "Pixel 8" in run.stdout
    assert "135.25" in run.stdout or "135.2" in run.stdout
    log.write_text(call.format(name="other.param", time=5.0))
    called = cli("export", "device-json", log, *words, tmp_path / f"{name}.json", "-o", tmp_path / "phone.json")
    assert called.code == 2
    assert called.stderr.startswith(f"fsbench: the log is of other.param, the manifest of {name}")
