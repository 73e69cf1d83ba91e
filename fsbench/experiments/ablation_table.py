"""The ablation study in the form of the supplement's table 1, with units, networks and failures named."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from fsbench.experiments.ablation import Variant
from fsbench.records import Measurement, RunResult
from fsbench.reports.comparison import value_digits
from fsbench.reports.tables import ABSENT, Cell, Column, Notes, Row, Section, Table, metric_heading, number
from fsbench.training.ablations import ablation

METRICS = ("id_retrieval", "pose_error", "expression_error", "fid")  # ID, Pose, Exp., FID of the supplement
OTHERS = ("lfw_cosine_mean", "lfw_cosine_var")  # where [measure] takes the protocol lfw


def ablation_table(variants: Sequence[Variant]) -> Table:
    """Lay the variants out as the supplement does: a row each, its metrics, and the generator's size."""
    metrics = _metrics(variants)
    sizes = (Column("File, MB"), Column("File, MiB"), Column("Parameters"), Column("Paper, MB or MiB"))
    columns = tuple(Column(metric_heading(m.title, m.unit, m.better)) for m in metrics)
    notes = Notes()
    rows = tuple(Row(v.title, (*(_cell(v, m.metric, notes) for m in metrics), *_sizes(v))) for v in variants)
    first = variants[0].result.config
    return Table(
        title="Ablations",
        lead=f"{first.protocol}, {first.data_name or first.data}, suite {first.suite}, {first.limit or 'all'} swaps",
        label="Network",
        columns=(*columns, *sizes),
        sections=(Section("", rows),),
        notes=notes.lines,
        feet=(
            "Trained here: not the paper's data, length or weights, unless the settings say so.",
            "The paper's sizes seem to mix units: Baseline and NoFuse fit MB, the others MiB.",
        ),
    )


def ablation_csv(variants: Sequence[Variant]) -> str:
    """Write one row a variant and metric, and one a variant and size."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("variant", "metric", "title", "unit", "value", "low", "high", "n", "n_failed", "definition"))
    for variant in variants:
        for m in variant.result.measurements:
            values = ("" if value is None else value for value in (m.value, m.low, m.high))
            writer.writerow((variant.name, m.metric, m.title, m.unit, *values, m.n, m.n_failed, m.definition))
        size = variant.size
        for metric, unit, value in (
            ("parameters", "", size.parameters),
            ("raw_bytes", "B", size.raw_bytes),
            ("file_bytes", "B", size.file_bytes),
        ):
            writer.writerow((variant.name, metric, metric.replace("_", " "), unit, value, "", "", 1, 0, ""))
    return buffer.getvalue()


def _metrics(variants: Sequence[Variant]) -> list[Measurement]:
    """Give a measurement for each column: of the first variant, since all share one definition."""
    by_key = {m.metric: m for m in variants[0].result.measurements}
    return [by_key[key] for key in (*METRICS, *OTHERS) if key in by_key]


def _cell(variant: Variant, metric: str, notes: Notes) -> Cell:
    found = _measurement(variant.result, metric)
    if found is None:
        return Cell(ABSENT)
    missed = f"{variant.title}: {variant.result.swapped} of {variant.result.planned} swaps gave a face"
    letters = [notes.letter(missed)] if variant.result.swapped < variant.result.planned else []
    if found.value is None:
        return Cell(ABSENT, notes=(*letters, notes.letter(found.note or "not measured")))
    return Cell(number(found.value, value_digits(metric)), notes=tuple(letters))


def _measurement(result: RunResult, metric: str) -> Measurement | None:
    return next((m for m in result.measurements if m.metric == metric), None)


def _sizes(variant: Variant) -> tuple[Cell, ...]:
    paper = ablation(variant.name).paper_mb
    size = variant.size
    return (
        Cell(number(size.megabytes, 1)),
        Cell(number(size.mebibytes, 1)),
        Cell(f"{size.parameters:,}"),
        Cell(ABSENT if paper is None else number(paper, 1)),
    )
