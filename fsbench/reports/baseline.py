"""Baselines: the records of finished runs, without pictures and without places, small enough to be committed."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsbench.data.frames import write_atomically
from fsbench.data.places import is_address
from fsbench.errors import ConfigError, RecordError
from fsbench.records import FAILURES_FILE, PAIRS_FILE, RESULT_FILE, SAMPLES_FILE, RunResult, result_json
from fsbench.reports.compare_match import refuse_twins
from fsbench.reports.integrity import edits
from fsbench.reports.places import last_part, without_places
from fsbench.reports.runs import Loaded, Run, load_runs

BASELINE_FILE = "baseline.json"
BASELINE_SCHEMA = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
PLACES = ("data", "persons", "real", "source_frames", "swapped")  # settings that are paths
PATH_COLUMNS = ("source", "target", "result")


@dataclass(frozen=True)
class Baseline:
    """One saved baseline."""

    name: str
    folder: Path
    runs: tuple[Run, ...]


def baseline_folder(name: str, root: Path) -> Path:
    """Give the folder of a baseline.

    Raises:
        ConfigError: there is no such baseline, or the name could not be one.
    """
    folder = _place(name, root)
    if not (folder / BASELINE_FILE).is_file():
        known = ", ".join(names(root)) or "none"
        raise ConfigError(f"no baseline is called '{name}' in {root}; there are: {known}", hint="fsbench baseline list")
    return folder


def names(root: Path) -> list[str]:
    """Name the baselines of a folder."""
    return sorted(file.parent.name for file in root.glob(f"*/{BASELINE_FILE}"))


def load_baseline(name: str, root: Path) -> Baseline:
    """Read a baseline.

    Raises:
        ConfigError: there is no such baseline.
        RecordError: it is broken or written by a newer version.
    """
    folder = baseline_folder(name, root)
    try:
        content = json.loads((folder / BASELINE_FILE).read_text(encoding="utf-8"))
        schema = int(content["schema_version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecordError(f"{folder / BASELINE_FILE} cannot be read: {error}", hint="save the baseline anew") from None
    if schema > BASELINE_SCHEMA:
        hint = "pip install --upgrade fsbench"
        raise RecordError(f"baseline '{name}' has schema {schema}, this fsbench knows {BASELINE_SCHEMA}", hint=hint)
    return Baseline(name, folder, load_runs([folder]).runs)


def load_side(text: str, root: Path) -> Loaded:
    """Read one side of a comparison: a run folder, a folder with runs below, or the name of a baseline.

    Raises:
        ConfigError: it is neither a path nor a baseline.
        RecordError: not one run could be read.
    """
    if is_address(text):
        return _as_written(load_runs([Path(text)]))
    path = Path(text)
    if not path.exists() and NAME.fullmatch(text):
        path = baseline_folder(text, root)
    if not path.exists():
        raise ConfigError(f"'{text}' is neither a folder nor a baseline", hint="fsbench baseline list")
    return _as_written(load_runs([path]))


def _as_written(loaded: Loaded) -> Loaded:
    """Leave out runs whose numbers were changed later. That a baseline has no pictures is no fault."""
    found = {run.folder: edits(run) for run in loaded.runs}
    sound = tuple(run for run in loaded.runs if not found[run.folder])
    problems = (*loaded.problems, *(text for texts in found.values() for text in texts))
    if not sound:
        raise RecordError(f"no run is as it was written: {problems[0]}", hint="repeat the run")
    return Loaded(sound, problems)


def save_baseline(name: str, paths: Iterable[Path], root: Path, *, replace: bool = False) -> Baseline:
    """Save the records of runs under a name; all of it or, after an error, nothing.

    Raises:
        ConfigError: the name is no name, or taken and not to be replaced.
        RecordError: a run cannot be read, or two cannot be told apart.
    """
    folder = _place(name, root)
    if folder.exists() and not replace:
        raise ConfigError(f"a baseline '{name}' is there already in {root}", hint="--replace, or another name")
    if folder.exists() and not (folder / BASELINE_FILE).is_file():
        raise ConfigError(f"{folder} is no baseline, so it is not replaced", hint="another name")
    loaded = _as_written(load_runs(list(paths)))
    if loaded.problems:
        raise RecordError(f"not saved: {loaded.problems[0]}", hint="name the runs that are to be saved")
    refuse_twins(loaded.runs, "the baseline")
    files = _contents(loaded.runs)
    partial = root / f".{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    for file, content in files.items():
        write_atomically(partial / file, content)
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)
    return load_baseline(name, root)


def remove_baseline(name: str, root: Path) -> Path:
    """Remove a baseline and give the folder it was in.

    Raises:
        ConfigError: there is no such baseline.
    """
    folder = baseline_folder(name, root)
    shutil.rmtree(folder)
    return folder


def _place(name: str, root: Path) -> Path:
    if not NAME.fullmatch(name):
        raise ConfigError(f"'{name}' is no name for a baseline", hint="letters, digits and . _ + - after the first")
    return root / name


def _contents(runs: Iterable[Run]) -> dict[str, bytes]:
    """Give the content of every file of a baseline, by its name."""
    files: dict[str, bytes] = {}
    places = []
    for run in runs:
        place = "/".join((run.result.config.protocol, run.folder.parent.name, run.folder.name))
        if place in places:
            raise RecordError(f"two runs would be saved as {place}", hint="save them as two baselines")
        places.append(place)
        files[f"{place}/{SAMPLES_FILE}"] = _samples(run)
        files[f"{place}/{FAILURES_FILE}"] = _failures(run)
        pairs = run.folder / PAIRS_FILE
        if pairs.is_file():
            files[f"{place}/{PAIRS_FILE}"] = pairs.read_bytes()
        files[f"{place}/{RESULT_FILE}"] = result_json(_impersonal(run.result)).encode()
    head = {"schema_version": BASELINE_SCHEMA, "runs": places}
    files[BASELINE_FILE] = (json.dumps(head, indent=2) + "\n").encode()
    return files


def _samples(run: Run) -> bytes:
    import pyarrow
    import pyarrow.parquet

    columns = dict(run.samples)
    for name in PATH_COLUMNS:
        columns[name] = [None if text is None else last_part(str(text)) for text in columns.get(name, [])]
    columns["reason"] = [None if text is None else without_places(text) for text in columns.get("reason", [])]
    rows = len(columns["key"])
    table = pyarrow.table({name: column for name, column in columns.items() if len(column) == rows})
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _failures(run: Run) -> bytes:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("key", "stage", "reason"))
    writer.writerows((one.key, one.stage, without_places(one.reason)) for one in run.failures)
    return buffer.getvalue().encode()


def _impersonal(result: RunResult) -> RunResult:
    """Take out where data, results and programs lay; nothing that a number depends on."""
    config = result.config
    update: dict[str, Any] = {name: last_part(getattr(config, name)) for name in PLACES}
    update["out"] = ""
    update["swappers"] = tuple(
        swapper.model_copy(
            update={
                "name": without_places(swapper.name),
                "label": without_places(swapper.label),
                "args": {key: without_places(value) for key, value in swapper.args.items()},
            }
        )
        for swapper in config.swappers
    )
    update["evaluators"] = {role: without_places(name) for role, name in config.evaluators.items()}
    swapper = result.swapper
    return result.model_copy(
        update={
            "title": without_places(result.title),
            "overlaps": tuple(one.model_copy(update={"text": without_places(one.text)}) for one in result.overlaps),
            "config": config.model_copy(update=update),
            "swapper": swapper.model_copy(
                update={
                    "label": without_places(swapper.label),
                    "args": {key: without_places(value) for key, value in swapper.args.items()},
                }
            ),
            "provenance": result.provenance.model_copy(update={"command": without_places(result.provenance.command)}),
        }
    )
