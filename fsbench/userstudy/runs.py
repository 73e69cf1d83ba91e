"""From finished runs to the pairs that a study can show: those that every method has a result of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsbench.data.frames import file_sha256
from fsbench.errors import ConfigError, RecordError
from fsbench.records import RESULT_FILE, SAMPLES_FILE
from fsbench.reports.runs import Run, load_runs
from fsbench.types import FrameRef
from fsbench.userstudy.spec import HIDDEN, MethodSpec


@dataclass(frozen=True)
class Pair:
    """A source and a target with every method's result."""

    key: str
    cluster: str  # pairs of one cluster are alike: those of one target video, say
    source: FrameRef
    target: FrameRef
    results: tuple[Path, ...]  # in the order of the methods


def find_runs(paths: Sequence[Path], *, controls: bool = False) -> tuple[list[Run], list[str]]:
    """Read the runs whose methods are to be rated.

    Args:
        paths: run folders, or folders with runs somewhere below.
        controls: rate copy-target and copy-source as methods, too; the hidden gold items already show both.

    Returns:
        The runs, and remarks on what was left out.

    Raises:
        ConfigError: there are fewer than two methods, two of one name, or one with a name of a gold item.
        RecordError: no run can be read, one swaps nothing, or they rest on different data.
    """
    loaded = load_runs(paths)
    remarks = list(loaded.problems)
    runs = [run for run in loaded.runs if controls or not run.is_control]
    if left := [run.label for run in loaded.runs if run not in runs]:
        remarks.append(f"left out, since they are controls (--controls to rate them): {', '.join(left)}")
    labels = [run.label for run in runs]
    if len(runs) < 2:
        found = f"'{labels[0]}' alone" if labels else "no method"
        raise ConfigError(f"the runs have {found}; a study compares two or more", hint="fsbench run ... --swapper NAME")
    if twice := sorted({label for label in labels if labels.count(label) > 1}):
        where = " and ".join(str(run.folder) for run in runs if run.label == twice[0])
        raise ConfigError(f"two runs are called '{twice[0]}': {where}", hint="name the run folders one by one")
    if taken := sorted(set(labels) & set(HIDDEN)):
        raise ConfigError(f"'{taken[0]}' is the name of a gold item", hint="fsbench run ... --swapper LABEL=NAME")
    _refuse_strangers(runs)
    return runs, remarks


def _refuse_strangers(runs: Sequence[Run]) -> None:
    first = runs[0].result
    for run in runs:
        found = run.result
        if found.config.protocol != first.config.protocol:
            message = f"{run.label} was run with {found.config.protocol}, {runs[0].label} with {first.config.protocol}"
            raise RecordError(message, hint="runs of one protocol")
        if "result" not in run.samples:
            raise RecordError(f"the run {run.folder} swaps nothing", hint="fsbench run ff++ or lfw")
        if found.provenance.data_digest != first.provenance.data_digest:
            message = f"{run.label} and {runs[0].label} were not run on the same pairs and files"
            raise RecordError(message, hint="fsbench run with the same --data and settings for all")


def methods_of(runs: Sequence[Run]) -> tuple[MethodSpec, ...]:
    """Describe the methods as study.json does."""
    return tuple(
        MethodSpec(name=run.label, run=str(run.folder), digest=file_sha256(run.folder / RESULT_FILE)) for run in runs
    )


def shared_pairs(runs: Sequence[Run]) -> tuple[list[Pair], list[str]]:
    """Give the pairs that every run finished from the same source and target pictures, by key; and remarks.

    Raises:
        RecordError: there is none, or a picture is not where the run left it.
    """
    rows = [
        {key: place for place, (key, ok) in enumerate(zip(run.samples["key"], run.samples["ok"], strict=True)) if ok}
        for run in runs
    ]
    keys = sorted(set.intersection(*map(set, rows)))
    planned = len(runs[0].samples["key"])
    remarks = (
        [f"{planned - len(keys)} of {planned} pairs left out: not every method has a result"]
        if (len(keys) < planned)
        else []
    )
    found = [pair for key in keys if (pair := _pair(runs, key, [row[key] for row in rows])) is not None]
    if len(found) < len(keys):
        remarks.append(f"{len(keys) - len(found)} pairs left out: their source frame differs between the methods")
    if not found:
        names = ", ".join(run.label for run in runs)
        raise RecordError(
            f"there is no pair that all of {names} finished", hint=f"see failures.csv beside {SAMPLES_FILE}"
        )
    return found, remarks


def _pair(runs: Sequence[Run], key: str, places: Sequence[int]) -> Pair | None:
    origins = {
        (run.samples["source"][place], run.samples["target"][place]) for run, place in zip(runs, places, strict=True)
    }
    if len(origins) > 1:
        return None
    ((source, target),) = origins
    results = tuple(run.folder / run.samples["result"][place] for run, place in zip(runs, places, strict=True))
    return Pair(key, str(runs[0].samples["cluster"][places[0]]), frame_ref(source), frame_ref(target), results)


def frame_ref(text: str) -> FrameRef:
    """Read what `str(FrameRef)` wrote: a picture, or a video with a frame's number behind '#'."""
    path, mark, index = text.rpartition("#")
    return FrameRef(Path(path), int(index)) if mark and index.isdigit() else FrameRef(Path(text))


def draw(pairs: Sequence[Pair], *, seed: int) -> list[Pair]:
    """Put pairs in random order such that any first n of them come from as many clusters as n pairs can."""
    rng = np.random.default_rng(seed)
    shuffled = [pairs[place] for place in rng.permutation(len(pairs))]
    turn: dict[str, int] = {}
    turns = []
    for pair in shuffled:
        turns.append(turn.get(pair.cluster, 0))
        turn[pair.cluster] = turns[-1] + 1
    return [shuffled[place] for place in np.argsort(turns, kind="stable")]
