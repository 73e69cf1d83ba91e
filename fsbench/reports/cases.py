"""The worst and the best pairs of a run in each metric, as pictures: what the numbers look like."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fsbench.metrics.spec import METRICS, TIMES
from fsbench.records import Measurement
from fsbench.reports.runs import Run
from fsbench.reports.tables import metric_heading, number, one_line

SHOWN = 3  # pairs at either end
JPEG_START = b"\xff\xd8\xff"


@dataclass(frozen=True)
class Case:
    """One pair with its value and its picture source | target | result."""

    key: str
    value: str
    source_id: str
    target_id: str
    picture: str  # data URI, or empty
    missing: str  # why there is no picture, or empty


@dataclass(frozen=True)
class Cases:
    """Both ends of one metric."""

    heading: str
    worst: tuple[Case, ...]
    best: tuple[Case, ...]
    remark: str  # why there is nothing to show, or empty


def cases(run: Run) -> list[Cases]:
    """Pick the pairs to show for each metric with a better way and a value a pair, coverage left out.

    Of equal values those come first that have a picture, then by key.

    Raises:
        RecordError: the samples cannot be read.
    """
    found = []
    for measurement in run.result.measurements:
        spec = METRICS.get(measurement.metric)
        if measurement.metric in TIMES:  # of a pass no picture is kept
            continue
        if spec is None or not spec.per_pair or measurement.better == "neither" or measurement.metric == "coverage":
            continue
        values = run.values(measurement.metric)
        if values:
            found.append(_ends(run, measurement, values))
    return found


def _ends(run: Run, measurement: Measurement, values: dict[str, float]) -> Cases:
    heading = metric_heading(measurement.title, measurement.unit, measurement.better)
    if len(values) > 1 and min(values.values()) == max(values.values()):
        same = number(next(iter(values.values())), METRICS[measurement.metric].digits)
        return Cases(heading, (), (), f"All {len(values)} pairs have the value {same}.")
    sign = 1 if measurement.better == "higher" else -1
    order = sorted(values, key=lambda key: (sign * values[key], not run.has_strip(key), key))
    back = sorted(values, key=lambda key: (-sign * values[key], not run.has_strip(key), key))
    count = min(SHOWN, (len(values) + 1) // 2)
    worst = order[:count]
    best = [key for key in back[:count] if key not in worst]
    worst_cases, best_cases = (_cases(run, measurement.metric, keys, values) for keys in (worst, best))
    return Cases(heading, worst_cases, best_cases, "")


def _cases(run: Run, metric: str, keys: Sequence[str], values: dict[str, float]) -> tuple[Case, ...]:
    rows = {key: row for row, key in enumerate(run.samples["key"])}
    shown = []
    for key in keys:
        source, target = (str(run.samples[name][rows[key]] or "?") for name in ("source_id", "target_id"))
        picture, missing = _picture(run.strip(key))
        value = number(values[key], METRICS[metric].digits)
        shown.append(Case(one_line(key), value, one_line(source), one_line(target), picture, missing))
    return tuple(shown)


def _picture(file: Path) -> tuple[str, str]:
    try:
        content = file.read_bytes()
    except OSError:
        return "", "the run kept no picture of this pair"
    if not content.startswith(JPEG_START):
        return "", f"{one_line(file.name)} is no JPEG"
    return f"data:image/jpeg;base64,{base64.b64encode(content).decode()}", ""
