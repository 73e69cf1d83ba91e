"""Building swappers, detectors and evaluators from text, with their settings checked."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pydantic

from fsbench import catalog
from fsbench.data.frames import file_sha256
from fsbench.errors import ConfigError, DependencyError
from fsbench.interfaces import Detector, Evaluator, Swapper
from fsbench.records import first_problem
from fsbench.zoo.store import known_sha256


@dataclass(frozen=True)
class Plugin:
    """A class and its settings as text, so that any process can build the same object."""

    target: str  # "module:Class" or "path/to/file.py:Class"
    args: tuple[tuple[str, str], ...] = ()

    def build(self) -> Any:
        """Build the object, once in each process."""
        return _build(self)


@dataclass(frozen=True)
class Identified:
    """A plugin with all that decides its values: what cache keys and the provenance say of it."""

    plugin: Plugin
    name: str
    version: int
    weights: Mapping[str, str] = field(default_factory=dict)  # file -> sha256

    @property
    def key(self) -> dict[str, Any]:
        """The part of a cache key that stands for this plugin."""
        return {"name": self.name, "version": self.version, "args": self.plugin.args, "weights": dict(self.weights)}


def plugin(target: str, args: Mapping[str, str], context: Mapping[str, str]) -> Plugin:
    """Combine the settings a user gave with those of the run that the class asks for (`device`, `data`, ...)."""
    wanted = _settings(catalog.load(target))
    fitting = {key: value for key, value in context.items() if key in wanted}
    return Plugin(target, tuple(sorted({**fitting, **args}.items())))


def identify(part: Plugin, kind: type[Any]) -> Identified:
    """Build the object, check that it is what it should be, and hash its weight files.

    Raises:
        ConfigError: the class is of another kind, or a setting is wrong.
        DependencyError: a weight file is missing.
    """
    built = part.build()
    if not isinstance(built, kind):
        raise ConfigError(
            f"{part.target} is no {kind.__name__}", hint=f"derive it from fsbench.interfaces.{kind.__name__}"
        )
    thing = cast(Swapper | Detector | Evaluator, built)
    try:
        weights = {name: known_sha256(path) for name, path in sorted(thing.weight_files().items())}
    except OSError as error:
        raise DependencyError(
            f"a weight file of '{thing.name}' cannot be read: {error}", hint="fsbench doctor"
        ) from None
    if ".py:" in part.target:  # a class in a user's file: its source decides the result as weights do
        source = Path(inspect.getfile(type(built)))
        weights[f"{source.name}:{type(built).__qualname__}"] = file_sha256(source)  # a file may hold several
    return Identified(part, thing.name, thing.version, weights)


def swapper(name: str, args: Mapping[str, str], context: Mapping[str, str]) -> Identified:
    """Find a swapper by name, "ffpp:<Method>" or "path/to/file.py:Class", with the settings given; see `identify`."""
    target, first = catalog.swapper_target(name)
    return identify(plugin(target, {**first, **args}, context), Swapper)


@functools.lru_cache(maxsize=16)
def _build(part: Plugin) -> Any:
    cls = catalog.load(part.target)
    wanted = _settings(cls)
    fields = {
        name: (parameter.annotation, ... if parameter.default is parameter.empty else parameter.default)
        for name, parameter in wanted.items()
    }
    model: type[pydantic.BaseModel] = pydantic.create_model(  # type: ignore[call-overload]
        cls.__name__, __config__=pydantic.ConfigDict(extra="forbid", arbitrary_types_allowed=True), **fields
    )
    try:
        checked = model.model_validate(dict(part.args))
    except pydantic.ValidationError as error:
        known = ", ".join(sorted(set(wanted) - {"device"})) or "none"
        raise ConfigError(
            f"{cls.__name__}: {first_problem(error)}", hint=f"settings of {cls.__name__}: {known}"
        ) from None
    return cls(**{name: getattr(checked, name) for name in wanted})


def _settings(cls: Any) -> dict[str, inspect.Parameter]:
    if cls.__init__ is object.__init__:
        return {}
    parameters = inspect.signature(cls, eval_str=True).parameters
    return {name: parameter for name, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY}
