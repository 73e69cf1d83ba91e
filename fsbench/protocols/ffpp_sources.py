"""FaceForensics++: which frame of the source video gives the identity.

Frame N of the source for frame N of the target, or the source's most frontal frame where that one shows no face: so
answered MegaFS's author when MobileFSGAN's asked (MegaFS, issue 15). The other rules are choices of a definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fsbench.data.ffpp import Clip, evenly
from fsbench.engine.bench import Bench
from fsbench.errors import ItemError
from fsbench.protocols.presets import FFppDefinition
from fsbench.protocols.swapping import FailureList
from fsbench.types import Face, Failure, FrameRef, SwapPair

MAY_LACK_A_FACE = ("same_index", "same_position", "listed")  # rules that name a frame before it is looked at
Faces = Mapping[FrameRef, "Face | Failure"]


@dataclass(frozen=True)
class Sampled:
    """One original video and its evenly sampled frames."""

    clip: Clip
    length: int
    indices: list[int]
    problem: str = ""  # why there are fewer than wanted

    @classmethod
    def of(cls, clip: Clip, wanted: int, rule: str) -> Sampled:
        """Sample a video; one that cannot be opened has no frames."""
        try:
            length = clip.length()
        except ItemError as error:
            return cls(clip, 0, [], error.reason)
        indices = evenly(length, wanted, rule)
        return cls(clip, length, indices, f"{length} frames give {len(indices)} of {wanted} wanted")

    @property
    def frames(self) -> list[FrameRef]:
        """The sampled frames in order."""
        return [self.clip.frame(index) for index in self.indices]


class SourceFrames:
    """Chooses source frames by the rule of a definition."""

    def __init__(
        self,
        choices: FFppDefinition,
        videos: Mapping[str, Sampled],
        listed: Mapping[tuple[str, str], int] | None = None,
    ) -> None:
        self.choices = choices
        self.videos = videos
        self.listed = listed or {}  # (target id, source id) -> frame of the source video
        self._frontal: dict[str, FrameRef | None] = {}

    def wanted(self, target_id: str, source_id: str, position: int, index: int) -> FrameRef:
        """Name the frame to try first for the target's frame `index`, the `position`-th sampled one.

        It may lie behind the end of the source video: `exists` tells.
        """
        source, rule = self.videos[source_id], self.choices.source_frame
        if rule == "listed":
            index = self.listed[target_id, source_id]
        if rule in ("same_index", "listed"):
            return source.clip.frame(index) if index < source.length else FrameRef(source.clip.path, index)
        sampled = position if rule == "same_position" else 0
        if sampled < len(source.indices):
            return source.clip.frame(source.indices[sampled])
        return FrameRef(source.clip.path, source.length)

    def exists(self, pair: SwapPair) -> bool:
        """Tell whether the planned source frame lies inside its video."""
        return pair.source.index is None or pair.source.index < self.videos[pair.source_id].length

    def resolve(
        self, bench: Bench, pairs: Sequence[SwapPair], faces: Faces, failures: FailureList
    ) -> tuple[list[SwapPair], dict[str, str]]:
        """Settle the source frame of each pair, now that it is known which frames show a face.

        Returns:
            The pairs with their final source frame, and by key the rule that gave it. Pairs without any are noted
            in `failures`.
        """
        settled, rules = [], {}
        for pair in pairs:
            source, rule = self._settle(bench, pair, faces)
            if source is None:
                failures.add(pair.key, "detect", f"source {pair.source_id}: {rule}")
            else:
                settled.append(replace(pair, source=source))
                rules[pair.key] = rule
        return settled, rules

    def _settle(self, bench: Bench, pair: SwapPair, faces: Faces) -> tuple[FrameRef | None, str]:
        rule = self.choices.source_frame
        if rule in MAY_LACK_A_FACE and isinstance(faces.get(pair.source), Face):
            return pair.source, rule
        usable = [ref for ref in self.videos[pair.source_id].frames if isinstance(faces[ref], Face)]
        if not usable:
            problem = self.videos[pair.source_id].problem if not self.videos[pair.source_id].indices else ""
            return None, problem or "no sampled frame shows a face"
        if rule == "first":
            return usable[0], rule
        if rule != "most_frontal" and self.choices.source_fallback == "none":
            return None, "the source frame shows no face, or lies behind the end of the video"
        frontal = self._most_frontal(bench, pair.source_id, {ref: faces[ref] for ref in usable})
        if frontal is None:
            return None, "no sampled frame has a measurable pose"
        return frontal, rule if rule == "most_frontal" else "fallback: most_frontal"

    def _most_frontal(self, bench: Bench, video_id: str, usable: Faces) -> FrameRef | None:
        """Find the frame whose yaw and pitch are nearest to zero."""
        if video_id not in self._frontal:
            refs = list(usable)
            features, _ = bench.features("pose", [face for face in usable.values() if isinstance(face, Face)])
            turned = np.where(features.ok, np.hypot(features.values[:, 0], features.values[:, 1]), np.inf)
            self._frontal[video_id] = refs[int(np.argmin(turned))] if features.ok.any() else None
        return self._frontal[video_id]
