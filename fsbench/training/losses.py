"""The losses, as plain functions of tensors. Pictures are (N, 3, H, W) in [-1, 1].

Source: MobileFSGAN, section 3.2. Where the code that its authors released does otherwise, an argument gives that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch.nn import functional

AdversarialForm = Literal["paper", "released"]
Reduction = Literal["mean", "sum"]


def discriminator_loss(real: torch.Tensor, swapped: torch.Tensor, *, reduction: Reduction = "mean") -> torch.Tensor:
    """Hinge: real patches (N, 1, h, w) are wanted above 1, swapped ones below -1.

    `reduction` "sum" adds the samples' means up, as the released code does, so that it grows with the batch.
    """
    found = functional.relu(1 - real).mean() + functional.relu(1 + swapped).mean()
    return found * len(real) if reduction == "sum" else found


def adversarial_loss(
    swapped: torch.Tensor, *, form: AdversarialForm = "paper", reduction: Reduction = "mean"
) -> torch.Tensor:
    """What the generator pays for its patches (N, 1, h, w): -D of the paper, or relu(1 - D) of the released code."""
    found = (-swapped if form == "paper" else functional.relu(1 - swapped)).mean()
    return found * len(swapped) if reduction == "sum" else found


def identity_loss(found: torch.Tensor, wanted: torch.Tensor, *, margin: float = 0.0) -> torch.Tensor:
    """1 - cosine of two embeddings (N, E), averaged.

    With a margin m, relu(1 - cosine - m) averaged over the samples where it is above 0 (released: 0.02). Over several
    processes that average is each process's own.
    """
    distance = 1 - functional.cosine_similarity(found, wanted, dim=1)
    if margin == 0:
        return distance.mean()
    beyond = functional.relu(distance - margin)
    return beyond.sum() / (beyond > 0).sum().clamp(min=1)


def pixel_loss(
    found: torch.Tensor, truth: torch.Tensor, has_truth: torch.Tensor, *, count: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean square difference over the samples that have a ground truth; 0 where none has.

    Args:
        found: (N, 3, H, W).
        truth: (N, 3, H, W), anything where there is none.
        has_truth: (N,) bool.
        count: what to divide by, where this batch is a part of a larger one; else the samples with a truth in this one.

    The released code has no such rule: it pulls the borders of samples without ground truth to black.
    """
    divisor = has_truth.sum().clamp(min=1) if count is None else count
    squares = (found - torch.where(has_truth[:, None, None, None], truth, found.detach())).square().mean((1, 2, 3))
    return (squares * has_truth).sum() / divisor


def attribute_loss(
    found: Sequence[torch.Tensor], wanted: Sequence[torch.Tensor], weights: Sequence[float]
) -> torch.Tensor:
    """Weighted sum over layers of the mean absolute difference of feature maps.

    Raises:
        ValueError: the three differ in length, or there is no layer.
    """
    parts = [w * functional.l1_loss(a, b) for a, b, w in zip(found, wanted, weights, strict=True)]
    if not parts:
        raise ValueError("the attribute loss needs at least one layer")
    return torch.stack(parts).sum()
