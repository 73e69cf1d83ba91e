"""LFW: identity similarity on the negative pairs of a face-verification set.

Source: MobileFSGAN (ICME 2022), section 4.2: the 3000 pairs of two people, the identity of the second picture put on
the first, cosine of the result against the second; mean and variance over the pairs.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import ClassVar

from fsbench.data.lfw import Lfw, LfwPair
from fsbench.data.places import place
from fsbench.engine.bench import Bench
from fsbench.engine.plugins import Identified
from fsbench.interfaces import Protocol
from fsbench.protocols import words
from fsbench.protocols.measuring import Material, cosines, distances, identity_roles, measured, metric_of, network
from fsbench.protocols.outcome import Outcome, Plan, Scored
from fsbench.protocols.presets import LfwDefinition, definition
from fsbench.protocols.scoring import Scorer
from fsbench.protocols.swapping import FailureList, find_faces, ready_items, swap_and_verify
from fsbench.records import RunConfig
from fsbench.types import Face, Failure, FrameRef, SwapPair


class LfwProtocol(Protocol):
    """`fsbench run lfw`."""

    name: ClassVar[str] = "lfw"
    version: ClassVar[int] = 1
    roles: ClassVar[tuple[str, ...]] = ("identity", "distribution")
    optional_roles: ClassVar[tuple[str, ...]] = ("identity2",)

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self._definition = definition(LfwDefinition, "lfw", config.preset, config.choices)
        self._faces: dict[FrameRef, Face | Failure] = {}

    @property
    def definition(self) -> LfwDefinition:
        """Every choice that was made."""
        return self._definition

    def evaluator_settings(self) -> dict[str, dict[str, str]]:
        """Say what the definition asks of the evaluators, by role."""
        choices = self.definition
        flip = {"flip": str(choices.flip)}
        return {"identity": flip, "identity2": flip, "distribution": {"region": choices.fid_region}}

    def explain(self, titles: Mapping[str, str]) -> tuple[str, ...]:
        """Say the definition in sentences, given the title of each evaluator by role."""
        return words.explain_lfw(self.definition, titles)

    def plan(self) -> Plan:
        """Plan the swaps from pairs.txt."""
        data = Lfw.open(place(self.config.data), variant=self.config.variant)
        data.require_complete()
        limit = self.config.limit
        swaps, positives = _swap_pairs(data.negatives()[:limit]), _swap_pairs(data.positives()[:limit])
        return Plan(swaps, data=data.variant, positives=positives)

    def run(self, bench: Bench, plan: Plan, swapper: Identified | None) -> Outcome:
        """Swap and measure with one swapper; the faces of the originals are found once for all swappers."""
        if not self._faces:
            both = [ref for pair in (*plan.pairs, *plan.positives) for ref in (pair.target, pair.source)]
            self._faces = find_faces(bench, both, self.definition.face)
        failures = FailureList.of_plan(self.definition.failures, plan.failures)
        items = ready_items(plan.pairs, self._faces, failures)
        results, faces = swap_and_verify(bench, swapper, items, alignment=self.definition.alignment, failures=failures)
        clusters = {pair.key: (pair.target_id, pair.source_id) for pair in plan.pairs}
        material = Material(plan, items, faces, clusters)
        scored = self._score(bench, material, failures)
        rules = {pair.key: "second picture of the pair" for pair in plan.pairs}
        return Outcome(plan.pairs, rules, items, results, failures.items, scored, clusters, plan.planned, len(results))

    def _score(self, bench: Bench, material: Material, failures: FailureList) -> list[Scored]:
        config, plan = self.config, material.plan
        scorer = Scorer(self.definition, material.clusters, plan.planned, config.bootstrap, config.seed)
        identity = [
            scored
            for role in identity_roles(bench)
            for scored in self._identity(bench, material, scorer, failures, role=role)
        ]
        return [
            *identity,
            *distances(bench, material, scorer, failures, reference="targets"),
            scorer.covered(material.faces),
        ]

    def _identity(
        self, bench: Bench, material: Material, scorer: Scorer, failures: FailureList, *, role: str
    ) -> list[Scored]:
        by, key_of = network(bench.evaluators[role]), functools.partial(metric_of, role)
        items = {item.pair.key: item for item in material.verified}
        results = measured(bench, role, {key: material.faces[key] for key in items}, failures)
        sources = measured(bench, role, {key: item.source for key, item in items.items()}, failures)
        targets = measured(bench, role, {key: item.target for key, item in items.items()}, failures)
        identity = cosines(results, sources)
        return [
            scorer.of_pairs(key_of("lfw_cosine_mean"), by, identity),
            scorer.of_pairs(key_of("lfw_cosine_var"), by, identity, statistic="variance"),
            scorer.of_pairs(key_of("target_leakage"), by, cosines(results, targets)),
            self._unswapped(bench, role, "lfw_cosine_floor", material.plan.pairs),
            self._unswapped(bench, role, "lfw_cosine_ceiling", material.plan.positives),
        ]

    def _unswapped(self, bench: Bench, role: str, metric: str, pairs: Sequence[SwapPair]) -> Scored:
        """Measure the cosine of pairs as they are, which gives the scale its ends."""
        found = {
            pair.key: (one, other)
            for pair in pairs
            if isinstance(one := self._faces[pair.target], Face) and isinstance(other := self._faces[pair.source], Face)
        }
        first = measured(bench, role, {key: faces[0] for key, faces in found.items()}, None)
        second = measured(bench, role, {key: faces[1] for key, faces in found.items()}, None)
        clusters = {pair.key: (pair.target_id, pair.source_id) for pair in pairs}
        scorer = Scorer(self.definition, clusters, len(pairs), self.config.bootstrap, self.config.seed)
        return scorer.of_pairs(metric_of(role, metric), network(bench.evaluators[role]), cosines(first, second))


def _swap_pairs(pairs: Sequence[LfwPair]) -> list[SwapPair]:
    """Name the pairs after their pictures; a pair that the list repeats gets its line number too."""
    named: dict[str, SwapPair] = {}
    for pair in pairs:
        key = f"{pair.first.stem}__{pair.second.stem}"
        key = key if key not in named else f"{key}__line{pair.line}"
        named[key] = SwapPair(key, FrameRef(pair.second), FrameRef(pair.first), pair.second_person, pair.first_person)
    return list(named.values())
