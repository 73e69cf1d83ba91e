"""From numbers to measurements: value, interval, n, failures and the hash of the definition."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fsbench.metrics.spec import METRICS
from fsbench.metrics.stats import Interval, cluster_bootstrap, wilson_interval
from fsbench.protocols.outcome import Scored
from fsbench.protocols.presets import Definition
from fsbench.protocols.set_distances import MOST_COARSE, Distance, Remember, Rows, at_once, set_distances
from fsbench.records import Measurement, digest

Statistic = Literal["mean", "variance", "rms"]
STATISTICS = {
    "mean": lambda values: float(np.mean(values)),
    "variance": lambda values: float(np.var(values, ddof=1)),
    "rms": lambda values: float(np.sqrt(np.mean(np.square(values)))),
}
# The networks of the paper's own columns: only these get the bare title of the column.
BARE: dict[str, tuple[str, ...]] = {
    "cosface-acc9928": ("id_retrieval",),
    "arcface-w600k-r50": ("lfw_cosine_mean", "lfw_cosine_var"),
    "hopenet": ("pose_error",),
    "deep3d": ("expression_error",),
    "inception": ("fid", "kid"),
}
FID_NETWORKS = ("inception", "inception-plain")  # a Frechet distance of other features is no FID
FEW_CLUSTERS = 10  # below this a percentile interval is known to be too narrow


@dataclass(frozen=True)
class Network:
    """What measured: as a table prints it, and as a hash needs it."""

    title: str
    identity: str  # "name@version", with its settings


@dataclass(frozen=True)
class Scorer:
    """Makes measurements under one definition.

    `clusters` maps the key of a pair to what intervals resample, one label for each labelling; where there are two,
    as source and target person of LFW, the wider interval is given.
    """

    definition: Definition
    clusters: Mapping[str, tuple[str, ...]]
    planned: int
    resamples: int
    seed: int

    def of_pairs(
        self,
        metric: str,
        network: Network | None,
        values: Mapping[str, float],
        *,
        statistic: Statistic = "mean",
        n_failed: int | None = None,
        note: str = "",
    ) -> Scored:
        """Measure a metric that has a number for each pair.

        Args:
            metric: key of METRICS.
            network: what measured, None where nothing did.
            values: number by key of the pair, before scale; failed pairs are left out or stand as a miss.
            statistic: how the numbers become one.
            n_failed: default: planned pairs that have no number here.
            note: what a reader must know.
        """
        rows = np.array(list(values.values()), np.float64)
        failed = self.planned - len(values) if n_failed is None else n_failed
        if len(rows) < (2 if statistic == "variance" else 1):
            return self._measurement(metric, network, None, None, len(rows), failed, note or "no pair has a value", {})
        labellings = [np.array(labels) for labels in zip(*(self.clusters[key] for key in values), strict=True)]
        interval = cluster_bootstrap(rows, *labellings, statistic=statistic, resamples=self.resamples, seed=self.seed)
        fewest = min(len(np.unique(labels)) for labels in labellings)
        value = STATISTICS[statistic](rows)
        notes = [note, f"only {fewest} clusters: the interval is too narrow" if 1 < fewest < FEW_CLUSTERS else ""]
        if interval is None:
            notes.append("no interval from one cluster")
        elif METRICS[metric].unit == "%" and interval.low == interval.high:
            interval = wilson_interval(value, fewest)
            notes = [note, f"all alike: Wilson interval over {fewest} clusters"]
        return self._measurement(metric, network, value, interval, len(rows), failed, _joined(notes), values)

    def covered(self, keys: Collection[str]) -> Scored:
        """Measure which share of the planned swaps has a verified result, given their keys."""
        values = {key: float(key in keys) for key in self.clusters}
        return self.of_pairs("coverage", None, values, n_failed=self.planned - len(keys))

    def of_sets(
        self, network: Network, real: Rows, swapped: Rows, *, reference: str, remember: Remember = at_once
    ) -> list[Scored]:
        """Measure Frechet and kernel distance of two sets of features; see `set_distances`."""
        failed = self.planned - len(swapped.values)
        note = f"reference: {reference}, n = {len(real.values)}"
        if min(len(real.values), len(swapped.values)) < 2:
            why = f"{note}; a distance needs two pictures on each side"
            n = len(swapped.values)
            return [self._measurement(metric, network, None, None, n, failed, why, {}) for metric in ("fid", "kid")]
        frechet, kernel = set_distances(real, swapped, seed=self.seed, remember=remember)
        notes = note + _size_note(real, swapped) + _interval_note(frechet), note + _interval_note(kernel)
        n = len(swapped.values)
        return [
            self._measurement(metric, network, found.value, found.interval, n, failed, remark, {})
            for metric, found, remark in zip(("fid", "kid"), (frechet, kernel), notes, strict=True)
        ]

    def _measurement(
        self,
        metric: str,
        network: Network | None,
        value: float | None,
        interval: Interval | None,
        n: int,
        n_failed: int,
        note: str,
        per_pair: Mapping[str, float],
    ) -> Scored:
        spec = METRICS[metric]
        scale = spec.scale
        measurement = Measurement(
            metric=metric,
            title=_title(metric, network),
            version=spec.version,
            unit=spec.unit,
            better=spec.better,
            value=None if value is None else value * scale,
            low=None if interval is None else interval.low * scale,
            high=None if interval is None else interval.high * scale,
            n=n,
            n_failed=n_failed,
            definition=digest(
                {
                    "metric": metric,
                    "version": spec.version,
                    "network": network.identity if network else "",
                    **self.definition.as_text(),
                }
            ),
            note=note,
        )
        return Scored(measurement, per_pair if spec.per_pair else {})


def _interval_note(found: Distance) -> str:
    return "" if found.interval else f"; no interval: it takes {MOST_COARSE} groups with enough pictures in the others"


def _size_note(real: Rows, swapped: Rows) -> str:
    """Warn of sets so small that a Frechet distance says more of their size than of their pictures."""
    fewest, dim = min(len(real.values), len(swapped.values)), real.values.shape[1]
    return f"; fewer pictures than features ({dim}): compare only with equal n" if fewest < dim else ""


def _title(metric: str, network: Network | None) -> str:
    """Name a column by the network that measured: the paper's bare title is for the paper's own networks."""
    if network is None:
        return METRICS[metric].title
    name = network.identity.partition("@")[0]
    if metric in BARE.get(name, ()):
        return METRICS[metric].title
    if metric in ("fid", "kid") and name.partition("+")[0] not in FID_NETWORKS:
        return f"{'FD' if metric == 'fid' else 'KD'}-{network.title}"
    return f"{METRICS[metric].title} ({network.title})"


def _joined(notes: Sequence[str]) -> str:
    return "; ".join(note for note in notes if note)
