"""The lean step against a plain one: the same gradients, and nothing left over."""

import pytest
import torch

from benchmarks.training_step import plain_discriminator_loss, plain_generator_loss
from fsbench.training.architecture import NetworkSettings
from fsbench.training.discriminator import Discriminator
from fsbench.training.embedder import build_embedder
from fsbench.training.network import Generator
from fsbench.training.perception import build_features
from fsbench.training.settings import LossSettings
from fsbench.training.step import Batch, Step

SIZE = 64


@pytest.fixture(scope="module")
def frozen():
    return build_embedder("dlib", pytest.fail), build_features("dlib", pytest.fail)


@pytest.fixture
def step(frozen, lived_in):
    torch.manual_seed(5)
    generator = lived_in(Generator(NetworkSettings(image_size=SIZE, width=4, embedding_size=128)))
    discriminator = Discriminator((64, 32, 16), 4)
    return Step(generator, discriminator, *frozen, LossSettings(identity_network="dlib", attribute_network="dlib"))


@pytest.fixture
def batch():
    draw = torch.Generator().manual_seed(6)
    source, target, truth = (torch.rand(3, 3, SIZE, SIZE, generator=draw) * 2 - 1 for _ in range(3))
    return Batch(source, target, truth, torch.tensor([True, False, True]), torch.tensor([True, False, True]))


def gradients(network):
    return torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])


def cleared(*networks):
    for network in networks:
        network.requires_grad_(True)
        network.zero_grad()


def test_the_generators_gradient_is_that_of_the_plain_step(step, batch):
    step.discriminator.eval()  # in training each pass moves its spectral norms
    pictures, wanted = step.generate(batch)
    lean = step.generator_loss(batch, pictures, wanted)
    lean.total.backward()
    found = gradients(step.generator).clone()
    cleared(step.generator, step.discriminator)
    pictures, _ = step.generate(batch)
    plain = plain_generator_loss(step, batch, pictures)
    plain.backward()
    wanted_gradient = gradients(step.generator)
    assert float(lean.total.detach()) == pytest.approx(float(plain.detach()), rel=1e-5)
    assert float((found - wanted_gradient).norm() / wanted_gradient.norm()) < 1e-5


def test_the_discriminators_gradient_is_that_of_the_plain_step(step, batch):
    step.discriminator.eval()
    pictures, _ = step.generate(batch)
    lean = step.discriminator_loss(batch, pictures)
    lean.total.backward()
    found = gradients(step.discriminator).clone()
    cleared(step.discriminator)
    plain = plain_discriminator_loss(step, batch, pictures)
    plain.backward()
    assert float(lean.total.detach()) == pytest.approx(float(plain.detach()), rel=1e-5)
    wanted = gradients(step.discriminator)
    assert float((found - wanted).norm() / wanted.norm()) < 1e-5


def test_the_generators_step_leaves_no_gradient_elsewhere(step, batch):
    pictures, wanted = step.generate(batch)
    step.generator_loss(batch, pictures, wanted).total.backward()
    for network in (step.discriminator, step.embedder, step.features):
        assert all(parameter.grad is None for parameter in network.parameters())
    assert all(p.grad is not None for p in step.generator.parameters() if p.requires_grad)


def test_the_discriminators_step_leaves_the_generator_alone(step, batch):
    pictures, _ = step.generate(batch)
    step.discriminator_loss(batch, pictures).total.backward()
    assert all(parameter.grad is None for parameter in step.generator.parameters())
    assert all(parameter.grad is not None for parameter in step.discriminator.parameters())


def test_real_is_the_target_where_the_source_is_edited(step, batch):
    step.discriminator.eval()
    pictures, _ = step.generate(batch)
    before = step.discriminator_loss(batch, pictures).parts["discriminator_64"]
    changed = batch._replace(source=batch.source.clone())
    changed.source[1] = 0  # the edited one: nobody looks at it
    assert step.discriminator_loss(changed, pictures).parts["discriminator_64"] == before
    changed.source[0] = 0
    assert step.discriminator_loss(changed, pictures).parts["discriminator_64"] != before
