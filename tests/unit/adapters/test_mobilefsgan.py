"""The adapter: what goes in, what comes out, and that a source is embedded once."""

import numpy as np
import pytest
import torch

from fsbench import align
from fsbench.adapters.mobilefsgan import MobileFSGAN
from fsbench.data.frames import read_rgb
from fsbench.engine import plugins
from fsbench.errors import ConfigError, ItemError, RecordError
from fsbench.mini import items
from fsbench.training import checkpoint
from fsbench.training.architecture import NetworkSettings
from fsbench.training.embedder import build_embedder
from fsbench.training.network import Generator
from fsbench.types import IdentityUse

TINY = {"image_size": 64, "width": 4, "embedding_size": 128}


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(3)
    network = Generator(NetworkSettings(**TINY))
    for parameter in network.parameters():
        parameter.data.mul_(1.5)  # or the identity would move no pixel
    with torch.inference_mode():
        for _ in range(30):  # batch norms see what they will see
            network(torch.rand(4, 3, 64, 64) * 2 - 1, torch.nn.functional.normalize(torch.randn(4, 128)))
    return network.eval()


@pytest.fixture(scope="module")
def file(generator, tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "generator.pt"
    centre = torch.linspace(-0.1, 0.1, 128)
    content = {
        "step": 7,
        "network": generator.settings.model_dump_json(),
        "generator": generator.state_dict(),
        "identity": {"name": "dlib", "centre": centre},
    }
    checkpoint.write(path, content)
    return path


@pytest.fixture(scope="module")
def pairs(mini, cache_folder):
    return items(mini, cache_folder, count=3)


def expected(generator, item):
    """The result by the definition, step by step."""

    def crop(face, size):
        matrix = align.similarity(face.landmarks, align.TEMPLATES["mobilefsgan"] * size)
        cut = align.crop(read_rgb(face.image.path), matrix, (size, size), border="edge")
        return torch.from_numpy(cut).permute(2, 0, 1)[None] / 127.5 - 1, matrix

    source, _ = crop(item.source, 256)
    target, matrix = crop(item.target, 64)
    with torch.inference_mode():
        raw = build_embedder("dlib", lambda name: None).raw(source) - torch.linspace(-0.1, 0.1, 128)
        picture = generator(target, raw / raw.norm())[0][0]
    return ((picture.permute(1, 2, 0) + 1) * 127.5).numpy(), matrix


@pytest.mark.parametrize("batch", [1, 3])
def test_the_result_is_the_generators_picture_of_the_aligned_crop(file, generator, pairs, batch):
    swapper = MobileFSGAN(checkpoint=str(file), batch=batch)
    assert swapper.batch_size == batch
    for item, outcome in zip(pairs, swapper.swap(pairs), strict=True):
        picture, matrix = expected(generator, item)
        assert outcome.image.dtype == np.uint8
        assert np.abs(outcome.image - picture).max() <= 1  # rounding
        np.testing.assert_allclose(outcome.matrix, matrix)


def test_another_source_gives_another_picture(file, pairs):
    swapper = MobileFSGAN(checkpoint=str(file))
    one, other = (swapper.swap([type(pairs[0])(p.pair, p.source, pairs[0].target)])[0].image for p in pairs[:2])
    assert (one != other).any()


def test_a_source_is_embedded_once(file, pairs):
    swapper = MobileFSGAN(checkpoint=str(file))
    calls = []
    swapper._networks._embedder.register_forward_pre_hook(lambda module, inputs: calls.append(len(inputs[0])))
    for _ in range(2):
        for item in pairs:
            swapper.swap([type(item)(item.pair, pairs[0].source, item.target)])
    assert calls == [1]


def test_a_source_that_is_forgotten_is_embedded_again(file, pairs):
    swapper = MobileFSGAN(checkpoint=str(file))
    calls = []
    swapper._networks._embedder.register_forward_pre_hook(lambda module, inputs: calls.append(1))
    swapper.swap(pairs[:1])
    swapper.forget()
    swapper.swap(pairs[:1])
    assert len(calls) == 2


def test_with_one_source_and_many_targets_neither_norms_nor_linear_layers_run(file, pairs):
    swapper = MobileFSGAN(checkpoint=str(file))
    first = swapper.swap([type(p)(p.pair, pairs[0].source, p.target) for p in pairs])
    ran = set()
    for part in swapper._networks._folded.modules():
        part.register_forward_pre_hook(lambda module, inputs: ran.add(type(module).__name__))
    again = swapper.swap([type(p)(p.pair, pairs[0].source, p.target) for p in pairs])
    assert "Conv2d" in ran
    assert not ran & {"Linear", "BatchNorm2d"}
    assert all((a.image == b.image).all() for a, b in zip(first, again, strict=True))


def test_its_networks_are_there_to_be_measured(file, generator):
    painter, face_net = MobileFSGAN(checkpoint=str(file)).parts()
    assert (painter.name, face_net.name, face_net.once_a_source) == ("generator", "face net", True)
    assert painter.parameters == sum(part.numel() for part in generator.parameters())
    assert painter.files == (file,)
    assert painter.run().shape == (1, 3, 64, 64)
    assert face_net.run().shape == (1, 128)


def test_pasted_back_the_frame_changes_at_the_face_alone(file, pairs):
    outcome = MobileFSGAN(checkpoint=str(file), paste="frame").swap(pairs[:1])[0]
    frame = read_rgb(pairs[0].target.image.path)
    assert outcome.image.shape == frame.shape
    matrix = align.template_matrix(pairs[0].target.landmarks, "mobilefsgan", 64)
    corners = align.transform([[0, 0], [64, 0], [64, 64], [0, 64]], align.invert(matrix))
    changed = np.argwhere((outcome.image != frame).any(2))[:, ::-1]
    assert len(changed) > 100
    pixel = 1 / np.sqrt(np.linalg.det(matrix[:, :2]))  # of the crop, in the frame
    assert (changed > corners.min(0) - pixel).all()
    assert (changed < corners.max(0) + pixel).all()
    hull = MobileFSGAN(checkpoint=str(file), paste="frame", mask="hull").swap(pairs[:1])[0]
    assert 100 < (hull.image != frame).any(2).sum() < len(changed)


def test_a_face_that_cannot_be_aligned_fails_alone(file, pairs):
    from dataclasses import replace

    broken = replace(pairs[1], target=replace(pairs[1].target, landmarks=np.zeros((5, 2))))
    outcomes = MobileFSGAN(checkpoint=str(file), batch=3).swap([pairs[0], broken, pairs[2]])
    assert [isinstance(outcome, ItemError) for outcome in outcomes] == [False, True, False]


def test_pixels_that_are_not_finite_are_a_failure(generator, pairs, tmp_path, file):
    content = checkpoint.read(file)
    content["generator"]["decoder.image64_output.conv.bias"][0] = float("nan")
    checkpoint.write(tmp_path / "nan.pt", content)
    (outcome,) = MobileFSGAN(checkpoint=str(tmp_path / "nan.pt")).swap(pairs[:1])
    assert isinstance(outcome, ItemError)


def test_it_says_what_it_is_made_of(file):
    swapper = MobileFSGAN(checkpoint=str(file))
    assert set(swapper.weight_files()) == {"generator.pt", "dlib_face_recognition_resnet_model_v1.dat"}
    assert swapper.identity_networks() == (IdentityUse("dlib-resnet"),)
    assert swapper.facts() == {
        "network": "baseline, released, 64 px, width 4",
        "framework": "PyTorch, folded",
        "training": "7 steps",
    }


@pytest.mark.parametrize("variant", ["released", "paper"])
@pytest.mark.parametrize("parallel", [False, True])
def test_a_state_dict_of_the_released_code_is_taken_as_it_is(tmp_path, variant, parallel):
    network = Generator(NetworkSettings(variant=variant, image_size=64, width=4, embedding_size=16))
    start = "module." if parallel else ""
    torch.save({start + name: value for name, value in network.state_dict().items()}, tmp_path / "G.pth")
    trained = checkpoint.load_trained(tmp_path / "G.pth")
    wanted = network.settings.model_dump() | {"attention_kernel": 1 if variant == "released" else 3}
    assert trained.generator.settings.model_dump() == wanted
    assert (trained.identity, trained.centre, trained.step) == ("mobilefacenet", None, None)
    assert torch.equal(
        trained.generator.state_dict()["decoder.b16_0.conv_attention.weight"],
        network.state_dict()["decoder.b16_0.conv_attention.weight"],
    )


def test_a_file_that_is_no_generator_is_refused(tmp_path):
    torch.save({"a": torch.zeros(2)}, tmp_path / "a.pt")
    with pytest.raises(RecordError, match="holds no generator"):
        MobileFSGAN(checkpoint=str(tmp_path / "a.pt")).weight_files()
    (tmp_path / "b.pt").write_bytes(b"no checkpoint")
    with pytest.raises(RecordError, match="cannot be read"):
        MobileFSGAN(checkpoint=str(tmp_path / "b.pt")).weight_files()
    with pytest.raises(ConfigError, match="no checkpoint"):
        MobileFSGAN(checkpoint=str(tmp_path / "c.pt"))


@pytest.mark.parametrize("wrong", [{"paste": "x"}, {"mask": "model"}, {"blur": 2.0}, {"batch": 65}, {"threads": 0}])
def test_wrong_settings_are_refused(file, wrong):
    with pytest.raises(ConfigError):
        MobileFSGAN(checkpoint=str(file), **wrong)


def test_it_is_found_by_name(file):
    by = plugins.swapper("mobilefsgan", {"checkpoint": str(file)}, {"device": "cpu"})
    assert (by.name, set(by.weights)) == ("mobilefsgan", {"generator.pt", "dlib_face_recognition_resnet_model_v1.dat"})


@pytest.mark.parametrize("paste", ["crop", "frame"])
def test_it_keeps_the_rules_of_every_swapper(file, pairs, paste):
    from fsbench.adapters import conformance

    findings = conformance.check(MobileFSGAN(checkpoint=str(file), paste=paste), pairs)
    assert [(found.name, found.detail) for found in findings if not (found.ok or found.is_warning)] == []
