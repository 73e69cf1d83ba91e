"""Reading weights for torch. The only place where torch files are read: never with code that they bring along."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsbench.errors import WeightError

if TYPE_CHECKING:
    import torch

USUAL_KEYS = ("state_dict", "model_state_dict", "model")  # where checkpoints of training runs keep the network
PARALLEL = "module."  # what torch.nn.DataParallel puts before every name


def load_state(path: Path, *, key: str = "") -> dict[str, torch.Tensor]:
    """Read the state dict in a torch checkpoint or a safetensors file, on the CPU.

    Args:
        path: the file.
        key: where the state dict is in a checkpoint that holds several things, such as "net_recon". Without it, the
            whole checkpoint, or what it has under "state_dict", "model_state_dict" or "model".

    Returns:
        Name to tensor; the "module." of DataParallel is taken off.

    Raises:
        WeightError: the file is damaged, holds code or objects besides tensors, or has no such key.
    """
    found = _safetensors(path, key) if path.suffix == ".safetensors" else _chosen(_checkpoint(path), key, path)
    if not found:
        raise WeightError(f"{path.name} holds no tensors" + (f" under '{key}'" if key else ""))
    if all(name.startswith(PARALLEL) for name in found):
        found = {name.removeprefix(PARALLEL): tensor for name, tensor in found.items()}
    return found


def _safetensors(path: Path, key: str) -> dict[str, torch.Tensor]:
    import safetensors.torch
    from safetensors import SafetensorError

    try:
        found = safetensors.torch.load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightError(f"{path.name} cannot be read: {error}", hint="fsbench zoo verify") from None
    for part in (key,) if key else USUAL_KEYS:
        inside = {name.removeprefix(f"{part}."): found[name] for name in found if name.startswith(f"{part}.")}
        if inside and (key or len(inside) == len(found)):
            return inside
    return {} if key else found


def _checkpoint(path: Path) -> Any:
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise
    except pickle.UnpicklingError as error:
        raise WeightError(
            f"{path.name} holds more than tensors ({_culprit(error)})",
            hint="fsbench zoo add NAME FILE takes the tensors out of it, if that is safe",
        ) from None
    except Exception as error:  # noqa: BLE001 - torch raises whatever a damaged file makes it stumble over
        line = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightError(f"{path.name} cannot be read: {line}", hint="the file is damaged: get it again") from None


def _culprit(error: pickle.UnpicklingError) -> str:
    """Find in torch's long explanation what it refused."""
    found = re.search(r"(?:GLOBAL|global:? GLOBAL) ([\w.]+)", str(error))
    lines = [line for line in str(error).splitlines() if line.strip()]
    return found[1] if found else lines[-1] if len(lines) < 3 else lines[1].strip()


def _chosen(content: Any, key: str, path: Path) -> dict[str, torch.Tensor]:
    import torch

    if not isinstance(content, Mapping):
        raise WeightError(f"{path.name} holds a {type(content).__name__}, wanted a state dict")
    keys = (key,) if key else tuple(name for name in USUAL_KEYS if isinstance(content.get(name), Mapping))[:1]
    for part in keys:
        if not isinstance(content.get(part), Mapping):
            there = ", ".join(map(str, list(content)[:5]))
            raise WeightError(f"{path.name} has no state dict under '{part}'; it has {there}")
        content = content[part]
    other = [str(name) for name, value in content.items() if not isinstance(value, torch.Tensor)]
    if other:
        raise WeightError(f"{path.name} holds more than tensors: {', '.join(other[:5])}")
    return {str(name): tensor.detach() for name, tensor in content.items()}
