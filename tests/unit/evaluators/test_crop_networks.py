"""The evaluators of the suites `paper` and `modern` with random weights: loading, colour, batches, forms."""

import numpy as np
import pytest

from fsbench import catalog
from fsbench.errors import ConfigError, DependencyError, ItemError
from fsbench.evaluators.deep3d import Deep3D
from fsbench.evaluators.identity_networks import CosFace, FaceNet
from fsbench.evaluators.inception import Inception, InceptionPlain
from fsbench.evaluators.inference import batch_rows
from fsbench.evaluators.loader import groups_ahead
from fsbench.evaluators.pose_networks import Hopenet, SixDRepNet

NAMES = {
    "cosface-acc9928": "cosface-acc9928",
    "cosface-vggface2-112": "cosface-vggface2-9955",
    "arcface-ms1mv3-r50": "arcface-ms1mv3-r50-torch",
    "facenet-vggface2": "facenet-vggface2",
    "mobilefacenet-rgb": "mobilefacenet-rgb",
    "hopenet": "hopenet-robust-alpha1",
    "6drepnet": "6drepnet-300wlp",
    "deep3d": "deep3d-epoch20",
    "l2cs": "l2cs-gaze360",
    "inception": "inception-fid",
}


def build(name, **settings):
    return catalog.load(catalog.EVALUATORS[name].target)(**settings)


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_the_same_to_the_bit_in_a_batch_of_one_and_of_eight(name, install, faces):
    install(NAMES[name])
    evaluator = build(name)
    rows = evaluator.extract(faces)
    assert rows.shape == (8, evaluator.dim)
    assert np.isfinite(rows).all()
    assert rows.std(0).max() > 0  # it looked at the pictures
    np.testing.assert_array_equal(evaluator.extract(faces[2:3])[0], rows[2])
    np.testing.assert_array_equal(evaluator.extract(faces[6:1:-2]), rows[6:1:-2])


class Mean:
    """Stands where a network would: the mean of each colour that arrives, before the last step."""

    def __call__(self, batch):
        return batch.mean((2, 3))


@pytest.mark.parametrize("name", ["cosface-acc9928", "arcface-ms1mv3-r50", "hopenet", "deep3d", "facenet-vggface2"])
def test_colours_arrive_as_red_green_blue_in_the_range_that_the_network_wants(name):
    evaluator = build(name)
    height, width = evaluator.crop_size
    picture = np.full((height, width, 3), (255, 128, 0), np.uint8)
    batch = evaluator._batch([picture, picture])
    wanted = (np.array([255, 128, 0]) - evaluator.mean) / evaluator.spread
    np.testing.assert_allclose(Mean()(batch)[0].numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "red", "blue"),
    [
        ("cosface-acc9928", 1.0, -1.0),  # (x / 255 - .5) / .5
        ("facenet-vggface2", 127.5 / 128, -127.5 / 128),
        ("hopenet", (1 - 0.485) / 0.229, (0 - 0.406) / 0.225),  # ImageNet
        ("deep3d", 1.0, 0.0),
        ("inception", 1.0, 0.0),
    ],
)
def test_a_red_picture_is_normalised_as_published(name, red, blue):
    evaluator = build(name)
    batch = evaluator._batch([np.full((*evaluator.crop_size, 3), (255, 0, 0), np.uint8)])
    assert batch[0, :, 5, 5].tolist()[::2] == pytest.approx([red, blue], abs=1e-4)


def test_with_flip_the_mirror_images_row_stands_behind(install, faces):
    install("cosface-acc9928")
    crops = [CosFace().cut(faces[0], _pixels(faces[0]))]
    plain, both = CosFace().measure_crops(crops), CosFace(flip=True).measure_crops(crops)
    np.testing.assert_array_equal(both[:, :512], plain)
    np.testing.assert_array_equal(both[:, 512:], CosFace().measure_crops([crops[0][:, ::-1]]))
    assert (CosFace(flip=True).name, CosFace(flip=True).dim) == ("cosface-acc9928+flip", 1024)


def _pixels(face):
    from fsbench.data.frames import read_rgb

    return read_rgb(face.image.path)


def test_facenet_sees_the_box_that_its_package_cuts(faces):
    from facenet_pytorch import extract_face

    pixels = _pixels(faces[0])
    wanted = extract_face(pixels, faces[0].box, image_size=160).permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(FaceNet().cut(faces[0], pixels), wanted.astype(np.uint8))


def test_facenets_rows_have_length_one(install, faces):
    install("facenet-vggface2")
    np.testing.assert_allclose(np.linalg.norm(FaceNet().extract(faces[:3]), axis=1), 1, atol=1e-5)


def test_6drepnets_angles_come_from_its_rotation_in_our_order():
    """A head turned by 30 degrees about the vertical axis alone."""
    import torch

    c, s = np.cos(np.pi / 6), np.sin(np.pi / 6)
    turn = torch.tensor([[[c, 0, s], [0, 1, 0], [-s, 0, c]]], dtype=torch.float32)
    found = SixDRepNet().rows(lambda batch: turn, torch.zeros(1, 3, 224, 224))
    assert found[0].tolist() == pytest.approx([30, 0, 0], abs=1e-4)  # yaw, pitch, roll


def test_deep3ds_row_is_expression_then_shape_then_light():
    import torch

    coefficients = torch.arange(257.0)[None]
    found = Deep3D().rows(lambda batch: coefficients, torch.zeros(1, 3, 224, 224))[0].tolist()
    columns = Deep3D.measures
    assert found[columns["expression_error"]] == list(range(80, 144))
    assert found[columns["shape_error"]] == list(range(80))
    assert found[columns["light_error"]] == list(range(227, 254))


def test_antialiasing_changes_shrunken_pictures_and_no_enlarged_ones():
    noise = np.random.default_rng(0).integers(0, 255, (600, 600, 3), np.uint8)
    for size, same in ((256, True), (600, False)):
        plain, smooth = (kind()._batch([noise[:size, :size]]) for kind in (InceptionPlain, Inception))
        assert bool((plain - smooth).abs().max() < 1e-5) is same


def test_a_missing_weight_is_named_with_the_command_that_brings_it(tmp_path, monkeypatch):
    monkeypatch.setenv("FSBENCH_WEIGHTS", str(tmp_path))
    with pytest.raises(DependencyError, match="cosface-acc9928"):
        CosFace().weight_files()


def test_reduced_precision_is_refused_on_a_processor():
    with pytest.raises(ConfigError, match="precision=float16 is for a GPU"):
        Hopenet(precision="float16")
    with pytest.raises(ConfigError, match="wanted one of: float32, float16, bfloat16"):
        Hopenet(precision="int8")


def test_another_precision_has_another_name():
    assert Hopenet(device="cuda", precision="bfloat16").name == "hopenet+bfloat16"


def test_the_error_of_bfloat16_is_that_of_eight_bits(install):
    """Run on the processor, below the check that keeps people from it: no GPU here."""
    import torch

    install("cosface-acc9928")
    evaluator = CosFace()
    batch = torch.randn(4, 3, 112, 96, generator=torch.Generator().manual_seed(0))
    exact, reduced = (batch_rows(evaluator._network, batch, precision=p) for p in ("float32", "bfloat16"))
    cosines = (exact * reduced).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(reduced, axis=1)
    assert 0.999 < cosines.min() < 1 - 1e-7


def test_groups_come_in_order_and_the_next_ones_are_read_meanwhile():
    started = []

    def prepare(face):
        started.append(face)
        return face * 10

    groups = groups_ahead(range(20), prepare, size=4)
    assert next(groups) == [0, 10, 20, 30]
    assert [one for group in groups for one in group] == [face * 10 for face in range(4, 20)]


def test_a_face_that_cannot_be_read_ends_the_batch_with_its_reason():
    def prepare(face):
        if face == 5:
            raise ItemError("broken")
        return face

    groups = groups_ahead(range(8), prepare, size=4)
    assert next(groups) == [0, 1, 2, 3]
    with pytest.raises(ItemError, match="broken"):
        next(groups)
