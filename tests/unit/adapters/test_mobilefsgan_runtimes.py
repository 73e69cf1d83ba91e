"""One generator in several runtimes: the same picture, and a file of another network is refused."""

import json

import numpy as np
import pytest
import torch

from fsbench.adapters.mobilefsgan import MobileFSGAN
from fsbench.adapters.mobilefsgan_networks import SOURCE_SIZE, example
from fsbench.data.frames import file_sha256
from fsbench.errors import ConfigError
from fsbench.mini import items
from fsbench.training import checkpoint
from fsbench.training.architecture import NetworkSettings
from fsbench.training.folded import FoldedGenerator, WithEmbedding
from fsbench.training.network import Generator


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    torch.manual_seed(3)
    network = Generator(NetworkSettings(image_size=64, width=4, embedding_size=128))
    with torch.inference_mode():
        for _ in range(30):
            network(torch.rand(4, 3, 64, 64) * 2 - 1, torch.nn.functional.normalize(torch.randn(4, 128)))
    path = tmp_path_factory.mktemp("trained") / "generator.pt"
    content = {"network": network.settings.model_dump_json(), "generator": network.state_dict(), "step": 1}
    checkpoint.write(path, {**content, "identity": {"name": "dlib", "centre": None}})
    return path


@pytest.fixture(scope="module")
def exported(file):
    """The generator as ONNX, with a manifest that tells what it was made of."""
    network = WithEmbedding(FoldedGenerator(checkpoint.load_trained(file).generator, keep_down_norms=True))
    path = file.with_name("generator.onnx")
    inputs = torch.zeros(1, 3, 64, 64), torch.ones(1, 128)
    with torch.no_grad():
        torch.onnx.export(network.eval(), inputs, str(path), input_names=["target", "embedding"], dynamo=False)
    path.with_name("generator.onnx.json").write_text(json.dumps({"weights": {"generator.pt": file_sha256(file)}}))
    return path


def built(file, runtime, exported=None):
    return MobileFSGAN(checkpoint=str(file), runtime=runtime, exported=str(exported) if exported else "")


def test_every_runtime_paints_the_same_picture(file, exported, mini, cache_folder):
    pairs = items(mini, cache_folder, count=2)
    first = built(file, "torch-folded").swap(pairs)
    for other in (built(file, "torch"), built(file, "onnx", exported)):
        for one, two in zip(first, other.swap(pairs), strict=True):
            assert np.abs(one.image.astype(int) - two.image).max() <= 1  # rounding


@pytest.mark.parametrize("runtime", ["torch-folded", "torch", "onnx"])
def test_what_is_timed_is_near_the_plain_network_and_counts_its_parameters(file, exported, runtime):
    swapper = built(file, runtime, exported if runtime == "onnx" else None)
    painter, face_net = swapper.parts()
    plain = np.asarray(painter.plain())
    assert plain.shape == (1, 3, 64, 64)
    for _ in range(2):
        assert np.abs(np.asarray(painter.run()) - plain).max() < (1e-6 if runtime == "torch" else 1e-4)
    assert painter.files == ((exported,) if runtime == "onnx" else (file,))
    assert painter.parameters == sum(p.numel() for p in checkpoint.load_trained(file).generator.parameters())
    assert face_net.files[0].name == "dlib_face_recognition_resnet_model_v1.dat"
    assert "framework" in swapper.facts()


def test_the_plain_network_is_laid_out_as_it_was_released(file):
    networks = built(file, "torch-folded")._networks
    networks.code(example(SOURCE_SIZE))  # builds the folded one
    assert all(part.is_contiguous() for part in networks._plain.parameters())


def test_the_exported_file_decides_the_result_as_weights_do(file, exported):
    assert exported in built(file, "onnx", exported).weight_files().values()


def test_a_file_of_another_checkpoint_is_refused(file, exported, tmp_path):
    other = tmp_path / "other.onnx"
    other.write_bytes(exported.read_bytes())
    other.with_name("other.onnx.json").write_text(json.dumps({"weights": {"generator.pt": "0" * 64}}))
    with pytest.raises(ConfigError, match=r"other\.onnx was not made of generator\.pt"):
        built(file, "onnx", other).parts()


@pytest.mark.parametrize(
    ("runtime", "given", "says"),
    [
        ("nosuch", None, "no runtime is called 'nosuch'"),
        ("onnx", None, "needs 'exported'"),
        ("onnx", "none.onnx", "there is no exported file"),
        ("torch", "none.onnx", "runs no exported file"),
    ],
)
def test_what_cannot_run_is_refused_in_one_line(file, runtime, given, says):
    with pytest.raises(ConfigError, match=says):
        built(file, runtime, given)
