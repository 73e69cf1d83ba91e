"""Measuring what swaps of every protocol share: rows by key, cosines, set distances."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fsbench.engine.bench import Bench
from fsbench.engine.plugins import Identified
from fsbench.metrics.identity import cosine
from fsbench.metrics.rows import RowSource, Selected, parts
from fsbench.metrics.spec import SECOND
from fsbench.protocols.outcome import Plan, Scored
from fsbench.protocols.scoring import Network, Scorer
from fsbench.protocols.set_distances import Rows
from fsbench.protocols.swapping import FailureList
from fsbench.types import Face, Failure, FrameRef, SwapItem, SwapResult

Measure = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float64]]
"""Gives a number for each row of two (N, D) arrays."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Rows of one evaluator by key; what failed is not among them."""

    rows: RowSource  # (N, D)
    number: Mapping[str, int]  # key -> its row

    def __iter__(self) -> Iterator[str]:
        return iter(self.number)

    def __len__(self) -> int:
        return len(self.number)

    def __contains__(self, key: object) -> bool:
        return key in self.number

    def of(self, keys: Sequence[str]) -> NDArray[np.float32]:
        """Read the rows of some keys: (n, D)."""
        found: NDArray[np.float32] = self.rows[np.array([self.number[key] for key in keys], np.int64)]
        return found

    def source(self) -> RowSource:
        """Give all rows in the order of the keys, not read yet."""
        return Selected(self.rows, np.array(list(self.number.values()), np.int64))


@dataclass(frozen=True)
class Material:
    """What there is to measure."""

    plan: Plan
    items: Sequence[SwapItem]  # pairs whose two faces were found
    faces: Mapping[str, Face]  # key -> the face of a verified result
    clusters: Mapping[str, tuple[str, ...]]  # key of every planned swap -> what intervals resample
    gallery: Mapping[FrameRef, Face | Failure] = field(default_factory=dict)
    results: Mapping[str, SwapResult] = field(default_factory=dict)  # key -> the verified result
    persons: Mapping[str, str] = field(default_factory=dict)  # video -> person; empty: each video is its own

    @property
    def verified(self) -> list[SwapItem]:
        """The items with a verified result."""
        return [item for item in self.items if item.pair.key in self.faces]


def network(by: Identified) -> Network:
    """Describe the evaluator of a column."""
    settings = ",".join(f"{key}={value}" for key, value in by.plugin.args if key != "device")
    return Network(by.plugin.build().title, f"{by.name}@{by.version}({settings})")


def identity_roles(bench: Bench) -> list[str]:
    """Name the roles of the identity networks: one, or two."""
    return [role for role in ("identity", "identity2") if role in bench.evaluators]


def metric_of(role: str, metric: str) -> str:
    """Name a metric of an identity network: the second one's have a key of their own."""
    return f"{metric}{SECOND}" if role == "identity2" else metric


def measured(bench: Bench, role: str, faces: Mapping[str, Face], failures: FailureList | None) -> Measured:
    """Measure faces by key; one that fails is noted and left out."""
    features, reasons = bench.features(role, list(faces.values()))
    if failures is not None:
        for number, key in enumerate(faces):
            if number in reasons:
                failures.add(key, role, reasons[number])
    return Measured(features.values, {key: number for number, key in enumerate(faces) if number not in reasons})


def by_pair(measure: Measure, a: Measured, b: Measured, columns: slice = slice(None)) -> dict[str, float]:
    """Measure the rows of each key that both have, so many at a time."""
    keys = [key for key in a if key in b]
    found: dict[str, float] = {}
    for part in parts(len(keys)):
        values = measure(a.of(keys[part])[:, columns], b.of(keys[part])[:, columns])
        found.update(zip(keys[part], values.tolist(), strict=True))
    return found


def cosines(a: Measured, b: Measured) -> dict[str, float]:
    """Give the cosine for each key that both have."""
    return by_pair(cosine, a, b)


def rows_of(found: Measured, labels: Mapping[str, str], origins: Mapping[str, str] | None = None) -> Rows:
    """Collect what a set distance needs, with the label and the origin of each row by key."""
    made_from = [origins[key] for key in found] if origins else ()
    return Rows(list(found), found.source(), [labels[key] for key in found], made_from)


def distances(
    bench: Bench, material: Material, scorer: Scorer, failures: FailureList, *, reference: str
) -> list[Scored]:
    """Measure Frechet and kernel distance of the results to original pictures."""
    results = measured(bench, "distribution", material.faces, failures)
    labels = {item.pair.key: item.pair.target_id for item in material.items}
    origins = None
    if reference == "all_frames":
        origins = {item.pair.key: str(item.pair.target) for item in material.items}
        faces = {str(ref): face for ref, face in material.gallery.items() if isinstance(face, Face)}
        labels |= {str(ref): name for ref, name in material.plan.gallery.items()}
    else:
        faces = {item.pair.key: item.target if reference == "targets" else item.source for item in material.items}
    real = measured(bench, "distribution", faces, None)
    by, sides = network(bench.evaluators["distribution"]), (rows_of(real, labels), rows_of(results, labels, origins))
    return scorer.of_sets(by, *sides, reference=reference.replace("_", " "), remember=bench.remember)
