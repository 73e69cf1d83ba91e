"""What was made of one person: the file that lets an interrupted build go on, and from which the index is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from fsbench.data.frames import write_atomically
from fsbench.editing.constructions import edited_target, original_target, pair, vanilla
from fsbench.editing.crop import Points
from fsbench.errors import RecordError
from fsbench.training.triplet_folder import Role

FOLDER = ".made"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class EditRecord(_Model):
    """One edit of one picture."""

    kind: str
    role: Role
    strength: float | None = None  # None for another program's edit
    failed: str = ""  # why there is none


class PictureRecord(_Model):
    """One picture of a person."""

    source: str  # path below the folder of faces
    name: str
    left_out: str = ""  # why
    points: list[list[float]] = []  # (68, 2) in pixels of the crop
    edits: dict[str, EditRecord] = {}  # by the editor's name

    def landmarks(self) -> Points:
        """Give the points (68, 2)."""
        return np.array(self.points, np.float64)


class PersonRecord(_Model):
    """All pictures of a person that were looked at."""

    person: str
    offered: list[str]  # paths of all pictures there were, also of those beyond the wanted number
    pictures: list[PictureRecord] = []

    @property
    def used(self) -> list[PictureRecord]:
        """Give the pictures that were not left out."""
        return [picture for picture in self.pictures if not picture.left_out]

    def files(self) -> list[str]:
        """Name all pictures that were written, as paths below the folder of triplets."""
        found = []
        for picture in self.used:
            found.append(vanilla(self.person, picture.name))
            if len(self.used) > 1:
                found.append(original_target(self.person, picture.name))
            for edit in picture.edits.values():
                if not edit.failed:
                    found += edit_files(edit, self.person, picture.name, of_several=len(self.used) > 1)
        return found


def edit_files(edit: EditRecord, person: str, name: str, *, of_several: bool) -> list[str]:
    """Name the files that one edit writes: its pair, and for an identity edit the target of two pictures."""
    found = list(pair(edit.role, edit.kind, person, name))
    if of_several and edit.role == "source_as_gt":
        found.append(edited_target(edit.kind, person, name))
    return found


def place(out: Path, person: str) -> Path:
    """Tell where a person's record lies."""
    return out / FOLDER / f"{person}.json"


def load(out: Path, person: str) -> PersonRecord | None:
    """Read a person's record; None where there is none.

    Raises:
        RecordError: it is broken.
    """
    path = place(out, person)
    try:
        return PersonRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        problem = str(error).splitlines()[0]
        raise RecordError(f"{path} cannot be read: {problem}", hint="remove it, and its person is made again") from None


def save(out: Path, record: PersonRecord) -> None:
    """Write a person's record; it comes after all that it names."""
    write_atomically(place(out, record.person), record.model_dump_json().encode())
