"""`run size`: parameters and files, with and without the face net."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fsbench.errors import DataError, RecordError
from fsbench.protocols.outcome import Outcome
from fsbench.protocols.size import SizeProtocol, bytes_of
from fsbench.records import Measurement, RunConfig
from tests.unit.protocols.conftest import COPY_TARGET, measurements, swapper


def weighed(*names: str, exports: tuple[Path, ...] = (), **settings: str) -> dict[str, dict[str, Measurement]]:
    """Weigh swappers by class, and give the numbers by label of the row."""
    protocol = SizeProtocol(RunConfig(protocol="size", exports=tuple(map(str, exports))))
    by = {name: swapper(name, **settings) for name in names}
    plan = protocol.plan()
    protocol.together(None, plan, by)  # type: ignore[arg-type]  # nothing is read or found
    outcomes: dict[str, Outcome] = {name: protocol.run(None, plan, one) for name, one in by.items()}  # type: ignore[arg-type]
    outcomes |= {row.swapper.label: row.outcome for row in protocol.rows_beside()}
    return {label: measurements(outcome) for label, outcome in outcomes.items()}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "generator.bin").write_bytes(bytes(4_100_000))
    (tmp_path / "face.bin").write_bytes(bytes(1_000_000))
    return {"generator": str(tmp_path / "generator.bin"), "face": str(tmp_path / "face.bin")}


def values(found: dict[str, Measurement]) -> dict[str, float | None]:
    return {metric: one.value for metric, one in found.items()}


def test_parameters_are_counted_at_each_precision_without_and_with_the_face_net(files: dict[str, str]) -> None:
    rows = weighed("Networks", **files)
    assert values(rows["Networks"]) == pytest.approx(
        {"parameters": 1.0, "fp32_mb": 4.0, "fp16_mb": 2.0, "int8_mb": 1.0, "size_mb": 4.1}
    )
    assert values(rows["Networks with the face net"]) == pytest.approx(
        {"parameters": 1.25, "fp32_mb": 5.0, "fp16_mb": 2.5, "int8_mb": 1.25, "size_mb": 5.1}
    )
    assert rows["Networks"]["size_mb"].note == "generator.bin"


def test_a_file_that_holds_more_than_the_network_says_so(files: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "generator.bin").write_bytes(bytes(12_000_000))
    assert "holds more than the network" in weighed("Networks", **files)["Networks"]["size_mb"].note


def test_what_has_no_network_or_no_file_is_absent_with_a_reason(files: dict[str, str]) -> None:
    found = weighed(COPY_TARGET)[COPY_TARGET]
    assert set(values(found).values()) == {None}
    assert found["size_mb"].note == "has no weights"
    files["face"] = ""
    with_face = weighed("Networks", **files)["Networks with the face net"]
    assert with_face["size_mb"].value is None
    assert with_face["size_mb"].note == "no file of its own: face net"
    assert with_face["parameters"].value == 1.25


def test_an_exported_file_or_package_is_weighed(tmp_path: Path) -> None:
    (tmp_path / "net.mlpackage/Data").mkdir(parents=True)
    (tmp_path / "net.mlpackage/Data/weights.bin").write_bytes(bytes(2_000_000))
    (tmp_path / "net.mlpackage/Manifest.json").write_bytes(bytes(500_000))
    rows = weighed(exports=(tmp_path / "net.mlpackage",))
    assert rows["net.mlpackage"]["size_mb"].value == 2.5
    assert bytes_of(tmp_path / "net.mlpackage/Manifest.json") == 500_000
    with pytest.raises(DataError, match="is not there"):
        weighed(exports=(tmp_path / "none",))


def test_the_weights_beside_an_export_count_and_its_manifest_names_it(tmp_path: Path) -> None:
    (tmp_path / "g.ncnn.param").write_bytes(bytes(10_000))
    (tmp_path / "g.ncnn.bin").write_bytes(bytes(1_990_000))
    found = weighed(exports=(tmp_path / "g.ncnn.param",))["g.ncnn.param"]["size_mb"]
    assert (found.value, found.n, found.note) == (2.0, 2, "g.ncnn.param, g.ncnn.bin")
    manifest = {
        **{"part": "generator", "form": "folded", "to": "ncnn", "runtime": "ncnn", "precision": "fp32", "files": []},
        **{"size_bytes": 2_000_000, "inputs": [], "output": {"name": "picture", "shape": [1], "meaning": ""}},
        **{"weights": {}, "calibration": {}, "versions": {"ncnn": "1"}, "check": {"state": "converted only"}},
    }
    (tmp_path / "g.ncnn.param.json").write_text(json.dumps(manifest))
    assert list(weighed(exports=(tmp_path / "g.ncnn.param",))) == ["generator, ncnn, fp32"]
    (tmp_path / "g.ncnn.param.json").write_text("{}")
    with pytest.raises(RecordError, match="no manifest"):
        weighed(exports=(tmp_path / "g.ncnn.param",))
