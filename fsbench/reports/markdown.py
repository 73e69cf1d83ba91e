"""Tables as GitHub-flavoured Markdown."""

from __future__ import annotations

import re

from fsbench.reports.tables import Cell, Row, Table

SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$@])")
LEGEND = {"best": "**best**", "second": "<ins>second</ins>"}


def markdown(table: Table) -> str:
    """Write a table with its notes; names cannot start markup, links, mentions or a new cell."""
    width = len(table.columns) + 1
    rules = ["---", *("---:" if column.is_number else "---" for column in table.columns)]
    lines = [f"### {escape(table.title)}", ""]
    lines += [escape(table.lead), ""] if table.lead else []
    lines += [_line([escape(table.label), *(escape(column.heading) for column in table.columns)]), _line(rules)]
    for section in table.sections:
        if section.title:
            lines.append(_line([f"*{escape(section.title)}*", *[""] * (width - 1)]))
        lines += [_row(row, muted=section.muted) for row in section.rows]
    return "\n".join([*lines, "", *_below(table)]) + "\n"


def escape(text: str) -> str:
    """Take the meaning out of every character that Markdown or HTML gives one."""
    return SPECIAL.sub(r"\\\1", text.replace("&", "&amp;")).replace("://", ":\\//")


def _row(row: Row, *, muted: bool) -> str:
    label = escape(row.label)
    return _line([f"*{label}*" if muted else label, *(_cell(cell) for cell in row.cells)])


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    text = {"best": f"**{text}**", "second": f"<ins>{text}</ins>"}.get(cell.mark, text)
    notes = f"<sup>{','.join(cell.notes)}</sup>" if cell.notes else ""
    return f"{text}{notes} {escape(cell.interval)}".strip()


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _below(table: Table) -> list[str]:
    legend = [LEGEND[mark] for mark in ("best", "second") if mark in table.marks]
    lines = [f"- Marks: {', '.join(legend)}."] if legend else []
    lines += [f"- <sup>{letter}</sup> {escape(text)}" for letter, text in table.notes]
    return lines + [f"- {escape(text)}" for text in table.feet]
