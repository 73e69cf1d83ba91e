"""Faults of the command line that were found once; each test fails where its fault comes back."""

from __future__ import annotations

import ast
import csv
import json
import re
from pathlib import Path

import pytest
import typer

from fsbench import cli as package
from fsbench.cli.main import app
from fsbench.data.frames import png_bytes, read_rgb
from tests.integration.conftest import Cli, results
from tests.integration.test_cli import ASTRONAUT

# texts that begin with the package's name
PROSE = {"__init__.py", "api.py", "content_credentials.py", "checkpoint.py", "export_device.py", "device_times.py"}


def commands() -> tuple[set[str], set[str]]:
    """Groups of commands, and all commands as a user types them."""
    top = typer.main.get_command(app)
    groups = {name: command for name, command in top.commands.items() if hasattr(command, "commands")}
    below = {f"{name} {one}" for name, group in groups.items() for one in group.commands}
    return set(groups), below | set(top.commands)


def test_a_run_whose_videos_are_all_broken_ends_in_order(cli: Cli, tmp_path: Path) -> None:
    videos = tmp_path / "data/original_sequences/youtube/c23/videos"
    videos.mkdir(parents=True)
    for name in ("000", "001"):
        (videos / f"{name}.mp4").write_bytes(b"no video")
    (tmp_path / "data/splits").mkdir()
    (tmp_path / "data/splits/test.json").write_text('[["000", "001"]]')
    done = cli("run", "ff++", "--data", tmp_path / "data", "--out", tmp_path / "out")
    assert done.code == 1
    assert results(tmp_path / "out")["copy-target"]["swapped"] == 0


def test_two_swappers_of_one_label_are_refused(cli: Cli, mini: Path, tmp_path: Path) -> None:
    words = ["run", "ff++", "--data", mini, "--compression", "c23", "--dry-run", "--out", tmp_path]
    twice = cli(*words, "--swapper", "a=landmark", "--swapper", "a=copy-source")
    control = cli(*words, "--swapper", "copy-target=landmark")
    assert (twice.code, control.code) == (2, 2)
    assert "two swappers are called 'a'" in twice.stderr
    assert "two swappers are called 'copy-target'" in control.stderr


def test_hints_name_commands_that_there_are() -> None:
    groups, known = commands()
    root = Path(package.__file__).parent.parent
    unknown = []
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for words in re.findall(r"^(?:fsbench )([a-z]+(?: [a-z]+)?)", node.value):
                    first, _, second = words.partition(" ")
                    named = f"{first} {second}" if first in groups and second else first
                    unknown += [(path.name, named)] if named not in known | groups else []
    assert [found for found in unknown if found[0] not in PROSE] == []


@pytest.mark.parametrize(("option", "value"), [("--limit", "x"), ("--limit", "0"), ("--seed", "-1")])
def test_a_wrong_number_is_named(cli: Cli, mini: Path, tmp_path: Path, option: str, value: str) -> None:
    done = cli("run", "lfw", "--data", mini, option, value, "--out", tmp_path)
    assert done.code == 2
    assert option.strip("-") in done.stderr
    assert "Traceback" not in done.stderr


def test_the_hint_for_the_source_face_names_its_option(cli: Cli, tmp_path: Path) -> None:
    done = cli("swap", ASTRONAUT, ASTRONAUT, "--source-face", "2", "-o", tmp_path / "o.png")
    assert "try: --source-face 1" in done.stderr


def test_a_picture_that_cannot_be_written_is_one_line(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = cli("swap", ASTRONAUT, ASTRONAUT, "-o", tmp_path / "file/o.png")
    assert done.code == 2
    assert "cannot be written" in done.stderr


@pytest.mark.parametrize(
    ("text", "found"), [("class A(:\n", "SyntaxError in line 1"), ("\nimport nosuchmodule\n", "in line 2: No module")]
)
def test_a_plugin_file_that_cannot_be_read_is_one_line(
    cli: Cli, mini: Path, tmp_path: Path, text: str, found: str
) -> None:
    (tmp_path / "plug.py").write_text(text)
    done = cli("run", "ff++", "--data", mini, "--swapper", f"{tmp_path}/plug.py:A", "--out", tmp_path)
    assert done.code == 2
    assert found in done.stderr


@pytest.mark.parametrize(
    ("role", "name", "able"),
    [("identity", "pnp68", "pose"), ("detect", "pnp68", "pose"), ("pose", "dlib", "detect")],
)
def test_an_evaluator_of_another_role_is_told_alike(
    cli: Cli, mini: Path, tmp_path: Path, role: str, name: str, able: str
) -> None:
    done = cli("run", "ff++", "--data", mini, "--evaluator", f"{role}={name}", "--out", tmp_path)
    assert done.code == 2
    assert f"'{name}' measures {able}, not {role}" in done.stderr


def test_a_device_that_is_not_there_is_found_before_the_work(cli: Cli, mini: Path, tmp_path: Path) -> None:
    done = cli("run", "ff++", "--data", mini, "--device", "cuda:99", "--limit", "1", "--out", tmp_path)
    assert done.code == 2
    assert "-- copy-target" not in done.stderr
    assert "the device 'cuda:99' cannot be used" in done.stderr


def test_a_file_as_data_folder_is_called_a_file(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert "is a file; wanted a folder" in cli("run", "ff++", "--data", tmp_path / "file").stderr


def test_changed_results_change_the_pictures_of_the_run_folder(cli: Cli, mini: Path, tmp_path: Path) -> None:
    words = ["run", "lfw", "--data", mini, "--limit", "2", "--no-controls"]
    cli(*words, "--swapper", "copy-target", "--dry-run", "--out", tmp_path / "plan")
    with (tmp_path / "plan/lfw/planned_pairs.csv").open() as file:
        keys = [row["key"] for row in csv.DictReader(file)]
    pictures = sorted((mini / "lfw/lfw").rglob("*.jpg"))[:2]
    finished = tmp_path / "finished"
    finished.mkdir()
    stored, strips = [], []
    for picture in pictures:
        for key in keys:
            (finished / f"{key}.png").write_bytes(png_bytes(read_rgb(picture)))
        cli(*words, "--swapper", "p=precomputed", "--swapper-arg", f"folder={finished}", "--out", tmp_path / "out")
        stored.append([read_rgb(path) for path in sorted((tmp_path / "out").rglob("swaps/*.png"))])
        strips.append({path.name: path.read_bytes() for path in (tmp_path / "out").rglob("strips/*.jpg")})
    for round_, picture in zip(stored, pictures, strict=True):
        assert all((image == read_rgb(picture)).all() for image in round_)
    assert len(stored[1]) == 2
    assert strips[0].keys() == strips[1].keys() and strips[0] != strips[1]
    (finished / f"{keys[0]}.png").unlink()
    cli(*words, "--swapper", "p=precomputed", "--swapper-arg", f"folder={finished}", "--out", tmp_path / "out")
    assert [path.stem for path in (tmp_path / "out").rglob("swaps/*.png")] == [keys[1]]


@pytest.mark.parametrize("matrix", ["np.eye(3)", "[[1, 0, 0], [0, 1, 0]]", "np.full((2, 3), np.nan)"])
def test_a_wrong_matrix_costs_its_item(cli: Cli, mini: Path, tmp_path: Path, matrix: str) -> None:
    (tmp_path / "m.py").write_text(
        "import numpy as np\n"
        "from fsbench.adapters.controls import CopyTarget\n"
        "from fsbench.types import Swapped\n"
        "class M(CopyTarget):\n"
        "    name, version, is_control = 'm', 1, False\n"
        "    def swap(self, items):\n"
        f"        return [Swapped(s.image, {matrix}) for s in super().swap(items)]\n"
    )
    words = ["--limit", "2", "--no-controls", "--swapper", f"{tmp_path}/m.py:M", "--out", tmp_path / "out"]
    done = cli("run", "lfw", "--data", mini, *words)
    assert done.code == 1
    assert "wanted a finite (2, 3) array, or None" in next((tmp_path / "out").rglob("failures.csv")).read_text()


def test_changed_persons_are_another_run(cli: Cli, mini: Path, tmp_path: Path) -> None:
    persons = tmp_path / "p.json"
    for names in ("aaaaaa", "abcdef"):
        persons.write_text(json.dumps({f"{number:03d}": name for number, name in enumerate(names)}))
        words = ["--set", "hit=person", "--persons", persons, "--limit", "2", "--swapper", "copy-target"]
        done = cli("run", "ff++", "--data", mini, *words, "--no-controls", "--out", tmp_path / "out")
        assert done.code == 0, done.stderr
    assert len(list((tmp_path / "out").rglob("result.json"))) == 2


def test_fid_refuses_what_it_would_not_use(cli: Cli, mini: Path, tmp_path: Path) -> None:
    people = mini / "lfw/lfw"
    words = ["run", "fid", "--real", people / "Astronaut", "--swapped", people / "Player_One", "--out", tmp_path]
    assert cli(*words, "--swapper", "landmark").code == 2
    assert "takes no --data" in cli(*words, "--data", mini).stderr


def test_the_mini_set_is_known_by_what_it_is_not_by_its_name(cli: Cli, mini: Path, tmp_path: Path) -> None:
    words = ["--data", mini, "--limit", "2", "--no-controls", "--swapper", "copy-target", "--out", tmp_path]
    cli("run", "lfw", *words, "--set", "face=largest")
    (result,) = results(tmp_path, "lfw").values()
    title = "lfw on the mini set, raw, first 2, preset mobilefsgan with face=largest, offline suite"
    assert result["title"] == title
    assert "says nothing about methods" in result["warnings"][0]


def test_the_settings_that_are_printed_can_be_given_back(cli: Cli, mini: Path, tmp_path: Path) -> None:
    words = ["--data", mini, "--limit", "3", "--swapper", "soft=landmark", "--swapper-arg", "blend=feather"]
    first = cli("run", "lfw", *words, "--dry-run", "--out", tmp_path / "out")
    (tmp_path / "settings.toml").write_text(first.stderr)
    again = cli("run", "--config", tmp_path / "settings.toml", "--dry-run")
    assert (again.code, again.stdout) == (0, first.stdout)
    assert again.stderr == first.stderr


def test_a_setting_of_another_protocol_is_refused(cli: Cli, mini: Path, tmp_path: Path) -> None:
    done = cli("run", "ff++", "--data", mini, "--real", mini, "--dry-run", "--out", tmp_path)
    assert done.code == 2
    assert "ff++ has no use for --real" in done.stderr


def test_too_many_failures_name_their_reason_and_their_list(cli: Cli, mini: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    words = ["--swapper", "precomputed", "--swapper-arg", f"folder={tmp_path / 'none'}", "--no-controls"]
    done = cli("run", "lfw", "--data", mini, "--limit", "2", *words, "--out", tmp_path / "out")
    assert done.code == 1
    lines = done.stderr.splitlines()[-3:]
    assert lines[0].endswith("2 of 2 failed, more than 5%")
    assert lines[1].startswith("  most often (1) at swap: no result in ")
    assert Path(lines[2].removeprefix("  all of them: ")).is_file()
