"""The folded network against the plain one: over random weights, sources and targets, the border apart."""

import pytest
import torch
from torch.nn import functional

from fsbench.training.architecture import NetworkSettings
from fsbench.training.blocks import Down
from fsbench.training.folded import FoldedGenerator, WithEmbedding, _FoldedDown
from fsbench.training.network import Generator

TINY = {"image_size": 64, "width": 6, "embedding_size": 24}


def plain(lived_in, seed, **settings):
    torch.manual_seed(seed)
    return lived_in(Generator(NetworkSettings(**{**TINY, **settings}))).eval()


def inputs(seed, number=2):
    draw = torch.Generator().manual_seed(seed)
    codes = functional.normalize(torch.randn(number, 24, generator=draw))
    return torch.rand(number, 3, 64, 64, generator=draw) * 2 - 1, codes


def apart(a, b):
    """Largest difference inside, and on the two outermost pixels of each side."""
    gap = (a - b).abs()
    assert gap.isfinite().all()
    inside = gap[..., 2:-2, 2:-2].max()
    gap[..., 2:-2, 2:-2] = 0
    return max(float(inside), 0), float(gap.max())


@pytest.mark.parametrize("seed", range(6))
@torch.inference_mode()
def test_pictures_are_those_of_the_plain_network_at_the_border_too(lived_in, seed):
    network = plain(lived_in, seed)
    target, codes = inputs(seed)
    wanted = network(target, codes)[0]
    assert wanted.std() > 0.01  # there is something to see
    folded = FoldedGenerator(network)
    assert max(apart(folded(target, folded.style_of(codes)), wanted)) < 1e-4
    assert max(apart(WithEmbedding(folded)(target, codes), wanted)) < 1e-4


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("architecture", ["baseline", "wide", "shallow", "nofuse", "hourglass"])
@pytest.mark.parametrize("variant", ["released", "paper"])
@torch.inference_mode()
def test_every_architecture_is_folded_exactly(lived_in, architecture, variant, keep):
    network = plain(lived_in, 7, architecture=architecture, variant=variant, width=4)
    target, codes = inputs(3)
    folded = FoldedGenerator(network, keep_down_norms=keep)
    assert max(apart(folded(target, folded.style_of(codes)), network(target, codes)[0])) < 1e-4


@torch.inference_mode()
def test_a_network_for_one_source_gives_that_source_to_every_target(lived_in):
    network = plain(lived_in, 11)
    target, codes = inputs(5, number=3)
    for code in codes:
        one = FoldedGenerator(network).compile_for(code)
        assert max(apart(one(target), network(target, code.expand(3, -1))[0])) < 1e-4
        assert not any(isinstance(part, torch.nn.Linear | torch.nn.BatchNorm2d) for part in one.modules())


@torch.inference_mode()
def test_each_row_of_a_batch_has_its_own_source(lived_in):
    network = plain(lived_in, 13)
    target, codes = inputs(8)
    folded = FoldedGenerator(network)
    styles = folded.style_of(codes)
    swapped = folded(target, styles.flip(0))
    assert max(apart(swapped, network(target, codes.flip(0))[0])) < 1e-4
    assert (swapped - folded(target, styles)).abs().max() > 1e-3


@torch.inference_mode()
def test_the_border_of_a_halving_is_exact_where_the_shift_is_large(lived_in):
    torch.manual_seed(2)
    down = Down(5, 7).double().eval()
    down.normalize.running_mean.fill_(9.0)
    down.normalize.bias.uniform_(-5, 5)
    maps = torch.randn(2, 5, 12, 8, dtype=torch.double)
    torch.testing.assert_close(_FoldedDown(down)(maps), down(maps), atol=1e-12, rtol=1e-12)
    wrong = functional.leaky_relu(_FoldedDown(down).conv(maps), 0.01)  # one bias everywhere
    assert (wrong - down(maps)).abs().max() > 1


@torch.inference_mode()
def test_the_plain_network_stays_as_it_was(lived_in):
    network = plain(lived_in, 17)
    network.requires_grad_(True)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    target, codes = inputs(1)
    wanted = network(target, codes)
    folded = FoldedGenerator(network)
    folded(target, folded.style_of(codes))
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert network.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(torch.equal(a, b) for a, b in zip(network(target, codes), wanted, strict=True))


def test_a_network_in_training_is_refused():
    with pytest.raises(ValueError, match="training mode"):
        FoldedGenerator(Generator(NetworkSettings(**TINY)))


def test_parameters_of_a_network_for_one_source_are_as_many_as_counted_by_hand():
    """2,517,781 of the released network, less 18 linear layers, 2 heads and 33 affine norms, and 12 new biases."""
    linear, heads, norms, biases = 18 * (512 * 64 + 64), 2 * (64 * 27 + 3), 33 * 2 * 64, 12 * 64
    with torch.device("meta"):
        network = Generator(NetworkSettings())
    network = network.to_empty(device="cpu").eval()
    one = FoldedGenerator(network).compile_for(torch.zeros(512))
    assert sum(part.numel() for part in one.parameters()) == 2_517_781 - linear - heads - norms + biases
    assert one.style.shape == (1, 2 * 9 * 64)
