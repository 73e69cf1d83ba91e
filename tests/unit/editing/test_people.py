"""Whose pictures lie where."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsbench.editing.people import people
from fsbench.errors import ConfigError, DataError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def listed(root: Path) -> dict[str, list[str]]:
    return {person.name: [picture.name for picture in person.pictures] for person in people(root)}


def test_a_folder_is_a_person_and_a_lone_picture_is_one_too(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "bob/2.jpg",
        "bob/1.jpg",
        "bob/clip/7.png",
        "bob/notes.txt",
        "ann.b.jpg",
        ".hidden/x.jpg",
        "empty/y.md",
    )
    assert listed(tmp_path) == {"ann_b_jpg": ["ann.b"], "bob": ["1", "2", "clip_7"]}


def test_pictures_of_one_name_keep_their_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "bob/1.jpg", "bob/1.png", "bob/2.png")
    assert listed(tmp_path) == {"bob": ["1_jpg", "1_png", "2"]}


def test_two_people_of_one_name_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "ann_jpg/1.jpg", "ann.jpg")
    with pytest.raises(DataError, match="two people called 'ann_jpg'"):
        people(tmp_path)


def test_a_copy_of_lfw_is_opened_where_its_people_are(tmp_path: Path) -> None:
    touch(tmp_path, "lfw_home/pairs.txt", "lfw_home/lfw_funneled/Ann/Ann_0001.jpg")
    assert listed(tmp_path / "lfw_home") == {"Ann": ["Ann_0001"]}
    touch(tmp_path, "lfw_home/lfw/Ann/Ann_0001.jpg")
    with pytest.raises(ConfigError, match="holds lfw, lfw_funneled"):
        people(tmp_path / "lfw_home")


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no pictures"):
        people(tmp_path)
    with pytest.raises(DataError, match="no folder"):
        people(tmp_path / "nowhere")
