"""Whether metrics rank results as people do: rank correlation of human scores with the metrics of the same runs."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import RecordError
from fsbench.metrics.spec import METRICS
from fsbench.metrics.stats import Interval
from fsbench.metrics.two_way import two_way_jackknife
from fsbench.records import RESULT_FILE, load_result
from fsbench.reports.runs import Run
from fsbench.userstudy.analysis.votes import Scores
from fsbench.userstudy.spec import MethodSpec

FEWEST = 3  # points that a rank correlation needs


@dataclass(frozen=True)
class Correlation:
    """One metric and one question. Spearman's rho, turned so that + means that the metric agrees with people."""

    question: str
    metric: str
    heading: str
    points: int  # results: sets times methods
    all_rho: float | None  # over all results
    all_interval: Interval | None
    within_rho: float | None  # mean of the methods' own rho: whether the metric sees which of a method's results fail
    within_interval: Interval | None


@dataclass(frozen=True)
class MetricValues:
    """One metric of every method: the value of each pair."""

    metric: str
    heading: str
    sign: int  # -1 where lower is better
    values: dict[str, dict[str, float]]  # method -> pair -> value


def metric_values(methods: Sequence[MethodSpec]) -> tuple[tuple[MetricValues, ...], tuple[str, ...]]:
    """Read the metrics that every method's run has under one definition.

    Returns:
        The metrics that have a value a pair and a better way, and remarks on what could not be read or compared.
    """
    runs: dict[str, Run] = {}
    remarks: list[str] = []
    for method in methods:
        try:
            runs[method.name] = _run(method, remarks)
        except RecordError as error:
            remarks.append(f"No metrics of {method.name}: {error}.")
    if len(runs) < len(methods):
        return (), (*remarks, "Human scores are compared with metrics only where every method's run can be read.")
    found = []
    for measurement in next(iter(runs.values())).result.measurements:
        spec = METRICS.get(measurement.metric)
        if spec is None or not spec.per_pair or measurement.better == "neither" or measurement.metric == "coverage":
            continue
        others = [run.measurement(measurement.metric) for run in runs.values()]
        if any(other is None or other.definition != measurement.definition for other in others):
            remarks.append(f"{measurement.title} is not there under one definition for every method.")
            continue
        values = {
            name: {key: value for key, value in run.values(measurement.metric).items() if key in run.unharmed}
            for name, run in runs.items()
        }
        sign = 1 if measurement.better == "higher" else -1
        found.append(MetricValues(measurement.metric, measurement.title, sign, values))
    return tuple(found), tuple(remarks)


def correlate(scores: Scores, metric: MetricValues, *, seed: int) -> Correlation | None:
    """Correlate one question with one metric over the results that have both; None where no result has.

    The interval is the wider of two jackknife intervals, over raters and over sets.
    """
    sets, place = np.unique(scores.sets, return_inverse=True)
    values = np.array(
        [[metric.values[method].get(str(pair), math.nan) for method in scores.methods] for pair in sets], np.float64
    )
    points = int((~np.isnan(values) & ~np.isnan(_set_means(scores.values, place, len(sets)))).sum())
    if not points:
        return None

    def rho(keep: NDArray[np.bool_], *, within: bool) -> float:
        human = _set_means(scores.values[keep], place[keep], len(sets))
        if not within:
            return metric.sign * spearman(human.ravel(), values.ravel())
        of_methods = [spearman(*columns) for columns in zip(human.T, values.T, strict=True)]
        return metric.sign * float(np.mean(of_methods))

    everything = np.ones(len(scores.sets), np.bool_)
    over_all, inside = partial(rho, within=False), partial(rho, within=True)
    return Correlation(
        question=scores.question,
        metric=metric.metric,
        heading=metric.heading,
        points=points,
        all_rho=_number(over_all(everything)),
        all_interval=_interval(scores, over_all, seed),
        within_rho=_number(inside(everything)),
        within_interval=_interval(scores, inside, seed),
    )


def spearman(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Give Spearman's rho of the places where both have a value; NaN with fewer than three, or a constant."""
    from scipy import stats

    both = ~np.isnan(a) & ~np.isnan(b)
    first, second = a[both], b[both]
    if len(first) < FEWEST or np.ptp(first) == 0 or np.ptp(second) == 0:
        return math.nan
    return float(np.corrcoef(stats.rankdata(first), stats.rankdata(second))[0, 1])


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _interval(scores: Scores, rho: Callable[[NDArray[np.bool_]], float], seed: int) -> Interval | None:
    found = two_way_jackknife(scores.raters, scores.sets, rho, seed=seed)
    return None if found is None else Interval(max(-1.0, found.low), min(1.0, found.high))


def _set_means(values: NDArray[np.float64], place: NDArray[np.intp], sets: int) -> NDArray[np.float64]:
    """Average visits by set: (sets, methods), NaN where there was none."""
    there = (~np.isnan(values)).astype(np.float64)
    sums = np.stack([np.bincount(place, column, sets) for column in np.nan_to_num(values).T], 1)
    counts = np.stack([np.bincount(place, column, sets) for column in there.T], 1)
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _run(method: MethodSpec, remarks: list[str]) -> Run:
    if not method.run:
        raise RecordError("the study names no run folder")
    folder = Path(method.run)
    run = Run(folder if folder.is_dir() else folder.parent, load_result(folder))
    file = run.folder / RESULT_FILE
    if method.digest and hashlib.sha256(file.read_bytes()).hexdigest() != method.digest:
        remarks.append(f"The run of {method.name} has changed since the study was made.")
    return run
