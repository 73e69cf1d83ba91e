"""The tables of a run folder: one line a pair, one line a failure."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fsbench.errors import RecordError

SAMPLE_COLUMNS = (  # without them nothing can be said
    *("key", "source_id", "target_id", "cluster", "cluster2"),
    *("ok", "stage"),
)


@dataclass(frozen=True)
class FailedPair:
    """One line of failures.csv."""

    key: str
    stage: str
    reason: str


def read_samples(file: Path) -> dict[str, list[Any]]:
    """Read samples.parquet as columns by name, None where a value is absent.

    Raises:
        RecordError: there is no such file, it is broken, or a column that is always there is not.
    """
    import pyarrow
    import pyarrow.parquet

    if not file.is_file():
        raise RecordError(f"{file} is not there, so nothing is known of single pairs", hint="repeat the run")
    try:
        with pyarrow.parquet.ParquetFile(file) as parquet:  # read_table would import pandas for one file
            table = parquet.read()
    except (OSError, pyarrow.ArrowException) as error:
        raise RecordError(f"{file} cannot be read: {error}", hint="repeat the run that wrote it") from None
    missing = [name for name in SAMPLE_COLUMNS if name not in table.column_names]
    if missing:
        raise RecordError(f"{file} has no column '{missing[0]}': it was not written by fsbench")
    columns: dict[str, list[Any]] = table.to_pydict()
    return columns


def read_failures(file: Path) -> tuple[FailedPair, ...]:
    """Read failures.csv.

    Raises:
        RecordError: there is no such file, or it is no table of key, stage and reason.
    """
    if not file.is_file():
        raise RecordError(f"{file} is not there, so nothing is known of failures", hint="repeat the run")
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return tuple(FailedPair(line["key"], line["stage"], line["reason"]) for line in csv.DictReader(lines))
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise RecordError(f"{file} is no table of key, stage and reason: {error}") from None
