"""int8: calibrated on real pictures, smaller, and still the network; what the pictures were is in the manifest."""

import numpy as np
import pytest
import torch

from fsbench.errors import ConfigError, DataError
from fsbench.exports import calibration as module
from fsbench.exports.calibration import calibration
from fsbench.exports.export import export
from fsbench.exports.manifest import read_manifest
from fsbench.exports.random_weights import random_face_net
from fsbench.exports.targets import FORMATS, missing_packages
from fsbench.mini import ready


def without_text(manifest):
    """Bytes of an export, less the graph that OpenVINO writes as text, which says more of int8 than of float."""
    return sum(each.size_bytes for each in manifest.files if not each.name.endswith(".xml"))


@pytest.fixture(scope="module")
def pictures(cache_folder):
    return ready(cache_folder)


@pytest.fixture(scope="module")
def few(monkeypatch_module):
    """Calibrate on eight pictures: enough to see that it works."""
    monkeypatch_module.setattr(module, "COUNT", 8)


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def found(few, networks, pictures):
    return calibration(pictures, networks["folded"], random_face_net())


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if "int8" not in each.lacks])
def test_int8_is_smaller_and_still_the_network(networks, exported, found, name, tmp_path):
    if missing := missing_packages(FORMATS[name]):
        pytest.skip(f"needs {', '.join(missing)}")
    (outcome,) = export(
        networks["folded"], [name], tmp_path, precision="int8", samples=found.samples, calibration=found.facts
    )
    assert outcome.problem == ""
    manifest = read_manifest(tmp_path / f"{outcome.manifest.files[0].name}.json")
    assert manifest.calibration["pictures"].startswith("8; ")
    assert without_text(manifest) < 0.95 * without_text(exported(name)[0])
    assert all(run.largest > 1e-3 and run.psnr > 20 for run in manifest.check.runs)


def test_samples_are_faces_each_with_the_embedding_of_the_one_before(networks, found, few, pictures):
    embedder = random_face_net()
    assert [tuple(array.shape for array in sample) for sample in found.samples] == [((1, 3, 64, 64), (1, 512))] * 8
    assert all(-1 <= sample[0].min() < -0.2 < sample[0].max() <= 1 for sample in found.samples)
    sources = calibration(pictures, networks["face-net"], None).samples
    for place, (_, row) in enumerate(found.samples):
        with torch.inference_mode():
            wanted = embedder(torch.from_numpy(sources[place - 1][0])).numpy()
        np.testing.assert_allclose(row, wanted, atol=1e-6)


def test_a_folder_without_faces_says_what_was_found(networks, few, tmp_path):
    from fsbench.data.frames import png_bytes

    for number in range(9):
        (tmp_path / f"{number}.png").write_bytes(png_bytes(np.full((90, 90, 3), number, np.uint8)))
    with pytest.raises(DataError, match="0 of 9 pictures show a face"):
        calibration(tmp_path, networks["face-net"], None)
    with pytest.raises(DataError, match="there is no such folder"):
        calibration(tmp_path / "none", networks["face-net"], None)


def test_int8_without_pictures_is_refused(networks, tmp_path):
    with pytest.raises(ConfigError, match="pictures to calibrate with"):
        export(networks["folded"], ["onnx"], tmp_path, precision="int8")
