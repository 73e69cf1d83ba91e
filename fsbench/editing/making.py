"""Making all pictures of one person."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from fsbench.data.frames import png_bytes, read_rgb, write_atomically
from fsbench.editing import record as records
from fsbench.editing.constructions import edited_target, original_target, pair, vanilla
from fsbench.editing.crop import Crop, Editor
from fsbench.editing.external import External
from fsbench.editing.people import Person
from fsbench.editing.record import EditRecord, PersonRecord, PictureRecord
from fsbench.editing.screening import Limits, aligned
from fsbench.errors import ConfigError, ItemError
from fsbench.training.triplet_folder import IDENTITY
from fsbench.types import Image


@dataclass(frozen=True)
class Plan:
    """What is the same for all people of a build."""

    faces: Path
    out: Path
    editors: tuple[Editor, ...]
    externals: tuple[External, ...]
    per_person: int  # most pictures of a person, 0 for all
    seed: int
    limits: Limits

    @property
    def edits(self) -> tuple[Editor | External, ...]:
        """Give all editors."""
        return (*self.editors, *self.externals)


def make(plan: Plan, person: Person) -> PersonRecord:
    """Make what is missing of one person; what an earlier call has made stays as it is.

    Raises:
        RecordError: the record of an earlier call is broken.
        ConfigError: the folder has edits of a wanted kind by another editor.
    """
    made = records.load(plan.out, person.name)
    offered = [_below(plan, picture.path) for picture in person.pictures]
    if made is None or made.offered != offered:
        _remove(plan.out, made)
        made = PersonRecord(person=person.name, offered=offered, pictures=_crops(plan, person))
    several = len(made.used) > 1
    changed = False
    for picture in made.used:
        changed |= _edit(plan, person.name, picture, several=several)
    if changed or records.load(plan.out, person.name) is None:
        records.save(plan.out, made)
    return made


def _below(plan: Plan, path: Path) -> str:
    return path.relative_to(plan.faces).as_posix()


def _remove(out: Path, made: PersonRecord | None) -> None:
    """Take away what was made from another list of pictures."""
    if made is not None:
        records.place(out, made.person).unlink()
        for path in made.files():
            (out / path).unlink(missing_ok=True)


def _crops(plan: Plan, person: Person) -> list[PictureRecord]:
    found: list[PictureRecord] = []
    used = 0
    for picture in person.pictures:
        if plan.per_person and used == plan.per_person:
            break
        entry = PictureRecord(source=_below(plan, picture.path), name=picture.name)
        try:
            crop = aligned(picture.path, plan.limits)
        except ItemError as error:
            entry.left_out = error.reason
        else:
            used += 1
            entry.points = crop.points.round(2).tolist()
            write_atomically(plan.out / vanilla(person.name, picture.name), png_bytes(crop.pixels))
        found.append(entry)
    return found


def _edit(plan: Plan, person: str, picture: PictureRecord, *, several: bool) -> bool:
    """Make the missing edits of a picture; tell whether there were any."""
    before = dict(picture.edits)
    original = plan.out / vanilla(person, picture.name)
    crop: Crop | None = None
    if several:
        _link(original, plan.out / original_target(person, picture.name))
    for editor in plan.edits:
        _refuse_other_maker(plan.out, editor, picture)
        if editor.name in picture.edits and not picture.edits[editor.name].failed:
            continue
        crop = crop or Crop(read_rgb(original), picture.landmarks())
        entry = EditRecord(kind=editor.kind, role=editor.role)
        try:
            if isinstance(editor, External):
                pixels = editor.read(person, picture.name)
            else:
                random = generator(plan.seed, editor.name, person, picture.name)
                entry.strength = round(float(random.uniform(*editor.strengths)), 4)
                pixels = editor.edit(crop, entry.strength, random)
        except ItemError as error:
            entry.failed = error.reason
        else:
            _write(plan.out, person, picture.name, entry, pixels, several=several)
        picture.edits[editor.name] = entry
    return picture.edits != before


def _refuse_other_maker(out: Path, editor: Editor | External, picture: PictureRecord) -> None:
    """See that a kind of edit has one maker in a folder, so that the index tells the truth about it."""
    for name, edit in picture.edits.items():
        if (
            edit.kind == editor.kind
            and not edit.failed
            and (name, edit.strength is None)
            != (
                editor.name,
                isinstance(editor, External),
            )
        ):
            made_by = f"another program ({name})" if edit.strength is None else f"the editor {name}"
            raise ConfigError(
                f"{out} has edits of the kind '{editor.kind}' by {made_by}", hint="name another folder, or other edits"
            )


def generator(seed: int, editor: str, person: str, name: str) -> np.random.Generator:
    """Give the random numbers of one edit: they depend on the seed and on what is edited, and on nothing else."""
    return np.random.default_rng([seed, *(crc32(word.encode()) for word in (editor, person, name))])


def _write(out: Path, person: str, name: str, edit: EditRecord, pixels: Image, *, several: bool) -> None:
    before, after = pair(edit.role, edit.kind, person, name)
    _link(out / vanilla(person, name), out / before)
    write_atomically(out / after, png_bytes(pixels))
    if several and edit.role == IDENTITY:
        _link(out / after, out / edited_target(edit.kind, person, name))


def _link(existing: Path, path: Path) -> None:
    """Give a file a second name, so that a crop lies on the disk once; copy where the disk has no such names."""
    if path.is_file() and path.samefile(existing):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.link")
    temporary.unlink(missing_ok=True)
    try:
        os.link(existing, temporary)
    except OSError:
        shutil.copyfile(existing, temporary)
    os.replace(temporary, path)
