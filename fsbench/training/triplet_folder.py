"""FSTriplets on disk: which pictures make which kind of triplet, in the layout that MobileFSGAN's loader reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from fsbench.data.frames import PICTURES
from fsbench.data.report import listing
from fsbench.errors import DataError

Role = Literal["source_as_gt", "target_as_gt"]
IDENTITY: Role = "source_as_gt"  # the edit changed who it is: the truth is the source
ATTRIBUTE: Role = "target_as_gt"  # the edit changed something else: the truth is the target
HINT = "fsbench data triplets FACES OUT makes such a folder"


class Pair(NamedTuple):
    """A picture and its edit."""

    original: str
    edited: str


class TwoPictures(NamedTuple):
    """A ground truth, the edits of its identity, and where the other pictures of this person are."""

    truth: str
    edited: tuple[str, ...]
    person: str


class TripletFolder:
    """The pictures of each kind. Paths are relative to `root`, sorted, so that equal folders give equal lists.

    `vanilla` holds unedited faces; `source_as_gt/<kind>` and `target_as_gt/<kind>` hold `x.original.png` and
    `x.edited.png`; `edited_target/original/<set>/<person>/x.png` has its identity edits in
    `edited_target/edited/<set...>/<person>/x.png`, where the edited set's name starts with the original set's.
    """

    def __init__(self, root: Path) -> None:
        """Walk the folder.

        Raises:
            DataError: it is no folder, is of another layout, or half of a pair is missing.
        """
        self.root = root
        if not root.is_dir():
            raise DataError(f"'{root}' is no folder of triplets", hint=HINT)
        self.vanilla = list(_pictures(root, "vanilla"))
        self.pairs: dict[str, list[Pair]] = {}
        self._roles: dict[str, Role] = {}
        for role in (IDENTITY, ATTRIBUTE):
            for kind in _folders(root / role):
                if kind in self._roles:
                    raise DataError(
                        f"{root} has '{kind}' under {IDENTITY} and {ATTRIBUTE}: its truth is not decided",
                        hint="rename one of the two folders",
                    )
                self._roles[kind] = role
                self.pairs[kind] = _pairs(root, f"{role}/{kind}")
        self.people = _people(root)
        self.two_pictures = list(_two_pictures(root, self.people))
        if not self.kinds:
            raise DataError(
                f"{root} holds no triplets: wanted vanilla, edited_target, {IDENTITY} or {ATTRIBUTE}", hint=HINT
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Name the kinds that have pictures."""
        names = ("vanilla", "vanilla_same", "edited_target", *self.pairs)
        return tuple(name for name in names if self.count(name))

    def count(self, kind: str) -> int:
        """Count the pictures or pairs of a kind, 0 where it is not there."""
        if kind in ("vanilla", "vanilla_same"):
            return len(self.vanilla)
        return len(self.two_pictures) if kind == "edited_target" else len(self.pairs.get(kind, ()))

    def role(self, kind: str) -> Role | None:
        """Tell which picture is the ground truth of a kind of pairs; None for kinds that are no pairs."""
        return self._roles.get(kind)


def _folders(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []


def _pictures(root: Path, inside: str) -> Iterator[str]:
    """Give all pictures below a folder, in order; hidden files are no pictures."""
    for place, folders, files in os.walk(root / inside):
        folders.sort()
        for name in sorted(files):
            if not name.startswith(".") and name.lower().endswith(PICTURES):
                yield os.path.relpath(os.path.join(place, name), root).replace(os.sep, "/")


def _stem(path: str) -> str:
    return path.rpartition(".")[0]


def _pairs(root: Path, inside: str) -> list[Pair]:
    found: dict[str, dict[str, str]] = {}
    for path in _pictures(root, inside):
        name, _, which = _stem(path).rpartition(".")
        if which not in ("original", "edited"):
            raise DataError(
                f"{root / path} is neither x.original.* nor x.edited.*", hint="move other files out of the folder"
            )
        found.setdefault(name, {})[which] = path
    halves = [name for name, pair in found.items() if len(pair) < 2]
    if halves:
        raise DataError(
            f"{len(halves)} pictures in {root / inside} lack their original or edited half: {listing(halves)}",
            hint="each x.original.png needs an x.edited.png",
        )
    return [Pair(pair["original"], pair["edited"]) for pair in found.values()]


def _people(root: Path) -> dict[str, list[str]]:
    people: dict[str, list[str]] = {}
    for path in _pictures(root, "edited_target/original"):
        people.setdefault(path.rpartition("/")[0], []).append(path)
    return people


def _two_pictures(root: Path, people: dict[str, list[str]]) -> Iterator[TwoPictures]:
    start = "edited_target/original/"
    edited: dict[str, list[tuple[str, str]]] = {}  # place within its set -> (name of the set, path)
    for path in _pictures(root, "edited_target/edited"):
        name, _, place = path.removeprefix("edited_target/edited/").partition("/")
        edited.setdefault(_stem(place), []).append((name, path))
    originals = {_stem(path.removeprefix(start)) for paths in people.values() for path in paths}
    sets = sorted({name.partition("/")[0] for name in originals}, key=len, reverse=True)
    used: set[str] = set()
    for person, paths in people.items():
        for path in paths:
            name, _, place = _stem(path.removeprefix(start)).partition("/")
            # of two original sets "a" and "ab", "ab_fat" belongs to the longer one
            edits = [p for n, p in edited.get(place, ()) if next((s for s in sets if n.startswith(s)), None) == name]
            used.update(edits)
            if edits:
                yield TwoPictures(path, tuple(edits), person)
    stray = [path for paths in edited.values() for _, path in paths if path not in used]
    if stray:
        raise DataError(
            f"{len(stray)} edits in {root / 'edited_target'} have no original: {listing(stray)}",
            hint="edited/<set...>/<person>/x.png needs original/<set>/<person>/x.png",
        )
