"""FaceForensics++: which frames are swapped with which.

Source: MobileFSGAN (ICME 2022), section 4.2: ten frames evenly sampled from each of the 1000 videos, the predefined
pairs, retrieval among all frames.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from fsbench.data.ffpp import FaceForensics
from fsbench.data.places import place
from fsbench.data.source_frames import read_source_frames
from fsbench.engine.bench import Bench
from fsbench.engine.plugins import Identified
from fsbench.errors import ConfigError
from fsbench.interfaces import Protocol
from fsbench.protocols import ffpp_scores, words
from fsbench.protocols.ffpp_sources import Sampled, SourceFrames
from fsbench.protocols.measuring import Material
from fsbench.protocols.outcome import FoundAs, Outcome, Plan
from fsbench.protocols.presets import FFppDefinition, definition
from fsbench.protocols.swapping import FailureList, find_faces, ready_items, swap_and_verify
from fsbench.records import RunConfig
from fsbench.types import Face, Failure, FrameRef, SwapPair


class FFppProtocol(Protocol):
    """`fsbench run ff++`."""

    name: ClassVar[str] = "ff++"
    version: ClassVar[int] = 1
    roles: ClassVar[tuple[str, ...]] = ("identity", "pose", "expression", "distribution")
    optional_roles: ClassVar[tuple[str, ...]] = ("identity2", "gaze")

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self._definition = definition(FFppDefinition, "ff++", config.preset, config.choices)
        self._videos: dict[str, Sampled] = {}
        self._faces: dict[FrameRef, Face | Failure] = {}
        self._persons: dict[str, str] = {}
        self._listed: dict[tuple[str, str], int] = {}

    @property
    def definition(self) -> FFppDefinition:
        """Every choice that was made."""
        return self._definition

    def evaluator_settings(self) -> dict[str, dict[str, str]]:
        """Say what the definition asks of the evaluators, by role."""
        choices = self.definition
        flip = {"flip": str(choices.flip)}
        return {"identity": flip, "identity2": flip, "distribution": {"region": choices.fid_region}}

    def explain(self, titles: Mapping[str, str]) -> tuple[str, ...]:
        """Say the definition in sentences, given the title of each evaluator by role."""
        return words.explain_ffpp(self.definition, titles)

    def plan(self) -> Plan:
        """Plan every swap from the lengths of the videos: no pixels, no models; same data, same plan."""
        data = FaceForensics.open(place(self.config.data), compression=self.config.compression, split=self.config.split)
        data.require_complete()
        choices, limit = self.definition, self.config.limit
        swaps = data.swaps() if limit is None else data.swaps()[: -(-limit // choices.frames)]
        names = {name for swap in swaps for name in swap}
        if choices.hit == "person":
            self._persons = read_persons(self.config.persons, names)
        self._videos = {n: Sampled.of(data.original(n), choices.frames, choices.sampling) for n in sorted(names)}
        if choices.source_frame == "listed":
            self._listed = read_source_frames(self.config.source_frames, swaps)
        sources = SourceFrames(choices, self._videos, self._listed)
        planned: list[SwapPair | Failure] = []
        for target_id, source_id in swaps:
            target, name = self._videos[target_id], f"{target_id}_{source_id}"
            for position, index in enumerate(target.indices):
                wanted = sources.wanted(target_id, source_id, position, index)
                planned.append(SwapPair(f"{name}/f{index:04d}", wanted, target.clip.frame(index), source_id, target_id))
            for slot in range(len(target.indices), choices.frames):
                planned.append(Failure(f"{name}/missing{slot:02d}", "plan", f"target {target_id}: {target.problem}"))
        kept = planned[:limit]
        return Plan(
            [item for item in kept if isinstance(item, SwapPair)],
            [item for item in kept if isinstance(item, Failure)],
            {ref: name for name, video in self._videos.items() for ref in video.frames},
            data.compression,
        )

    def run(self, bench: Bench, plan: Plan, swapper: Identified | None) -> Outcome:
        """Swap and measure with one swapper; the faces of the originals are found once for all swappers."""
        sources = SourceFrames(self.definition, self._videos, self._listed)
        if not self._faces:
            wanted = [pair.source for pair in plan.pairs if sources.exists(pair)]
            self._faces = find_faces(bench, [*plan.gallery, *(p.target for p in plan.pairs), *wanted], "largest")
        failures = FailureList.of_plan(self.definition.failures, plan.failures)
        pairs, rules = sources.resolve(bench, plan.pairs, self._faces, failures)
        items = ready_items(pairs, self._faces, failures)
        results, faces = swap_and_verify(bench, swapper, items, alignment=self.definition.alignment, failures=failures)
        clusters = {pair.key: (pair.target_id,) for pair in plan.pairs}
        clusters |= {failure.key: (failure.key.partition("_")[0],) for failure in plan.failures}
        gallery = {ref: self._faces[ref] for ref in plan.gallery}
        material = Material(plan, items, faces, clusters, gallery, results, self._persons)
        scored, nearest = ffpp_scores.score(
            bench, material, definition=self.definition, config=self.config, failures=failures
        )
        settled, planned, finished = failures.items, plan.planned, len(results)
        return Outcome(
            *(pairs, rules, items, results, settled, scored, clusters, planned, finished),
            found_as=self._found_as(plan, pairs, nearest),
            target_angles=ffpp_scores.target_angles(bench, material),
        )

    def _found_as(self, plan: Plan, pairs: Sequence[SwapPair], nearest: ffpp_scores.Nearest) -> dict[str, FoundAs]:
        """Name the gallery face that each result was taken for."""
        ids = {pair.source: pair.source_id for pair in pairs} | dict(plan.gallery)
        return {
            key: FoundAs(face, ids[ref], rank)
            for key, (ref, rank) in nearest.items()
            if isinstance(face := self._faces[ref], Face)
        }


def read_persons(file: str, videos: Collection[str]) -> dict[str, str]:
    """Read who is in which video: a JSON object from video id to any name.

    Raises:
        ConfigError: no file is given, it is no such object, or a video is not in it.
    """
    hint = "--persons FILE, a JSON object from video id to person"
    if not file:
        raise ConfigError("hit=person needs to know who is in which video", hint=hint)
    try:
        content = json.loads(place(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", hint=hint) from None
    if not isinstance(content, dict):
        raise ConfigError(f"{file} holds no JSON object", hint=hint)
    if missing := sorted(set(videos) - content.keys()):
        raise ConfigError(f"{file} lacks {len(missing)} videos, such as {', '.join(missing[:3])}", hint=hint)
    return {name: str(content[name]) for name in videos}
