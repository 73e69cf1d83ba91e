"""FaceForensics++: from verified faces to measurements."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fsbench.engine.bench import Bench
from fsbench.metrics.identity import retrieve
from fsbench.metrics.rows import RowSource, Selected
from fsbench.protocols.attributes import attribute_errors
from fsbench.protocols.measuring import (
    Material,
    Measured,
    cosines,
    distances,
    identity_roles,
    measured,
    metric_of,
    network,
)
from fsbench.protocols.outcome import Scored
from fsbench.protocols.presets import FFppDefinition
from fsbench.protocols.scoring import Scorer
from fsbench.protocols.swapping import FailureList
from fsbench.records import RunConfig
from fsbench.types import Face, FrameRef

RETRIEVALS = ("id_retrieval", "id_retrieval_top5", "id_retrieval_strict")
Nearest = dict[str, tuple[FrameRef, int]]  # key -> the nearest frame of the gallery, and the rank of the wanted label


@dataclass(frozen=True, eq=False)
class Gallery:
    """The frames that a search looks among."""

    refs: Sequence[FrameRef]
    labels: Sequence[str]  # what a search must find: a video, a person, or the very frame
    rows: RowSource  # (M, D) embeddings


def score(
    bench: Bench, material: Material, *, definition: FFppDefinition, config: RunConfig, failures: FailureList
) -> tuple[list[Scored], Nearest]:
    """Measure everything the protocol knows, in the order of the table; and tell whom each result was taken for."""
    scorer = Scorer(definition, material.clusters, material.plan.planned, config.bootstrap, config.seed)
    identities = {
        role: _identity(bench, material, scorer, failures, definition, role=role) for role in identity_roles(bench)
    }
    reductions = {"pose": definition.pose_reduce, "expression": definition.expression_reduce, "gaze": "mean"}
    attributes = [
        scored
        for role, statistic in reductions.items()
        if role in bench.evaluators
        for scored in attribute_errors(bench, material, scorer, failures, role=role, statistic=statistic)
    ]
    scored = [
        *(one for found, _ in identities.values() for one in found),
        *attributes,
        *distances(bench, material, scorer, failures, reference=definition.fid_reference),
        scorer.covered(material.faces),
    ]
    return scored, identities["identity"][1]


def target_angles(bench: Bench, material: Material) -> dict[str, tuple[float, ...]]:
    """Give yaw, pitch and roll of each target whose face was found, so that a report can sort scores by them."""
    rows = measured(bench, "pose", {item.pair.key: item.target for item in material.items}, None)
    angles = rows.of(list(rows))[:, :3]
    return {key: tuple(round(float(angle), 3) for angle in row) for key, row in zip(rows, angles, strict=True)}


def _identity(
    bench: Bench, material: Material, scorer: Scorer, failures: FailureList, choices: FFppDefinition, *, role: str
) -> tuple[list[Scored], Nearest]:
    by = network(bench.evaluators[role])
    items = {item.pair.key: item for item in material.verified}
    results = measured(bench, role, {key: material.faces[key] for key in items}, failures)
    sources = measured(bench, role, {key: item.source for key, item in items.items()}, failures)
    targets = measured(bench, role, {key: item.target for key, item in items.items()}, failures)
    retrievals, nearest = _retrieval(bench, material, scorer, choices, results, role=role)
    similarity = scorer.of_pairs(metric_of(role, "id_similarity"), by, cosines(results, sources))
    leakage = scorer.of_pairs(metric_of(role, "target_leakage"), by, cosines(results, targets))
    return [*retrievals, similarity, leakage], nearest


def _label(material: Material, ref: FrameRef, video_id: str, hit: str) -> str:
    """Name what a search must find: the video, its person, or the very frame."""
    return str(ref) if hit == "frame" else material.persons.get(video_id, video_id)


def _retrieval(
    bench: Bench,
    material: Material,
    scorer: Scorer,
    choices: FFppDefinition,
    probes: Measured,
    *,
    role: str,
) -> tuple[list[Scored], Nearest]:
    """Measure retrieval of the source among the gallery: top 1, top 5, and top 1 without the exact source frame."""
    by = network(bench.evaluators[role])
    gallery = _gallery(bench, material, choices, role)
    failed = material.plan.planned - len(probes)
    misses = {} if choices.failures == "drop" else {key: 0.0 for key in material.clusters if key not in probes}
    found, nearest = dict.fromkeys(RETRIEVALS, (misses, "")), Nearest()
    if not gallery.refs:
        found = dict.fromkeys(RETRIEVALS, ({}, "no frame of the gallery could be measured"))
    elif probes:
        hits, nearest = _hits(material, choices, gallery, probes)
        found = {metric: ({**by_key, **misses} if by_key else {}, note) for metric, (by_key, note) in hits.items()}
    scored = [
        scorer.of_pairs(metric_of(role, metric), by, values, n_failed=failed, note=note)
        for metric, (values, note) in found.items()
    ]
    return scored, nearest


def _hits(
    material: Material, choices: FFppDefinition, gallery: Gallery, probes: Measured
) -> tuple[dict[str, tuple[dict[str, float], str]], Nearest]:
    """Search for each result: by metric the hits by key and what a reader must know, and whom each was taken for."""
    pairs = {item.pair.key: item.pair for item in material.items}
    place = {ref: row for row, ref in enumerate(gallery.refs)}
    left_out = np.array([place.get(pairs[key].source, -1) for key in probes])
    search = functools.partial(
        retrieve,
        probes.source(),
        gallery.rows,
        probe_labels=[_label(material, pairs[key].source, pairs[key].source_id, choices.hit) for key in probes],
        gallery_labels=gallery.labels,
        similarity=choices.similarity,
    )
    plain, strict = search(), search(exclude=left_out).rank
    ranks = plain.rank
    nearest = {
        key: (gallery.refs[row], int(rank))
        for key, row, rank in zip(probes, plain.nearest, ranks, strict=True)
        if row >= 0
    }
    size = f"gallery of {len(gallery.refs)} frames"
    inside, hopeless = int((left_out >= 0).sum()), int((strict == 0).sum())
    strict_note = f"{size}; the source frame is among them for {inside} of {len(probes)} results"
    strict_note += f"; {hopeless} results left out, which have no other right answer" if hopeless else ""
    hits = {
        "id_retrieval": (_by_key(probes, ranks == 1), size),
        "id_retrieval_top5": (_by_key(probes, (ranks >= 1) & (ranks <= 5)), size),
        "id_retrieval_strict": (_by_key(probes, strict == 1, strict > 0), strict_note),
    }
    return hits, nearest


def _by_key(
    probes: Iterable[str], hits: NDArray[np.bool_], answerable: NDArray[np.bool_] | None = None
) -> dict[str, float]:
    """Give 1 or 0 by key, for those that have a right answer at all."""
    able = np.ones(len(hits), np.bool_) if answerable is None else answerable
    return {key: float(hit) for key, hit, can in zip(probes, hits, able, strict=True) if can}


def _gallery(bench: Bench, material: Material, choices: FFppDefinition, role: str) -> Gallery:
    """Give the frames to search among, each with its label and its embedding."""
    ids = dict(material.plan.gallery)
    found = {ref: face for ref, face in material.gallery.items() if isinstance(face, Face)}
    if choices.gallery == "first_frame":
        first: dict[str, FrameRef] = {}
        for ref in found:
            first.setdefault(ids[ref], ref)
        found = {ref: found[ref] for ref in first.values()}
    if choices.gallery == "source_frames":
        ids |= {item.pair.source: item.pair.source_id for item in material.items}
        found = {item.pair.source: item.source for item in material.items}
    features, reasons = bench.features(role, list(found.values()))
    numbers = [number for number in range(len(found)) if number not in reasons]
    refs = [ref for number, ref in enumerate(found) if number not in reasons]
    labels = [_label(material, ref, ids[ref], choices.hit) for ref in refs]
    return Gallery(refs, labels, Selected(features.values, np.array(numbers, np.int64)))
