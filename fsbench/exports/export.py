"""Exporting: convert, run, compare, and keep the file with its manifest, or refuse it and leave nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fsbench import catalog
from fsbench.errors import ConfigError, FsbenchError
from fsbench.exports.check import FP32_BOUND, checked, refusal
from fsbench.exports.job import Job, Precision, quiet
from fsbench.exports.manifest import Check, Manifest, TensorNote, described, manifest_path, write_manifest
from fsbench.exports.network import Arrays, Input, Network
from fsbench.exports.targets import Format, export_format, versions_of


@dataclass(frozen=True)
class Outcome:
    """What became of one format: a manifest, or why there is none."""

    to: str
    precision: str
    manifest: Manifest | None
    problem: str = ""


def export(
    network: Network,
    names: Sequence[str],
    folder: Path,
    *,
    precision: Precision = "fp32",
    bound: float | None = None,
    samples: Sequence[Arrays] = (),
    calibration: Mapping[str, str] | None = None,
    done: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Export a network to several formats; one that fails or is refused does not stop the others.

    Args:
        network: what to export.
        names: keys of FORMATS.
        folder: where files and manifests go; made if it is not there.
        precision: of all of them.
        bound: on the largest difference from torch; None: FP32_BOUND for fp32, none for others.
        samples: inputs from real pictures, for int8.
        calibration: what the samples are.
        done: told of each outcome.

    Raises:
        ConfigError: a format is unknown or lacks the precision, or the folder cannot be written.
        DependencyError: a package is missing. Both before any work.
    """
    formats = {name: export_format(name, precision) for name in names}
    if precision == "int8" and not samples:
        raise ConfigError("int8 needs pictures to calibrate with", hint="--calibrate DIR")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made: {error.strerror}", hint="-o DIR") from None
    limit = FP32_BOUND if bound is None and precision == "fp32" else bound
    job = Job(network, precision, folder / f"{network.title}.{precision}", samples)
    outcomes = []
    for name, each in formats.items():
        outcomes.append(_one(name, each, job, limit, calibration or {}))
        if done is not None:
            done(outcomes[-1])
    return outcomes


def _one(name: str, found: Format, job: Job, bound: float | None, calibration: Mapping[str, str]) -> Outcome:
    paths: list[Path] = []
    try:
        paths = _converted(found, job)
        check = _check(found, job, paths[0], bound)
        problem = refusal(check)
    except (FsbenchError, _Failed) as error:
        problem = str(error)
    if problem:
        for path in paths:
            _remove(path)
        if paths:
            manifest_path(paths[0]).unlink(missing_ok=True)  # of an earlier export of that name
        return Outcome(name, job.precision, None, problem)
    files = described(paths)
    manifest = Manifest(
        part=job.network.part,
        form=job.network.form,
        to=name,
        runtime=found.runtime,
        precision=job.precision,
        files=files,
        size_bytes=sum(each.size_bytes for each in files),
        inputs=tuple(_note(each) for each in job.network.inputs),
        output=_note(job.network.output),
        weights=dict(job.network.weights),
        calibration=dict(calibration),
        versions=versions_of(found),
        check=check,
    )
    write_manifest(paths[0], manifest)
    return Outcome(name, job.precision, manifest)


class _Failed(Exception):
    """A converter or runtime gave up; the text says what it said."""


def _converted(found: Format, job: Job) -> list[Path]:
    try:
        with quiet():
            paths: list[Path] = catalog.load(found.converts)(job)
    except FsbenchError:
        raise
    except Exception as error:  # what converters raise has no class in common but this
        raise _Failed(f"it cannot be converted: {_first_line(error)}") from error
    return paths


def _check(found: Format, job: Job, main: Path, bound: float | None) -> Check:
    if not found.runtime:
        return Check(state="converted only", reason=found.not_run)
    try:
        with quiet():
            return checked(job.network, main, found.runtime, bound=bound)
    except FsbenchError:
        raise
    except Exception as error:  # as above, of runtimes
        raise _Failed(f"it was converted and cannot be run: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _note(each: Input) -> TensorNote:
    return TensorNote(name=each.name, shape=each.shape, meaning=each.meaning)
