"""One swapper in several runtimes: a row each, exported on the way where it has not been."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path

from fsbench import catalog
from fsbench.adapters.runtimes import runtime
from fsbench.data.frames import file_sha256
from fsbench.engine.cache import default_folder
from fsbench.errors import ConfigError, DependencyError, RecordError
from fsbench.records import SwapperConfig

IN_TORCH = ("torch-folded", "torch")
PRECISIONS = ("fp32", "fp16")  # int8 needs pictures to calibrate with: fsbench export
SHA_SIGNS = 16  # of the checkpoint's hash, that names the folder of its exports


def in_runtimes(swappers: Sequence[SwapperConfig], runtimes: Sequence[str]) -> list[SwapperConfig]:
    """Give each swapper once a runtime.

    Args:
        swappers: as the user named them.
        runtimes: "torch", "torch-folded", or a name of RUNTIMES, with ":fp16" behind it for half precision; none leaves
            the swappers as they are.

    Raises:
        ConfigError: a swapper runs in one way alone, or a runtime is unknown.
        DependencyError: a package is missing, or an export was refused.
    """
    if not runtimes:
        return list(swappers)
    for one in swappers:
        if "runtime" not in inspect.signature(catalog.load(catalog.swapper_target(one.name)[0])).parameters:
            raise ConfigError(f"{one.shown} has no runtime to choose", hint="--runtime is for --swapper mobilefsgan")
        if "runtime" in one.args or "exported" in one.args:
            raise ConfigError(f"{one.shown} says its runtime itself", hint="--runtime, or --swapper-arg runtime=NAME")
        if "checkpoint" not in one.args:
            raise ConfigError(f"{one.shown} has no checkpoint", hint="--swapper-arg checkpoint=FILE")
    return [_row(one, name) for one in swappers for name in runtimes]


def _row(one: SwapperConfig, text: str) -> SwapperConfig:
    name, _, precision = text.partition(":")
    if name not in IN_TORCH:
        runtime(name)
    if precision and (name in IN_TORCH or precision not in PRECISIONS):
        raise ConfigError(f"--runtime {text}: no such precision", hint=f"--runtime {name}, or onnx:fp16")
    args = {**one.args, "runtime": name}
    if name not in IN_TORCH:
        file = exported_file(Path(one.args["checkpoint"]).expanduser(), name, precision or "fp32")
        args["exported"] = str(file)
    return SwapperConfig(name=one.name, label=f"{one.label or one.name} on {text}", args=args)


def exported_file(checkpoint: Path, name: str, precision: str) -> Path:
    """Give the file of an export that a runtime runs, from the cache folder if it was made before.

    Raises:
        ConfigError: there is no checkpoint.
        DependencyError: the export was refused, or a package is missing.
    """
    from fsbench.exports.export import export
    from fsbench.exports.network import generator_network
    from fsbench.training.checkpoint import load_trained

    if not checkpoint.is_file():
        raise ConfigError(f"there is no checkpoint {checkpoint}", hint="--swapper-arg checkpoint=FILE")
    to, sha256 = runtime(name).file_format, file_sha256(checkpoint)
    folder = default_folder() / "exports" / sha256[:SHA_SIGNS]
    known = _made_before(folder, to, precision)
    if known is not None:
        return known
    network = generator_network(load_trained(checkpoint), folded=True, weights={checkpoint.name: sha256})
    (outcome,) = export(network, [to], folder, precision=precision)  # type: ignore[arg-type]  # of PRECISIONS
    if outcome.manifest is None:
        hint = f"fsbench export mobilefsgan --checkpoint {checkpoint.name} --to {to}"
        raise DependencyError(f"the export to {to} was refused: {outcome.problem}", hint=hint)
    return folder / outcome.manifest.files[0].name


def _made_before(folder: Path, to: str, precision: str) -> Path | None:
    """Find an export by its manifest, made by the packages that are here now, its files as they were written."""
    from fsbench.exports.manifest import read_manifest
    from fsbench.exports.targets import FORMATS, versions_of

    for path in sorted(folder.glob("*.json")):
        try:
            manifest = read_manifest(path)
        except RecordError:
            continue
        if (manifest.to, manifest.precision) != (to, precision) or manifest.versions != versions_of(FORMATS[to]):
            continue
        if all(_is_whole(folder / file.name, file.sha256) for file in manifest.files):
            return folder / manifest.files[0].name
    return None


def _is_whole(path: Path, sha256: str) -> bool:
    return path.is_file() and file_sha256(path) == sha256
