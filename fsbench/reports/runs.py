"""Finished runs as they lie on disk: found, read, and never recomputed."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fsbench.errors import RecordError
from fsbench.metrics.spec import METRICS
from fsbench.records import (
    FAILURES_FILE,
    PAIRS_FILE,
    RESULT_FILE,
    RETRIEVAL_FOLDER,
    SAMPLES_FILE,
    STRIPS_FOLDER,
    SWAPS_FOLDER,
    Measurement,
    RunResult,
    load_result,
)
from fsbench.reports.fetched import fetched
from fsbench.reports.run_files import FailedPair, read_failures, read_samples

NEVER_HOLD_RUNS = (SWAPS_FOLDER, STRIPS_FOLDER, RETRIEVAL_FOLDER)  # may hold tens of thousands of pictures


@dataclass(frozen=True)
class Run:
    """One finished run. Its samples and failures are read from the folder when they are first asked for."""

    folder: Path
    result: RunResult

    @property
    def label(self) -> str:
        """The swapper's name with its settings."""
        return self.result.swapper.label

    @property
    def is_control(self) -> bool:
        """Whether the swapper is a control, which is never ranked."""
        return self.result.swapper.is_control

    def measurement(self, metric: str) -> Measurement | None:
        """Give the measurement of a metric, or None where the run has none."""
        return next((found for found in self.result.measurements if found.metric == metric), None)

    @cached_property
    def samples(self) -> dict[str, list[Any]]:
        """The columns of samples.parquet by name, one value a planned pair, None where there is none.

        Raises:
            RecordError: there is no such file, it is broken, or a column that is always there is not.
        """
        return read_samples(self.folder / SAMPLES_FILE)

    @cached_property
    def failures(self) -> tuple[FailedPair, ...]:
        """The lines of failures.csv.

        Raises:
            RecordError: there is no such file, or it is no table of key, stage and reason.
        """
        return read_failures(self.folder / FAILURES_FILE)

    def values(self, metric: str) -> dict[str, float]:
        """Give the value of each pair that has one, by the pair's key, in the units that tables print.

        Raises:
            RecordError: the samples cannot be read, or hold a number that is not finite.
        """
        scale = METRICS[metric].scale if metric in METRICS else 1.0
        column = self.samples.get(metric, [])
        found = {key: value for key, value in zip(self.samples["key"], column, strict=False) if value is not None}
        strange = next((key for key, value in found.items() if not math.isfinite(value)), None)
        if strange is not None:
            raise RecordError(f"{self.folder / SAMPLES_FILE} holds {found[strange]} for {metric} of {strange}")
        return {key: float(value) * scale for key, value in found.items()}

    @cached_property
    def unharmed(self) -> frozenset[str]:
        """The keys of the pairs at which no stage failed, so that no value of theirs is a counted miss.

        Raises:
            RecordError: the samples cannot be read.
        """
        columns = self.samples["key"], self.samples["ok"], self.samples["stage"]
        return frozenset(key for key, ok, stage in zip(*columns, strict=True) if ok and stage is None)

    def has_strip(self, key: str) -> bool:
        """Tell whether the run kept a picture of a pair."""
        return _strip_name(key) in self._strip_names

    @cached_property
    def _strip_names(self) -> frozenset[str]:
        folder = self.folder / STRIPS_FOLDER
        return frozenset(os.listdir(folder)) if folder.is_dir() else frozenset()

    def strip(self, key: str) -> Path:
        """Tell where the picture source | target | result of a pair lies, if the run kept one."""
        return self.folder / STRIPS_FOLDER / _strip_name(key)


@dataclass(frozen=True)
class Loaded:
    """What was found: the runs that can be read, and a line for each that cannot."""

    runs: tuple[Run, ...]
    problems: tuple[str, ...]


def load_runs(paths: Sequence[Path]) -> Loaded:
    """Read every finished run at or below the given paths; one that is broken does not stop the others.

    Args:
        paths: run folders, result.json files, or folders with run folders somewhere below. A run that is
            reached twice counts once. Order: as given, and by name within a folder.

    Raises:
        RecordError: not one run could be read.
    """
    runs: dict[Path, Run] = {}
    problems: list[str] = []
    for path in map(fetched, paths):
        for place in _places(path, problems):
            folder = (place if place.is_dir() else place.parent).resolve()
            if folder in runs:
                continue
            try:
                runs[folder] = Run(folder, load_result(place))
            except RecordError as error:
                problems.append(f"left out: {error}")
    if not runs:
        where = ", ".join(str(path) for path in paths) or "no path"
        details = "".join(f"\n  {problem}" for problem in problems)
        raise RecordError(f"no finished run in {where}{details}", hint="fsbench run ... --out runs")
    return Loaded(tuple(runs.values()), tuple(dict.fromkeys(problems)))


def _places(path: Path, problems: list[str]) -> Iterator[Path]:
    """Name the result files and run folders at or below a path; what is unfinished becomes a problem."""
    if not path.exists():
        problems.append(f"{path} is not there")
    elif path.is_file():
        yield path
    else:
        yield from _folders_below(path, problems)


def _folders_below(path: Path, problems: list[str]) -> Iterator[Path]:
    found_any = False
    for folder, subfolders, files in os.walk(path):
        subfolders[:] = sorted(name for name in subfolders if name not in NEVER_HOLD_RUNS and name[0] != ".")
        if RESULT_FILE in files:
            subfolders.clear()
            found_any = True
            yield Path(folder)
        elif PAIRS_FILE in files:
            found_any = True
            problems.append(f"{folder} holds {PAIRS_FILE} but no {RESULT_FILE}: its run did not finish")
    if not found_any:
        problems.append(f"{path} holds no run folder")


def _strip_name(key: str) -> str:
    return f"{key.replace('/', '_')}.jpg"
