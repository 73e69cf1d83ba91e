"""What a table says, whatever the format it is written in."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

ABSENT = "-"
ARROWS = {"higher": "↑", "lower": "↓", "neither": ""}

Mark = Literal["", "best", "second"]


@dataclass(frozen=True)
class Column:
    """A column's heading, and whether it holds numbers (set right) or words (set left)."""

    heading: str
    is_number: bool = True


@dataclass(frozen=True)
class Cell:
    """A number or a word, its interval, its rank, and the letters of the notes that belong to it."""

    text: str
    interval: str = ""
    mark: Mark = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Row:
    """One line: who, and the cells."""

    label: str
    cells: tuple[Cell, ...]
    link: str = ""  # where a page may lead to from the label


@dataclass(frozen=True)
class Section:
    """Lines that belong together, under a heading of their own or none."""

    title: str
    rows: tuple[Row, ...]
    muted: bool = False  # controls: set apart, never ranked


@dataclass(frozen=True)
class Table:
    """A table in words and numbers, ready to be set in any format. All text is on one line and printable."""

    title: str
    lead: str  # a sentence under the title, or nothing
    label: str  # heading of the first column
    columns: tuple[Column, ...]
    sections: tuple[Section, ...]
    notes: tuple[tuple[str, str], ...] = ()  # letter and text
    feet: tuple[str, ...] = ()  # sentences under the notes

    @property
    def marks(self) -> frozenset[Mark]:
        """Which ranks occur, so that a legend explains these and no others."""
        return frozenset(cell.mark for section in self.sections for row in section.rows for cell in row.cells)


@dataclass
class Notes:
    """Gives equal remarks one letter."""

    letters: dict[str, str] = field(default_factory=dict)  # text -> letter

    def letter(self, text: str) -> str:
        """Give the letter of a remark, a new one if it is new: a ... z, aa, ab ..."""
        return self.letters.setdefault(text, _letter(len(self.letters)))

    @property
    def lines(self) -> tuple[tuple[str, str], ...]:
        """All letters with their remarks, in the order in which they were given."""
        return tuple((letter, text) for text, letter in self.letters.items())


def one_line(text: str) -> str:
    """Put a text of unknown origin on one line, without characters that a terminal or a browser would obey."""
    return "".join(sign if sign.isprintable() else "?" for sign in " ".join(text.split()))


def number(value: float, digits: int, *, signed: bool = False) -> str:
    """Write a number with fixed digits; what rounds to zero has no minus sign."""
    text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    return text.replace("-", "+" if signed else "") if float(text) == 0 else text


def interval(low: float | None, high: float | None, digits: int, *, signed: bool = False) -> str:
    """Write an interval, or nothing where there is none."""
    if low is None or high is None:
        return ""
    return f"[{number(low, digits, signed=signed)}, {number(high, digits, signed=signed)}]"


def metric_heading(title: str, unit: str, better: str) -> str:
    """Write what a number is, its unit and which way is better: "Pose error, deg ↓"."""
    named = f"{title}, {unit}" if unit else title
    return one_line(f"{named} {ARROWS[better]}")


def ranks(values: Mapping[str, float], *, digits: int, better: str = "higher") -> dict[str, Mark]:
    """Mark the best and the second best printed value; equal ones share, and where all are equal none is marked."""
    printed = {label: round(value, digits) for label, value in values.items()}  # what the reader sees as equal is equal
    if len(set(printed.values())) < 2 or better == "neither":
        return {}
    order = sorted(set(printed.values()), reverse=better == "higher")
    names: dict[float, Mark] = dict(zip(order, ("best", "second"), strict=False))
    return {label: names[value] for label, value in printed.items() if value in names}


def heading_lines(heading: str, width: int) -> list[str]:
    """Break a heading at spaces, near `width`; an arrow stays with its word, and a long word stays whole."""
    glued = heading.replace(" ↑", "\u00a0↑").replace(" ↓", "\u00a0↓")  # textwrap does not break at this space
    lines = textwrap.wrap(glued, width, break_long_words=False, break_on_hyphens=False)
    return [line.replace("\u00a0", " ") for line in lines]


def _letter(place: int) -> str:
    first, last = divmod(place, 26)
    return (_letter(first - 1) if first else "") + "abcdefghijklmnopqrstuvwxyz"[last]
