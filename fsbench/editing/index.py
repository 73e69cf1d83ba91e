"""The lists beside the pictures: what each is, and what was left out."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from fsbench.data.frames import write_atomically
from fsbench.editing.constructions import original_target, vanilla
from fsbench.editing.record import PersonRecord, edit_files

INDEX, LEFT_OUT = "index.csv", "left_out.csv"
INDEX_COLUMNS = ("picture", "construction", "kind", "truth", "edit", "strength", "seed", "person", "source_picture")
LEFT_OUT_COLUMNS = ("source_picture", "person", "edit", "reason")


class Row(NamedTuple):
    """One line of the index."""

    picture: str  # path below the folder
    construction: str  # "vanilla", "two pictures" or "one picture"
    kind: str
    truth: str  # which picture is the ground truth of its triplets: "", "original", "source" or "target"
    edit: str  # name of the editor; empty for an unedited picture
    strength: str
    seed: str
    person: str
    source_picture: str  # below the folder of faces


def rows(made: PersonRecord, seed: int) -> list[Row]:
    """List the pictures of one person."""
    found = []
    several = len(made.used) > 1
    for picture in made.used:
        end = (made.person, picture.source)
        found.append(Row(vanilla(made.person, picture.name), "vanilla", "vanilla", "", "", "", "", *end))
        if several:
            path = original_target(made.person, picture.name)
            found.append(Row(path, "two pictures", "edited_target", "original", "", "", "", *end))
        for name, edit in picture.edits.items():
            if edit.failed:
                continue
            strength = ("", "") if edit.strength is None else (f"{edit.strength:g}", str(seed))
            truth = edit.role.partition("_")[0]
            before, after, *target = edit_files(edit, made.person, picture.name, of_several=several)
            found.append(Row(before, "one picture", edit.kind, truth, "", "", "", *end))
            found.append(Row(after, "one picture", edit.kind, truth, name, *strength, *end))
            for path in target:
                found.append(Row(path, "two pictures", "edited_target", "original", name, *strength, *end))
    return found


def left_out(made: PersonRecord) -> list[tuple[str, str, str, str]]:
    """List the pictures of a person that are not used, and edits that could not be made, with the reason."""
    whole = [(p.source, made.person, "", p.left_out) for p in made.pictures if p.left_out]
    return whole + [
        (p.source, made.person, name, edit.failed) for p in made.used for name, edit in p.edits.items() if edit.failed
    ]


def counts(made: Sequence[PersonRecord]) -> Counter[str]:
    """Count people, pictures, pictures left out, and edits by kind."""
    found: Counter[str] = Counter()
    for person in made:
        found["people"] += bool(person.used)
        found["pictures"] += len(person.used)
        found["left out"] += len(person.pictures) - len(person.used)
        found["of several"] += len(person.used) if len(person.used) > 1 else 0
        for picture in person.used:
            found.update(edit.kind for edit in picture.edits.values() if not edit.failed)
            found.update(f"failed {edit.kind}" for edit in picture.edits.values() if edit.failed)
    return found


def reasons(made: Iterable[PersonRecord]) -> Counter[str]:
    """Count why pictures were left out, by the words before a colon."""
    return Counter(p.left_out.partition(":")[0] for person in made for p in person.pictures if p.left_out)


def write(out: Path, made: Sequence[PersonRecord], seed: int) -> None:
    """Write both lists."""
    _write(out / INDEX, INDEX_COLUMNS, (row for person in made for row in rows(person, seed)))
    _write(out / LEFT_OUT, LEFT_OUT_COLUMNS, (row for person in made for row in left_out(person)))


def _write(path: Path, columns: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    write_atomically(path, text.getvalue().encode())
