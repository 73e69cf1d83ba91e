"""A contact sheet: a few triplets of each kind, as source, target and ground truth."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

from fsbench.data.frames import read_rgb, write_atomically
from fsbench.editing.constructions import Example, from_one_picture, from_two_pictures
from fsbench.editing.record import PersonRecord
from fsbench.training.triplet_folder import IDENTITY, Role

NAME = "contact_sheet.png"
SIDE, GAP, LABEL, HEAD = 128, 12, 215, 22  # pixels
ACROSS = 3  # triplets a row
Item = TypeVar("Item")


def sheet_rows(made: Sequence[PersonRecord]) -> list[tuple[str, list[Example]]]:
    """Choose the triplets: for each kind a row, from people spread over all of them."""
    kinds: dict[tuple[str, Role], str] = {}
    for person in made:
        for picture in person.used:
            kinds.update({(e.kind, e.role): name for name, e in picture.edits.items() if not e.failed})
    found = []
    for (kind, role), name in kinds.items():
        if role == IDENTITY:
            found.append((f"two pictures\n{name}\nedited_target\ntruth: the target's original", _two(made, kind)))
    for (kind, role), name in kinds.items():
        truth = "source" if role == IDENTITY else "target"
        found.append((f"one picture\n{name}\n{role}/{kind}\ntruth: {truth}", _one(made, kind, role)))
    return [(label, examples) for label, examples in found if examples]


def write(out: Path, made: Sequence[PersonRecord]) -> Path | None:
    """Draw the sheet; None where there are no triplets of an edit."""
    chosen = sheet_rows(made)
    if not chosen:
        return None
    width = LABEL + ACROSS * (3 * SIDE + GAP)
    sheet = PIL.Image.new("RGB", (width, HEAD + len(chosen) * (SIDE + GAP)), "white")
    draw, font = PIL.ImageDraw.Draw(sheet), PIL.ImageFont.load_default(size=14)
    for place in range(3 * ACROSS):
        left = LABEL + place // 3 * (3 * SIDE + GAP) + place % 3 * SIDE
        draw.text((left + 4, 3), ("source", "target", "truth")[place % 3], fill="black", font=font)
    for number, (label, examples) in enumerate(chosen):
        top = HEAD + number * (SIDE + GAP)
        draw.text((6, top + 6), label, fill="black", font=font)
        for column, example in enumerate(examples):
            for place, path in enumerate(example):
                left = LABEL + column * (3 * SIDE + GAP) + place * SIDE
                sheet.paste(_small(out / path), (left, top))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", optimize=True)
    write_atomically(out / NAME, buffer.getvalue())
    return out / NAME


def _small(path: Path) -> PIL.Image.Image:
    return PIL.Image.fromarray(read_rgb(path)).resize((SIDE, SIDE), PIL.Image.Resampling.LANCZOS)


def _two(made: Sequence[PersonRecord], kind: str) -> list[Example]:
    found = []
    for person in _spread([p for p in made if len(p.used) > 1]):
        edits = [(kind, p.name) for p in person.used if any(e.kind == kind and not e.failed for e in p.edits.values())]
        names = [picture.name for picture in person.used]
        found += list(from_two_pictures(person.person, names, edits))[:1]
    return found[:ACROSS]


def _one(made: Sequence[PersonRecord], kind: str, role: Role) -> list[Example]:
    """Take an edited target, an edited source, an edited target."""
    having = [
        (person.person, picture.name)
        for person in made
        for picture in person.used
        if any(edit.kind == kind and not edit.failed for edit in picture.edits.values())
    ]
    picked = _spread(having)[:ACROSS]
    return [from_one_picture(role, kind, *names)[number % 2] for number, names in enumerate(picked)]


def _spread(items: Sequence[Item]) -> list[Item]:
    """Take a few that lie far apart."""
    places: list[int] = (
        np.linspace(0, len(items) - 1, min(len(items), 2 * ACROSS)).astype(int).tolist() if items else []
    )
    return [items[place] for place in (*places[::2], *places[1::2])]
