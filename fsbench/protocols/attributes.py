"""How far the attributes of a result are from those it should have: pose, expression, shape, light, gaze."""

from __future__ import annotations

from fsbench.engine.bench import Bench
from fsbench.errors import ItemError
from fsbench.interfaces import Evaluator
from fsbench.metrics.geometry import angle_l2_error, geodesic_error, l2_error
from fsbench.protocols.measuring import Material, Measure, by_pair, measured, network
from fsbench.protocols.outcome import Scored
from fsbench.protocols.scoring import Scorer, Statistic
from fsbench.protocols.swapping import FailureList, at_target
from fsbench.types import Face

ERRORS: dict[str, Measure] = {
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
    wanted = dict.fromkeys(metrics, targets)
    if like_source := [metric for metric in metrics if metric in LIKE_SOURCE]:
        wanted |= dict.fromkeys(like_source, measured(bench, role, {i.pair.key: i.source for i in items}, None))
    errors = {name: by_pair(ERRORS[name], wanted[name], results, columns) for name, columns in metrics.items()}
    return [scorer.of_pairs(metric, by, values, statistic=statistic) for metric, values in errors.items()]


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
