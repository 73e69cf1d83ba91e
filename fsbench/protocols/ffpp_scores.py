"""FaceForensics++: from verified faces to measurements."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fsbench.engine.bench import Bench
from fsbench.metrics.geometry import angle_l2_error, l2_error
from fsbench.metrics.identity import retrieve
from fsbench.protocols.measuring import Material, cosines, distances, measured, network
from fsbench.protocols.outcome import Scored
from fsbench.protocols.presets import FFppDefinition
from fsbench.protocols.scoring import Scorer
from fsbench.protocols.swapping import FailureList
from fsbench.records import RunConfig
from fsbench.types import Face, FrameRef

RETRIEVALS = ("id_retrieval", "id_retrieval_top5", "id_retrieval_strict")
Gallery = Sequence[tuple[FrameRef, str, NDArray[np.float32]]]  # frame, label, embedding
Nearest = dict[str, tuple[FrameRef, int]]  # key -> the nearest frame of the gallery, and the rank of the wanted label


def score(
    bench: Bench, material: Material, *, definition: FFppDefinition, config: RunConfig, failures: FailureList
) -> tuple[list[Scored], Nearest]:
    """Measure everything the protocol knows, in the order of the table; and tell whom each result was taken for."""
    scorer = Scorer(definition, material.clusters, material.plan.planned, config.bootstrap, config.seed)
    identity, nearest = _identity(bench, material, scorer, failures, definition)
    scored = [
        *identity,
        _attribute(bench, material, scorer, failures, role="pose", statistic=definition.pose_reduce),
        _attribute(bench, material, scorer, failures, role="expression", statistic=definition.expression_reduce),
        *distances(bench, material, scorer, failures, reference=definition.fid_reference),
        scorer.covered(material.faces),
    ]
    return scored, nearest


def target_angles(bench: Bench, material: Material) -> dict[str, tuple[float, ...]]:
    """Give yaw, pitch and roll of each target whose face was found, so that a report can sort scores by them."""
    rows = measured(bench, "pose", {item.pair.key: item.target for item in material.items}, None)
    return {key: tuple(round(float(angle), 3) for angle in row[:3]) for key, row in rows.items()}


def _identity(
    bench: Bench, material: Material, scorer: Scorer, failures: FailureList, choices: FFppDefinition
) -> tuple[list[Scored], Nearest]:
    by = network(bench.evaluators["identity"])
    items = {item.pair.key: item for item in material.verified}
    results = measured(bench, "identity", {key: material.faces[key] for key in items}, failures)
    sources = measured(bench, "identity", {key: item.source for key, item in items.items()}, failures)
    targets = measured(bench, "identity", {key: item.target for key, item in items.items()}, failures)
    retrievals, nearest = _retrieval(bench, material, scorer, choices, results)
    similarity = scorer.of_pairs("id_similarity", by, cosines(results, sources))
    return [*retrievals, similarity, scorer.of_pairs("target_leakage", by, cosines(results, targets))], nearest


def _label(material: Material, ref: FrameRef, video_id: str, hit: str) -> str:
    """Name what a search must find: the video, its person, or the very frame."""
    return str(ref) if hit == "frame" else material.persons.get(video_id, video_id)


def _retrieval(
    bench: Bench,
    material: Material,
    scorer: Scorer,
    choices: FFppDefinition,
    probes: Mapping[str, NDArray[np.float32]],
) -> tuple[list[Scored], Nearest]:
    """Measure retrieval of the source among the gallery: top 1, top 5, and top 1 without the exact source frame."""
    by = network(bench.evaluators["identity"])
    gallery = _gallery(bench, material, choices)
    failed = material.plan.planned - len(probes)
    misses = {} if choices.failures == "drop" else {key: 0.0 for key in material.clusters if key not in probes}
    found, nearest = dict.fromkeys(RETRIEVALS, (misses, "")), Nearest()
    if not gallery:
        found = dict.fromkeys(RETRIEVALS, ({}, "no frame of the gallery could be measured"))
    elif probes:
        hits, nearest = _hits(material, choices, gallery, probes)
        found = {metric: ({**by_key, **misses} if by_key else {}, note) for metric, (by_key, note) in hits.items()}
    scored = [
        scorer.of_pairs(metric, by, values, n_failed=failed, note=note) for metric, (values, note) in found.items()
    ]
    return scored, nearest


def _hits(
    material: Material, choices: FFppDefinition, gallery: Gallery, probes: Mapping[str, NDArray[np.float32]]
) -> tuple[dict[str, tuple[dict[str, float], str]], Nearest]:
    """Search for each result: by metric the hits by key and what a reader must know, and whom each was taken for."""
    pairs = {item.pair.key: item.pair for item in material.items}
    place = {ref: row for row, (ref, _, _) in enumerate(gallery)}
    left_out = np.array([place.get(pairs[key].source, -1) for key in probes])
    search = functools.partial(
        retrieve,
        np.stack(list(probes.values())),
        np.stack([row for _, _, row in gallery]),
        probe_labels=[_label(material, pairs[key].source, pairs[key].source_id, choices.hit) for key in probes],
        gallery_labels=[label for _, label, _ in gallery],
        similarity=choices.similarity,
    )
    plain, strict = search(), search(exclude=left_out).rank
    ranks = plain.rank
    nearest = {
        key: (gallery[row][0], int(rank))
        for key, row, rank in zip(probes, plain.nearest, ranks, strict=True)
        if row >= 0
    }
    size = f"gallery of {len(gallery)} frames"
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


def _gallery(bench: Bench, material: Material, choices: FFppDefinition) -> Gallery:
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
    refs = list(found)
    features, reasons = bench.features("identity", [found[ref] for ref in refs])
    return [
        (ref, _label(material, ref, ids[ref], choices.hit), features.values[row])
        for row, ref in enumerate(refs)
        if row not in reasons
    ]


def _attribute(
    bench: Bench, material: Material, scorer: Scorer, failures: FailureList, *, role: str, statistic: str
) -> Scored:
    """Measure how far the results' pose or expression is from the targets'."""
    by = network(bench.evaluators[role])
    if scorer.definition.alignment == "target" and bench.evaluators[role].plugin.build().landmarks_only:
        why = "results have the target's own landmarks here, and this measure reads nothing else"
        return scorer.of_pairs(f"{role}_error", by, {}, n_failed=0, note=why)
    items = material.verified
    results = measured(bench, role, {item.pair.key: material.faces[item.pair.key] for item in items}, failures)
    targets = measured(bench, role, {item.pair.key: item.target for item in items}, failures)
    keys = [key for key in results if key in targets]
    error = angle_l2_error if role == "pose" else l2_error
    values = error(np.stack([targets[k] for k in keys]), np.stack([results[k] for k in keys])) if keys else np.empty(0)
    return scorer.of_pairs(
        f"{role}_error",
        by,
        dict(zip(keys, values.tolist(), strict=True)),
        statistic="rms" if statistic == "rms" else "mean",
    )
