"""The bench: pictures, faces, swaps and features, from the cache first and from the workers for the rest."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as package_version
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fsbench.data.places import is_remote, state_of
from fsbench.engine.cache import Cache, key_of
from fsbench.engine.executors import Executor
from fsbench.engine.faces import face_digest, from_json, in_picture, to_json
from fsbench.engine.plugins import Identified
from fsbench.engine.stages import Encoded, Task, perform
from fsbench.engine.table import zeros
from fsbench.errors import ItemError
from fsbench.interfaces import Swapper
from fsbench.types import Face, Features, FrameRef, ImageRef, SwapItem, SwapResult


class Advance(Protocol):
    """Adds finished items to a progress bar, with what there is to say of the workers."""

    def __call__(self, done: int, note: str = "") -> None:
        """Add finished items."""


Progress = Callable[[str, int], contextlib.AbstractContextManager[Advance]]
"""Opens a progress bar, given what is done and how many items."""

T = TypeVar("T")
STILLS_AT_ONCE = 16
LOOKED_UP_AT_ONCE = 512  # rows: of 2048 numbers each, 4 MB
FLUSH_AFTER = 64  # finished items between two transactions: what a crash can cost


@contextlib.contextmanager
def silent(label: str, total: int) -> Iterator[Advance]:
    """Show no progress."""
    yield lambda done, note="": None


@dataclass
class Ledger:
    """What the workers did: seconds of work and items computed, by stage."""

    seconds: dict[str, float] = field(default_factory=dict)
    computed: dict[str, int] = field(default_factory=dict)

    def add(self, stage: str, items: int, seconds: float) -> None:
        """Count a finished batch."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
        self.computed[stage] = self.computed.get(stage, 0) + items


class Bench:
    """Everything a protocol needs of the machine. Its answers depend on content alone, never on what is cached."""

    def __init__(
        self,
        *,
        cache: Cache,
        executor: Executor,
        detector: Identified,
        evaluators: Mapping[str, Identified],
        progress: Progress = silent,
    ) -> None:
        self.cache = cache
        self.executor = executor
        self.detector = detector
        self.evaluators = evaluators
        self.progress = progress
        self.ledger = Ledger()

    def images(self, refs: Iterable[FrameRef]) -> dict[FrameRef, ImageRef | ItemError]:
        """Decode the pictures and frames, each distinct one once, and name their content."""
        found: dict[FrameRef, ImageRef | ItemError] = {}
        keys: dict[FrameRef, str] = {}
        wanted = dict.fromkeys(refs)
        hashes = self._file_hashes({ref.path for ref in wanted})
        for ref in wanted:
            file = hashes[ref.path]
            if isinstance(file, ItemError):
                found[ref] = file
            else:
                keys[ref] = key_of(kind="pixels", file=file, index=ref.index, by=_decoder(ref))
        for ref, value in self._cached(keys):
            path = ref.path if ref.index is None else self.cache.picture(keys[ref], value.decode())
            if ref.index is None or self.cache.holds(path):
                found[ref] = ImageRef(path, value.decode())
        missing = [ref for ref in keys if ref not in found]

        def keep(ref: FrameRef, encoded: Encoded) -> tuple[str, bytes]:
            name = keys[ref], encoded.sha256
            path = ref.path if encoded.png is None else self.cache.put_picture(*name, encoded.png)
            found[ref] = ImageRef(path, encoded.sha256)
            return keys[ref], encoded.sha256.encode()

        found.update(self._compute(Task("decode"), _by_video(missing), keep, label="read frames", total=len(missing)))
        return found

    def faces(self, images: Iterable[ImageRef]) -> dict[ImageRef, list[Face] | ItemError]:
        """Find all faces of each picture, largest first; an empty list where there is none."""
        keys = {i: key_of(kind="detect", by=self.detector.key, image=i.sha256) for i in dict.fromkeys(images)}
        found: dict[ImageRef, list[Face] | ItemError] = {
            image: [from_json(image, face) for face in json.loads(value)] for image, value in self._cached(keys)
        }
        missing = _first_of_each([i for i in keys if i not in found], keys)

        def keep(image: ImageRef, faces: list[Face]) -> tuple[str, bytes]:
            found[image] = faces
            return keys[image], json.dumps([to_json(face) for face in faces]).encode()

        task = Task.of("detect", self.detector)
        batches = _batches(missing, self.detector.plugin.build().batch_size)
        failed = self._compute(task, batches, keep, label="find faces", total=len(missing))
        found.update(failed)
        same = {keys[image]: image for image in found}  # pictures with the same content share the outcome
        for image in keys:
            if image not in found:
                outcome = found[same[keys[image]]]
                found[image] = (
                    outcome if isinstance(outcome, ItemError) else [in_picture(face, image) for face in outcome]
                )
        return found

    def swap(self, by: Identified, items: Sequence[SwapItem]) -> dict[str, SwapResult | ItemError]:
        """Swap each item with one swapper; the outcome by the key of the pair. Failures are tried anew each time."""
        swapper: Swapper = by.plugin.build()
        found: dict[str, SwapResult | ItemError] = {}
        keys: dict[SwapItem, str] = {}
        for item in items:
            try:
                mark = swapper.fingerprint(item.pair)
            except ItemError as error:
                found[item.pair.key] = error
                continue
            source, target = face_digest(item.source), face_digest(item.target)
            keys[item] = key_of(kind="swap", by=by.key, source=source, target=target, mark=mark)
        for item, value in self._cached(keys):
            sha256, matrix = json.loads(value)
            path = self.cache.picture(keys[item], sha256)
            if self.cache.holds(path):
                stored = None if matrix is None else np.array(matrix)
                found[item.pair.key] = SwapResult(item.pair, ImageRef(path, sha256), stored)
        missing = [item for item in keys if item.pair.key not in found]

        def keep(item: SwapItem, encoded: Encoded) -> tuple[str, bytes]:
            path = self.cache.put_picture(keys[item], encoded.sha256, encoded.png or b"")
            found[item.pair.key] = SwapResult(item.pair, ImageRef(path, encoded.sha256), encoded.matrix)
            matrix = None if encoded.matrix is None else encoded.matrix.tolist()
            return keys[item], json.dumps([encoded.sha256, matrix]).encode()

        batches = _batches(missing, swapper.batch_size)
        failed = self._compute(Task.of("swap", by), batches, keep, label=f"swap: {by.name}", total=len(missing))
        found.update({item.pair.key: error for item, error in failed.items()})
        return found

    def features(self, role: str, faces: Sequence[Face]) -> tuple[Features, dict[int, ItemError]]:
        """Measure each face with the evaluator of a role; equal faces are measured once.

        Returns:
            (N, D) rows in the order of `faces`, on disk where they are many; and by row number why one is not ok.
        """
        by = self.evaluators[role]
        evaluator = by.plugin.build()
        kind = evaluator.role  # a network measures the same whichever role of a suite it plays
        keys = {face: key_of(kind="features", role=kind, by=by.key, face=face_digest(face)) for face in faces}
        places: dict[str, list[int]] = {}
        for number, face in enumerate(faces):
            places.setdefault(keys[face], []).append(number)
        values, present = zeros((len(faces), evaluator.dim), self.cache.folder), set[str]()

        def fill(key: str, row: NDArray[np.float32]) -> None:
            values[places[key]] = row
            present.add(key)

        for key, value in self._cached({key: key for key in places}):
            fill(key, np.frombuffer(value, np.float32))
        missing = _first_of_each([face for face in keys if keys[face] not in present], keys)

        def keep(face: Face, row: NDArray[np.float32]) -> tuple[str, bytes]:
            fill(keys[face], row)
            return keys[face], row.tobytes()

        task, batches = Task.of("extract", by), _batches(missing, evaluator.batch_size)
        failed = self._compute(task, batches, keep, label=f"measure {role}", total=len(missing), stage=role)
        reasons = dict(sorted((number, error) for face, error in failed.items() for number in places[keys[face]]))
        return Features(values, np.array([number not in reasons for number in range(len(faces))], bool)), reasons

    def remember(self, parts: Mapping[str, object], compute: Callable[[], list[float | None]]) -> list[float | None]:
        """Give the numbers stored for the parts of a key, or compute them and store them."""
        key = key_of(**parts)
        if stored := self.cache.get([key]):
            return list(json.loads(stored[key]))
        numbers = compute()
        self.cache.put({key: json.dumps(numbers).encode()})
        return numbers

    def data_digest(self, refs: Mapping[str, FrameRef]) -> str:
        """Name the data that a run rests on: what each key stands for, by the content of the file and the frame."""
        hashes = self._file_hashes({ref.path for ref in refs.values()})
        return key_of(**{key: [str(hashes[ref.path]), ref.index] for key, ref in refs.items()})[:12]

    def _cached(self, keys: Mapping[T, str]) -> Iterator[tuple[T, bytes]]:
        """Look up what is stored, so many at a time that all values are never held at once."""
        for things in _batches(keys, LOOKED_UP_AT_ONCE):
            values = self.cache.get({keys[thing] for thing in things})
            yield from ((thing, values[keys[thing]]) for thing in things if keys[thing] in values)

    def _compute(
        self,
        task: Task,
        batches: Iterable[Sequence[T]],
        keep: Callable[[T, Any], tuple[str, bytes]],
        *,
        label: str,
        total: int,
        stage: str = "",
    ) -> dict[T, ItemError]:
        """Let the workers do the batches, store each outcome soon, and give the failures."""
        failed: dict[T, ItemError] = {}
        if not total:
            return failed
        unsaved: dict[str, bytes] = {}
        try:
            with self.progress(label, total) as advance:
                for items, outcomes, seconds in self.executor.map(task, batches):
                    self.ledger.add(stage or task.stage, len(items), seconds)
                    for item, outcome in zip(items, outcomes, strict=True):
                        if isinstance(outcome, ItemError):
                            failed[item] = outcome
                        else:
                            key, value = keep(item, outcome)
                            unsaved[key] = value
                    advance(len(items), self.executor.status())
                    if len(unsaved) >= FLUSH_AFTER:
                        self.cache.put(unsaved)
                        unsaved = {}
        finally:
            if unsaved:
                self.cache.put(unsaved)
        return failed

    def _file_hashes(self, paths: Iterable[Path]) -> dict[Path, str | ItemError]:
        """Hash each file, unless one of that path, size and time of change was hashed before."""
        found: dict[Path, str | ItemError] = {}
        keys: dict[Path, str] = {}
        for path in paths:
            try:
                keys[path] = key_of(kind="file", **state_of(path))
            except OSError as error:
                found[path] = ItemError(f"{path.name} cannot be read: {error.strerror or error}")
        found.update({path: value.decode() for path, value in self._cached(keys)})
        missing = [path for path in keys if path not in found]

        def keep(path: Path, sha256: str) -> tuple[str, bytes]:
            found[path] = sha256
            return keys[path], sha256.encode()

        far = [path for path in missing if is_remote(path)]  # read by whoever works: it takes as long as the network
        near = [path for path in missing if not is_remote(path)]
        found.update(self._compute(Task("hash"), _batches(far, 1), keep, label="hash remote files", total=len(far)))
        done, _ = perform(Task("hash"), near)
        self.cache.put(dict(keep(path, s) for path, s in zip(near, done, strict=True) if isinstance(s, str)))
        found.update({path: e for path, e in zip(near, done, strict=True) if isinstance(e, ItemError)})
        return found


def _decoder(ref: FrameRef) -> str:
    """Name what turns the file into pixels: another version may round colours differently."""
    name = "pillow" if ref.index is None else "av"
    return f"{name} {package_version(name)}"


def _by_video(refs: Sequence[FrameRef]) -> Iterator[list[FrameRef]]:
    videos: dict[Path, list[FrameRef]] = {}
    for ref in refs:
        if ref.index is not None:
            videos.setdefault(ref.path, []).append(ref)
    yield from videos.values()
    yield from _batches([ref for ref in refs if ref.index is None], STILLS_AT_ONCE)


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _first_of_each(items: Sequence[T], keys: Mapping[T, str]) -> list[T]:
    return list({keys[item]: item for item in reversed(items)}.values())[::-1]
