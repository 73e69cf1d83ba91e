"""MobileFSGAN's generator beside the folded torch network: as it was released, and exported to other runtimes."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from fsbench.adapters.mobilefsgan_networks import Networks, Rows, TorchNetworks
from fsbench.adapters.runtimes import RUNTIMES, Network, open_runtime, runtime
from fsbench.data.frames import file_sha256
from fsbench.errors import ConfigError
from fsbench.training.checkpoint import Trained
from fsbench.types import Image

FOLDED, PLAIN = "torch-folded", "torch"
IN_TORCH = (FOLDED, PLAIN)
BESIDE = (".bin",)  # endings of files that lie beside the one to open


def check_runtime(name: str, exported: Path | None) -> None:
    """Find out whether a runtime is there and has a file to run.

    Raises:
        ConfigError: there is no such runtime, a file is missing, or one is given that nothing would run.
        DependencyError: its package is not installed.
    """
    if name in IN_TORCH:
        if exported is not None:
            raise ConfigError(f"runtime={name} runs no exported file", hint="runtime=onnx, or no 'exported'")
        return
    if name not in RUNTIMES:
        known = ", ".join((*IN_TORCH, *RUNTIMES))
        raise ConfigError(f"no runtime is called '{name}'", hint=f"runtimes: {known}")
    runtime(name)
    if exported is None:
        hint = f"fsbench run speed --runtime {name} makes one by itself"
        raise ConfigError(f"runtime={name} needs 'exported', the file of an export", hint=hint)
    if not exported.exists():
        raise ConfigError(f"there is no exported file {exported}", hint="fsbench export mobilefsgan")


def networks_for(
    name: str, path: Path, trained: Trained, *, exported: Path | None, device: str, threads: int
) -> Networks:
    """Choose what runs the generator.

    Raises:
        ConfigError: the exported file was made of another checkpoint, or the runtime cannot use the device.
    """
    if name == FOLDED:
        return TorchNetworks(path, trained, device=device, threads=threads)
    if name == PLAIN:
        return PlainNetworks(path, trained, device=device, threads=threads)
    if exported is None:
        raise ValueError("an exported network without its file")
    if device != "cpu":
        raise ConfigError(f"runtime={name} is run on the CPU alone", hint="--device cpu")
    return ExportedNetworks(path, trained, threads=threads, name=name, exported=exported)


class PlainNetworks(TorchNetworks):
    """In torch as the authors released it: every norm and every head is computed, nothing is laid out anew."""

    framework = "PyTorch, as released"

    def code(self, source: Image) -> Rows:
        """Embed a source; its linear layers run with each target."""
        return np.asarray(self._run(lambda: self._embedder(self._tensor(source[None])))[0])

    def paint(self, targets: Image, codes: Rows) -> Rows:
        """Paint a batch in one pass, and leave the smaller pictures unused."""
        import torch

        embeddings = torch.from_numpy(codes).to(self._device)
        pictures = self._run(lambda: self._plain(self._tensor(targets), embeddings)[0])
        return np.ascontiguousarray(pictures.transpose(0, 2, 3, 1))

    def _painted(self) -> Callable[[], object]:
        return self._painted_plain()


class ExportedNetworks(TorchNetworks):
    """The generator in another runtime, from an exported file; the face net in torch. A code is the embedding."""

    def __init__(self, path: Path, trained: Trained, *, threads: int, name: str, exported: Path) -> None:
        super().__init__(path, trained, device="cpu", threads=threads)
        self._name, self._exported = name, exported
        self.framework = f"{name} {_version(RUNTIMES[name].module)}".rstrip()
        self._check_origin()

    def code(self, source: Image) -> Rows:
        """Embed a source."""
        return np.asarray(self._run(lambda: self._embedder(self._tensor(source[None])))[0])

    def paint(self, targets: Image, codes: Rows) -> Rows:
        """Paint one after the other: an exported network takes one picture."""
        crops = np.ascontiguousarray(targets.transpose(0, 3, 1, 2), np.float32) / np.float32(127.5) - np.float32(1)
        pictures = [self._call(crops[row : row + 1], codes[row : row + 1]) for row in range(len(crops))]
        return np.ascontiguousarray(np.concatenate(pictures).transpose(0, 2, 3, 1))

    def _painted(self) -> Callable[[], object]:
        target, embedding = self._examples()
        arrays = np.ascontiguousarray(target.numpy()), np.ascontiguousarray(embedding.numpy())
        return lambda: self._call(*arrays)

    def _files(self) -> tuple[Path, ...]:
        return exported_files(self._exported)

    @cached_property
    def _call(self) -> Network:
        return open_runtime(self._name, self._exported, threads=self._threads)

    def _check_origin(self) -> None:
        """Refuse a file that its manifest says was made of another checkpoint."""
        manifest = self._exported.with_name(f"{self._exported.name}.json")
        if not manifest.is_file():
            return
        try:
            made_of = list(json.loads(manifest.read_text(encoding="utf-8"))["weights"].values())
        except (ValueError, KeyError, AttributeError):
            raise ConfigError(f"{manifest} is no manifest of an export", hint="fsbench export mobilefsgan") from None
        if file_sha256(self._path) not in made_of:
            message = f"{self._exported.name} was not made of {self._path.name}, by the hashes of its manifest"
            raise ConfigError(message, hint=f"fsbench export mobilefsgan --checkpoint {self._path.name}")


def exported_files(main: Path) -> tuple[Path, ...]:
    """Name the files of an export: the one to open and the weights beside it."""
    beside = [main.with_suffix(ending) for ending in BESIDE]
    return (main, *(path for path in beside if path.is_file() and path != main))


def _version(module: str) -> str:
    try:
        return version(module)
    except PackageNotFoundError:
        return ""
