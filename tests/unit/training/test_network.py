import io
import json

import pytest
import torch
from pydantic import ValidationError

from fsbench.networks.mobilefacenet import MobileFaceNet
from fsbench.training.architecture import NetworkSettings
from fsbench.training.discriminator import Discriminator
from fsbench.training.network import Generator

# From MobileFSGAN's supplement and a count of the released code, layer by layer.
PARAMETERS = {
    "baseline": 2_517_781,
    "wide": 153_476_053,
    "shallow": 2_270_674,
    "nofuse": 2_517_001,
    "hourglass": 3_219_733,
}


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def on_meta(**settings):
    with torch.device("meta"):
        return Generator(NetworkSettings(**settings))


def tiny(**settings):
    torch.manual_seed(0)
    return Generator(NetworkSettings(**{"image_size": 64, "width": 8, "embedding_size": 16, **settings}))


@pytest.mark.parametrize("architecture", PARAMETERS)
def test_each_architecture_has_its_number_of_parameters(architecture):
    assert count(on_meta(architecture=architecture)) == PARAMETERS[architecture]


def test_the_parts_of_the_generator_have_their_numbers_of_parameters():
    found = {name: count(part) for name, part in on_meta().named_children()}
    wanted = {"encoder_head": 42_816, "identity_encoder": 1_399_488}
    assert found == {**wanted, "attribute_encoder": 501_696, "decoder": 573_781}


def test_a_3x3_attention_kernel_costs_512_parameters_a_block():
    assert count(on_meta(attention_kernel=3)) == 2_517_781 + 12 * 512


def test_the_papers_variant_halves_the_identity_maps_three_times_and_takes_3x3_attention():
    network = on_meta(variant="paper")
    assert network.decoder.b64_4.conv_attention.kernel_size == (3, 3)
    names = {name for name, _ in network.identity_encoder.named_children()}
    wanted = {"b256_down", "down128", "b128_down", "down64", "b64_down", "down32", "b32_down", "up64", "b64_up"}
    assert names == wanted


def test_a_saved_generator_has_the_size_of_the_paper_and_raw_floats_have_10_07_megabytes():
    network = Generator()
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    assert file.tell() / 1e6 == pytest.approx(10.2, abs=0.05)
    assert count(network) * 4 / 1e6 == pytest.approx(10.07, abs=0.005)


@pytest.mark.parametrize(
    ("part", "build"), [("generator", Generator), ("discriminator", Discriminator), ("mobilefacenet", MobileFaceNet)]
)
def test_a_state_dict_with_the_released_names_and_shapes_loads_strictly(real_data, part, build):
    released = json.loads((real_data / "mobilefsgan_state_dict.json").read_text())[part]
    state = {name: torch.rand(shape) for name, shape in released.items()}
    network = build()
    network.load_state_dict(state, strict=True)
    assert {name: list(tensor.shape) for name, tensor in network.state_dict().items()} == released
    name = next(iter(state))
    assert torch.equal(network.state_dict()[name], state[name])


@pytest.mark.parametrize("architecture", PARAMETERS)
def test_each_architecture_gives_three_pictures_and_a_gradient_for_all_it_uses(architecture):
    network = tiny(architecture=architecture)
    pictures = network(torch.rand(2, 3, 64, 64) * 2 - 1, torch.randn(2, 16))
    assert [tuple(picture.shape) for picture in pictures] == [(2, 3, 64, 64), (2, 3, 32, 32), (2, 3, 16, 16)]
    sum(picture.square().mean() for picture in pictures).backward()
    without = [name for name, part in network.named_parameters() if part.requires_grad and part.grad is None]
    assert without == []


def test_nofuse_passes_nothing_from_the_attribute_encoder():
    network = tiny(architecture="nofuse").eval()
    target, embedding = torch.rand(1, 3, 64, 64), torch.randn(1, 16)
    with torch.inference_mode():
        before = network.swap(target, embedding)
        for parameter in network.attribute_encoder.parameters():
            parameter.zero_()
        assert torch.equal(network.swap(target, embedding), before)


def test_the_identity_changes_the_picture(lived_in):
    network = lived_in(tiny()).eval()
    target = torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.inference_mode():
        one, other = (network.swap(target, embedding) for embedding in torch.randn(2, 1, 16))
    assert float((one - other).abs().mean()) > 1e-3


def test_swap_gives_the_largest_picture_of_the_forward_pass(lived_in):
    network = lived_in(tiny()).eval()
    target, embedding = torch.rand(2, 3, 64, 64), torch.randn(2, 16)
    with torch.inference_mode():
        assert torch.equal(network.swap(target, embedding), network(target, embedding)[0])


@pytest.mark.parametrize(("outputs", "sizes"), [(1, [64]), (2, [64, 32]), (3, [64, 32, 16])])
def test_fewer_outputs_leave_the_smallest_heads_out(outputs, sizes):
    network = tiny(outputs=outputs)
    found = network(torch.rand(2, 3, 64, 64), torch.randn(2, 16))
    assert [picture.shape[-1] for picture in found] == sizes
    assert count(tiny()) - count(network) == (3 - outputs) * (3 * 8 * 9 + 3)


def test_the_discriminators_of_a_small_network_judge_its_three_sizes():
    sizes = NetworkSettings(image_size=64).sizes
    judged = Discriminator(sizes)([torch.rand(2, 3, size, size) for size in sizes])
    assert [tuple(patches.shape[:2]) for patches in judged] == [(2, 1)] * 3


@pytest.mark.parametrize("wrong", [{"image_size": 96}, {"image_size": 32}, {"widht": 8}, {"outputs": 4}])
def test_settings_that_cannot_be_built_are_refused(wrong):
    with pytest.raises(ValidationError):
        NetworkSettings(**wrong)


def test_mobilefacenet_gives_rows_of_length_one_that_do_not_depend_on_the_batch():
    torch.manual_seed(0)
    network = MobileFaceNet().eval()
    crops = torch.rand(3, 3, 112, 112) * 2 - 1
    with torch.inference_mode():
        rows = network(crops)
        alone = network(crops[1:2])
    assert rows.shape == (3, 512)
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(3))
    torch.testing.assert_close(rows[1:2], alone, atol=1e-5, rtol=0)
