"""Losses on held-out triplets, for the curves of the paper's figure 4; and the mean embedding of a data set."""

from __future__ import annotations

from collections import defaultdict

import torch

from fsbench.training import losses
from fsbench.training.draws import Triplets, held_out_batches
from fsbench.training.embedder import Embedder
from fsbench.training.step import Batch, Step, resized


def validate(step: Step, triplets: Triplets, *, draws: int, batch_size: int, device: torch.device) -> dict[str, float]:
    """Measure the generator as it would be used, with running statistics, on the first `draws` held-out triplets.

    Returns:
        "attribute", "pixel" (where any triplet has a ground truth) and "identity_<size>", averaged over triplets.
    """
    sums: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    step.generator.eval()
    with torch.inference_mode():
        for batch in held_out_batches(triplets, draws, batch_size):
            moved = Batch(*(field.to(device) for field in batch))
            for name, (value, count) in _losses(step, moved).items():
                sums[name] += float(value) * count
                counts[name] += count
    step.generator.train()
    return {name: sums[name] / counts[name] for name in sums}


def _losses(step: Step, batch: Batch) -> dict[str, tuple[torch.Tensor, int]]:
    pictures, wanted = step.generate(batch)
    number, with_truth = len(batch.target), int(batch.has_truth.sum())
    target = resized(batch.target, step.sizes[0])
    found = {
        "attribute": (
            losses.attribute_loss(step.features(pictures[0]), step.features(target), step.features.weights),
            number,
        )
    }
    for size, rows in zip(step.sizes, step.embedder.several(pictures), strict=True):
        found[f"identity_{size}"] = (losses.identity_loss(rows, wanted), number)
    if with_truth:
        truth = resized(batch.truth, step.sizes[0])
        found["pixel"] = (losses.pixel_loss(pictures[0], truth, batch.has_truth), with_truth)
    return found


def mean_embedding(embedder: Embedder, triplets: Triplets, draws: int, device: torch.device) -> torch.Tensor:
    """Average the embeddings, each of its own length, of the sources of the first draws: (E,)."""
    rows = []
    with torch.inference_mode():
        for batch in held_out_batches(triplets, draws, 16):
            rows.append(embedder.raw(batch.source.to(device)))
    return torch.cat(rows).mean(0)
