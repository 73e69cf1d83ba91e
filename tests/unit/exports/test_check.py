"""What does not count is refused, and leaves nothing: far from torch, wrong the second time, unrelated, not finite."""

import dataclasses
import re

import numpy as np
import pytest

from fsbench.adapters import runtimes
from fsbench.errors import RecordError
from fsbench.exports.check import checked, refusal
from fsbench.exports.export import export
from fsbench.exports.manifest import Check, Difference, read_manifest
from fsbench.exports.targets import FORMATS
from fsbench.exports.tnn import problems_of

CALLS = []


def open_worse_each_time(file, *, threads):
    """Right in the first run over two examples, one grey level off in the second."""
    network = runtimes.open_runtime("onnx", file, threads=threads)
    CALLS.clear()

    def call(*inputs):
        CALLS.append(1)
        return network(*inputs) + (0.01 if len(CALLS) > 2 else 0)

    return call


def open_grey(file, *, threads):
    """The same picture whatever comes in."""
    return lambda target, embedding: np.zeros_like(target)


def open_broken(file, *, threads):
    """Not a number."""
    return lambda target, embedding: np.full_like(target, np.nan)


@pytest.fixture
def runs_by(monkeypatch):
    """Let ONNX files be run by one of the functions above."""

    def change(function):
        row = runtimes.Runtime(f"{__name__}:{function}", "onnx", "numpy", "")
        monkeypatch.setitem(runtimes.RUNTIMES, "mutant", row)
        loaded = {row.opens: globals()[function]}
        load = runtimes.catalog.load
        monkeypatch.setattr(runtimes.catalog, "load", lambda name: loaded.get(name) or load(name))
        monkeypatch.setitem(FORMATS, "onnx", dataclasses.replace(FORMATS["onnx"], runtime="mutant"))

    return change


@pytest.mark.parametrize(
    ("function", "precision", "said"),
    [
        ("open_worse_each_time", "fp32", r"difference from torch of 0\.01 in run 2 of 2, wanted at most 0\.0001"),
        ("open_grey", "fp16", "nothing to do with the network"),
        ("open_broken", "fp16", "not finite in run 1 of 2"),
    ],
)
def test_a_runtime_that_is_wrong_is_refused_and_no_file_is_left(folded, runs_by, function, precision, said, tmp_path):
    export(folded, ["onnx"], tmp_path, precision=precision)  # an earlier one, right, of the same name
    assert len(list(tmp_path.iterdir())) == 2
    runs_by(function)
    (outcome,) = export(folded, ["onnx"], tmp_path, precision=precision)
    assert outcome.manifest is None
    assert re.search(said, outcome.problem)
    assert list(tmp_path.iterdir()) == []


def test_a_bound_of_ones_own_is_kept_and_the_other_formats_go_on(folded, tmp_path):
    outcomes = export(folded, ["onnx", "torch-export"], tmp_path, bound=1e-6)
    assert [outcome.manifest is None for outcome in outcomes] == [True, False]  # the same code runs
    assert "wanted at most 1e-06" in outcomes[0].problem


def test_differences_are_counted_over_both_examples_as_by_hand(folded, runs_by, tmp_path):
    runs_by("open_grey")
    check = checked(folded, tmp_path, "mutant", bound=None)
    wanted = np.stack([folded.run(each) for each in folded.examples()]).astype(np.float64)
    for run in check.runs:
        assert run.largest == pytest.approx(np.abs(wanted).max())
        assert run.mean == pytest.approx(np.abs(wanted).mean())
        assert run.rms == pytest.approx(np.sqrt((wanted**2).mean()))
        assert run.psnr == pytest.approx(10 * np.log10(2**2 / (wanted**2).mean()))
    assert check.deviation == pytest.approx(wanted.std())


def test_the_second_run_alone_is_enough_to_refuse():
    good, bad = Difference(largest=1e-6, mean=1e-7, rms=1e-7), Difference(largest=2e-4, mean=1e-7, rms=1e-6)
    assert refusal(Check(state="ran", runs=(good, good), bound=1e-4, deviation=0.2)) == ""
    assert "run 2 of 2" in refusal(Check(state="ran", runs=(good, bad), bound=1e-4, deviation=0.2))
    assert refusal(Check(state="ran", runs=(good, bad), bound=None, deviation=0.2)) == ""


def test_operators_and_settings_that_tnn_does_not_take_are_named():
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Erf", ["x"], ["a"]),
        helper.make_node("Resize", ["a", "", "s"], ["b"], mode="cubic"),
        helper.make_node("MaxPool", ["b"], ["c"], kernel_shape=[2, 2], pads=[0, 0, 1, 1]),
        helper.make_node("Pad", ["c", "p"], ["d"], mode="wrap"),
        helper.make_node("Gelu", ["d"], ["e"], domain="com.microsoft"),
        helper.make_node("Conv", ["e", "w"], ["y"]),
        helper.make_node(
            "Resize", ["y", "", "s"], ["z"], mode="linear", coordinate_transformation_mode=b"align_corners"
        ),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("x", "z")]
    found = problems_of(helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:])))
    assert [text.split(",")[0] for text in found] == [
        "MaxPool with the pads [0",
        "Pad",
        "Resize",
        "operator Erf",
        "operator com.microsoft.Gelu",
    ]


def test_a_file_that_is_no_manifest_is_refused_in_one_line(tmp_path):
    path = tmp_path / "x.json"
    with pytest.raises(RecordError, match="cannot be read"):
        read_manifest(path)
    path.write_text('{"format": "fsbench export 1", "to": "onnx"}')
    with pytest.raises(RecordError, match=r"no manifest of an export: part: Field required"):
        read_manifest(path)
