"""Times of other devices: what the file must hold, and the rows it becomes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fsbench.errors import DataError
from fsbench.protocols.device_times import read_device_times, row_of
from fsbench.protocols.speed import SpeedProtocol
from fsbench.records import RunConfig
from tests.unit.protocols.conftest import measurements

PAGE = Path(__file__).parents[3] / "docs" / "performance.md"
PHONE = {"platform": "Phone", "os": "OS 1", "framework": "Core", "hardware": "NPU", "times_ms": [3.0, 1.0], "warmup": 2}


def written(path: Path, *results: Any, form: str = "fsbench device times 1") -> Path:
    path.write_text(json.dumps({"format": form, "results": results}))
    return path


def test_the_example_of_the_documentation_is_read_and_every_key_is_described(tmp_path: Path) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (tmp_path / "phone.json").write_text(example)
    (found,) = read_device_times(tmp_path / "phone.json")
    assert found.label == "iPhone 11, iOS 17.2, CoreML, ANE"
    table = PAGE.read_text().partition("| key |")[2].partition("\n\n")[0]
    assert [name for name in type(found).model_fields if f"`{name}`" not in table] == []


def test_a_row_says_median_mean_and_p95_and_that_it_was_measured_elsewhere(tmp_path: Path) -> None:
    times = [10.0, 12.0, 11.0, 13.0, 50.0, 11.0, 12.0, 10.0, 11.0, 12.0, 11.0]
    path = written(tmp_path / "a.json", {**PHONE, "times_ms": times, "precision": "float16", "threads": 4})
    row = row_of(read_device_times(path)[0], path, resamples=200, seed=0)
    found = measurements(row.outcome)
    assert found["network_ms"].value == 11.0
    assert found["network_ms"].low <= 11.0 <= found["network_ms"].high
    assert found["network_mean_ms"].value == pytest.approx(np.mean(times))
    assert found["network_p95_ms"].value == pytest.approx(np.quantile(times, 0.95))
    assert {one.n for one in found.values()} == {11}
    assert "elsewhere" in row.machine
    assert row.swapper.label == "Phone, OS 1, Core, NPU, float16"
    assert row.outcome.conditions["threads"] == "4"
    assert len(row.plan.pairs) == row.outcome.planned == row.outcome.finished == 11


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"times_ms": []}, "times_ms"),
        ({"times_ms": [1.0, 0.0]}, "greater than 0"),
        ({"times_ms": [1.0, "NaN"]}, "times_ms"),
        ({"hardware": ""}, "hardware"),
        ({"speed": 3}, "no setting is called 'results.0.speed'"),
        ({"file_sha256": "abc"}, "file_sha256"),
        ({"precision": "fp16"}, "precision"),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    path = written(tmp_path / "wrong.json", {**PHONE, **change})
    with pytest.raises(DataError, match=re.escape(says)) as caught:
        read_device_times(path)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_what_is_no_such_file_is_refused(tmp_path: Path) -> None:
    for content in ("", "[]", "{}", '{"format": "other", "results": []}'):
        (tmp_path / "x.json").write_text(content)
        with pytest.raises(DataError, match=r"x\.json"):
            read_device_times(tmp_path / "x.json")
    with pytest.raises(DataError, match="No such file"):
        read_device_times(tmp_path / "none.json")


def test_times_from_elsewhere_need_no_swapper_and_no_data(tmp_path: Path) -> None:
    path = written(tmp_path / "a.json", PHONE, {**PHONE, "hardware": "GPU"})
    protocol = SpeedProtocol(RunConfig(protocol="speed", from_device=[str(path)]))
    assert not protocol.needs_swapper()
    assert protocol.plan().pairs == []
    assert [row.swapper.label for row in protocol.rows_beside()] == ["Phone, OS 1, Core, NPU", "Phone, OS 1, Core, GPU"]
