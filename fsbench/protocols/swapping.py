"""From planned pairs to verified faces: find the faces, swap, and look whether a face came out where one was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fsbench import align
from fsbench.data.frames import picture_size
from fsbench.engine.bench import Bench
from fsbench.engine.plugins import Identified
from fsbench.errors import ItemError, RunAborted
from fsbench.types import Face, Failure, FrameRef, ImageRef, SwapItem, SwapPair, SwapResult

OVERLAP = 0.25  # of the two boxes, intersection over union: less is another place. Detectors jitter by far less.


@dataclass
class FailureList:
    """Failures as they happen; under the policy `raise` the first one stops the run."""

    policy: str
    items: list[Failure] = field(default_factory=list)

    @classmethod
    def of_plan(cls, policy: str, planned: Iterable[Failure]) -> FailureList:
        """Start with what failed before anything was looked at."""
        failures = cls(policy)
        for failure in planned:
            failures.add(failure.key, failure.stage, failure.reason)
        return failures

    def add(self, key: str, stage: str, error: ItemError | str) -> None:
        """Note that an item failed."""
        reason = error.reason if isinstance(error, ItemError) else error
        self.items.append(Failure(key, stage, reason))
        if self.policy == "raise":
            raise RunAborted(f"{key} failed at {stage}: {reason}", hint="--set failures=miss counts it and goes on")


def find_faces(bench: Bench, refs: Iterable[FrameRef], choose: str) -> dict[FrameRef, Face | Failure]:
    """Find the face of each picture.

    Args:
        bench: where pictures and faces come from.
        refs: pictures and frames, repeats allowed.
        choose: which of several faces, "largest" or "centre".

    Returns:
        For each picture its face, or a Failure whose key is the picture.
    """
    images = bench.images(refs)
    faces = bench.faces(image for image in images.values() if isinstance(image, ImageRef))
    found: dict[FrameRef, Face | Failure] = {}
    for ref, image in images.items():
        if isinstance(image, ItemError):
            found[ref] = Failure(str(ref), "decode", image.reason)
            continue
        outcome = faces[image]
        if isinstance(outcome, ItemError):
            found[ref] = Failure(str(ref), "detect", outcome.reason)
        elif not outcome:
            found[ref] = Failure(str(ref), "detect", "no face found")
        else:
            found[ref] = chosen(outcome, choose)
    return found


def chosen(faces: Sequence[Face], choose: str) -> Face:
    """Choose one of several faces of a picture, which come largest first."""
    if choose == "largest" or len(faces) == 1:
        return faces[0]
    height, width = picture_size(faces[0].image.path)
    middle = np.array([width, height]) / 2
    return min(faces, key=lambda face: float(np.linalg.norm((face.box[:2] + face.box[2:]) / 2 - middle)))


def ready_items(
    pairs: Sequence[SwapPair], faces: Mapping[FrameRef, Face | Failure], failures: FailureList
) -> list[SwapItem]:
    """Take the pairs whose two faces were found, and note the others."""
    items = []
    for pair in pairs:
        source, target = faces[pair.source], faces[pair.target]
        if isinstance(target, Failure):
            failures.add(pair.key, target.stage, f"target {pair.target.path.name}: {target.reason}")
        elif isinstance(source, Failure):
            failures.add(pair.key, source.stage, f"source {pair.source.path.name}: {source.reason}")
        else:
            items.append(SwapItem(pair, source, target))
    return items


def swap_and_verify(
    bench: Bench, swapper: Identified | None, items: Sequence[SwapItem], *, alignment: str, failures: FailureList
) -> tuple[dict[str, SwapResult], dict[str, Face]]:
    """Swap, then find in each result the face that stands where the target's stood.

    With alignment "target" the result is taken at the landmarks of the target, unseen: a blank picture then gets a
    score too, which is why no preset of ours but the one that repeats such code does it.

    Returns:
        The results and their faces by key; what failed is in `failures`.
    """
    if swapper is None:
        raise ValueError("this protocol swaps, and no swapper is given")
    outcomes = bench.swap(swapper, items)
    swapped: list[tuple[SwapItem, SwapResult]] = []
    for item in items:
        outcome = outcomes[item.pair.key]
        if isinstance(outcome, ItemError):
            failures.add(item.pair.key, "swap", outcome)
        else:
            swapped.append((item, outcome))
    found = {} if alignment == "target" else bench.faces(result.image for _, result in swapped)
    results, faces = {}, {}
    for item, result in swapped:
        try:
            face = at_target(item.target, result) if alignment == "target" else _verified(item.target, result, found)
        except ItemError as error:
            failures.add(item.pair.key, "verify", error)
            continue
        results[item.pair.key], faces[item.pair.key] = result, face
    return results, faces


def _verified(target: Face, result: SwapResult, found: Mapping[ImageRef, list[Face] | ItemError]) -> Face:
    faces = found[result.image]
    if isinstance(faces, ItemError):
        raise faces
    if not faces:
        raise ItemError("no face in the result")
    if result.matrix is None:  # a crop of unknown place: the largest face is all that can be asked for
        return faces[0]
    box = _moved_box(target.box, result.matrix)
    best = max(faces, key=lambda face: overlap(face.box, box))
    if overlap(best.box, box) < OVERLAP:
        raise ItemError(f"{len(faces)} face(s) in the result, none where the target's was")
    return best


def at_target(target: Face, result: SwapResult) -> Face:
    """Look at a result where its target's face was, without searching for a face.

    Raises:
        ItemError: the result is a crop whose place in the frame is not known.
    """
    if result.matrix is None:
        raise ItemError("the result is looked at where the target's face was, and where this crop lies is not known")
    points = None if target.landmarks68 is None else align.transform(target.landmarks68, result.matrix)
    landmarks = align.transform(target.landmarks, result.matrix)
    return Face(result.image, _moved_box(target.box, result.matrix), landmarks, target.score, points)


def _moved_box(box: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    left, top, right, bottom = box
    corners = align.transform([[left, top], [right, top], [right, bottom], [left, bottom]], matrix)
    return np.concatenate([corners.min(0), corners.max(0)])


def overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Give intersection over union of two boxes (4,), left top right bottom; 0..1."""
    width, height = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = max(0.0, float(width)) * max(0.0, float(height))
    areas = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]))
    return shared / (areas - shared) if areas > shared else 0.0
