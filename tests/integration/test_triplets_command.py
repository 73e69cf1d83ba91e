"""`fsbench data triplets`, as users call it."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Cli


@pytest.fixture(scope="module")
def out(cli: Cli, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "triplets"
    done = cli("data", "triplets", "mini", folder, "--edits", "glasses", "--per-person", "2")
    assert done.code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"{folder}: 14 pictures of 7 people"
    assert "  target_as_gt/glasses: 14 edits" in lines
    assert "left out, turned away: 2" in lines
    assert f"contact sheet: {folder / 'contact_sheet.png'}" in lines
    return folder


def test_the_same_command_has_nothing_left_to_do(cli: Cli, out: Path) -> None:
    picture = next(out.rglob("*.edited.png"))
    before = picture.stat().st_mtime_ns
    assert cli("data", "triplets", "mini", out, "--edits", "glasses", "--per-person", "2").code == 0
    assert picture.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--edits", "glases"), "no editor is called 'glases'"),
        ((), "was built with per_person = 2, not 0"),
        (("--per-person", "2", "--seed", "7"), "was built with seed = 0, not 7"),
        (("--external", "bald"), "wanted NAME=FOLDER"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(cli: Cli, out: Path, words: tuple[str, ...], found: str) -> None:
    done = cli("data", "triplets", "mini", out, *words)
    assert done.code == 2
    assert found in done.stderr
    assert "try: " in done.stderr
    assert "Traceback" not in done.stderr
