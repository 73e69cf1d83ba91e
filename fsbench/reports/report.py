"""What a report says: for each comparable group its table and the paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fsbench.errors import ConfigError
from fsbench.reports.comparison import comparison_table
from fsbench.reports.devices import devices_table, is_elsewhere
from fsbench.reports.groups import Group, comparable_groups
from fsbench.reports.paired import Paired, paired_differences, paired_table
from fsbench.reports.runs import Run
from fsbench.reports.tables import Table


@dataclass(frozen=True)
class Comparison:
    """One comparable group: its runs, its table, and the paired differences where it has several swappers."""

    group: Group
    table: Table
    paired: Paired
    paired_table: Table | None

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables to print, in order."""
        return (self.table,) if self.paired_table is None else (self.table, self.paired_table)


def compare_runs(runs: Sequence[Run], *, reference: str = "") -> list[Comparison]:
    """Group runs and compare each group.

    Args:
        runs: finished runs, of any protocol.
        reference: label of the swapper that the others are compared with, in each group that has it; the first
            swapper of a group where it is empty.

    Raises:
        ConfigError: no group has a swapper of that label.
    """
    groups = comparable_groups(runs)
    known = list(dict.fromkeys(label for group in groups for label, _ in group.ranked))
    if reference and reference not in known:
        raise ConfigError(
            f"no swapper of these runs is called '{reference}'; there are: {', '.join(known) or 'none'}",
            hint="give the name as the table prints it",
        )
    return [_compare(group, reference, runs) for group in groups]


def _compare(group: Group, reference: str, runs: Sequence[Run]) -> Comparison:
    if is_elsewhere(group):
        return Comparison(group, devices_table(group, runs), Paired("", (), ()), None)
    named = reference if reference in [label for label, _ in group.ranked] else ""
    table = comparison_table(group)
    paired = paired_differences(group, reference=named)
    has_more = bool(paired.values) or (len(group.ranked) > 1 and bool(paired.remarks))
    return Comparison(group, table, paired, paired_table(paired, title=table.title) if has_more else None)
