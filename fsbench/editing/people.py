"""Folders of people: whose pictures lie where."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fsbench.data.frames import PICTURES
from fsbench.data.lfw import FOLDERS, PAIRS
from fsbench.errors import ConfigError, DataError

LAYOUT = "FACES/PERSON/*.jpg, or pictures of one person each in FACES itself"


class Picture(NamedTuple):
    """A picture before it is aligned."""

    path: Path
    name: str  # unique within its person, and safe as a file name


class Person(NamedTuple):
    """Everything there is of one person."""

    name: str  # unique, and safe as a folder name
    pictures: tuple[Picture, ...]


def people(root: Path) -> list[Person]:
    """List the people of a folder, and their pictures, in the order of their names.

    A folder inside is a person, with all pictures below it; a picture in the folder itself is a person of its own. A
    copy of LFW, with its list of pairs, is opened at its only variant.

    Raises:
        DataError: it is no folder, or holds no picture.
        ConfigError: it holds several variants of LFW.
    """
    if not root.is_dir():
        raise DataError(f"{root} is no folder of faces", hint=LAYOUT)
    root = _lfw(root)
    found = []
    for entry in sorted(root.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            pictures = tuple(_named(entry, list(_below(entry))))
            if pictures:
                found.append(Person(entry.name, pictures))
        elif _is_picture(entry.name):
            found.append(Person(entry.name.replace(".", "_"), (Picture(entry, entry.stem),)))
    if not found:
        raise DataError(f"{root} holds no pictures", hint=LAYOUT)
    for name, number in Counter(person.name for person in found).items():
        if number > 1:
            raise DataError(f"{root} has two people called '{name}'", hint="rename the folder or the picture")
    return found


def _lfw(root: Path) -> Path:
    for home in (root, root / "lfw"):
        if (home / PAIRS).is_file():
            variants = [home / name for names in FOLDERS.values() for name in names if (home / name).is_dir()]
            if len(variants) > 1:
                names = ", ".join(folder.name for folder in variants)
                raise ConfigError(f"{home} holds {names}: say which", hint=f"name {variants[0]} itself")
            if variants:
                nested = variants[0] / variants[0].name  # some archives repeat the folder's name
                return nested if nested.is_dir() else variants[0]
    return root


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and name.lower().endswith(PICTURES)


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(place) / name for name in sorted(files) if _is_picture(name))


def _named(folder: Path, paths: list[Path]) -> Iterator[Picture]:
    """Name pictures by their path in the person's folder; the suffix stays where two would have one name."""
    names = [str(path.relative_to(folder).with_suffix("")).replace(os.sep, "_") for path in paths]
    for path, name in zip(paths, names, strict=True):
        yield Picture(path, name if names.count(name) == 1 else f"{name}_{path.suffix[1:]}")
