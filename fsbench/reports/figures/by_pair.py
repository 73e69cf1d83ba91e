"""Metrics with a value a pair, by what the pairs have in common: the target's yaw, the target's video."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fsbench.metrics.spec import METRICS
from fsbench.metrics.stats import cluster_bootstrap
from fsbench.reports.comparison import Measured, measured_columns
from fsbench.reports.figures.content import Value
from fsbench.reports.figures.series import Series, series_of
from fsbench.reports.groups import Group
from fsbench.reports.runs import Run

BY_PAIR = ("id_retrieval", "lfw_cosine_mean", "pose_error", "expression_error")
YAW_EDGES = (0, 10, 20, 30, 45, 60, 180)  # degrees to either side
HARDEST = 60  # videos of a heat map


@dataclass(frozen=True)
class Curve:
    """One swapper's values by bin; None where no pair of the bin has one."""

    series: Series
    values: tuple[Value | None, ...]


@dataclass(frozen=True)
class ByYaw:
    """A metric by how far the target looks away."""

    metric: str
    heading: str
    bins: tuple[str, ...]  # "0 to 10"
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class HeatMap:
    """A metric by video, hardest first. A cell is None where no pair of the video has a value."""

    metric: str
    heading: str
    videos: tuple[str, ...]
    series: tuple[Series, ...]
    cells: tuple[tuple[float | None, ...], ...]  # of each swapper
    total: int  # videos that there are

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        known = [value for row in self.cells for value in row if value is not None]
        return min(known), max(known)


def by_yaw(group: Group) -> list[ByYaw]:
    """Give each metric by bins of the target's absolute yaw.

    Raises:
        RecordError: the samples of a run cannot be read.
    """
    series = [one for one in series_of(group, controls=False) if _has(one.run, "target_yaw")]
    found = []
    for column in _paired_columns(group):
        curves = [Curve(one, _binned(one.run, column.metric)) for one in series]
        kept = [place for place in range(len(YAW_EDGES) - 1) if any(curve.values[place] for curve in curves)]
        if len(kept) > 1:
            names = tuple(_bin_name(place) for place in kept)
            rows = tuple(Curve(curve.series, tuple(curve.values[place] for place in kept)) for curve in curves)
            found.append(ByYaw(column.metric, column.heading, names, rows))
    return found


def heat_maps(group: Group) -> list[HeatMap]:
    """Give each metric by video and swapper, the videos that are hardest on average first.

    Raises:
        RecordError: the samples of a run cannot be read.
    """
    series = series_of(group, controls=False)
    found = []
    for column in _paired_columns(group):
        means = [_by_video(one.run, column.metric) for one in series]
        videos = list(dict.fromkeys(video for rows in means for video in rows))
        if len(videos) < 2:
            continue
        sign = 1 if column.better == "higher" else -1
        hardness = {video: float(np.mean([rows[video] for rows in means if video in rows])) for video in videos}
        order = sorted(videos, key=lambda video: (sign * hardness[video], video))[:HARDEST]
        cells = tuple(tuple(rows.get(video) for video in order) for rows in means)
        found.append(HeatMap(column.metric, column.heading, tuple(order), tuple(series), cells, len(videos)))
    return found


def _paired_columns(group: Group) -> list[Measured]:
    """Give the columns of metrics with a value a pair, one a metric, that a figure shows."""
    columns = {column.metric: column for column in reversed(measured_columns(group))}
    return [columns[metric] for metric in BY_PAIR if metric in columns and METRICS[metric].per_pair]


def _has(run: Run, column: str) -> bool:
    return any(value is not None for value in run.samples.get(column, []))


def _bin_name(place: int) -> str:
    last = place == len(YAW_EDGES) - 2
    return f"over {YAW_EDGES[place]}" if last else f"{YAW_EDGES[place]} to {YAW_EDGES[place + 1]}"


def _binned(run: Run, metric: str) -> tuple[Value | None, ...]:
    samples, values = run.samples, run.values(metric)
    yaws = dict(zip(samples["key"], samples["target_yaw"], strict=True))
    clusters = dict(zip(samples["key"], samples["cluster"], strict=True))
    bins = []
    for low, high in itertools.pairwise(YAW_EDGES):
        keys = [key for key in values if yaws[key] is not None and low <= abs(yaws[key]) < high]
        bins.append(_mean({key: values[key] for key in keys}, clusters, run) if keys else None)
    return tuple(bins)


def _mean(values: Mapping[str, float], clusters: Mapping[str, str], run: Run) -> Value:
    rows, labels = np.array(list(values.values())), [str(clusters[key]) for key in values]
    config = run.result.config
    found = cluster_bootstrap(rows, labels, resamples=config.bootstrap, seed=config.seed)
    low, high = (None, None) if found is None else (found.low, found.high)
    return Value(float(rows.mean()), low, high, len(rows))


def _by_video(run: Run, metric: str) -> dict[str, float]:
    videos = dict(zip(run.samples["key"], run.samples["target_id"], strict=True))
    rows: dict[str, list[float]] = {}
    for key, value in run.values(metric).items():
        rows.setdefault(str(videos[key]), []).append(value)
    return {video: float(np.mean(values)) for video, values in rows.items()}
