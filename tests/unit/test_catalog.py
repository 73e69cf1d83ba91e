"""Names of swappers, evaluators and protocols, fsbench's own and those of installed packages."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsbench import catalog
from fsbench.adapters.onnx_table import load_table
from fsbench.errors import ConfigError

MODULE = """
from fsbench.adapters.controls import CopyTarget

class Shiny(CopyTarget):
    name = "shiny"
    is_control = False
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    """Give a function that lays an installed package with entry points on the import path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(package: str, entry_points: str) -> None:
        module = package.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(MODULE)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(entry_points)

    yield install
    for name in ("shiny_swap", "other_swap"):
        sys.modules.pop(name, None)


def test_an_installed_package_adds_a_swapper(install) -> None:
    install("shiny-swap", "[fsbench.swappers]\nshiny = shiny_swap:Shiny\n")
    target, first = catalog.swapper_target("shiny")
    assert (target, first) == ("shiny_swap:Shiny", {})
    assert catalog.load(target).name == "shiny"
    assert catalog.everything("swapper")["shiny"].summary == "from the package shiny-swap"


@pytest.mark.parametrize(("kind", "group"), [("evaluator", "fsbench.evaluators"), ("protocol", "fsbench.protocols")])
def test_an_installed_package_adds_evaluators_and_protocols(install, kind: str, group: str) -> None:
    install("shiny-swap", f"[{group}]\nshiny = shiny_swap:Shiny\n")
    assert catalog.entry(kind, "shiny").target == "shiny_swap:Shiny"


@pytest.mark.parametrize("name", ["landmark", "simswap_256"])
def test_a_package_cannot_take_a_name_that_fsbench_has(install, name: str) -> None:
    install("shiny-swap", f"[fsbench.swappers]\n{name} = shiny_swap:Shiny\n")
    with pytest.raises(ConfigError, match=f"'shiny-swap' adds the swapper '{name}'"):
        catalog.everything("swapper")


def test_two_packages_cannot_add_one_name(install) -> None:
    install("shiny-swap", "[fsbench.swappers]\nshiny = shiny_swap:Shiny\n")
    install("other-swap", "[fsbench.swappers]\nshiny = other_swap:Shiny\n")
    with pytest.raises(ConfigError, match="a name that is taken"):
        catalog.entry("swapper", "shiny")


def test_a_mistyped_name_is_answered_with_the_nearest_of_all(install) -> None:
    install("shiny-swap", "[fsbench.swappers]\nshiny = shiny_swap:Shiny\n")
    with pytest.raises(ConfigError, match="did you mean 'shiny'"):
        catalog.entry("swapper", "shinny")


def test_every_model_of_the_onnx_table_is_a_swapper_by_its_own_name() -> None:
    for name in load_table():
        assert catalog.swapper_target(name) == ("fsbench.adapters.onnx_swapper:OnnxSwapper", {"model": name})
