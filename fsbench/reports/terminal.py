"""Tables for a terminal; a table that is too wide goes on in a second block below."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING

from fsbench.reports.tables import Cell, Column, Section, Table, heading_lines

if TYPE_CHECKING:
    import rich.table
    from rich.console import Console, JustifyMethod
    from rich.text import Text

LONGEST_LABEL = 28
LONGEST_HEADING = 18  # headings wrap at this width
GAP = 2  # between columns
STYLES = {"best": "bold", "second": "underline"}
SIGNS = {"best": "*", "second": "_"}  # around a value where there is no bold and no underline: in a file or a pipe


def terminal_text(table: Table, *, width: int = 80) -> str:
    """Write a table as plain text of at most `width` characters a line."""
    from rich.console import Console

    console = Console(file=StringIO(), width=width, force_terminal=False, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        print_table(table, console)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def print_table(table: Table, console: Console) -> None:
    """Print a table with its notes on a console of rich, in bold and underline where it has them."""
    from rich.text import Text

    utf8 = console.encoding.lower().startswith("utf")
    console.print(_text(table.title, utf8, style="bold"))
    if table.lead:
        console.print(_text(table.lead, utf8))
    for places in _blocks(table, console.width):
        console.print()
        console.print(_block(table, places, console.width, styled=console.is_terminal, utf8=utf8))
    console.print()
    marks = [mark for mark in ("best", "second") if mark in table.marks]
    if marks:
        names = [Text(mark, STYLES[mark]) if console.is_terminal else Text(_signed(mark, mark)) for mark in marks]
        console.print(Text("Marks: ") + Text(", ").join(names))
    for letter, text in table.notes:
        console.print(_text(f"({letter}) {text}", utf8))
    for foot in table.feet:
        console.print(_text(foot, utf8, style="dim"))
    console.print()


def _blocks(table: Table, width: int) -> list[list[int]]:
    """Share the columns out so that each block fits; a column that is too wide alone still gets a block."""
    blocks: list[list[int]] = [[]]
    label = used = _label_width(table)
    for place, column in enumerate(table.columns):
        need = GAP + _column_width(table, place, column)
        if blocks[-1] and used + need > width:
            blocks.append([])
            used = label
        blocks[-1].append(place)
        used += need
    return blocks


def _label_width(table: Table) -> int:
    labels = [table.label, *(row.label for section in table.sections for row in section.rows)]
    return min(LONGEST_LABEL, max(len(label) for label in labels))


def _column_width(table: Table, place: int, column: Column) -> int:
    cells = [row.cells[place] for section in table.sections for row in section.rows]
    widest = max([max(len(_plain(cell)), len(cell.interval)) for cell in cells], default=0)
    return max([widest, *(len(line) for line in heading_lines(column.heading, LONGEST_HEADING))])


def _block(table: Table, places: Sequence[int], width: int, *, styled: bool, utf8: bool) -> rich.table.Table:
    import rich.box
    import rich.table

    grid = rich.table.Table(box=rich.box.SIMPLE_HEAD, pad_edge=False, padding=(0, GAP - 1, 0, 0), show_edge=False)
    widths = [_column_width(table, place, table.columns[place]) for place in places]
    left = width - sum(widths) - GAP * len(widths)  # headings of sections may use what the columns leave
    titles = max([len(section.title) for section in table.sections], default=0)
    label = _label_width(table)
    grid.add_column(_text(table.label, utf8), width=max(label, min(titles, left)), overflow="fold")
    for place, wide in zip(places, widths, strict=True):
        column = table.columns[place]
        side: JustifyMethod = "right" if column.is_number else "left"
        heading = "\n".join(heading_lines(column.heading, LONGEST_HEADING))
        grid.add_column(_text(heading, utf8), width=wide, justify=side)
    for section in table.sections:
        _add_section(grid, section, places, styled=styled, utf8=utf8)
    return grid


def _add_section(grid: rich.table.Table, section: Section, places: Sequence[int], *, styled: bool, utf8: bool) -> None:
    if grid.row_count:
        grid.add_section()
    if section.title:
        grid.add_row(_text(section.title, utf8, style="italic"))
    for row in section.rows:
        cells = [_cell(row.cells[place], styled=styled) for place in places]
        grid.add_row(_text(row.label, utf8), *cells, style="dim" if section.muted else None)


def _cell(cell: Cell, *, styled: bool) -> Text:
    from rich.text import Text

    value = (cell.text, STYLES.get(cell.mark, "")) if styled else (_signed(cell.text, cell.mark), "")
    return Text.assemble(value, _letters(cell), (f"\n{cell.interval}" if cell.interval else "", "dim"))


def _plain(cell: Cell) -> str:
    return _signed(cell.text, cell.mark) + _letters(cell)


def _signed(text: str, mark: str) -> str:
    return f"{SIGNS[mark]}{text}{SIGNS[mark]}" if mark else text


def _letters(cell: Cell) -> str:
    return f" ({','.join(cell.notes)})" if cell.notes else ""


def _text(text: str, utf8: bool, *, style: str = "") -> Text:
    from rich.text import Text

    if not utf8:
        text = text.replace("↑", "(up)").replace("↓", "(down)").encode("ascii", "replace").decode()
    return Text(text, style)
