"""Results for other programs: CSV with one line a swapper and metric, and JSON as the runs wrote it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO

from fsbench.reports.groups import Group
from fsbench.reports.runs import Run
from fsbench.reports.tables import one_line

FORMULA_STARTS = ("=", "+", "-", "@")  # a spreadsheet would run a name that starts so
RESULT_COLUMNS = (
    *("table", "protocol", "title", "swapper", "is_control", "metric", "metric_title", "unit", "better"),
    *("value", "low", "high", "n", "n_failed", "note", "metric_version", "definition", "evaluators", "data_digest"),
)

Field = str | int | float | bool | None


def results_csv(groups: Sequence[Group]) -> str:
    """Write one line a swapper and metric, full digits, an absent value as an empty field."""
    lines = [
        line for place, group in enumerate(groups, 1) for label, run in group.all for line in _lines(place, label, run)
    ]
    return csv_text(RESULT_COLUMNS, lines)


def results_parquet(groups: Sequence[Group]) -> bytes:
    """Write what `results_csv` writes as Parquet, with its types: numbers are numbers, absent values are null."""
    import pyarrow
    import pyarrow.parquet

    lines = [
        line for place, group in enumerate(groups, 1) for label, run in group.all for line in _lines(place, label, run)
    ]
    whole, real = ("table", "n", "n_failed", "metric_version"), ("value", "low", "high")
    kinds = dict.fromkeys(whole, pyarrow.int64()) | dict.fromkeys(real, pyarrow.float64())
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in RESULT_COLUMNS])
    schema = schema.set(RESULT_COLUMNS.index("is_control"), pyarrow.field("is_control", pyarrow.bool_()))
    rows = [dict(zip(RESULT_COLUMNS, line, strict=True)) for line in lines]
    buffer = BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), buffer)
    return buffer.getvalue()


def results_json(runs: Iterable[Run]) -> str:
    """Write the results as a JSON array, one element a run, each as in its result.json."""
    return json.dumps([run.result.model_dump(mode="json") for run in runs], indent=2, ensure_ascii=False) + "\n"


def csv_text(columns: Sequence[str], lines: Iterable[Sequence[Field]]) -> str:
    """Write CSV in which no text is a formula; numbers are numbers, absent values are empty."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_safe(value) for value in line] for line in lines)
    return buffer.getvalue()


def _lines(place: int, label: str, run: Run) -> Iterable[Sequence[Field]]:
    result = run.result
    evaluators = ", ".join(f"{role} {name}" for role, name in result.provenance.evaluators.items())
    for found in result.measurements:
        yield (
            *(place, result.config.protocol, result.title, label, run.is_control),
            *(found.metric, found.title, found.unit, found.better, found.value, found.low, found.high),
            *(found.n, found.n_failed, found.note, found.version, found.definition),
            *(evaluators, result.provenance.data_digest),
        )


def _safe(value: Field) -> Field:
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
