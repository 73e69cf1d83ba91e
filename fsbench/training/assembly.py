"""Everything that one training moves or asks, set up on its devices; and its state, to be saved and restored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn

from fsbench.errors import ConfigError
from fsbench.training.discriminator import Discriminator
from fsbench.training.embedder import build_embedder
from fsbench.training.network import Generator
from fsbench.training.perception import build_features
from fsbench.training.settings import TrainingSettings
from fsbench.training.step import Step, judged_sizes
from fsbench.training.sync_norm import synced

# Settings that may change between a checkpoint and what goes on from it.
FREE = ("out", "steps", "record", "measure", "hardware")


@dataclass(frozen=True, eq=False)
class Assembly:
    """Networks, optimisers and losses. The wrapped networks are for gradients that all processes share."""

    step: Step  # holds the bare networks
    generator: nn.Module  # wrapped
    discriminator: nn.Module  # wrapped
    generator_optimiser: Any
    discriminator_optimiser: Any


def assemble(settings: TrainingSettings, fabric: Fabric, weights: Callable[[str], Path]) -> Assembly:
    """Build all networks from the seed and the weight files, and put them on the device of this process."""
    torch.manual_seed(settings.seed)
    generator = Generator(settings.network)
    discriminator = Discriminator(judged_sizes(settings.network.sizes, settings.loss), settings.discriminator_width)
    embedder = build_embedder(settings.loss.identity_network, weights).to(fabric.device)
    features = build_features(settings.loss.attribute_network, weights, bgr=settings.loss.bgr).to(fabric.device)
    if fabric.world_size > 1 and settings.hardware.sync_batch_norm:
        generator, discriminator = synced(generator, fabric.device), synced(discriminator, fabric.device)
    if settings.hardware.channels_last:
        for network in (generator, discriminator, embedder, features):
            network.to(memory_format=torch.channels_last)
    compiled: Any = torch.compile(generator) if settings.hardware.compile else generator
    options = settings.optimiser
    learnt = [parameter for parameter in generator.parameters() if parameter.requires_grad]
    generator_optimiser = torch.optim.Adam(learnt, options.generator_rate, options.betas)
    discriminator_optimiser = torch.optim.Adam(discriminator.parameters(), options.discriminator_rate, options.betas)
    return Assembly(
        Step(generator, discriminator, embedder, features, settings.loss),
        *_paired(fabric.setup(compiled, generator_optimiser), fabric.setup(discriminator, discriminator_optimiser)),
    )


def _paired(generator: Any, discriminator: Any) -> tuple[Any, Any, Any, Any]:
    return generator[0], discriminator[0], generator[1], discriminator[1]


def inference_content(assembly: Assembly, settings: TrainingSettings, number: int) -> dict[str, Any]:
    """Give what it takes to swap: the generator, and which identity network it understands."""
    embedder = assembly.step.embedder
    return {
        "step": number,
        "network": settings.network.model_dump_json(),
        "generator": assembly.step.generator.state_dict(),
        "identity": {"name": embedder.name, "centre": embedder.centre.cpu() if settings.loss.centred else None},
    }


def training_content(assembly: Assembly, settings: TrainingSettings, number: int, fabric: Fabric) -> dict[str, Any]:
    """Give what it takes to go on training. The triplets to come follow from the step number and the seed."""
    return {
        **inference_content(assembly, settings, number),
        "discriminator": assembly.step.discriminator.state_dict(),
        "generator_optimiser": assembly.generator_optimiser.state_dict(),
        "discriminator_optimiser": assembly.discriminator_optimiser.state_dict(),
        "precision": fabric.strategy.precision.state_dict(),
        "random": torch.get_rng_state(),  # nothing draws from it after the start; kept against the day that it does
        "settings": json.dumps(settings.dumped()),
    }


def restore(content: Mapping[str, Any], assembly: Assembly, settings: TrainingSettings, fabric: Fabric) -> int:
    """Take up the state of a checkpoint; give its step.

    Raises:
        ConfigError: it was made under other settings, or holds no state of a training.
    """
    if "discriminator" not in content:
        raise ConfigError("this file holds a finished generator alone", hint="--resume needs a checkpoint-*.pt")
    before, now = json.loads(content["settings"]), settings.dumped()
    changed = [key for key in now if key not in FREE and before.get(key) != now[key]]
    if changed:
        names = ", ".join(f"[{key}]" if isinstance(now[key], dict) else key for key in changed)
        raise ConfigError(
            f"the checkpoint was made with other settings in {names}", hint="resume with the same settings"
        )
    step = assembly.step
    step.generator.load_state_dict(content["generator"])
    step.discriminator.load_state_dict(content["discriminator"])
    assembly.generator_optimiser.load_state_dict(content["generator_optimiser"])
    assembly.discriminator_optimiser.load_state_dict(content["discriminator_optimiser"])
    fabric.strategy.precision.load_state_dict(content["precision"])
    if content["identity"]["centre"] is not None:
        step.embedder.centre.copy_(content["identity"]["centre"])
    torch.set_rng_state(content["random"])
    return int(content["step"])
