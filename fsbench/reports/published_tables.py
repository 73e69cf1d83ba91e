"""Published numbers as tables of their own beside the measured ones: never ranked, and what they mean underneath."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from fsbench.reports.published import NOT_SAID, PublishedDefinition, PublishedNumber, PublishedTable
from fsbench.reports.tables import ABSENT, Cell, Column, Notes, Row, Section, Table, metric_heading, one_line
from fsbench.reports.tidy import Field, csv_text

LEAD = (
    "As published: read in the source and not measured here. Other networks, data and choices stand behind these "
    "numbers, so none is ranked, and none compares with a measured row."
)
PUBLISHED_COLUMNS = tuple(PublishedNumber.model_fields)


def as_tables(tables: Iterable[PublishedTable]) -> list[Table]:
    """Set each published table as one of ours."""
    return [_table(table) for table in tables]


def published_csv(tables: Iterable[PublishedTable]) -> str:
    """Write one line a published number, with all that is known of it."""
    return csv_text(PUBLISHED_COLUMNS, [_fields(number) for table in tables for number in table.numbers])


def published_records(tables: Iterable[PublishedTable]) -> list[dict[str, Field]]:
    """Give the published numbers as plain objects."""
    return [dict(zip(PUBLISHED_COLUMNS, _fields(number), strict=True)) for table in tables for number in table.numbers]


def published_json(tables: Iterable[PublishedTable]) -> str:
    """Write the published numbers as a JSON array."""
    return json.dumps(published_records(tables), indent=2, ensure_ascii=False) + "\n"


def _fields(number: PublishedNumber) -> Sequence[Field]:
    return [getattr(number, name) for name in PUBLISHED_COLUMNS]


def _table(table: PublishedTable) -> Table:
    notes = Notes()
    where = ", ".join(part for part in (table.short, table.table) if part)
    columns = [_heading(definition) for definition in table.definitions.values()]
    return Table(
        title=one_line(f"As published: {where} ({table.data_title})"),
        lead=LEAD,
        label="Method",
        columns=(Column("Measured by", is_number=False), *map(Column, columns)),
        sections=(Section("", tuple(_row(method, numbers, notes) for method, numbers in table.rows)),),
        notes=notes.lines,
        feet=tuple(one_line(text) for text in _feet(table)),
    )


def _heading(definition: PublishedDefinition) -> str:
    unit = "unit not said" if definition.unit == NOT_SAID else definition.unit
    return metric_heading(definition.title, unit, definition.better)


def _row(method: str, numbers: Sequence[PublishedNumber], notes: Notes) -> Row:
    usual = max({number.made for number in numbers}, key=[number.made for number in numbers].count)
    cells = []
    for number in numbers:
        remarks: list[str] = [number.made] if number.made != usual and number.value is not None else []
        if number.made_is_inferred and number.value is not None:
            remarks.append("who measured it is inferred, not said by the source")
        letters = tuple(notes.letter(remark) for remark in remarks)
        text = ABSENT if number.value is None else number.text
        cells.append(Cell(one_line(text), notes=letters if number.value is not None else (_unprinted(notes),)))
    return Row(one_line(method), (Cell(usual), *cells))


def _unprinted(notes: Notes) -> str:
    return notes.letter("the source prints no number")


def _feet(table: PublishedTable) -> list[str]:
    number = f", {table.table}" if table.table else ", the number of the table is not known"
    how = "compared with it" if table.verified else "not compared with the source itself: a misprint may be ours"
    feet = [f"Source: {table.source_title} ({table.year}){number}. {table.address}"]
    feet.append(f"Read in {table.read_in}; {how}.")
    feet.append(f"n = {table.n}." if table.n else "n is not known.")
    if table.note:
        feet.append(f"{table.note[:1].upper()}{table.note[1:]}.")
    for tag, definition in table.definitions.items():
        known = [f"network {definition.network}" if definition.network else "", definition.details]
        said = "; ".join(part for part in known if part) or "nothing more is said"
        feet.append(f"{definition.title}, definition {tag}: {said}.")
    return feet
