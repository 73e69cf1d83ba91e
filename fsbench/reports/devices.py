"""The table of devices: the network alone on each platform, system, framework and hardware, as papers print it."""

from __future__ import annotations

from collections.abc import Sequence

from fsbench.records import Measurement
from fsbench.reports.groups import Group
from fsbench.reports.runs import Run
from fsbench.reports.tables import ABSENT, Cell, Column, Notes, Row, Section, Table, interval, number, one_line

MEASURED, ELSEWHERE = "measured", "elsewhere"  # key and value of the conditions of a run that was taken in
WORDS = ("platform", "os", "framework", "hardware")
NUMBERS = ("network_mean_ms", "network_ms", "network_p95_ms")
DIGITS = 1
NOT_SAID = "not said"


def is_elsewhere(group: Group) -> bool:
    """Tell whether the times of a group were taken on other devices and handed in."""
    return all(run.result.provenance.conditions.get(MEASURED) == ELSEWHERE for run in group.runs)


def devices_table(group: Group, runs: Sequence[Run]) -> Table:
    """Set times from elsewhere in a table, and those of the same protocol that were taken here below them.

    Args:
        group: the runs that were taken in.
        runs: all runs of the report.
    """
    notes = Notes()
    protocol = group.runs[0].result.config.protocol
    here = [
        run
        for run in runs
        if run.result.config.protocol == protocol and run not in group.runs and _value(run, "network_ms") is not None
    ]
    sections = [Section("Elsewhere", tuple(_row(run, notes) for run in group.runs))]
    if here:
        sections.append(Section("Here", tuple(_row(run, notes) for run in here)))
    return Table(
        title="Inference speed by device: the network alone",
        lead="Times from elsewhere were taken on other devices and handed in as a file. None is ranked.",
        label="Platform",
        columns=(
            *(Column(word, is_number=False) for word in ("OS", "Framework", "Hardware", "Network")),
            *(Column(f"{word}, ms") for word in ("Mean", "Median", "95th percentile")),
            Column("Passes"),
        ),
        sections=tuple(sections),
        notes=notes.lines,
        feet=(
            "Brackets: 95 % intervals. The network alone, without detection, cropping and, unless said, the face net.",
        ),
    )


def _row(run: Run, notes: Notes) -> Row:
    told = {**run.result.provenance.conditions, **run.result.swapper.facts}
    words = [one_line(told.get(word, NOT_SAID)) for word in WORDS]
    network = f"{run.result.swapper.name}, {told.get('precision', 'float32')}, batch {told.get('batch', '1')}"
    known = _value(run, "network_ms")
    letters = (notes.letter(one_line(known.note)),) if known is not None and known.note else ()
    cells = [Cell(word) for word in (*words[1:], one_line(network))]
    cells += [_cell(_value(run, metric)) for metric in NUMBERS]
    cells.append(Cell(str(known.n) if known is not None else ABSENT, notes=letters))
    return Row(words[0], tuple(cells))


def _cell(found: Measurement | None) -> Cell:
    if found is None or found.value is None:
        return Cell(ABSENT)
    return Cell(number(found.value, DIGITS), interval(found.low, found.high, DIGITS))


def _value(run: Run, metric: str) -> Measurement | None:
    found = run.measurement(metric)
    return found if found is not None and found.value is not None else None
