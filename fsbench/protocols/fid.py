"""Frechet and kernel distance between any two folders of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from fsbench.data.frames import PICTURES
from fsbench.data.places import place, require_folder
from fsbench.engine.bench import Bench
from fsbench.engine.plugins import Identified
from fsbench.errors import ConfigError, DataError, ItemError
from fsbench.evaluators.distribution import whole_picture
from fsbench.interfaces import Protocol
from fsbench.protocols import words
from fsbench.protocols.measuring import measured, network, rows_of
from fsbench.protocols.outcome import Outcome, Plan
from fsbench.protocols.presets import FidDefinition, definition
from fsbench.protocols.scoring import Scorer
from fsbench.protocols.swapping import FailureList, find_faces
from fsbench.records import RunConfig
from fsbench.types import Face, Failure, FrameRef, ImageRef

USAGE = "fsbench run fid --real DIR --swapped DIR"


class FidProtocol(Protocol):
    """`fsbench run fid --real DIR --swapped DIR`. Swaps nothing."""

    name: ClassVar[str] = "fid"
    version: ClassVar[int] = 1
    roles: ClassVar[tuple[str, ...]] = ("distribution",)
    swaps: ClassVar[bool] = False

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self._definition = definition(FidDefinition, "fid", config.preset, config.choices)
        for name, folder in (("--real", config.real), ("--swapped", config.swapped)):
            if not folder:
                raise ConfigError(f"{name} is missing", hint=USAGE)
        if config.swappers or config.data:
            found = "--swapper" if config.swappers else "--data"
            raise ConfigError(f"fid compares two folders and takes no {found}", hint=USAGE)
        self._sides: dict[str, list[FrameRef]] = {}

    @property
    def definition(self) -> FidDefinition:
        """Every choice that was made."""
        return self._definition

    def evaluator_settings(self) -> dict[str, dict[str, str]]:
        """Say what the definition asks of the evaluators, by role."""
        return {"distribution": {"region": self.definition.fid_region}}

    def explain(self, titles: Mapping[str, str]) -> tuple[str, ...]:
        """Say the definition in sentences, given the title of each evaluator by role."""
        return words.explain_fid(self.definition, titles)

    def plan(self) -> Plan:
        """List the pictures of both folders."""
        for side, folder in (("real", self.config.real), ("swapped", self.config.swapped)):
            self._sides[side] = _pictures(folder)[: self.config.limit]
        sides: dict[FrameRef, list[str]] = {}  # a picture may lie in both folders
        for side, refs in self._sides.items():
            for ref in refs:
                sides.setdefault(ref, []).append(side)
        return Plan([], gallery={ref: " and ".join(names) for ref, names in sides.items()})

    def run(self, bench: Bench, plan: Plan, swapper: Identified | None = None) -> Outcome:
        """Measure the two folders against each other."""
        failures = FailureList(self.definition.failures)
        found = self._faces(bench, plan)
        faces: dict[str, dict[str, Face]] = {"real": {}, "swapped": {}}
        for side, refs in self._sides.items():
            for ref in refs:
                face = found[ref]
                if isinstance(face, Failure):
                    failures.add(f"{side}/{ref.path.name}", face.stage, face.reason)
                else:
                    faces[side][str(ref)] = face
        real = measured(bench, "distribution", faces["real"], failures)
        swapped = measured(bench, "distribution", faces["swapped"], failures)
        planned = len(self._sides["swapped"])
        scorer = Scorer(self.definition, {}, planned, self.config.bootstrap, self.config.seed)
        by = network(bench.evaluators["distribution"])
        sides = [rows_of(rows, {key: key for key in rows}) for rows in (real, swapped)]
        scored = scorer.of_sets(by, *sides, reference=Path(self.config.real).name, remember=bench.remember)
        return Outcome([], {}, [], {}, failures.items, scored, {}, planned, len(swapped))

    def _faces(self, bench: Bench, plan: Plan) -> dict[FrameRef, Face | Failure]:
        if self.definition.fid_region != "frame":
            return find_faces(bench, plan.gallery, self.definition.face)
        found: dict[FrameRef, Face | Failure] = {}
        for ref, image in bench.images(plan.gallery).items():
            found[ref] = _whole(image) if isinstance(image, ImageRef) else Failure(str(ref), "decode", image.reason)
        return found


def _whole(image: ImageRef) -> Face | Failure:
    try:
        return whole_picture(image)
    except ItemError as error:
        return Failure(image.path.name, "decode", error.reason)


def _pictures(folder: str) -> list[FrameRef]:
    root = place(folder)
    require_folder(root, "the folder", USAGE)
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in PICTURES)
    if not files:
        raise DataError(f"{folder} holds no pictures ({', '.join(PICTURES)})", hint="name the folder that holds them")
    return [FrameRef(path) for path in files]
