"""Tables as LaTeX with booktabs, to be put in a paper."""

from __future__ import annotations

from collections.abc import Sequence

from fsbench.reports.tables import Cell, Column, Row, Section, Table, heading_lines

# A bracket or a star after \\ would be read as its argument, hence the braces.
ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
}
MOST_COLUMNS = 4  # side by side, with intervals, on a page of one column
LONGEST_HEADING = 18  # signs on one line
HEAD = "% needs \\usepackage{booktabs}"


def latex(table: Table) -> str:
    """Write a table with its notes; intervals stand under the values, and many columns go on in a second block."""
    places = range(len(table.columns))
    blocks = [places[start : start + MOST_COLUMNS] for start in range(0, len(places), MOST_COLUMNS)] or [places]
    lines = [
        HEAD,
        r"\begin{table}",
        r"\centering",
        r"\small",
        r"\setlength{\tabcolsep}{4pt}",
        rf"\caption{{{_caption(table)}}}",
    ]
    for place, block in enumerate(blocks):
        lines += [r"\par\bigskip"] if place else []
        lines += _block(table, block)
    return "\n".join([*lines, *_below(table), r"\end{table}"]) + "\n"


def escape(text: str) -> str:
    """Take the meaning out of every character that LaTeX gives one."""
    return "".join(ESCAPES.get(sign, sign) for sign in text)


def _caption(table: Table) -> str:
    return escape(f"{table.title}. {table.lead}".strip() if table.lead else table.title)


def _block(table: Table, places: Sequence[int]) -> list[str]:
    columns = [table.columns[place] for place in places]
    spec = "l" + "".join("r" if column.is_number else "l" for column in columns)
    lines = [rf"\begin{{tabular}}{{{spec}}}", r"\toprule"]
    lines.append(_line([escape(table.label), *(_heading(column) for column in columns)]))
    for section in table.sections:
        lines += [r"\midrule", *_section(section, places)]
    return [*lines, r"\bottomrule", r"\end{tabular}"]


def _heading(column: Column) -> str:
    """Break a long heading over lines that end at the bottom of the head."""
    words = [escape(line) for line in heading_lines(column.heading, LONGEST_HEADING)]
    if len(words) < 2:
        return "".join(words)
    side = "r" if column.is_number else "l"
    stacked = r" \\ ".join(words)
    return rf"\begin{{tabular}}[b]{{@{{}}{side}@{{}}}}{stacked}\end{{tabular}}"


def _section(section: Section, places: Sequence[int]) -> list[str]:
    width = len(places) + 1
    title = [rf"\multicolumn{{{width}}}{{l}}{{\textit{{{escape(section.title)}}}}} \\"] if section.title else []
    return title + [line for row in section.rows for line in _row(row, places)]


def _row(row: Row, places: Sequence[int]) -> list[str]:
    cells = [row.cells[place] for place in places]
    lines = [_line([escape(row.label), *(_cell(cell) for cell in cells)])]
    if any(cell.interval for cell in cells):
        lines.append(_line(["", *(_interval(cell) for cell in cells)]))
    return lines


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    text = {"best": rf"\textbf{{{text}}}", "second": rf"\underline{{{text}}}"}.get(cell.mark, text)
    return text + (rf"\textsuperscript{{{','.join(cell.notes)}}}" if cell.notes else "")


def _interval(cell: Cell) -> str:
    return rf"{{\scriptsize {escape(cell.interval)}}}" if cell.interval else ""


def _line(cells: Sequence[str]) -> str:
    return " & ".join(cells).rstrip() + r" \\"


def _below(table: Table) -> list[str]:
    legend = {"best": r"\textbf{best}", "second": r"\underline{second}"}
    marks = [legend[mark] for mark in ("best", "second") if mark in table.marks]
    lines = [f"Marks: {', '.join(marks)}."] if marks else []
    lines += [rf"\textsuperscript{{{letter}}} {escape(text)}" for letter, text in table.notes]
    lines += [escape(text) for text in table.feet]
    return [r"\par\medskip\raggedright\footnotesize", *(rf"{line}\par" for line in lines)]
