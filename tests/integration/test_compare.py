"""`fsbench compare` and `fsbench baseline` as users call them."""

import json
from pathlib import Path

from .conftest import Cli


def test_a_baseline_is_saved_listed_compared_and_removed(cli: Cli, ffpp_run: Path, tmp_path: Path) -> None:
    at = ("--baselines", tmp_path / "baselines")
    saved = cli("baseline", "save", "mini", ffpp_run, *at)
    assert (saved.code, saved.stdout.strip()) == (0, str(tmp_path / "baselines/mini"))
    assert sum(file.stat().st_size for file in (tmp_path / "baselines").rglob("*") if file.is_file()) < 200_000
    listed = cli("baseline", "list", *at)
    assert listed.stdout.startswith("mini: ff++ copy-target, ff++ copy-source, ff++ landmark") or "landmark" in (
        listed.stdout
    )
    assert cli("baseline", "path", "mini", *at).stdout.strip() == str(tmp_path / "baselines/mini")
    done = cli("compare", "mini", ffpp_run, *at, "--out", tmp_path / "out")
    assert done.code == 0, done.stderr
    assert "no regression" in done.stdout
    content = json.loads((tmp_path / "out/compare.json").read_text())
    judged = [one for swapper in content["swappers"] for one in swapper["metrics"]]
    assert {one["verdict"] for one in judged} == {"same"}
    assert {one["difference"] for one in judged} == {0.0}
    assert cli("baseline", "remove", "mini", *at).code == 0
    assert cli("baseline", "list", *at).stdout == ""


def test_runs_of_two_protocols_are_not_comparable(cli: Cli, ffpp_run: Path, lfw_run: Path) -> None:
    done = cli("compare", ffpp_run, lfw_run)
    assert done.code == 3
    assert done.stderr.startswith("fsbench: no run of one side goes with one of the other")


def test_two_swappers_of_one_run_are_compared_by_folder(cli: Cli, ffpp_run: Path) -> None:
    done = cli("compare", ffpp_run / "ff++/landmark", ffpp_run / "ff++/copy-target", "--json")
    assert done.code == 3  # a control is no swapper
    assert done.stdout == ""


def test_what_is_no_run_is_one_line(cli: Cli, ffpp_run: Path, tmp_path: Path) -> None:
    for words in (("nosuch", ffpp_run), (ffpp_run, tmp_path), (ffpp_run, ffpp_run, "--config", tmp_path / "x.toml")):
        done = cli("compare", *words)
        assert done.code == 2, words
        assert done.stderr.startswith("fsbench: ")
        assert "Traceback" not in done.stderr


def test_a_history_of_runs_and_a_baseline_is_one_page(cli: Cli, ffpp_run: Path, tmp_path: Path) -> None:
    assert cli("baseline", "save", "old", ffpp_run, "--baselines", tmp_path).code == 0
    done = cli("history", tmp_path, ffpp_run, "--by", "commit", "--out", tmp_path / "page.html")
    assert (done.code, done.stdout) == (0, "")
    page = (tmp_path / "page.html").read_text()
    assert page.count("<svg") >= 8
    assert "copy-target" not in page
