"""Runtimes: found by name, opened on a file, called with arrays in the order of the file."""

import numpy as np
import pytest

from fsbench.adapters.runtimes import RUNTIMES, open_runtime
from fsbench.errors import ConfigError, DependencyError


@pytest.fixture
def onnx_file(tmp_path):
    """A network that gives target * 2 + code."""
    from onnx import TensorProto, helper, numpy_helper

    two = numpy_helper.from_array(np.array(2, np.float32), "two")
    nodes = [helper.make_node("Mul", ["target", "two"], ["m"]), helper.make_node("Add", ["m", "code"], ["picture"])]
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3]) for name in ("target", "code", "picture")]
    graph = helper.make_graph(nodes, "g", tensors[:2], tensors[2:], [two])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path = tmp_path / "network.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def test_a_runtime_is_called_with_arrays_in_the_order_of_the_file_and_gives_the_same_again(onnx_file):
    network = open_runtime("onnx", onnx_file, threads=2)
    target, code = np.array([[1, 2, 3]], np.float32), np.array([[10, 20, 30]], np.float32)
    for _ in range(2):
        found = network(target, code)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, [[12, 24, 36]])


def test_an_unknown_runtime_is_answered_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'onnx'") as caught:
        open_runtime("onxx", None, threads=1)
    assert all(name in caught.value.hint for name in RUNTIMES)


def test_a_file_that_is_no_network_is_refused_in_one_line(tmp_path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DependencyError, match=r"broken\.onnx is no ONNX network"):
        open_runtime("onnx", path, threads=1)
