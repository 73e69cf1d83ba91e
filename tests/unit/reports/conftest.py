"""Run folders with hand-made numbers, written as a run writes them."""

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from fsbench.metrics.spec import METRICS
from fsbench.records import (
    Measurement,
    Provenance,
    RunConfig,
    RunResult,
    SwapperConfig,
    SwapperRecord,
    result_json,
)

DEFINITION = {"frames": "2", "policy": "miss"}
TEXT_COLUMNS = ("key", "source_id", "target_id", "cluster", "cluster2", "source", "target", "result", "stage", "reason")
TEXT_COLUMNS += ("session",)


def measured(metric: str, value: float | None, low: float | None = None, high: float | None = None, **changes: Any):
    spec = METRICS[metric]
    content = {
        **{"metric": metric, "title": spec.title, "version": spec.version, "unit": spec.unit, "better": spec.better},
        **{"value": value, "low": low, "high": high, "n": 4, "definition": "0123456789ab"},
        **changes,
    }
    return Measurement(**content)


def write_run_folder(
    root: Path,
    swapper: str,
    measurements: Sequence[Measurement],
    *,
    samples: Mapping[str, Sequence[Any]] | None = None,
    failures: Sequence[tuple[str, str, str]] = (),
    is_control: bool = False,
    args: Mapping[str, str] | None = None,
    folder: str = "aaaaaaaaaaaa",
    config: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
    **changes: Any,
) -> Path:
    settings = dict(args or {})
    record = SwapperRecord(
        name=swapper,
        label=SwapperConfig(name=swapper, args=settings).shown,
        version=1,
        args=settings,
        is_control=is_control,
    )
    source = {"fsbench": "0.1.0", "evaluators": {"identity": "dlib-resnet@1"}, "data_digest": "d" * 12}
    content = {
        **{"title": "Two videos", "protocol_version": 1, "definition": DEFINITION, "definition_digest": "0123456789ab"},
        **{"planned": 4, "swapped": 4},
        **changes,
    }
    result = RunResult(
        config=RunConfig(**{"protocol": "ff++", "bootstrap": 200, **(config or {})}),
        swapper=record,
        measurements=tuple(measurements),
        provenance=Provenance(**{**source, **(provenance or {})}),
        **content,
    )
    place = root / "ff++" / "".join(sign if sign.isalnum() else "_" for sign in swapper) / folder
    place.mkdir(parents=True)
    (place / "result.json").write_text(result_json(result), encoding="utf-8")
    with (place / "failures.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("key", "stage", "reason"), *failures])
    write_samples(place, samples or {})
    return place


def write_samples(place: Path, samples: Mapping[str, Sequence[Any]]) -> None:
    """Write samples.parquet; columns that are not given get plain values for pairs a, b, c, d."""
    keys = list(samples.get("key", ["a", "b", "c", "d"]))
    n = len(keys)
    plain: dict[str, Sequence[Any]] = {
        **{"key": keys, "source_id": ["s"] * n, "target_id": ["t"] * n, "cluster": [f"c{i}" for i in range(n)]},
        **{"cluster2": [None] * n, "source": ["s.png"] * n, "target": ["t.png"] * n, "result": [None] * n},
        **{"ok": [True] * n, "stage": [None] * n, "reason": [None] * n},
        **samples,
    }
    types = {name: pyarrow.string() if name in TEXT_COLUMNS else pyarrow.float64() for name in plain}
    types["ok"] = pyarrow.bool_()
    table = pyarrow.table({name: pyarrow.array(values, types[name]) for name, values in plain.items()})
    pyarrow.parquet.write_table(table, place / "samples.parquet")


def write_side(
    root: Path,
    swapper: str,
    keys: Sequence[str],
    *,
    measurements: Sequence[Measurement] = (),
    clusters: Sequence[str] | None = None,
    failed: Sequence[str] = (),
    session: str | None = None,
    **given: Any,
) -> Path:
    """Write a run of columns (raw values a pair, whose means are the measurements) and of single numbers."""
    columns = {name: given.pop(name) for name in list(given) if name in METRICS}
    found = {one.metric: one for one in measurements}
    samples = {"key": keys, "cluster": clusters or [key.split("/")[0] for key in keys]}
    samples["stage"] = ["swap" if key in failed else None for key in keys]
    samples["ok"] = [key not in failed for key in keys]
    samples["session"] = [session] * len(keys)
    for name, column in columns.items():
        if np.isscalar(column):
            found.setdefault(name, measured(name, float(column), n=len(keys)))
            continue
        samples[name] = [None if value is None else float(value) for value in column]
        rows = [value for value in samples[name] if value is not None]
        mean = float(np.mean(rows)) * METRICS[name].scale
        found.setdefault(name, measured(name, mean, n=len(rows), n_failed=len(keys) - len(rows)))
    failures = [(key, "swap", "no face") for key in failed]
    settings = {"planned": len(keys), "swapped": len(keys) - len(failed), **given}
    return write_run_folder(root, swapper, list(found.values()), samples=samples, failures=failures, **settings)


@pytest.fixture
def side(tmp_path: Path) -> Callable[..., Path]:
    """Write one side of a comparison, tmp_path/<name>: 40 videos of 5 frames, unless `keys` are given."""
    plain = [f"v{video:02}/f{frame}" for video in range(40) for frame in range(5)]

    def write(name: str, swapper: str = "ours", *, keys: Sequence[str] = plain, **given: Any) -> Path:
        return write_side(tmp_path / name, swapper, keys, **given)

    return write


@pytest.fixture
def write_run(tmp_path: Path) -> Callable[..., Path]:
    """Write one run folder below tmp_path/runs and give its path."""

    def write(swapper: str, *measurements: Measurement, **settings: Any) -> Path:
        return write_run_folder(tmp_path / "runs", swapper, measurements, **settings)

    return write


@pytest.fixture
def measure() -> Callable[..., Measurement]:
    """Make one measurement with the title, unit and direction of the table of metrics."""
    return measured


@pytest.fixture
def break_result() -> Callable[..., None]:
    """Damage result.json of a run folder: cut it off, or change its top-level keys."""

    def damage(folder: Path, *, keep: int | None = None, **changes: Any) -> None:
        file = folder / "result.json"
        text = file.read_text(encoding="utf-8")
        content = text[:keep] if keep is not None else json.dumps({**json.loads(text), **changes})
        file.write_text(content, encoding="utf-8")

    return damage
