"""Aligned faces of the mini set, and a small folder of people from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fsbench.editing.crop import Crop
from fsbench.editing.screening import Limits, aligned
from fsbench.mini import ready

PEOPLE = {"Astronaut": 2, "Player_Three": 2, "Player_One": 1}


@pytest.fixture(scope="session")
def portraits(cache_folder: Path) -> Path:
    return ready(cache_folder) / "lfw" / "lfw"


@pytest.fixture(scope="session")
def crop(portraits: Path) -> Crop:
    """A smiling face."""
    return aligned(portraits / "Astronaut" / "Astronaut_0001.jpg", Limits())


@pytest.fixture(scope="session")
def closed(portraits: Path) -> Crop:
    """A face with a closed mouth."""
    return aligned(portraits / "Player_One" / "Player_One_0001.jpg", Limits())


@pytest.fixture(scope="session")
def faces(portraits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three people with two, two and one pictures, and a picture without a face."""
    root = tmp_path_factory.mktemp("faces")
    for person, count in PEOPLE.items():
        (root / person).mkdir()
        for path in sorted((portraits / person).iterdir())[:count]:
            shutil.copy(path, root / person)
    return root
