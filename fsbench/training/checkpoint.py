"""Checkpoints on disk: written whole or not at all, numbered, the oldest removed; and what can be read from one."""

from __future__ import annotations

import io
import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from fsbench.data.frames import write_atomically
from fsbench.errors import ConfigError, RecordError
from fsbench.training.architecture import NetworkSettings
from fsbench.training.embedder import IdentityName
from fsbench.training.network import Generator
from fsbench.training.numbered import NAME, numbered

FORMAT = "fsbench mobilefsgan 1"


@dataclass(frozen=True, eq=False)
class Trained:
    """A generator ready to swap, and the identity network that it understands."""

    generator: Generator
    identity: IdentityName
    centre: torch.Tensor | None  # (E,) to take away from its embeddings; None: nothing
    step: int | None  # None where the file does not say


def save(folder: Path, step: int, content: Mapping[str, Any], *, keep: int) -> Path:
    """Write a checkpoint and remove all but the newest `keep`."""
    path = folder / NAME.format(step)
    write(path, content)
    for old in numbered(folder)[:-keep]:
        old.unlink()
    return path


def write(path: Path, content: Mapping[str, Any]) -> None:
    """Write tensors, numbers and text so that a crash leaves the old file or the new one."""
    buffer = io.BytesIO()
    torch.save({"format": FORMAT, **content}, buffer)
    write_atomically(path, buffer.getvalue())


def read(path: Path) -> dict[str, Any]:
    """Read a file of tensors, numbers and text; nothing in it is run.

    Raises:
        ConfigError: there is no such file.
        RecordError: it is broken or holds something else.
    """
    hint = "a checkpoint of `fsbench train`, or a state dict of the released code"
    if not path.is_file():
        raise ConfigError(f"there is no checkpoint {path}", hint=hint)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise RecordError(f"{path} cannot be read as a checkpoint: {str(error).splitlines()[0]}", hint=hint) from None
    if not isinstance(content, dict):
        raise RecordError(f"{path} holds a {type(content).__name__}, wanted a dictionary of tensors", hint=hint)
    return content


def load_trained(path: Path) -> Trained:
    """Load a generator from one of our checkpoints, or from a state dict of the released code.

    Raises:
        ConfigError: there is no such file.
        RecordError: the file is broken, or names or shapes are not a generator's.
    """
    content = read(path)
    if "format" not in content:
        state = {name.removeprefix("module."): value for name, value in content.items()}
        return Trained(_built(path, _settings_of(path, state), state), "mobilefacenet", None, None)
    if content["format"] != FORMAT:
        hint = "use the version of fsbench that wrote it"
        raise RecordError(f"{path} has the format '{content['format']}', this version reads '{FORMAT}'", hint=hint)
    settings = NetworkSettings.model_validate(json.loads(content["network"]))
    identity = content["identity"]
    return Trained(_built(path, settings, content["generator"]), identity["name"], identity["centre"], content["step"])


def _built(path: Path, settings: NetworkSettings, state: Mapping[str, torch.Tensor]) -> Generator:
    with torch.device("meta"):
        generator = Generator(settings)
    try:
        generator.load_state_dict(state, strict=True, assign=True)
    except RuntimeError as error:
        problem = " ".join(str(error).split())[:300]
        raise RecordError(f"{path} does not fit the generator: {problem}", hint="is it a discriminator's?") from None
    return generator.eval()


def _settings_of(path: Path, state: Mapping[str, torch.Tensor]) -> NetworkSettings:
    """Work out the settings of a bare state dict from its names and shapes."""
    size = max(
        (int(found[1]) for name in state if (found := re.match(r"attribute_encoder\.b(\d+)_1\.", name))), default=0
    )
    linear = state.get(f"identity_encoder.b{size}_down.fc_mean.weight")
    attention = state.get(f"decoder.b{size}_0.conv_attention.weight")
    if linear is None or attention is None:
        raise RecordError(f"{path} holds no generator of MobileFSGAN", hint="fsbench train mobilefsgan makes one")
    return NetworkSettings(
        variant="released" if f"identity_encoder.down{size // 32}.conv.weight" in state else "paper",
        image_size=size,
        width=len(linear),
        embedding_size=linear.shape[1],
        attention_kernel=1 if attention.shape[-1] == 1 else 3,
    )
