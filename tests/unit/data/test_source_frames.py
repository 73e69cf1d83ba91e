"""The list of source frames: as lines or JSON, by any name that holds the pair, and nothing guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsbench.data.source_frames import read_source_frames
from fsbench.errors import ConfigError

SWAPS = [("000", "003"), ("003", "000")]


@pytest.mark.parametrize(
    "text",
    [
        "000_003 17\n003_000 0\n",
        "# used frames\n000_003.mp4\t17\n\nvideos/003_000.mp4, 0\n",
        "000_003: 17\n003_000: 0",
        '{"000_003": 17, "003_000.mp4": 0}',
    ],
)
def test_each_pair_has_its_frame(tmp_path: Path, text: str) -> None:
    file = tmp_path / "frames.txt"
    file.write_text(text)
    assert read_source_frames(str(file), SWAPS) == {("000", "003"): 17, ("003", "000"): 0}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "cannot be read"),
        ("000_003 17\n", "lacks 1 pairs, such as 003_000"),
        ("000_003 seventeen\n", "line 1: '000_003 seventeen' is no pair"),
        ("000_003 -1\n", "line 1"),
        ('{"000_003": "17"}', "is no pair with a frame"),
        ('{"000_003": true}', "is no pair with a frame"),
        ('{"000_003": 17', "cannot be read"),
    ],
)
def test_a_wrong_list_is_told(tmp_path: Path, text: str | None, message: str) -> None:
    file = tmp_path / "frames.txt"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_source_frames(str(file), SWAPS)


def test_the_choice_needs_the_list() -> None:
    with pytest.raises(ConfigError, match="needs a list"):
        read_source_frames("", SWAPS)
