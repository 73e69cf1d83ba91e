"""insightface's wrappers on ONNX files whose outputs are known; FAN with random weights."""

import numpy as np
import pytest
from onnx_files import detector, recogniser

from fsbench.data.frames import pixel_sha256, png_bytes, read_rgb
from fsbench.errors import ConfigError, DependencyError
from fsbench.evaluators.arcface import ArcFaceW600k
from fsbench.evaluators.onnx_session import open_session
from fsbench.evaluators.scrfd import Scrfd, ScrfdFan
from fsbench.types import ImageRef

BOX = [200.0, 100.0, 330.0, 260.0]
POINTS = [[230.0, 160.0], [300.0, 158.0], [266.0, 195.0], [238.0, 225.0], [295.0, 224.0]]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FSBENCH_WEIGHTS", str(tmp_path / "weights"))
    return tmp_path / "weights"


def put(folder, weight, content=None):
    from random_weights import install

    return install(weight, folder, content=content)


def picture(folder, height, width):
    pixels = np.full((height, width, 3), 90, np.uint8)
    path = folder / f"{height}x{width}.png"
    path.write_bytes(png_bytes(pixels))
    return ImageRef(path, pixel_sha256(pixels))


@pytest.mark.parametrize(("height", "width"), [(640, 640), (320, 640), (1280, 1280), (960, 1280)])
def test_scrfds_boxes_and_points_are_brought_back_to_the_picture(folder, tmp_path, height, width):
    put(folder, "scrfd-10g", detector(BOX, POINTS))
    (face,) = Scrfd().detect([picture(tmp_path, height, width)])[0]
    scale = max(height, width) / 640
    np.testing.assert_allclose(face.box, np.array(BOX) * scale, atol=0.5)
    np.testing.assert_allclose(face.landmarks, np.array(POINTS) * scale, atol=0.5)
    assert face.score == pytest.approx(0.9)


@pytest.mark.parametrize(("score", "count"), [(0.51, 1), (0.49, 0)])
def test_scrfd_takes_scores_from_a_half(folder, tmp_path, score, count):
    put(folder, "scrfd-10g", detector(BOX, POINTS, score=score))
    assert len(Scrfd().detect([picture(tmp_path, 640, 640)])[0]) == count


def test_a_file_with_other_outputs_is_no_scrfd(folder, tmp_path):
    put(folder, "scrfd-10g", recogniser())
    with pytest.raises(DependencyError, match=r"is no SCRFD with points: 1 outputs"):
        Scrfd().detect([picture(tmp_path, 640, 640)])


def test_fan_adds_68_points_about_the_box(folder, tmp_path, pictures):
    put(folder, "scrfd-10g", detector(BOX, POINTS))
    put(folder, "fan-2d")
    detectors = ScrfdFan()
    assert set(detectors.weight_files()) == {"det_10g.onnx", "2DFAN4-11f355bf06.pth.tar"}
    (face,) = detectors.detect([pictures["single"]])[0]
    (plain,) = Scrfd().detect([pictures["single"]])[0]
    np.testing.assert_array_equal(face.landmarks, plain.landmarks)  # the five stay SCRFD's
    assert face.landmarks68.shape == (68, 2)
    size = (face.box[2:] - face.box[:2]).mean()
    assert np.abs(face.landmarks68 - (face.box[:2] + face.box[2:]) / 2).max() < 2 * size


def test_fan_is_the_packages_own_network(folder):
    import torch
    from face_alignment.models import FAN

    from fsbench.evaluators.fan import Fan68
    from fsbench.zoo.tensors import load_state

    path = put(folder, "fan-2d")
    original = FAN(4).eval()
    original.load_state_dict(load_state(path))
    crop = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found, wanted = Fan68()._aligner.face_alignment_net(crop), original(crop)
    found, wanted = (one[-1] if isinstance(one, list | tuple) else one for one in (found, wanted))
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-4)


def test_arcface_gives_what_onnxruntime_gives_for_rgb_in_minus_one_to_one(folder):
    path = put(folder, "arcface-w600k-r50", recogniser())
    crop = np.random.default_rng(0).integers(0, 255, (112, 112, 3), np.uint8)
    blob = ((crop.astype(np.float32) - 127.5) / 127.5).transpose(2, 0, 1)[None]
    wanted = open_session(path, "cpu").run(None, {"input": blob})[0]
    np.testing.assert_allclose(ArcFaceW600k().measure_crops([crop]), wanted, atol=1e-4)


def test_arcface_rows_do_not_depend_on_the_batch(folder, faces):
    put(folder, "arcface-w600k-r50", recogniser())
    rows = ArcFaceW600k().extract(faces)
    np.testing.assert_array_equal(ArcFaceW600k().extract(faces[3:4])[0], rows[3])
    assert ArcFaceW600k(flip=True).extract(faces).shape == (8, 1024)


def test_arcface_sees_the_crop_that_insightface_cuts(faces):
    from insightface.utils.face_align import norm_crop

    from fsbench import align
    from fsbench.evaluators import crops

    small = [face for face in faces if align.template_matrix(face.landmarks, "arcface", 112)[0, 0] > 0.55]
    assert small  # where a face shrinks to a half or less, ours averages first
    for face in small:
        pixels = read_rgb(face.image.path)
        ours = align.crop(pixels, crops.arcface(face), (112, 112)).astype(int)
        assert np.abs(ours - norm_crop(pixels, face.landmarks.astype(np.float32))).mean() < 1


def test_a_file_that_is_no_onnx_is_told(folder):
    path = put(folder, "scrfd-10g", b"not an ONNX file")
    with pytest.raises(DependencyError, match=r"det_10g\.onnx cannot be opened"):
        open_session(path, "cpu")


def test_a_device_that_onnxruntime_lacks_is_told_with_what_there_is():
    with pytest.raises(ConfigError, match=r"onnxruntime cannot use 'cuda' here; it has .*CPUExecutionProvider"):
        open_session(None, "cuda")
