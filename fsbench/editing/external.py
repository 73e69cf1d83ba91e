"""Edits that another program made: a learned editor's results for the aligned crops, from a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fsbench.data.frames import PICTURES, read_rgb
from fsbench.editing.crop import SIZE
from fsbench.editing.editors import EDITORS
from fsbench.errors import ConfigError, DataError, ItemError
from fsbench.training.sampling import RELEASED, UNEDITED
from fsbench.training.triplet_folder import ATTRIBUTE, IDENTITY, Role
from fsbench.types import Image

KNOWN: dict[str, Role] = {
    **{kind: ATTRIBUTE for kind in RELEASED if kind not in (*UNEDITED, "edited_target")},
    **{editor.kind: editor.role for editor in EDITORS.values()},
}
SYNTAX = f"--external [{IDENTITY}/|{ATTRIBUTE}/]NAME=FOLDER"


@dataclass(frozen=True)
class External:
    """A folder FOLDER/PERSON/NAME.png of edited crops, one for each picture of OUT/vanilla."""

    name: str  # also its folder among the triplets
    role: Role
    folder: Path

    @property
    def kind(self) -> str:
        """Name the folder among the triplets."""
        return self.name

    def read(self, person: str, name: str) -> Image:
        """Read the edit of one crop.

        Raises:
            ItemError: it is not there, cannot be read, or is of another size.
        """
        places = (self.folder / person / f"{name}{suffix}" for suffix in PICTURES)
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            raise ItemError(f"{self.folder / person} holds no {name}.png")
        pixels = read_rgb(path)
        if pixels.shape != (SIZE, SIZE, 3):
            raise ItemError(f"{path} is {pixels.shape[1]} x {pixels.shape[0]}, wanted {SIZE} x {SIZE}")
        return pixels


def external(text: str) -> External:
    """Understand NAME=FOLDER or ROLE/NAME=FOLDER, where the role is that of the released layout.

    Raises:
        ConfigError: it is of another form, or a new name comes without a role.
        DataError: there is no such folder.
    """
    left, equals, folder = text.partition("=")
    role, slash, name = left.rpartition("/")
    if not equals or not folder or not name or name.startswith(".") or (slash and role not in (IDENTITY, ATTRIBUTE)):
        raise ConfigError(f"--external {text}: wanted NAME=FOLDER", hint=SYNTAX)
    if name in (*UNEDITED, "edited_target"):
        raise ConfigError(f"--external {text}: '{name}' is a kind without edits", hint=SYNTAX)
    decided = KNOWN.get(name)
    if not slash and decided is None:
        hint = f"--external {IDENTITY}/{name}={folder} if it changes who it is, else {ATTRIBUTE}/{name}={folder}"
        raise ConfigError(f"it is not known whether '{name}' edits the identity", hint=hint)
    if slash and decided not in (None, role):
        raise ConfigError(f"--external {text}: '{name}' is {decided}", hint=f"--external {name}={folder}")
    if not Path(folder).is_dir():
        raise DataError(f"--external {name}: there is no folder {folder}", hint=SYNTAX)
    return External(name, IDENTITY if (role or decided) == IDENTITY else ATTRIBUTE, Path(folder))
