"""A batch on its way to a worker that may not see this machine's disk."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fsbench.data.places import is_everywhere
from fsbench.engine.faces import in_picture
from fsbench.engine.plugins import Plugin, identify
from fsbench.engine.stages import Task, perform
from fsbench.errors import DependencyError, FsbenchError
from fsbench.types import Face, FrameRef, ImageRef, SwapItem

HEAD = 4096  # bytes at the start of a file that tell it from another file of the same name and size


@dataclass(frozen=True)
class Stamp:
    """What a file looks like where the driver is."""

    size_bytes: int
    head: str  # sha256 of its first bytes; "" of a folder


THERE = Stamp(-1, "")  # a file that only has to be there: what is in it may change while a run goes on


@dataclass(frozen=True)
class Parcel:
    """Items, and what a worker must see on its own disk, or gets along."""

    items: Sequence[Any]
    seen: Mapping[Path, Stamp] = field(default_factory=dict)
    pictures: Mapping[Path, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Unseen:
    """A worker's answer where it does not see what the work needs."""

    paths: tuple[Path, ...]


Answer = tuple[list[Any], float] | Unseen | FsbenchError


def pack(task: Task, items: Sequence[Any], *, ship: bool) -> Parcel:
    """Say which files the work needs; with `ship`, take the pictures among them along.

    A file that cannot be read here goes unsaid: the worker will not read it either, and gives the usual reason.
    """
    pictures = {image for item in items for image in _pictures(item) if not is_everywhere(image)}
    others = {item.path for item in items if isinstance(item, FrameRef) and item.index is not None}
    others |= {item for item in items if task.stage == "hash"}
    others = {path for path in others if not is_everywhere(path)}
    stamps = {path: stamp for path in others | (set() if ship else pictures) if (stamp := stamp_of(path))}
    there = dict.fromkeys(_files_of(task.plugin) - stamps.keys(), THERE)  # weights are told apart by their hashes
    return Parcel(items, {**there, **stamps}, dict(_contents(pictures)) if ship else {})


def can_be_shipped(task: Task, items: Sequence[Any], unseen: Unseen) -> bool:
    """Tell whether all that the worker lacks are pictures; videos and a swapper's own files stay where they are."""
    return set(unseen.paths) <= {image for item in items for image in _pictures(item)}


def work(task: Task, parcel: Parcel, known: set[Any]) -> Answer:
    """Do a batch where the worker is.

    Args:
        task: what is done.
        parcel: with what.
        known: what this worker found in order before; grows.

    Returns:
        One outcome an item and the seconds it took; or what the worker does not see; or, for the driver to raise, why
        no item can be done here.
    """
    unheard = {path: stamp for path, stamp in parcel.seen.items() if (path, stamp) not in known}
    unseen = tuple(path for path, stamp in unheard.items() if not _is_seen(path, stamp))
    if unseen:
        return Unseen(unseen)
    known.update(parcel.seen.items())
    try:
        if task not in known:
            _same_weights(task)
            known.add(task)
        return _perform(task, parcel)
    except FsbenchError as error:
        return error


def _is_seen(path: Path, stamp: Stamp) -> bool:
    found = stamp_of(path)
    return found is not None if stamp == THERE else found == stamp


def stamp_of(path: Path) -> Stamp | None:
    """Look at a file or folder; None where it cannot be read."""
    try:
        if path.is_dir():
            return Stamp(0, "")
        with path.open("rb") as file:
            head = hashlib.sha256(file.read(HEAD)).hexdigest()
        return Stamp(path.stat().st_size, head)
    except OSError:
        return None


def _perform(task: Task, parcel: Parcel) -> tuple[list[Any], float]:
    if not parcel.pictures:
        return perform(task, parcel.items)
    with tempfile.TemporaryDirectory(prefix="fsbench-") as folder:
        places = {}
        for number, (path, content) in enumerate(parcel.pictures.items()):
            places[path] = Path(folder) / str(number) / path.name  # messages quote the name
            places[path].parent.mkdir()
            places[path].write_bytes(content)
        outcomes, seconds = perform(task, [_moved(item, places) for item in parcel.items])
    if task.stage == "detect":  # what a detector gives names the picture that it was found in
        outcomes = [
            [in_picture(face, image) for face in outcome] if isinstance(outcome, list) else outcome
            for outcome, image in zip(outcomes, parcel.items, strict=True)
        ]
    return outcomes, seconds


def _pictures(item: Any) -> Iterator[Path]:
    if isinstance(item, SwapItem):
        yield from (item.source.image.path, item.target.image.path)
    elif isinstance(item, Face):
        yield item.image.path
    elif isinstance(item, ImageRef) or (isinstance(item, FrameRef) and item.index is None):
        yield item.path


def _contents(paths: set[Path]) -> Iterator[tuple[Path, bytes]]:
    for path in paths:
        try:
            yield path, path.read_bytes()
        except OSError:
            continue


def _files_of(plugin: Plugin | None) -> set[Path]:
    """Name the files and folders that the settings of a plugin name, and the file that its class is in."""
    if plugin is None:
        return set()
    named = [value for _, value in plugin.args if os.sep in value and "://" not in value]
    if ".py:" in plugin.target:
        named.append(plugin.target.rpartition(":")[0])
    return {path for path in (Path(name).expanduser() for name in named) if path.exists()}


def _moved(item: Any, places: Mapping[Path, Path]) -> Any:
    if isinstance(item, SwapItem):
        return dataclasses.replace(item, source=_moved(item.source, places), target=_moved(item.target, places))
    if isinstance(item, Path):
        return item
    if isinstance(item, Face):
        return in_picture(item, _moved(item.image, places))
    return dataclasses.replace(item, path=places.get(item.path, item.path))


def _same_weights(task: Task) -> None:
    """Refuse a worker whose weight files, or whose file of a user's class, are not those of the driver."""
    if task.plugin is None or not task.weights:
        return
    found = identify(task.plugin, object).weights
    for name, wanted in task.weights:
        if found.get(name) != wanted:
            have = f"sha256 {found[name][:12]}" if name in found else "none"
            raise DependencyError(
                f"a worker has {have} of {name}, the driver has sha256 {wanted[:12]}",
                hint="give every node the same weights and files",
            )
