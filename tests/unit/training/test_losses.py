"""Each loss against numbers worked out by hand from its definition in the paper (section 3.2)."""

import math

import pytest
import torch

from fsbench.training import losses


def patches(*values):
    return torch.tensor(values).reshape(-1, 1, 1, 2)


REAL = patches([2.0, 0.5], [-1.0, 1.0])  # 1 - x above 0: 0, .5, 2, 0
SWAPPED = patches([-2.0, 0.0], [1.0, -0.5])  # 1 + x above 0: 0, 1, 2, .5


def test_the_discriminator_pays_for_real_below_one_and_swapped_above_minus_one():
    assert float(losses.discriminator_loss(REAL, SWAPPED)) == pytest.approx(2.5 / 4 + 3.5 / 4)


def test_the_generator_pays_minus_the_mean_of_its_patches():
    assert float(losses.adversarial_loss(SWAPPED)) == pytest.approx(1.5 / 4)


def test_the_released_generator_loss_is_a_hinge():
    found = losses.adversarial_loss(SWAPPED, form="released")  # 1 - x above 0: 3, 1, 0, 1.5
    assert float(found) == pytest.approx(5.5 / 4)


def test_a_sum_over_samples_grows_with_the_batch():
    assert float(losses.discriminator_loss(REAL, SWAPPED, reduction="sum")) == pytest.approx(2 * 6 / 4)
    assert float(losses.adversarial_loss(SWAPPED, reduction="sum")) == pytest.approx(2 * 1.5 / 4)


def test_the_identity_loss_is_one_minus_the_cosine():
    found = torch.tensor([[3.0, 0.0], [1.0, 1.0]])
    wanted = torch.tensor([[0.0, 2.0], [1.0, 0.0]])  # cosines 0 and 1 / sqrt 2
    assert float(losses.identity_loss(found, wanted)) == pytest.approx((1 + 1 - math.sqrt(0.5)) / 2)


def test_a_margin_averages_over_the_samples_beyond_it():
    found = torch.tensor([[3.0, 0.0], [1.0, 1.0], [1.0, 0.0]])
    wanted = torch.tensor([[0.0, 2.0], [1.0, 0.0], [1.0, 0.0]])
    expected = ((1 - 0.02) + (1 - math.sqrt(0.5) - 0.02)) / 2  # the third is nearer than the margin
    assert float(losses.identity_loss(found, wanted, margin=0.02)) == pytest.approx(expected)
    assert float(losses.identity_loss(wanted, wanted, margin=0.02)) == 0


def test_pixels_count_where_there_is_a_truth_and_nowhere_else():
    found = torch.zeros(3, 3, 2, 2, requires_grad=True)
    truth = torch.stack([torch.full((3, 2, 2), 0.5), torch.full((3, 2, 2), math.nan), torch.full((3, 2, 2), 1.0)])
    has_truth = torch.tensor([True, False, True])
    loss = losses.pixel_loss(found, truth, has_truth)
    assert loss.item() == pytest.approx((0.25 + 1.0) / 2)
    loss.backward()
    assert found.grad[1].abs().max() == 0  # the released code pulls the borders of such a sample to black
    assert found.grad[0, 0, 0, 0] == pytest.approx(2 * -0.5 / 12 / 2)


def test_pixels_without_any_truth_cost_nothing():
    pictures = torch.rand(2, 3, 2, 2)
    assert float(losses.pixel_loss(pictures, -torch.ones(2, 3, 2, 2), torch.tensor([False, False]))) == 0


def test_the_attribute_loss_weighs_the_layers_mean_differences():
    found = [torch.tensor([1.0, -1.0]), torch.tensor([[2.0]])]
    wanted = [torch.tensor([0.0, 1.0]), torch.tensor([[5.0]])]
    assert float(losses.attribute_loss(found, wanted, (0.6, 0.8))) == pytest.approx(0.6 * 1.5 + 0.8 * 3)
    with pytest.raises(ValueError):
        losses.attribute_loss(found, wanted, (0.6,))
    with pytest.raises(ValueError):
        losses.attribute_loss([], [], ())
