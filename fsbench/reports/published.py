"""Numbers that others printed, as data: the method, the data, the definition, the table, and who measured."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from fsbench.errors import ConfigError
from fsbench.records import Record, first_problem

FOLDER = Path(__file__).parent / "published"
ABSENT = "-"
FACTS = {"table", "data", "data_title", "n", "verified", "note"}  # that a number has from its table
NOT_SAID = "not said"

Made = Literal["own", "re-measured", "copied", "not said"]
"""A source's own method | another method, run by the source | repeated from elsewhere | the source does not tell."""


class PublishedDefinition(Record):
    """What a number of a source means, as far as the source tells. Two sources never share one."""

    metric: str  # key of metrics.spec.METRICS where fsbench has such a metric
    title: str
    unit: str = ""
    better: Literal["higher", "lower", "neither"]
    network: str = ""
    details: str = ""


class PublishedNumber(Record):
    """One number of one table of one source."""

    source: str  # name of the file
    source_title: str
    year: int
    address: str
    table: str  # as the source numbers it; empty where that is not known
    data: str  # key by which reports ask for it
    data_title: str
    n: int | None  # what the number rests on, where the source tells
    method: str
    metric: str
    metric_title: str
    unit: str
    better: Literal["higher", "lower", "neither"]
    value: float | None  # a sum where the source prints one, None where it prints nothing
    text: str  # as printed
    definition: str  # source:tag; numbers of different ones say nothing about each other
    network: str
    details: str
    made: Made
    made_is_inferred: bool
    verified: bool  # compared with the source itself, not with a copy of it
    note: str


class PublishedTable(Record):
    """One table of a source, ready to be printed: a number for each row and column."""

    source: str
    source_title: str
    short: str
    year: int
    address: str
    read_in: str
    table: str
    data: str
    data_title: str
    n: int | None
    verified: bool
    note: str
    definitions: dict[str, PublishedDefinition]  # by full tag, in the order of the columns
    rows: tuple[tuple[str, tuple[PublishedNumber, ...]], ...]  # method and numbers

    @property
    def numbers(self) -> list[PublishedNumber]:
        """All numbers, row by row."""
        return [number for _, numbers in self.rows for number in numbers]


class _Table(Record):
    """A table as its file holds it: a row is the method, who measured, and a text for each column."""

    table: str = ""
    data: str
    data_title: str
    n: int | None = Field(default=None, ge=1)
    verified: bool
    note: str = ""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class _Source(Record):
    """The content of a file. `read_in` says in what the numbers were read."""

    title: str
    short: str
    year: int
    address: str
    read_in: str
    definitions: dict[str, PublishedDefinition]
    tables: tuple[_Table, ...]


@functools.cache
def published_tables(folder: Path = FOLDER) -> tuple[PublishedTable, ...]:
    """Read every table of every source, sources by name.

    Raises:
        ConfigError: a file is not what it should be.
    """
    return tuple(table for file in sorted(folder.glob("*.toml")) for table in _tables_of(file))


def chosen_tables(names: Sequence[str]) -> tuple[PublishedTable, ...]:
    """Choose tables by data set or by source; each once, in the order of the names.

    Raises:
        ConfigError: neither a data set nor a source is called so.
    """
    found: dict[tuple[str, str, str], PublishedTable] = {}
    everything = published_tables()
    for name in names:
        fitting = [table for table in everything if name in (table.data, table.source)]
        if not fitting:
            sets = ", ".join(sorted({table.data for table in everything}))
            sources = ", ".join(sorted({table.source for table in everything}))
            raise ConfigError(
                f"nothing published is kept under '{name}'; data sets: {sets}; sources: {sources}",
                hint="fsbench list published",
            )
        found.update({(table.source, table.table, table.data_title): table for table in fitting})
    return tuple(found.values())


def source_lines() -> dict[str, str]:
    """Describe each source in a line: year, title, data sets, number of values, how many were verified."""
    lines = {}
    for table in published_tables():
        own = [other for other in published_tables() if other.source == table.source]
        values = [number for other in own for number in other.numbers if number.value is not None]
        sure = sum(number.verified for number in values)
        sets = ", ".join(dict.fromkeys(other.data for other in own))
        lines[table.source] = f"{table.source_title} ({table.year}): {sets}; {len(values)} numbers, {sure} verified"
    return lines


def _tables_of(file: Path) -> Iterable[PublishedTable]:
    source = _read(file)
    for table in source.tables:
        definitions = {f"{file.stem}:{tag}": _definition(source, tag, file) for tag in table.columns}
        rows = []
        for method, made, *texts in table.rows:
            kinds = [kind.strip() for kind in made.split(",")]
            kinds = kinds * len(texts) if len(kinds) == 1 else kinds
            if not len(texts) == len(kinds) == len(table.columns):
                raise ConfigError(f"{file.name}: row '{method}' does not fit the columns {', '.join(table.columns)}")
            cells = zip(definitions.items(), kinds, texts, strict=True)
            rows.append((method, tuple(_number(file, source, table, method, *cell) for cell in cells)))
        about: dict[str, Any] = {
            **{"source": file.stem, "source_title": source.title, "short": source.short, "year": source.year},
            **{"address": source.address, "read_in": source.read_in, **table.model_dump(include=FACTS)},
        }
        yield PublishedTable(**about, definitions=definitions, rows=tuple(rows))


def _number(
    file: Path,
    source: _Source,
    table: _Table,
    method: str,
    tagged: tuple[str, PublishedDefinition],
    made: str,
    text: str,
) -> PublishedNumber:
    tag, definition = tagged
    try:
        facts: dict[str, Any] = {
            **{"source": file.stem, "source_title": source.title, "year": source.year, "address": source.address},
            **table.model_dump(include=FACTS),
            **definition.model_dump(include={"metric", "unit", "better", "network", "details"}),
            **{"made": made.removesuffix("?"), "made_is_inferred": made.endswith("?")},
        }
        value = None if text == ABSENT else sum(float(part) for part in text.split("+"))
        return PublishedNumber(
            **facts, method=method, metric_title=definition.title, value=value, text=text, definition=tag
        )
    except (ValidationError, ValueError) as error:
        said = first_problem(error) if isinstance(error, ValidationError) else str(error)
        raise ConfigError(f"{file.name}: row '{method}', {tag}: {said}") from None


def _definition(source: _Source, tag: str, file: Path) -> PublishedDefinition:
    if tag not in source.definitions:
        raise ConfigError(f"{file.name}: a table has a column '{tag}', which is not defined")
    return source.definitions[tag]


def _read(file: Path) -> _Source:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        return _Source.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"{file.name}: {first_problem(error)}") from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file.name} cannot be read: {error}") from None
