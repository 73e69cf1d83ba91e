"""How far the attributes of a result are from those it should have: pose, expression, shape, light, gaze."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from fsbench.engine.bench import Bench
from fsbench.errors import ItemError
from fsbench.interfaces import Evaluator
from fsbench.metrics.geometry import angle_l2_error, geodesic_error, l2_error
from fsbench.protocols.measuring import Material, measured, network
from fsbench.protocols.outcome import Scored
from fsbench.protocols.scoring import Scorer, Statistic
from fsbench.protocols.swapping import FailureList, at_target
from fsbench.types import Face

Errors = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float64]]
ERRORS: dict[str, Errors] = {
    "pose_error": angle_l2_error,
    "pose_geodesic": geodesic_error,
    "expression_error": l2_error,
    "shape_error": l2_error,
    "light_error": l2_error,
    "gaze_error": angle_l2_error,
}
LIKE_SOURCE = ("shape_error",)  # what a swap should take over from the source; the rest it should keep of the target


def attribute_errors(
    bench: Bench, material: Material, scorer: Scorer, failures: FailureList, *, role: str, statistic: Statistic
) -> list[Scored]:
    """Measure everything that the network of a role measures."""
    by, built = network(bench.evaluators[role]), _built(bench, role)
    metrics = built.measures or {f"{role}_error": slice(0, built.dim)}
    if scorer.definition.alignment == "target" and built.landmarks_only:
        why = "results have the target's own landmarks here, and this measure reads nothing else"
        return [scorer.of_pairs(metric, by, {}, n_failed=0, note=why) for metric in metrics]
    items = material.verified
    results = measured(bench, role, _results(material, role, built, failures), failures)
    targets = measured(bench, role, {item.pair.key: item.target for item in items}, failures)
    sources: Mapping[str, NDArray[np.float32]] = {}
    if any(metric in LIKE_SOURCE for metric in metrics):
        sources = measured(bench, role, {item.pair.key: item.source for item in items}, None)
    scored = []
    for metric, columns in metrics.items():
        wanted = sources if metric in LIKE_SOURCE else targets
        keys = [key for key in results if key in wanted]
        rows = (np.stack([one[key][columns] for key in keys]) for one in (wanted, results)) if keys else ()
        values = ERRORS[metric](*rows).tolist() if keys else []
        scored.append(scorer.of_pairs(metric, by, dict(zip(keys, values, strict=True)), statistic=statistic))
    return scored


def _results(material: Material, role: str, built: Evaluator, failures: FailureList) -> dict[str, Face]:
    """Give the faces of the results: where a detector found them, or where their targets' faces were."""
    if not built.at_target:
        return {item.pair.key: material.faces[item.pair.key] for item in material.verified}
    found = {}
    for item in material.verified:
        try:
            found[item.pair.key] = at_target(item.target, material.results[item.pair.key])
        except ItemError as error:
            failures.add(item.pair.key, role, error)
    return found


def _built(bench: Bench, role: str) -> Evaluator:
    built: Evaluator = bench.evaluators[role].plugin.build()
    return built
