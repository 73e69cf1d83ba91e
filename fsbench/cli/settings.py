"""From flags and a TOML file to one RunConfig: defaults < file < flags."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fsbench.errors import ConfigError
from fsbench.records import RunConfig, run_config


def merged(file: Path | None, flags: Mapping[str, Any]) -> RunConfig:
    """Merge a settings file with flags; a flag that is None or empty was not given.

    Raises:
        ConfigError: the file cannot be read, or a key, name or number is wrong.
    """
    settings = read_toml(file) if file else {}
    for key, value in flags.items():
        if value in (None, (), [], {}):
            continue
        if isinstance(value, dict):
            settings[key] = {**settings.get(key, {}), **value}
        else:
            settings[key] = value
    return run_config(**settings)


def pairs_of(option: str, values: Sequence[str]) -> dict[str, str]:
    """Split "key=value" options.

    Raises:
        ConfigError: one has no "=".
    """
    found = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"{option} {text}: wanted key=value", hint=f"{option} key=value")
        found[key] = value
    return found


def swappers_of(names: Sequence[str], settings: Sequence[str]) -> list[dict[str, Any]]:
    """Combine --swapper [LABEL=]NAME with --swapper-arg [LABEL.]key=value.

    Raises:
        ConfigError: a setting does not say which of several swappers it is for, or names one that is not there.
    """
    if settings and not names:
        raise ConfigError(f"--swapper-arg {settings[0]}: no --swapper is named", hint="--swapper NAME")
    chosen: dict[str, dict[str, Any]] = {}
    for text in names:
        label, equals, name = text.partition("=")
        if not equals or "/" in label:
            label, name = "", text
        if (label or name) in chosen:
            hint = "--swapper LABEL=NAME, one label each"
            raise ConfigError(f"two swappers are called '{label or name}'", hint=hint)
        chosen[label or name] = {"name": name, "label": label, "args": {}}
    for key, value in pairs_of("--swapper-arg", settings).items():
        owner, dot, setting = key.rpartition(".")
        if not dot and len(chosen) == 1:
            owner = next(iter(chosen))
        if owner not in chosen:
            found = f"'{owner}' is no swapper of this run" if dot else "it does not say which swapper it is for"
            raise ConfigError(f"--swapper-arg {key}: {found}", hint=f"--swapper-arg SWAPPER.{setting}={value}")
        chosen[owner]["args"][setting] = value
    return list(chosen.values())


def choices_of(**given: int | None) -> dict[str, str]:
    """Give the choices that have flags of their own, as `--set` would."""
    return {name: str(value) for name, value in given.items() if value is not None}


_TIMES, _SIZES, _FOLDERS = ("runtimes", "from_device"), ("exports",), ("real", "swapped")
FOREIGN = {
    "ff++": (*_FOLDERS, "variant", *_TIMES, *_SIZES),
    "lfw": (*_FOLDERS, "compression", "persons", "source_frames", *_TIMES, *_SIZES),
    "fid": ("compression", "variant", "persons", "source_frames", *_TIMES, *_SIZES),
    "speed": (*_FOLDERS, "compression", "variant", "persons", "source_frames", "limit", *_SIZES),
    "size": (*_FOLDERS, "data", "compression", "variant", "persons", "source_frames", "limit", *_TIMES),
}
"""Settings that a protocol has no use for, and that a user who gives them has another idea of."""
FLAGS = {"exports": "export", "runtimes": "runtime"}  # settings whose flag has another name
FOREIGN_CHOICES = {name: ("batch", "threads", "passes", "warmup") for name in ("ff++", "lfw", "fid", "size")}


def refuse_foreign(config: RunConfig) -> None:
    """Refuse settings of another protocol rather than ignore them.

    Raises:
        ConfigError: there is one.
    """
    for name in FOREIGN.get(config.protocol, ()):
        if getattr(config, name):
            flag = f"--{FLAGS.get(name, name).replace('_', '-')}"
            hint = f"fsbench run {config.protocol} without {flag}"
            raise ConfigError(f"{config.protocol} has no use for {flag}", hint=hint)
    for name in FOREIGN_CHOICES.get(config.protocol, ()):
        if name in config.choices:
            raise ConfigError(f"{config.protocol} has no use for --{name}", hint=f"fsbench run speed --{name} N")


def locate_data(name: str, cache_folder: Path, *, manipulated: bool = False) -> dict[str, str]:
    """Find the data folder, making the mini set, and its manipulated videos, where they are asked for.

    Raises:
        DataError: there is no such folder.
    """
    from fsbench.data.mini import is_mini
    from fsbench.data.places import place, require_folder

    if name != "mini":
        path = place(name)
        require_folder(path, "the data folder", "--data FOLDER, or --data mini")
        return {"data": str(path), "data_name": "mini" if is_mini(path) else path.resolve().name}
    from fsbench.mini import is_made, ready

    if not is_made(cache_folder, manipulated=manipulated):
        print("making the mini set, once" + (", with manipulated videos" if manipulated else ""), file=sys.stderr)
    return {"data": str(ready(cache_folder, manipulated=manipulated)), "data_name": "mini"}


def read_toml(file: Path) -> dict[str, Any]:
    """Read a settings file.

    Raises:
        ConfigError: it is not there, or is no TOML.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return dict(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"there is no settings file {file}", hint="--config FILE.toml") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint="--config FILE.toml") from None
