"""The manifest beside an exported file: what it is, what it was made of, and how far from torch it was found to be."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from fsbench.data.frames import file_sha256, write_atomically
from fsbench.errors import RecordError

VERSION = "fsbench export 1"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExportedFile(_Record):
    """One file, or folder, of an export."""

    name: str
    size_bytes: int
    sha256: str  # of a folder: of the names and hashes of its files


class TensorNote(_Record):
    """An input or output."""

    name: str
    shape: tuple[int, ...]
    meaning: str


class Difference(_Record):
    """How far an export was from torch in one run over both examples."""

    largest: float  # of all absolute differences
    mean: float
    rms: float  # root of the mean square
    psnr: float | None = None  # dB, for pictures of range 2; None: no picture, or no difference
    cosine: float | None = None  # the smaller of the two rows, for embeddings


class Check(_Record):
    """What was found when the export was run, or why it was not run."""

    state: Literal["ran", "converted only"]
    reason: str = ""
    runs: tuple[Difference, ...] = ()  # two: a second run may differ
    bound: float | None = None  # on the largest difference; None: only printed
    deviation: float | None = None  # standard deviation of torch's own outputs: what a difference is to be seen against


class Manifest(_Record):
    """All that is known of one export."""

    format: Literal["fsbench export 1"] = "fsbench export 1"
    network: str = "mobilefsgan"
    part: Literal["generator", "face-net"]
    form: str
    to: str
    runtime: str  # name for `open_runtime`; "": none runs it here
    precision: Literal["fp32", "fp16", "int8"]
    files: tuple[ExportedFile, ...]  # the first is the one to open
    size_bytes: int
    inputs: tuple[TensorNote, ...]
    output: TensorNote
    weights: dict[str, str]  # file -> sha256
    calibration: dict[str, str]
    versions: dict[str, str]
    check: Check


def manifest_path(main: Path) -> Path:
    """Name the manifest of an exported file."""
    return main.with_name(f"{main.name}.json")


def write_manifest(main: Path, manifest: Manifest) -> Path:
    """Write it beside the file."""
    path = manifest_path(main)
    write_atomically(path, (manifest.model_dump_json(indent=2) + "\n").encode())
    return path


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises:
        RecordError: it is not there, or is none.
    """
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RecordError(f"{path} cannot be read: {error.strerror}", hint="fsbench export mobilefsgan") from None
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"])) or "content"
        raise RecordError(f"{path} is no manifest of an export: {place}: {problem['msg']}", hint=VERSION) from None


def described(paths: Sequence[Path]) -> tuple[ExportedFile, ...]:
    """Measure and hash files and folders."""
    return tuple(_described(path) for path in paths)


def _described(path: Path) -> ExportedFile:
    if path.is_file():
        return ExportedFile(name=path.name, size_bytes=path.stat().st_size, sha256=file_sha256(path))
    inside = sorted(each for each in path.rglob("*") if each.is_file())
    lines = "".join(f"{each.relative_to(path).as_posix()} {file_sha256(each)}\n" for each in inside)
    size = sum(each.stat().st_size for each in inside)
    return ExportedFile(name=path.name, size_bytes=size, sha256=hashlib.sha256(lines.encode()).hexdigest())
