"""Writing a finished run: tables, failures, pictures, strips, and result.json last, so that its presence means done."""

from __future__ import annotations

import csv
import filecmp
import io
import json
import os
import shutil
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from fsbench.data.frames import write_atomically
from fsbench.data.places import is_remote, reaching
from fsbench.errors import DataError
from fsbench.protocols.outcome import Outcome, Plan
from fsbench.records import (
    FAILURES_FILE,
    PAIRS_FILE,
    RESULT_FILE,
    RETRIEVAL_FOLDER,
    SAMPLES_FILE,
    STRIPS_FOLDER,
    SWAPS_FOLDER,
    RunResult,
    result_json,
)
from fsbench.strips import notable, searched, strip_name, write_strip
from fsbench.types import FrameRef, SwapPair

PAIR_COLUMNS = ("key", "target", "target_frame", "source", "source_frame", "target_id", "source_id", "source_rule")

SAMPLE_COLUMNS = (
    *("key", "source_id", "target_id", "cluster", "cluster2", "source", "target", "result", "ok", "stage", "reason"),
)
ANGLE_COLUMNS = ("target_yaw", "target_pitch", "target_roll")
FOUND_COLUMNS = ("found_id", "found_rank")


def safe_name(text: str) -> str:
    """Turn a label into a folder name."""
    return "".join(letter if letter.isalnum() or letter in "-_.+" else "_" for letter in text)[:80]


def check_writable(folder: Path) -> None:
    """Find out before the work whether results can be written.

    Raises:
        DataError: they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the output folder {folder} cannot be made: {error.strerror}"
        raise DataError(message, hint="--out FOLDER") from None
    if not os.access(folder, os.W_OK):
        raise DataError(f"the output folder {folder} cannot be written", hint="--out FOLDER")


def write_pairs(path: Path, pairs: Iterable[SwapPair], rules: Mapping[str, str]) -> None:
    """Write the pair list with frame numbers, by file name and not by place, so that it can be shared and hashed."""
    rows = (
        (p.key, _file(p.target), _frame(p.target), _file(p.source), _frame(p.source), p.target_id, p.source_id,
         rules.get(p.key, "planned"))
        for p in pairs
    )  # fmt: skip
    _write_csv(path, PAIR_COLUMNS, rows)


def write_run(folder: Path, plan: Plan, outcome: Outcome, result: RunResult) -> None:
    """Write everything about one swapper's run."""
    write_pairs(folder / PAIRS_FILE, outcome.pairs, outcome.source_rules)
    _write_csv(
        folder / FAILURES_FILE, ("key", "stage", "reason"), ((f.key, f.stage, f.reason) for f in outcome.failures)
    )
    _write_samples(folder / SAMPLES_FILE, plan, outcome)
    changed = _write_swaps(folder / SWAPS_FOLDER, outcome)
    _write_strips(folder / STRIPS_FOLDER, outcome, changed)
    _write_searches(folder / RETRIEVAL_FOLDER, outcome, changed)
    write_atomically(folder / RESULT_FILE, result_json(result).encode())


def _write_swaps(folder: Path, outcome: Outcome) -> set[str]:
    """Put the results of this run, and no others, into its folder; tell which were not there before."""
    wanted = {folder / f"{key}.png": key for key in outcome.results}
    _remove_others(folder, wanted)
    return {key for path, key in wanted.items() if _link(outcome.results[key].image.path, path)}


def _write_strips(folder: Path, outcome: Outcome, changed: set[str]) -> None:
    items = {item.pair.key: item for item in outcome.items}
    wanted = {folder / strip_name(key): key for key in notable(outcome.scored) if key in outcome.results}
    _remove_others(folder, wanted)
    for path, key in wanted.items():
        if key in changed or not path.exists():
            write_strip(path, items[key], outcome.results[key].image)


def _write_searches(folder: Path, outcome: Outcome, changed: set[str]) -> None:
    items = {item.pair.key: item for item in outcome.items}
    wanted = {folder / strip_name(key): key for key in searched(outcome.found_as)}
    _remove_others(folder, wanted)
    for path, key in wanted.items():  # another gallery has another run folder, so that only the result can change
        if key in changed or not path.exists():
            write_strip(path, items[key], outcome.results[key].image, outcome.found_as[key].face)


def _remove_others(folder: Path, wanted: Container[Path]) -> None:
    """Remove what an earlier run left here: its swapper may have given other pictures, or more of them."""
    for path in [path for path in folder.rglob("*") if path.is_file() and path not in wanted]:
        path.unlink()


def _write_samples(path: Path, plan: Plan, outcome: Outcome) -> None:
    import pyarrow
    import pyarrow.json
    import pyarrow.parquet

    metrics = [scored for scored in outcome.scored if scored.per_pair]
    types = {name: pyarrow.bool_() if name == "ok" else pyarrow.string() for name in SAMPLE_COLUMNS}
    types |= dict.fromkeys(ANGLE_COLUMNS, pyarrow.float64()) if outcome.target_angles else {}
    types |= {"found_id": pyarrow.string(), "found_rank": pyarrow.int64()} if outcome.found_as else {}
    kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
    types |= {name: kinds[type(next(iter(values.values())))] for name, values in outcome.columns.items() if values}
    types |= {scored.measurement.metric: pyarrow.float64() for scored in metrics}
    schema = pyarrow.schema(list(types.items()))
    rows = _sample_rows(plan, outcome)
    for row in rows:
        row.update(zip(ANGLE_COLUMNS, outcome.target_angles.get(row["key"], ()), strict=False))
        if found := outcome.found_as.get(row["key"]):
            row.update(found_id=found.gallery_id, found_rank=found.rank)
        row.update({name: values.get(row["key"]) for name, values in outcome.columns.items() if values})
        row.update({scored.measurement.metric: scored.per_pair.get(row["key"]) for scored in metrics})
    # by way of JSON, because turning Python objects into arrows imports pandas, which costs a repeated run a third
    lines = io.BytesIO("\n".join(json.dumps(row) for row in rows).encode())
    options = pyarrow.json.ParseOptions(explicit_schema=schema)
    table = pyarrow.json.read_json(lines, parse_options=options) if rows else schema.empty_table()
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table.select(schema.names), buffer)
    write_atomically(path, buffer.getvalue())


def _sample_rows(plan: Plan, outcome: Outcome) -> list[dict[str, Any]]:
    """Describe each planned pair: what it is, and what became of it."""
    planned = {pair.key: pair for pair in plan.pairs}
    settled = {pair.key: pair for pair in outcome.pairs}
    first_failure = {failure.key: failure for failure in reversed(outcome.failures)}
    rows = []
    for key in [*planned, *(failure.key for failure in plan.failures)]:
        pair, failure = settled.get(key) or planned.get(key), first_failure.get(key)
        labels = outcome.clusters[key]
        values = (
            key,
            pair.source_id if pair else None,
            pair.target_id if pair else labels[0],
            labels[0],
            labels[1] if len(labels) > 1 else None,
            str(pair.source) if pair else None,
            str(pair.target) if pair else None,
            f"{SWAPS_FOLDER}/{key}.png" if key in outcome.results else None,
            key in outcome.results or key in outcome.done,
            failure.stage if failure else None,
            failure.reason if failure else None,
        )
        rows.append(dict(zip(SAMPLE_COLUMNS, values, strict=True)))
    return rows


def _link(source: Path, path: Path) -> bool:
    """Put a stored picture into the run folder, the same file where the disk allows it, or else a copy.

    Returns:
        False where it was there already.
    """
    if is_remote(source):
        return _copy_from_afar(source, path)
    if path.exists() and (path.samefile(source) or filecmp.cmp(source, path)):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    try:
        os.link(source, partial)
    except OSError:
        shutil.copy2(source, partial)  # with its times, by which the next run knows it
    os.replace(partial, path)
    return True


def _copy_from_afar(source: Path, path: Path) -> bool:
    with reaching(source):
        content = source.read_bytes()
    if path.exists() and path.read_bytes() == content:
        return False
    write_atomically(path, content)
    return True


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_atomically(path, buffer.getvalue().encode())


def _file(ref: FrameRef) -> str:
    """Name a video, or a picture with its folder, since pictures of other folders may have the same name."""
    return ref.path.name if ref.index is not None else f"{ref.path.parent.name}/{ref.path.name}"


def _frame(ref: FrameRef) -> str:
    return "" if ref.index is None else str(ref.index)
