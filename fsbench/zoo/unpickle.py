"""Takes the tensors out of a pickle without running anything that the pickle names.

A pickle calls what it names, so who reads one runs its author's code. Here a name is either on a short list of what
rebuilds tensors, or it becomes an `Inert` class that keeps what it is given and does nothing. Network classes of other
projects come out as their parameters; settings, optimisers and the like are left out and listed.
"""

from __future__ import annotations

import io
import pickle
import types
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

REBUILDS = {  # everything that torch.save writes for tensors, and nothing else
    "torch._utils": ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter"),
    "torch": ("Size", "device"),
    "torch.serialization": ("_get_layout",),
    "collections": ("OrderedDict",),
    "builtins": ("set", "dict", "list", "tuple", "frozenset", "int", "float", "complex", "bool", "str", "bytes"),
}
ATTACKS = {  # no training script ever pickled one of these by accident
    *("os", "posix", "nt", "subprocess", "sys", "socket", "shutil", "importlib", "runpy", "ctypes", "_ctypes", "pty"),
    *("webbrowser", "urllib", "http", "requests", "multiprocessing", "code", "codeop", "pip", "commands", "asyncio"),
    *("builtins", "operator", "_operator", "functools", "types", "marshal", "pickle", "_pickle", "bdb"),
}
HARMLESS = {("functools", "partial"), ("types", "SimpleNamespace"), ("builtins", "object"), ("builtins", "slice")}
MODULE_PARTS = ("_parameters", "_buffers", "_modules")  # where torch.nn.Module keeps what is in its state dict


class Dangerous(pickle.UnpicklingError):
    """The pickle names something that no weight file has a use for."""


class Inert(dict[Any, Any]):
    """Stands for an object of a class that is not loaded: keeps its state, does nothing."""

    stands_for = ""

    def __new__(cls, *args: Any, **kwargs: Any) -> Inert:
        """Make an empty one, whatever the arguments."""
        return super().__new__(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def __setstate__(self, state: Any) -> None:
        """Keep the state, which for an object is its __dict__."""
        for part in state if isinstance(state, tuple) else (state,):
            if isinstance(part, Mapping):
                self.update(part)

    def append(self, item: Any) -> None:
        """Take an item of what the pickle holds for a list."""
        self[len(self)] = item

    def extend(self, items: Any) -> None:
        """Take items of what the pickle holds for a list."""
        for item in items:
            self.append(item)

    add = append

    def __hash__(self) -> int:  # type: ignore[override]
        """Be usable as a key, as the object may have been."""
        return id(self)


class TensorUnpickler(pickle.Unpickler):
    """An unpickler that knows tensors alone."""

    def find_class(self, module: str, name: str) -> Any:
        """Give what rebuilds tensors, or an inert class in place of anything else.

        Raises:
            Dangerous: it is something that runs programs, code or connections.
        """
        module = "builtins" if module == "__builtin__" else module  # what Python 2 called it
        if name in REBUILDS.get(module, ()):
            return super().find_class(module, name)
        if module == "torch" and name.isidentifier() and _is_dtype(name):
            return super().find_class(module, name)
        if module.partition(".")[0] in ATTACKS and (module, name) not in HARMLESS:
            raise Dangerous(f"{module}.{name}")
        return type(name.rpartition(".")[2] or "Inert", (Inert,), {"stands_for": f"{module}.{name}"})


def tensors_of(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Read all tensors of a torch checkpoint.

    Returns:
        Name to tensor, where names join keys and attributes with dots as state dicts do; and what was left out.

    Raises:
        Dangerous: the file tries to run something.
        Exception: whatever torch raises on a damaged file.
    """
    import torch

    content = torch.load(path, map_location="cpu", weights_only=False, pickle_module=_as_pickle_module())
    found: dict[str, Any] = {}
    left_out: list[str] = []
    for name, value in _walk(content, "", set()):
        if isinstance(value, torch.Tensor):
            found[name] = value.detach().clone().contiguous()
        else:
            left_out.append(f"{name} ({getattr(value, 'stands_for', '') or type(value).__name__})")
    return found, left_out


def _walk(value: Any, name: str, above: set[int]) -> Iterator[tuple[str, Any]]:
    """Give the leaves of nested dictionaries and network objects with their names."""
    if id(value) in above:
        return
    above = above | {id(value)}
    if isinstance(value, Inert):
        parts = [value[part] for part in MODULE_PARTS if isinstance(value.get(part), Mapping)]
        if not parts:
            yield name, value
        for part in parts:
            yield from _walk(dict(part), name, above)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if item is not None:
                yield from _walk(item, f"{name}.{key}" if name else str(key), above)
    else:
        yield name, value


def _is_dtype(name: str) -> bool:
    import torch

    return isinstance(getattr(torch, name, None), torch.dtype)


def _as_pickle_module() -> types.ModuleType:
    """Give torch.load what it asks of a pickle module, with the safe unpickler in it."""
    module = types.ModuleType("fsbench_tensors_only")

    def load(file: Any, **settings: Any) -> Any:
        return TensorUnpickler(file, **settings).load()

    def loads(content: bytes, **settings: Any) -> Any:
        return TensorUnpickler(io.BytesIO(content), **settings).load()

    vars(module).update(Unpickler=TensorUnpickler, load=load, loads=loads, OrderedDict=OrderedDict)
    return module
