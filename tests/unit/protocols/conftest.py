"""A stage for protocols: data sets of small painted pictures whose numbers can be worked out by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsbench.data.frames import png_bytes
from fsbench.engine.bench import Bench
from fsbench.engine.cache import Cache
from fsbench.engine.executors import Local
from fsbench.engine.plugins import Identified, identify, plugin
from fsbench.interfaces import Detector, Evaluator, Swapper
from fsbench.protocols.ffpp import FFppProtocol
from fsbench.protocols.outcome import Outcome
from fsbench.records import Measurement, RunConfig
from fsbench.types import Image

PARTS = str(Path(__file__).with_name("parts.py"))
SIZE = 48
BOX = (12, 12, 36, 36)
Colour = tuple[int, int, int]
NEUTRAL: Colour = (100, 100, 100)
PLACES = {"identity": "middle", "pose": "top left", "expression": "top right", "distribution": "middle"}


@dataclass(frozen=True)
class Look:
    """How a painted face looks: each evaluator of the stage measures one of the colours, less 100 for a pose."""

    identity: Colour
    pose: Colour = NEUTRAL
    expression: Colour = NEUTRAL
    box: tuple[int, int, int, int] = BOX


def painted(look: Look | None) -> Image:
    """A black picture with one face, or with none."""
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    if look is not None:
        left, top, right, bottom = look.box
        middle, across = (top + bottom) // 2, (left + right) // 2
        picture[top:bottom, left:right] = look.identity
        picture[top : middle - 4, left:across] = look.pose
        picture[top : middle - 4, across:right] = look.expression
    return picture


Frames = Mapping[str, Sequence[Look | None]]


@pytest.fixture
def dataset(tmp_path: Path) -> Callable[[Frames, Sequence[Sequence[str]]], Path]:
    """Write a data set in the layout of FaceForensics++, its frames as pictures: video -> frames, and the pairs."""

    def write(videos: Frames, pairs: Sequence[Sequence[str]], name: str = "data") -> Path:
        root = tmp_path / name
        for video, looks in videos.items():
            folder = root / "original_sequences/youtube/c23/images" / video
            folder.mkdir(parents=True)
            for index, look in enumerate(looks):
                (folder / f"{index:04d}.png").write_bytes(png_bytes(painted(look)))
        (root / "splits").mkdir()
        (root / "splits/test.json").write_text(json.dumps(pairs))
        return root

    return write


@pytest.fixture
def results_folder(tmp_path: Path) -> Callable[[Mapping[str, Look | None]], Path]:
    """Write finished results by key."""

    def write(looks: Mapping[str, Look | None]) -> Path:
        folder = tmp_path / "results"
        for key, look in looks.items():
            path = folder / f"{key}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(png_bytes(painted(look)))
        return folder

    return write


@pytest.fixture
def make_bench(tmp_path: Path) -> Callable[..., Bench]:
    def make(cache: str = "cache", batch: int = 4) -> Bench:
        evaluators = {
            role: evaluator(role, place=place, batch=str(batch), **({"zero": "100"} if role == "pose" else {}))
            for role, place in PLACES.items()
        }
        finder = identify(plugin(f"{PARTS}:Squares", {}, {}), Detector)
        return Bench(cache=Cache(tmp_path / cache), executor=Local(), detector=finder, evaluators=evaluators)

    return make


def evaluator(role: str, **settings: str) -> Identified:
    return identify(plugin(f"{PARTS}:Pixel", {"role": role, **settings}, {}), Evaluator)


def swapper(name: str, **settings: str) -> Identified:
    """Name a swapper of parts.py, or with a colon any other."""
    return identify(plugin(name if ":" in name else f"{PARTS}:{name}", settings, {}), Swapper)


def finished(folder: Path) -> Identified:
    return swapper("fsbench.adapters.precomputed:Precomputed", folder=str(folder))


COPY_TARGET = "fsbench.adapters.controls:CopyTarget"


def settings(data: Path, **given: Any) -> RunConfig:
    given.setdefault("protocol", "ff++")
    return RunConfig(data=str(data), compression="c23", bootstrap=100, **given)


def ffpp(bench: Bench, data: Path, by: Identified, choices: Mapping[str, str], **given: Any) -> Outcome:
    """Plan and run FaceForensics++ with one swapper."""
    protocol = FFppProtocol(settings(data, choices=dict(choices), **given))
    return protocol.run(bench, protocol.plan(), by)


def measurements(outcome: Outcome) -> dict[str, Measurement]:
    return {scored.measurement.metric: scored.measurement for scored in outcome.scored}


def per_pair(outcome: Outcome, metric: str) -> dict[str, float]:
    (found,) = (scored.per_pair for scored in outcome.scored if scored.measurement.metric == metric)
    return dict(found)
