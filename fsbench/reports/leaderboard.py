"""Many runs as a small site: a page of tables, one for each meaning of the numbers, and a page for each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fsbench.data.frames import write_atomically
from fsbench.reports.comparison import comparison_table
from fsbench.reports.groups import Group, comparable_groups
from fsbench.reports.html import report_html
from fsbench.reports.page import SCRIPT, TEMPLATES, page
from fsbench.reports.report import compare_runs
from fsbench.reports.runs import Run
from fsbench.reports.tables import Table, one_line

INDEX = "index.html"
FILTERS = TEMPLATES / "leaderboard.js"


@dataclass(frozen=True)
class Board:
    """One comparable group: its table, and what the page filters by."""

    place: int
    table: Table
    protocol: str
    suite: str
    definition: str  # preset and digest
    data: str
    size: int


def write_leaderboard(
    runs: Sequence[Run], out_folder: Path, *, title: str = "", problems: Sequence[str] = ()
) -> list[Path]:
    """Write the site: index.html, and runs/NAME.html for each run.

    Args:
        runs: finished runs, of any protocol and definition; only those of one group stand in one table.
        out_folder: made if it is not there; pages of an earlier call with other runs stay.
        title: of the site.
        problems: what could not be read, one line each.

    Returns:
        The files, the index first.
    """
    runs = _once(runs)
    names = _names(runs)
    files = {out_folder / INDEX: leaderboard_html(runs, title=title, problems=problems)}
    for run in runs:
        files[out_folder / names[run.folder]] = report_html(compare_runs([run]), back=f"../{INDEX}")
    for file, text in files.items():
        write_atomically(file, text.encode())
    return list(files)


def leaderboard_html(runs: Sequence[Run], *, title: str = "", problems: Sequence[str] = ()) -> str:
    """Write the index."""
    runs = _once(runs)
    names = _names(runs)
    boards = [_board(place, group, names) for place, group in enumerate(comparable_groups(runs), 1)]
    said = [one_line(text) for text in problems]
    content = {"title": one_line(title) or "Face swaps measured", "boards": boards, "problems": said}
    return page(TEMPLATES / "leaderboard.html", scripts=(SCRIPT, FILTERS), **content)


def _board(place: int, group: Group, names: dict[Path, str]) -> Board:
    first = group.runs[0].result
    config = first.config
    changed = ", ".join(f"{role}={name}" for role, name in sorted(config.evaluators.items()))
    links = {one_line(label): names[run.folder] for label, run in group.all}
    table = comparison_table(group)
    sections = tuple(
        replace(section, rows=tuple(replace(row, link=links.get(row.label, "")) for row in section.rows))
        for section in table.sections
    )
    return Board(
        place=place,
        table=replace(table, sections=sections),
        protocol=one_line(config.protocol),
        suite=one_line(f"{config.suite} with {changed}" if changed else config.suite),
        definition=one_line(f"{config.preset} {first.definition_digest}"),
        data=one_line(config.data_name or Path(config.data).name),
        size=len(group.runs),
    )


def _once(runs: Sequence[Run]) -> list[Run]:
    """Leave out copies: the same measurement, by the name of its folder and by all its numbers, at another place."""
    found: dict[object, Run] = {}
    for run in runs:
        found.setdefault((run.folder.name, run.label, run.result.measurements), run)
    return list(found.values())


def _names(runs: Sequence[Run]) -> dict[Path, str]:
    """Give each run a page of a name that says what it is and that no other has."""
    names: dict[Path, str] = {}
    for run in runs:
        words = f"{run.result.config.protocol}-{run.label}-{run.folder.name}"
        plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "_" for sign in words)[:100]
        taken = set(names.values())
        name = f"runs/{plain}.html"
        number = 2
        while name in taken:
            name, number = f"runs/{plain}-{number}.html", number + 1
        names[run.folder] = name
    return names
