"""Each network against its public original, or against plain code written from the original's description."""

import sys

import numpy as np
import pytest
import torch
from random_weights import golden_shapes, package_shapes, random_state
from torch.nn import functional

from fsbench.errors import DependencyError
from fsbench.networks.face_recon import FaceRecon, part
from fsbench.networks.hopenet import Hopenet
from fsbench.networks.inception import fid_network, pooled
from fsbench.networks.iresnet import IResNet50
from fsbench.networks.isolated_import import import_isolated
from fsbench.networks.l2cs import L2CS
from fsbench.networks.loading import filled
from fsbench.networks.mobilefacenet import MobileFaceNet
from fsbench.networks.packages import package_file
from fsbench.networks.resnet50 import expected_bin
from fsbench.networks.sixdrepnet import degrees, rotation_network
from fsbench.networks.sphere20 import Sphere20

OWN = {
    "hopenet": Hopenet,
    "l2cs": L2CS,
    "face_recon": FaceRecon,
    "iresnet50": IResNet50,
    "sphere20_112x96": Sphere20,
    "sphere20_112x112": lambda: Sphere20((112, 112)),
    "mobilefacenet": MobileFaceNet,
}


def noise(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def close(found, wanted):
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), atol=1e-4 * max(1.0, float(wanted.abs().max())), rtol=0)


def network(name):
    state = random_state(golden_shapes(name))
    return filled(OWN[name], state, name=name).eval(), state


@pytest.fixture(autouse=True)
def inference():
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("name", OWN)
def test_the_names_and_shapes_are_those_of_the_public_weight_file(name):
    with torch.device("meta"):
        found = {key: list(value.shape) for key, value in OWN[name]().state_dict().items()}
    assert found == golden_shapes(name)


@pytest.mark.parametrize("name", OWN)
def test_every_tensor_of_the_file_arrives(name):
    built, state = network(name)
    for key, value in built.state_dict().items():
        assert torch.equal(value, state[key]), key


def trunk(state, prefix=""):
    """torchvision's own ResNet-50 with the trunk of a state dict."""
    from torchvision.models import resnet50  # takes two seconds

    resnet = resnet50(weights=None)
    resnet.fc = torch.nn.Identity()
    names = set(resnet.state_dict())
    resnet.load_state_dict(
        {key.removeprefix(prefix): v for key, v in state.items() if key.removeprefix(prefix) in names}
    )
    return resnet.eval()


def expectation(state, head, features):
    chances = functional.linear(features, state[f"{head}.weight"], state[f"{head}.bias"]).softmax(1)
    return sum(chances[:, number] * number for number in range(chances.shape[1]))


def test_hopenet_is_torchvisions_trunk_with_three_heads_of_three_degrees_a_bin():
    built, state = network("hopenet")
    pictures = noise(2, 3, 224, 224)
    features = trunk(state)(pictures)
    wanted = torch.stack(
        [expectation(state, f"fc_{angle}", features) * 3 - 99 for angle in ("yaw", "pitch", "roll")], 1
    )
    close(built(pictures), wanted)


def test_l2cs_is_torchvisions_trunk_with_two_heads_of_four_degrees_a_bin():
    built, state = network("l2cs")
    pictures = noise(2, 3, 448, 448)
    features = trunk(state)(pictures)
    wanted = torch.stack([expectation(state, f"fc_{axis}_gaze", features) * 4 - 180 for axis in ("yaw", "pitch")], 1)
    close(built(pictures), wanted)


def test_face_recon_is_torchvisions_trunk_with_seven_heads():
    built, state = network("face_recon")
    pictures = noise(2, 3, 224, 224)
    features = trunk(state, "backbone.")(pictures)
    heads = [
        functional.linear(features, state[f"final_layers.{n}.weight"].flatten(1), state[f"final_layers.{n}.bias"])
        for n in range(7)
    ]
    wanted = torch.cat(heads, 1)
    assert wanted.shape == (2, 257)
    close(built(pictures), wanted)


def test_the_coefficients_are_cut_where_split_coeff_cuts_them():
    rows = torch.arange(257.0)[None]
    slices = {
        "identity": (0, 80),
        "expression": (80, 144),
        "texture": (144, 224),
        "angle": (224, 227),
        "light": (227, 254),
    }
    for name, (start, end) in slices.items():
        assert part(rows, name)[0].tolist() == list(range(start, end))


def plain_norm(state, name, maps):
    parts = (state[f"{name}.{key}"] for key in ("running_mean", "running_var", "weight", "bias"))
    return functional.batch_norm(maps, *parts)


def test_iresnet50_is_the_same_as_plain_code():
    built, state = network("iresnet50")
    crops = noise(2, 3, 112, 112)

    def prelu(name, maps):
        return functional.prelu(maps, state[f"{name}.weight"])

    maps = prelu("prelu", plain_norm(state, "bn1", functional.conv2d(crops, state["conv1.weight"], padding=1)))
    for layer, count in enumerate([3, 4, 14, 3], 1):
        for unit in range(count):
            at, stride = f"layer{layer}.{unit}", 2 if unit == 0 else 1
            inner = functional.conv2d(plain_norm(state, f"{at}.bn1", maps), state[f"{at}.conv1.weight"], padding=1)
            inner = prelu(f"{at}.prelu", plain_norm(state, f"{at}.bn2", inner))
            inner = functional.conv2d(inner, state[f"{at}.conv2.weight"], stride=stride, padding=1)
            inner = plain_norm(state, f"{at}.bn3", inner)
            if unit == 0:
                maps = functional.conv2d(maps, state[f"{at}.downsample.0.weight"], stride=2)
                maps = plain_norm(state, f"{at}.downsample.1", maps)
            maps = maps + inner
    flat = plain_norm(state, "bn2", maps).flatten(1)
    close(built(crops), plain_norm(state, "features", functional.linear(flat, state["fc.weight"], state["fc.bias"])))


@pytest.mark.parametrize("width", [96, 112])
def test_sphere20_is_the_same_as_plain_code(width):
    built, state = network(f"sphere20_112x{width}")
    maps = crops = noise(2, 3, 112, width)
    for layer, count in enumerate([1, 2, 4, 1], 1):
        weight, bias = state[f"layer{layer}.0.weight"], state[f"layer{layer}.0.bias"]
        maps = functional.prelu(functional.conv2d(maps, weight, bias, 2, 1), state[f"layer{layer}.1.weight"])
        for unit in range(2, count + 2):
            inner = maps
            for number in (1, 2):
                at = f"layer{layer}.{unit}"
                inner = functional.conv2d(inner, state[f"{at}.conv{number}.weight"], padding=1)
                inner = functional.prelu(inner, state[f"{at}.prelu{number}.weight"])
            maps = maps + inner
    close(built(crops), functional.linear(maps.flatten(1), state["fc.weight"], state["fc.bias"]))


def test_the_expectation_of_bins_is_worked_out_by_hand():
    logits = torch.log(torch.tensor([[0.5, 0.25, 0.25], [1e-9, 1e-9, 1.0]]))
    assert expected_bin(logits).tolist() == pytest.approx([0.75, 2.0], abs=1e-6)


def test_6drepnet_is_the_packages_own():
    state = random_state(package_shapes("6drepnet-300wlp"))
    folder = package_file("sixdrepnet", "model.py").parent
    original = import_isolated(folder, "model").SixDRepNet("RepVGG-B1g2", "", deploy=True, pretrained=False)
    original.load_state_dict(state)
    pictures = noise(2, 3, 224, 224)
    close(rotation_network(state, name="random").eval()(pictures), original.eval()(pictures))


def test_the_angles_of_a_rotation_are_the_packages_own_in_our_order():
    turns, _ = torch.linalg.qr(noise(50, 3, 3))
    turns = turns * torch.linalg.det(turns).sign()[:, None, None]
    package = import_isolated(package_file("sixdrepnet", "model.py").parent, "utils")
    pitch, yaw, roll = torch.rad2deg(package.compute_euler_angles_from_rotation_matrices(turns)).T
    close(degrees(turns), torch.stack([yaw, pitch, roll], 1))


def test_importing_6drepnet_leaves_no_foreign_names_behind():
    mine = sys.modules["utils"] = type(sys)("utils")
    before = set(sys.path)
    try:
        assert import_isolated(package_file("sixdrepnet", "model.py").parent, "model").SixDRepNet
        assert sys.modules["utils"] is mine
    finally:
        del sys.modules["utils"]
    assert not {"model", "backbone", "utils"} & set(sys.modules)
    assert set(sys.path) == before


def test_fids_inception_is_the_packages_own_with_its_own_resize(monkeypatch):
    import pytorch_fid.inception as package

    state = random_state(package_shapes("inception-fid"))
    monkeypatch.setattr(package, "load_state_dict_from_url", lambda *args, **options: state)
    original, pictures = package.InceptionV3().eval(), noise(2, 3, 120, 90).sigmoid()
    resized = functional.interpolate(pictures, (299, 299), mode="bilinear", align_corners=False)
    found = pooled(fid_network(state, name="random").eval(), resized)
    close(found, original(pictures)[0].flatten(1))
    assert package.load_state_dict_from_url("") is state  # what stood there stands there again


@pytest.mark.parametrize("build", [lambda s: filled(Hopenet, s, name="file"), lambda s: fid_network(s, name="file")])
def test_weights_of_another_network_are_refused_with_what_is_wrong(build):
    with pytest.raises(DependencyError, match=r"file does not hold the weights of .*: Missing key"):
        build(random_state(golden_shapes("sphere20_112x96")))


def test_a_file_from_before_batch_norms_counted_is_taken():
    """Hopenet's file is of 2017, when there was no num_batches_tracked."""
    state = {k: v for k, v in random_state(golden_shapes("hopenet")).items() if not k.endswith("num_batches_tracked")}
    assert filled(Hopenet, state, name="old").eval()(noise(2, 3, 224, 224)).shape == (2, 3)
