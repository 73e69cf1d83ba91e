"""How far edits move a face's identity, and how far its pose and expression, in units that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fsbench.data.frames import write_atomically
from fsbench.editing.constructions import pair, vanilla
from fsbench.editing.record import PersonRecord
from fsbench.errors import DataError, ItemError
from fsbench.evaluators.detectors import Dlib
from fsbench.evaluators.expression import Landmarks68
from fsbench.evaluators.identity import DlibResNet
from fsbench.evaluators.pose import Pnp68
from fsbench.interfaces import Evaluator
from fsbench.metrics.stats import Interval, cluster_bootstrap
from fsbench.training.triplet_folder import IDENTITY, Role
from fsbench.types import ImageRef

NAME = "measured.csv"
RESAMPLES = 2000
QUANTITIES = ("identity", "pose", "expression")
Rows = NDArray[np.float64]  # (N, 3) Euclidean distances of identity, pose and expression


@dataclass(frozen=True)
class Moved:
    """How far one editor moves faces; 1 is as far as two unedited pictures of one person lie apart (median)."""

    editor: str
    role: Role
    means: tuple[float, float, float]  # identity, pose, expression
    difference: float  # mean of identity minus the larger one of pose and expression
    interval: Interval | None  # of the difference, 95 %, people drawn with replacement; None for a single person
    n: int  # pictures
    people: int
    lost: int  # edits in which no face was found, which are not among n

    @property
    def claim(self) -> str:
        """Tell whether the edit moves what its role says: "yes", "no", or "open" where the interval holds 0."""
        if self.interval is None or self.interval.low <= 0 <= self.interval.high:
            return "open"
        return "yes" if (self.difference > 0) == (self.role == IDENTITY) else "no"


@dataclass(frozen=True)
class Measured:
    """All editors of a folder, and what the unit is."""

    moved: tuple[Moved, ...]
    unit: tuple[float, float, float]  # median distances between two pictures of one person
    unit_pairs: int
    unit_people: int
    others: tuple[float, float, float] | None  # median between pictures of two people, in units; None for one person


class _Row(NamedTuple):
    person: str
    name: str
    values: tuple[NDArray[np.float32], ...]


def measure(out: Path, made: Sequence[PersonRecord], progress: Callable[[int], None]) -> Measured:
    """Measure the edits of a folder of triplets with the offline suite's networks.

    Faces and landmarks are searched anew in every picture, as for a swap. A change is the Euclidean distance
    between the rows of a crop and of its edit (dlib's embedding, the three angles of PnP, the vector of 68
    landmarks), divided by the median distance between two unedited pictures of one person.

    Raises:
        DataError: no person has two pictures in which a face is found, so there is no unit.
    """
    reader = _Reader(out)
    originals = []
    for person in made:
        for picture in person.used:
            values = reader.read(vanilla(person.person, picture.name))
            if values is not None:
                originals.append(_Row(person.person, picture.name, values))
            progress(1)
    unit, pairs, people = _unit(originals)
    known = {(row.person, row.name): row.values for row in originals}
    moved = [_moved(editor, list(rows), known, unit) for editor, rows in _edits(reader, made, progress)]
    strangers = [_distance(a.values, b.values) for a, b in combinations(originals, 2) if a.person != b.person]
    others = _three(np.median(strangers, axis=0) / unit) if strangers else None
    return Measured(tuple(moved), _three(unit), pairs, people, others)


def count(made: Sequence[PersonRecord]) -> int:
    """Count the pictures that `measure` looks at."""
    return sum(1 + sum(not edit.failed for edit in picture.edits.values()) for p in made for picture in p.used)


class _Reader:
    """Finds the face of a picture and extracts its three rows."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._detector = Dlib()
        self._evaluators: tuple[Evaluator, ...] = (DlibResNet(), Pnp68(), Landmarks68())

    def read(self, path: str) -> tuple[NDArray[np.float32], ...] | None:
        """Give the rows of a picture; None where no face is found or it cannot be measured."""
        faces = self._detector.detect([ImageRef(self._out / path, "")])[0][:1]
        if not faces:
            return None
        try:
            return tuple(evaluator.extract(faces)[0] for evaluator in self._evaluators)
        except ItemError:
            return None


class _Edit(NamedTuple):
    person: str
    name: str
    role: Role
    values: tuple[NDArray[np.float32], ...] | None


def _edits(
    reader: _Reader, made: Sequence[PersonRecord], progress: Callable[[int], None]
) -> Iterator[tuple[str, Iterator[_Edit]]]:
    names = dict.fromkeys(name for p in made for picture in p.used for name in picture.edits)
    for name in names:
        yield name, _of_editor(name, reader, made, progress)


def _of_editor(
    name: str, reader: _Reader, made: Sequence[PersonRecord], progress: Callable[[int], None]
) -> Iterator[_Edit]:
    for person in made:
        for picture in person.used:
            edit = picture.edits.get(name)
            if edit is not None and not edit.failed:
                path = pair(edit.role, edit.kind, person.person, picture.name)[1]
                yield _Edit(person.person, picture.name, edit.role, reader.read(path))
                progress(1)


def _unit(originals: Sequence[_Row]) -> tuple[NDArray[np.float64], int, int]:
    same = [(a.person, _distance(a.values, b.values)) for a, b in combinations(originals, 2) if a.person == b.person]
    if not same:
        raise DataError(
            "edits cannot be measured: no person has two pictures in which a face is found",
            hint="--measure needs FACES with several pictures of a person",
        )
    unit = np.median([distance for _, distance in same], axis=0)
    if not (unit > 0).all():
        raise DataError("edits cannot be measured: the pictures of a person are all equal", hint="other FACES")
    return unit, len(same), len({person for person, _ in same})


def _moved(
    editor: str, edits: Sequence[_Edit], known: dict[tuple[str, str], tuple[NDArray[np.float32], ...]], unit: Rows
) -> Moved:
    people, rows = [], []
    for edit in edits:
        before = known.get((edit.person, edit.name))
        if before is not None and edit.values is not None:
            people.append(edit.person)
            rows.append(_distance(before, edit.values) / unit)
    if not rows:
        raise DataError(
            f"edits cannot be measured: no face is found after '{editor}'", hint="look at contact_sheet.png"
        )
    table = np.array(rows)
    difference = table[:, 0] - table[:, 1:].max(axis=1)
    interval = cluster_bootstrap(difference, people, resamples=RESAMPLES, seed=0)
    means = _three(table.mean(axis=0))
    lost = len(edits) - len(rows)
    return Moved(editor, edits[0].role, means, float(difference.mean()), interval, len(rows), len(set(people)), lost)


def _distance(a: Sequence[NDArray[np.float32]], b: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
    return np.array([np.linalg.norm(x.astype(np.float64) - y) for x, y in zip(a, b, strict=True)])


def _three(values: NDArray[np.floating]) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third


def table(measured: Measured) -> list[str]:
    """Lay the numbers out in lines."""
    lines = [
        f"{'editor':<16}{'identity':>9}{'pose':>7}{'expr.':>7}{'difference':>12}  {'95 % interval':<17}{'claim':<6}   n"
    ]
    for item in measured.moved:
        low_high = f"[{item.interval.low:+.2f}, {item.interval.high:+.2f}]" if item.interval else "one person"
        lost = f", {item.lost} lost" if item.lost else ""
        numbers = "".join(f"{value:>{width}.2f}" for value, width in zip(item.means, (9, 7, 7), strict=True))
        lines.append(
            f"{item.editor:<16}{numbers}{item.difference:>+12.2f}  {low_high:<17}{item.claim:<6}{item.n:>4}{lost}"
        )
    if measured.others:
        lines.append(
            f"{'another person':<16}" + "".join(f"{v:>{w}.2f}" for v, w in zip(measured.others, (9, 7, 7), strict=True))
        )
    identity, pose, expression = measured.unit
    lines.append(
        f"1 = median of {measured.unit_pairs} pairs of pictures of one person ({measured.unit_people} people): "
        f"{identity:.3f} of dlib's embedding, {pose:.1f} degrees, {expression:.3f} of the 68 landmarks"
    )
    return lines


def write(out: Path, measured: Measured) -> Path:
    """Write the numbers as CSV."""
    head = "editor,role,identity,pose,expression,difference,low,high,claim,pictures,people,lost"
    lines = [head]
    for item in measured.moved:
        ends = (f"{item.interval.low:.4f}", f"{item.interval.high:.4f}") if item.interval else ("", "")
        numbers = (*(f"{value:.4f}" for value in item.means), f"{item.difference:.4f}", *ends)
        lines.append(
            ",".join((item.editor, item.role, *numbers, item.claim, *map(str, (item.n, item.people, item.lost))))
        )
    write_atomically(out / NAME, ("\n".join(lines) + "\n").encode())
    return out / NAME
