"""Runs scored again under other definitions, from the cache alone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas
import pytest
from integration.conftest import Cli, values

from fsbench.engine.cache import Cache
from fsbench.explain.flips import explain
from fsbench.explain.page import CACHED, MEASURED, NEEDS, SWAPPED, allowed_values, page_text
from fsbench.protocols.presets import FFppDefinition
from fsbench.reports.runs import Run, load_runs

ROOT = Path(__file__).parents[2]
STUBBORN = """
import numpy as np
from fsbench.errors import ItemError
from fsbench.interfaces import Swapper
from fsbench.types import Swapped
from PIL import Image


class Stubborn(Swapper):
    name, version = "stubborn", 1

    def swap(self, items):
        pictures = [np.array(Image.open(item.target.image.path).convert("RGB")) for item in items]
        return [ItemError("no") if item.pair.key.endswith("0") else Swapped(p) for item, p in zip(items, pictures)]
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache that no other test fills."""
    folder = tmp_path_factory.mktemp("explain") / "in a place"  # which commands must quote
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FSBENCH_CACHE", str(folder / "cache"))
        yield folder


@pytest.fixture(scope="module")
def command(cli: Cli, mini: Path, place: Path) -> list[str]:
    """Twenty pairs of the mini set, measured."""
    words = ["run", "ff++", "--data", str(mini), "--compression", "c23", "--limit", "20", "--no-controls"]
    words += ["--out", str(place / "runs")]
    done = cli(*words)
    assert done.code == 0, done.stderr
    return words


@pytest.fixture(scope="module")
def run(command: list[str], place: Path) -> Run:
    (found,) = load_runs([place / "runs"]).runs
    return found


@pytest.fixture
def cache(place: Path) -> Iterator[Cache]:
    opened = Cache(place / "cache")
    yield opened
    opened.close()


def pictures(place: Path) -> set[Path]:
    return set((place / "cache").rglob("*.png"))


def test_one_flip_moves_its_number_as_the_samples_say_and_no_other(run: Run, cache: Cache, place: Path) -> None:
    before, entries = pictures(place), len(cache)
    found = explain(run, cache, choices={"pose_reduce": "rms"})
    rows = pandas.read_parquet(run.folder / "samples.parquet")["pose_error"].to_numpy()
    assert found.together.measurements["pose_error"].value == pytest.approx(np.sqrt(np.mean(rows**2)))
    for metric, measured in found.own.items():
        same = found.together.measurements[metric].value == measured.value
        assert same == (metric != "pose_error"), metric
    assert (pictures(place), len(cache)) == (before, entries)


def test_a_preset_from_the_cache_gives_what_a_run_of_it_gives(
    run: Run, cli: Cli, command: list[str], place: Path
) -> None:
    done = cli("explain", run.folder, "--as", "reface", "--json")
    told = json.loads(done.stdout)
    assert told["together"]["lacking"] == {} and told["answered"] is None
    assert [flip["choice"] for flip in told["flips"]] == ["failures", "gallery", "hit", "similarity"]
    again = cli(*command, "--preset", "reface", "--out", place / "reface", "--json")
    (result,) = json.loads(again.stdout)
    assert values(told["together"]) == values(result)
    assert sum(result["provenance"]["computed"].values()) == 0


@pytest.mark.parametrize("choice", [name for name in FFppDefinition.model_fields if name != "frames"])
def test_each_choice_needs_what_the_page_says(run: Run, cache: Cache, choice: str, tmp_path: Path) -> None:
    persons, frames = tmp_path / "persons.json", tmp_path / "frames.json"
    persons.write_text(json.dumps({f"{number:03}": "someone" for number in range(10)}))
    pairs = {key.partition("/")[0] for key in run.samples["key"]}
    frames.write_text(json.dumps({pair: 1 for pair in pairs}))
    for value in allowed_values(FFppDefinition, choice)[1:]:
        if value == "raise":
            continue
        settings = {"persons": str(persons)} if value == "person" else {}
        settings |= {"source_frames": str(frames)} if value == "listed" else {}
        found = explain(run, cache, choices={choice: value}, settings=settings).together
        early = bool(found.lacking.keys() & {"decode", "detect", "swap"})
        kind = SWAPPED if early else MEASURED if found.lacking else CACHED
        order = (CACHED, MEASURED, SWAPPED)
        assert order.index(kind) <= order.index(NEEDS[choice]), (value, found.lacking)
        if NEEDS[choice] == CACHED:
            assert len(found.measurements) == len(run.result.measurements)


def test_what_the_cache_lacks_is_named_and_its_command_makes_it(run: Run, cli: Cli) -> None:
    told = cli("explain", run.folder, "--as", "casia")
    assert told.code == 0, told.stderr
    assert "flip=true needs 40 identity measurements that the cache lacks: fsbench run ff++" in " ".join(
        told.stdout.split()
    )
    (flip,) = json.loads(cli("explain", run.folder, "--set", "flip=true", "--json").stdout)["flips"]
    assert {found["metric"] for found in flip["measurements"]} & {"id_retrieval", "pose_error"} == {"pose_error"}
    words = shlex.split(flip["command"])
    assert words[-2:] == ["--set", "flip=true"]
    assert cli(*words[1:]).code == 0
    (after,) = json.loads(cli("explain", run.folder, "--set", "flip=true", "--json").stdout)["flips"]
    assert after["lacking"] == {} and after["command"] == ""
    assert "id_retrieval" in {found["metric"] for found in after["measurements"]}


def test_pairs_that_failed_in_the_run_are_not_lacking(cli: Cli, command: list[str], place: Path, cache: Cache) -> None:
    (place / "stubborn.py").write_text(STUBBORN)
    out = place / "stubborn"
    done = cli(*command, "--swapper", f"{place / 'stubborn.py'}:Stubborn", "--max-failed", "1", "--out", out)
    assert done.code == 0, done.stderr
    (failing,) = load_runs([out]).runs
    failed = len(failing.failures)
    assert 0 < failed < 20
    found = explain(failing, cache, choices={"failures": "drop"})
    before, after = (kind["id_retrieval"] for kind in (found.own, found.together.measurements))
    assert (before.n, after.n) == (20, 20 - failed)
    assert found.together.needs == ""


def test_a_preset_that_is_the_runs_own_changes_nothing(run: Run, cli: Cli) -> None:
    told = cli("explain", run.folder, "--as", "mobilefsgan")
    assert told.code == 0
    assert "Every choice is the run's own already: nothing to flip." in told.stdout


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "nothing to change"),
        (("--as", "nix"), "no preset is called 'nix'; known: mobilefsgan, reliableswap, reface, casia"),
        (("--set", "galery=x"), "--set: no setting is called 'galery'"),
        (("--set", "hit=person"), "hit=person needs to know who is in which video"),
        (("--as", "reface", "--swapper", "nix"), "holds 0 runs of 'nix', wanted one; swappers: landmark"),
    ],
)
def test_mistakes_cost_one_line(run: Run, cli: Cli, words: tuple[str, ...], line: str) -> None:
    told = cli("explain", run.folder, *words)
    assert told.code == 2
    assert line in told.stderr and "Traceback" not in told.stderr


def test_a_cache_without_the_run_is_told_with_the_command_that_fills_it(
    run: Run, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FSBENCH_CACHE", str(tmp_path))
    told = cli("explain", run.folder, "--as", "reface")
    assert told.code == 2
    assert "the cache does not hold what this run measured; it lacks at least 20 frames" in told.stderr
    assert "try: fsbench run ff++" in told.stderr


def test_the_page_is_the_one_that_the_presets_give(cli: Cli) -> None:
    assert (ROOT / "docs" / "why-my-number-differs.md").read_text(encoding="utf-8") == page_text()
    assert cli("explain", "--page").stdout == page_text()


def test_the_code_of_the_page_about_results_runs(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    (code,) = [block.partition("```")[0] for block in page.split("```python\n")[1:]]
    (tmp_path / "runs" / "ff++").mkdir(parents=True)
    (tmp_path / "runs" / "ff++" / "ours").symlink_to(run.folder)  # beside it lie the runs of other tests
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "results.md", "exec"), {})
    said = capsys.readouterr().out
    (measured,) = [found for found in run.result.measurements if found.metric == "id_retrieval"]
    assert f"{measured.value:.2f} % of {measured.n}, 0 failures" in said
