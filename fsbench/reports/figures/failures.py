"""Failures by swapper and stage, as a table that a file draws as a matrix."""

from __future__ import annotations

from collections import Counter

from fsbench.reports.figures.series import series_of
from fsbench.reports.groups import Group
from fsbench.reports.tables import Cell, Column, Row, Section, Table, one_line

STAGES = ("plan", "decode", "detect", "swap", "verify")


def failure_table(group: Group) -> Table:
    """Count failures by swapper and stage.

    Raises:
        RecordError: the failures of a run cannot be read.
    """
    counts = {one.label: Counter(failure.stage for failure in one.run.failures) for one in series_of(group)}
    seen = list(dict.fromkeys(stage for counter in counts.values() for stage in counter))
    stages = [*STAGES, *(stage for stage in seen if stage not in STAGES)]
    sections = []
    for title, members in (("", group.ranked), ("Controls", group.controls)):
        rows = [
            Row(
                one_line(label),
                (
                    *(Cell(str(counts[label][stage])) for stage in stages),
                    Cell(str(run.result.swapped)),
                    Cell(str(run.result.planned)),
                ),
            )
            for label, run in members
        ]
        sections += [Section(title, tuple(rows), muted=bool(title))] if rows else []
    columns = tuple(Column(one_line(name)) for name in (*stages, "swapped", "planned"))
    feet = ("A stage counts lines of failures.csv; a pair that one network could not measure is swapped all the same.",)
    return Table("Failures by stage", "", "Swapper", columns, tuple(sections), feet=feet)
