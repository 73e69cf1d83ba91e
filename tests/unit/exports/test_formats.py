"""Every format on a narrow network: written, opened again, run twice, and near torch; what cannot be had says so."""

import numpy as np
import pytest

from fsbench.adapters.runtimes import open_runtime
from fsbench.errors import ConfigError, DependencyError
from fsbench.exports import targets
from fsbench.exports.manifest import described, read_manifest
from fsbench.exports.targets import FORMATS, PRECISIONS, export_format

RUN_HERE = [name for name, each in FORMATS.items() if each.runtime]
FP16 = [name for name in RUN_HERE if "fp16" not in FORMATS[name].lacks]


CASES = [
    *((name, "folded") for name in RUN_HERE),
    *((name, "plain") for name in ("onnx", "ncnn")),
    *((name, "face-net") for name in ("tnn-onnx", "openvino", "ncnn", "mnn")),
]


@pytest.mark.parametrize(("name", "what"), CASES)
def test_a_file_gives_what_torch_gives_in_both_runs_and_when_it_is_opened_again(networks, exported, name, what):
    network = networks[what]
    manifest, path = exported(name, what)
    assert [run.largest < 1e-4 for run in manifest.check.runs] == [True, True]
    assert manifest.check.deviation > 0.01  # there is something to compare
    call = open_runtime(manifest.runtime, path.with_suffix(""), threads=2)
    for _ in range(2):
        for arrays in network.examples():
            found = call(*arrays)
            assert found.shape == manifest.output.shape
            assert found.dtype == np.float32
            np.testing.assert_allclose(found, network.run(arrays), atol=1e-4)
    assert read_manifest(path) == manifest


@pytest.mark.parametrize("name", FP16)
def test_half_precision_makes_the_file_smaller_and_stays_near(exported, name):
    half, _ = exported(name, precision="fp16")
    full, _ = exported(name)
    assert half.size_bytes < 0.95 * full.size_bytes
    assert all(1e-5 < run.largest < 0.1 and run.psnr > 50 for run in half.check.runs)


def test_core_ml_is_converted_and_says_that_it_was_not_run(exported):
    manifest, path = exported("coreml")
    assert manifest.check.state == "converted only"
    assert "Apple" in manifest.check.reason
    assert manifest.check.runs == ()
    package = path.with_suffix("")
    assert manifest.size_bytes == sum(each.stat().st_size for each in package.rglob("*") if each.is_file())
    assert read_manifest(path).files == described([package])
    import coremltools

    described_inputs = coremltools.models.MLModel(str(package), skip_model_load=True).get_spec().description.input
    assert {each.name: tuple(each.type.multiArrayType.shape) for each in described_inputs} == {
        each.name: each.shape for each in manifest.inputs
    }


def test_the_onnx_file_has_constants_folded_and_only_the_norms_that_zero_padding_keeps(exported):
    import onnx

    _, path = exported("onnx")
    kinds = [node.op_type for node in onnx.load(path.with_suffix("")).graph.node]
    assert not {"Constant", "ConstantOfShape", "Cast", "Shape"} & set(kinds)
    assert kinds.count("BatchNormalization") == 7  # one in front of each halving
    assert kinds.count("Gemm") == 1  # all styles by one matrix


def test_a_format_that_is_not_there_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'openvino'"):
        export_format("openvinno", "fp32")


@pytest.mark.parametrize(
    ("name", "precision"), [(n, p) for n, each in FORMATS.items() for p in each.lacks if p in PRECISIONS]
)
def test_a_precision_that_cannot_be_had_says_why(name, precision):
    with pytest.raises(ConfigError, match=f"--to {name} has no {precision}: "):
        export_format(name, precision)


def test_a_missing_package_is_named_with_the_command_that_brings_it(monkeypatch):
    find = targets.importlib.util.find_spec
    monkeypatch.setattr(targets.importlib.util, "find_spec", lambda name: None if name == "openvino" else find(name))
    with pytest.raises(DependencyError, match="found no openvino; wanted onnx, onnxruntime, openvino") as caught:
        export_format("openvino", "fp32")
    assert caught.value.hint == "pip install 'fsbench[openvino]'"
