"""Whether a run folder still is what the run wrote: numbers that agree with their pairs, pictures that are there."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

import numpy as np

from fsbench.errors import RecordError
from fsbench.metrics.spec import METRICS
from fsbench.records import RESULT_FILE, SAMPLES_FILE, Measurement
from fsbench.reports.runs import Loaded, Run

SAME = 1e-9  # relative: a mean read back from float64 differs by its order of summation alone


def checked(loaded: Loaded) -> Loaded:
    """Leave out runs whose numbers were changed after they were written, and name what else is not in order.

    Raises:
        RecordError: no run is left.
    """
    sound: list[Run] = []
    problems = list(loaded.problems)
    for run in loaded.runs:
        edited = edits(run)
        problems += edited or missing_pictures(run)
        if not edited:
            sound.append(run)
    if not sound:
        details = "".join(f"\n  {problem}" for problem in problems)
        raise RecordError(f"no run is as it was written{details}", hint="repeat the runs")
    return Loaded(tuple(sound), tuple(problems))


def edits(run: Run) -> list[str]:
    """Name each value of result.json that its own pairs do not give.

    A value must be the mean, the median, the root of the mean square or the sample variance of the numbers of its
    pairs, and its n their count. Numbers of a run as a whole cannot be checked so, nor can a run without samples.
    """
    found = []
    for measurement in run.result.measurements:
        spec = METRICS.get(measurement.metric)
        if spec is None or not spec.per_pair or measurement.value is None:
            continue
        try:
            rows = list(run.values(measurement.metric).values())
        except RecordError:
            return []  # the page says that the samples cannot be read
        if rows and not _agrees(measurement, rows):
            found.append(
                f"{run.folder / RESULT_FILE} says {measurement.metric} = {measurement.value:g} over n = "
                f"{measurement.n}, but its {SAMPLES_FILE} gives {float(np.mean(rows)):g} over {len(rows)}: one of them "
                "was changed after the run, so it is left out"
            )
    return found[:1]


def missing_pictures(run: Run) -> list[str]:
    """Say how many pictures that the samples name are gone."""
    try:
        named = [name for name in run.samples.get("result", []) if name]
    except RecordError:
        return []
    there = {
        os.path.join(os.path.relpath(folder, run.folder), file)
        for top in {name.partition("/")[0] for name in named}
        for folder, _, files in os.walk(run.folder / top)
        for file in files
    }
    gone = sorted(name for name in named if os.path.normpath(name) not in there)
    if not gone:
        return []
    return [f"{run.folder}: {len(gone)} of {len(named)} pictures that {SAMPLES_FILE} names are gone, such as {gone[0]}"]


def _agrees(measurement: Measurement, rows: Sequence[float]) -> bool:
    values = np.array(rows, np.float64)
    scale = METRICS[measurement.metric].scale
    statistics = [values.mean(), np.median(values), math.sqrt(float(np.mean(values**2)))]
    if len(values) > 1:
        statistics.append(values.var(ddof=1) / scale)
    wanted = measurement.value
    same_count = measurement.n == len(values)
    return same_count and any(math.isclose(wanted or 0.0, float(s), rel_tol=SAME, abs_tol=1e-12) for s in statistics)
