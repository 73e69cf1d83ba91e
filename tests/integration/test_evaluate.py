"""`fsbench.evaluate`: a function becomes a measured row."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import fsbench
from fsbench.errors import ConfigError, DataError
from fsbench.reports.runs import load_runs

PAGE = Path(__file__).parents[2] / "docs" / "ten-lines.md"


def the_target(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    return target.copy()


def test_the_page_says_what_runs(mini: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {"__name__": "page"})
    printed = capsys.readouterr().out
    assert "| half_way |" in printed.replace("\\", "")
    assert re.search(r"^[0-9.]+ % [0-9]+ pairs with a pose$", printed, re.MULTILINE)


def test_a_function_that_returns_the_target_scores_as_the_control_does(mini: Path, tmp_path: Path) -> None:
    found = fsbench.evaluate(the_target, data=mini, compression="c23", limit=10, out=str(tmp_path))
    control = next(run for run in found.controls if run.label == "copy-target")
    for measurement in control.result.measurements:
        assert found[measurement.metric].value == measurement.value, measurement.metric
    assert found["pose_error"].value == 0
    assert load_runs([found.folder]).runs[0].label == "the_target"


def test_results_are_kept_only_under_a_version(mini: Path, tmp_path: Path) -> None:
    calls: list[int] = []

    def counted(source: np.ndarray, target: np.ndarray) -> np.ndarray:
        calls.append(1)
        return target.copy()

    where = {"data": mini, "compression": "c23", "limit": 10, "out": str(tmp_path), "controls": False}
    fsbench.evaluate(counted, **where)
    fsbench.evaluate(counted, **where)
    assert len(calls) == 20
    fsbench.evaluate(counted, version=str(tmp_path), **where)
    fsbench.evaluate(counted, version=str(tmp_path), **where)
    assert len(calls) == 30
    fsbench.evaluate(counted, version=f"{tmp_path} 2", **where)
    assert len(calls) == 40


def test_what_a_function_raises_costs_its_pair_and_no_other(mini: Path, tmp_path: Path) -> None:
    calls: list[int] = []

    def moody(source: np.ndarray, target: np.ndarray) -> np.ndarray:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("not this one")
        return target.copy() if len(calls) != 4 else target[:10]

    found = fsbench.evaluate(moody, data=mini, compression="c23", limit=10, out=str(tmp_path), controls=False)
    assert (found.result.planned, found.result.swapped) == (10, 8)
    reasons = "\n".join(failure.reason for failure in found.run.failures)
    assert "RuntimeError: not this one" in reasons
    assert "rows and columns" in reasons


def test_wrong_settings_are_refused_before_any_work(mini: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no setting is called 'limt'"):
        fsbench.evaluate(the_target, data=mini, limt=3)
    with pytest.raises(DataError, match="is not there"):
        fsbench.evaluate(the_target, data=tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="one process"):
        fsbench.evaluate(the_target, data=mini, workers=2)
    with pytest.raises(KeyError, match="no 'nothing'"):
        fsbench.evaluate(the_target, data=mini, compression="c23", limit=10, out=str(tmp_path), controls=False)[
            "nothing"
        ]
