"""What a protocol plans and what it finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fsbench.metrics.spec import METRICS
from fsbench.metrics.stats import Interval
from fsbench.records import Measurement, SwapperRecord, digest
from fsbench.types import Face, Failure, FrameRef, SwapItem, SwapPair, SwapResult


@dataclass(frozen=True)
class Plan:
    """The swaps that should be made, found without looking at a pixel."""

    pairs: list[SwapPair]
    failures: list[Failure] = field(default_factory=list)  # planned swaps that cannot even be named, such as those
    # of a video that does not open
    gallery: Mapping[FrameRef, str] = field(default_factory=dict)  # original frame -> id, where the protocol has one
    data: str = ""  # what of the data set it is, in words: compression, variant
    positives: list[SwapPair] = field(default_factory=list)  # two pictures of one person, never swapped

    @property
    def planned(self) -> int:
        """How many swaps the protocol asks for."""
        return len(self.pairs) + len(self.failures)


@dataclass(frozen=True)
class Scored:
    """A measurement, and the number of each pair it rests on where there is one (before scale and rounding)."""

    measurement: Measurement
    per_pair: Mapping[str, float] = field(default_factory=dict)


def measurement_of(
    metric: str,
    value: float | None,
    n: int,
    *,
    interval: Interval | None = None,
    n_failed: int = 0,
    note: str = "",
    definition: Mapping[str, str] | None = None,
) -> Measurement:
    """Make a measurement that no network takes part in: title, unit and version are those of the metric itself.

    `definition` holds the choices that the number depends on, which its hash covers.
    """
    spec = METRICS[metric]
    return Measurement(
        metric=metric,
        title=spec.title,
        version=spec.version,
        unit=spec.unit,
        better=spec.better,
        value=value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        n=n,
        n_failed=n_failed,
        definition=digest({"metric": metric, **(definition or {})}),
        note=note,
    )


@dataclass(frozen=True)
class FoundAs:
    """The gallery face that a search took a result for."""

    face: Face
    gallery_id: str  # the video (or person) that the face belongs to
    rank: int  # of the first face with the wanted label; 1 is a hit, 0 says that the gallery holds none


@dataclass(frozen=True)
class Outcome:
    """One swapper's run of a protocol."""

    pairs: list[SwapPair]  # as they were swapped: the source frame may differ from the plan's
    source_rules: Mapping[str, str]  # key -> how the source frame was chosen
    items: Sequence[SwapItem]  # those whose two faces were found
    results: Mapping[str, SwapResult]  # verified ones
    failures: list[Failure]
    scored: list[Scored]
    clusters: Mapping[str, tuple[str, ...]]  # key -> what intervals resample, one label a labelling
    planned: int  # swaps, or pictures where nothing is swapped
    finished: int  # of them
    found_as: Mapping[str, FoundAs] = field(default_factory=dict)  # key -> whom a search took the result for
    target_angles: Mapping[str, tuple[float, ...]] = field(default_factory=dict)  # key -> yaw, pitch, roll in degrees
    done: frozenset[str] = frozenset()  # keys that were done although no picture is kept of them
    columns: Mapping[str, Mapping[str, str | int | float]] = field(default_factory=dict)  # more of samples.parquet, by
    # name and key
    conditions: Mapping[str, str] = field(default_factory=dict)  # what the numbers depend on beside the machine


@dataclass(frozen=True)
class RowBeside:
    """A row that no swapper of the run is measured for: taken in from elsewhere, or a part of one."""

    swapper: SwapperRecord
    plan: Plan
    outcome: Outcome
    title: str = ""  # where these differ from the protocol's own
    definition: Mapping[str, str] | None = None
    explanation: tuple[str, ...] = ()
    machine: str = ""
