"""Differences between swappers on the pairs that all of them survived.

A table of means compares a swapper that fails on hard pairs with one that does not. Here every swapper is measured on
the same pairs, and the interval is that of the difference, which the pairs' own difficulty cannot widen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fsbench.errors import ConfigError, RecordError
from fsbench.metrics.spec import METRICS, TIMES
from fsbench.metrics.stats import paired_difference
from fsbench.reports.comparison import Measured, measured_columns
from fsbench.reports.groups import Group
from fsbench.reports.runs import Run
from fsbench.reports.tables import ABSENT, Cell, Column, Row, Section, Table, interval, number, one_line

PAIRED_COLUMNS = (
    *("table", "metric", "swapper", "reference", "value"),
    *("difference", "low", "high", "n", "planned", "verdict"),
)
Verdict = Literal["higher", "lower", "no clear difference", "too few clusters to tell", "reference"]


@dataclass(frozen=True)
class PairedValue:
    """One swapper against the reference swapper in one metric, in printed units."""

    metric: str
    heading: str
    swapper: str
    value: float  # mean over the common pairs
    difference: float | None  # this one less the reference; None for the reference itself
    low: float | None  # 95 % interval of the difference; None where too few clusters allow none
    high: float | None
    n: int  # common pairs
    planned: int
    verdict: Verdict


@dataclass(frozen=True)
class Paired:
    """All paired differences of a group, and remarks on what could not be paired."""

    reference: str
    values: tuple[PairedValue, ...]
    remarks: tuple[str, ...]


def paired_differences(group: Group, *, reference: str = "") -> Paired:
    """Compare the swappers of a group, controls left out, with one of them on the pairs that all of them survived.

    A pair is survived where no stage failed: a failure that the definition counts as a miss is no value here.
    Metrics in which neither way is better are left out, as they describe the data more than the swapper, and
    coverage, which is about the failures themselves.

    Args:
        group: comparable runs; those whose samples cannot be read are left out with a remark.
        reference: label of the swapper to compare with; the first one where it is empty.

    Raises:
        ConfigError: no swapper of the group has that label.
    """
    names = [label for label, _ in group.ranked]
    if reference and reference not in names:
        raise ConfigError(f"no swapper of the table is called '{reference}'; there are: {', '.join(names) or 'none'}")
    members, remarks = _readable(group)
    if len(members) < 2 or (reference and reference not in members):
        return Paired(reference, (), tuple(remarks))
    first = reference or next(iter(members))
    values: list[PairedValue] = []
    for column in measured_columns(group):
        spec = METRICS.get(column.metric)
        if spec is not None and spec.per_pair and column.better != "neither" and column.metric != "coverage":
            values.extend(_compare(column, members, first, remarks))
    return Paired(first, tuple(values), tuple(remarks))


def paired_table(paired: Paired, *, title: str) -> Table:
    """Set the differences as a table, one section a metric."""
    sections: dict[str, list[Row]] = {}
    for found in paired.values:
        sections.setdefault(found.heading, []).append(_row(found))
    feet = [
        f"Only pairs at which no swapper failed. Difference: the swapper's mean less that of"
        f" {paired.reference}, with its paired 95 % interval. Higher or lower is said where that leaves out zero.",
        *paired.remarks,
    ]
    return Table(
        title=one_line(f"{title}: the same pairs for every swapper"),
        lead="",
        label="Swapper",
        columns=(
            *(Column("Mean"), Column("Difference")),
            *(Column("Verdict", is_number=False), Column("Pairs")),
        ),
        sections=tuple(Section(heading, tuple(rows)) for heading, rows in sections.items()),
        feet=tuple(one_line(foot) for foot in feet),
    )


def _readable(group: Group) -> tuple[dict[str, Run], list[str]]:
    members: dict[str, Run] = {}
    remarks = []
    for label, run in group.ranked:
        try:
            for column in run.result.measurements:
                run.values(column.metric)
            members[label] = run
        except RecordError as error:
            remarks.append(f"{label} is left out of the paired differences: {error}.")
    return members, remarks


def _compare(column: Measured, members: dict[str, Run], reference: str, remarks: list[str]) -> list[PairedValue]:
    if column.metric in TIMES:  # the first pass of another session is another moment
        timed = [label for label, found in column.found.items() if found.value is not None]
        members = {label: run for label, run in members.items() if label in timed}
        if reference not in members or len(members) < 2:
            return []
    if not set(members) <= set(column.found):
        return []
    values = {
        label: {key: value for key, value in run.values(column.metric).items() if key in run.unharmed}
        for label, run in members.items()
    }
    if not any(values.values()):
        return []  # a number for the run as a whole, such as a size
    run = members[reference]
    common = [key for key in run.samples["key"] if all(key in found for found in values.values())]
    if not common:
        remarks.append(f"{column.heading}: no pair was survived by every swapper.")
        return []
    rows = {label: np.array([found[key] for key in common], np.float64) for label, found in values.items()}
    clusters = labellings(run, common)
    return [_against(column, label, rows, reference, clusters, run) for label in members]


def _against(
    column: Measured,
    label: str,
    rows: dict[str, NDArray[np.float64]],
    reference: str,
    clusters: Sequence[Sequence[str]],
    run: Run,
) -> PairedValue:
    planned = run.result.planned
    mean = float(rows[label].mean())
    if label == reference:
        n = len(rows[label])
        return PairedValue(column.metric, column.heading, label, mean, None, None, None, n, planned, "reference")
    config = run.result.config
    found = paired_difference(rows[label], rows[reference], *clusters, resamples=config.bootstrap, seed=config.seed)
    low, high = (None, None) if found.interval is None else (found.interval.low, found.interval.high)
    verdict = _verdict(low, high)
    return PairedValue(column.metric, column.heading, label, mean, found.value, low, high, found.n, planned, verdict)


def labellings(run: Run, keys: Sequence[str]) -> list[list[str]]:
    """Give the labellings that intervals resample, for the given pairs: one, or two where every pair has a second."""
    found = []
    for name in ("cluster", "cluster2"):
        by_key = dict(zip(run.samples["key"], run.samples[name], strict=True))
        labels = [by_key[key] for key in keys]
        if all(label is not None for label in labels):
            found.append(labels)
    return found


def _verdict(low: float | None, high: float | None) -> Verdict:
    if low is None or high is None:
        return "too few clusters to tell"
    if low is not None and low > 0:
        return "higher"
    return "lower" if high is not None and high < 0 else "no clear difference"


def _row(found: PairedValue) -> Row:
    digits = METRICS[found.metric].digits
    better = METRICS[found.metric].better
    words = {"higher": f"higher ({'better' if better == 'higher' else 'worse'})"}
    words["lower"] = f"lower ({'better' if better == 'lower' else 'worse'})"
    difference = ABSENT if found.difference is None else number(found.difference, digits, signed=True)
    bounds = interval(found.low, found.high, digits, signed=True)
    cells = (
        *(Cell(number(found.value, digits)), Cell(difference, bounds)),
        *(Cell(words.get(found.verdict, found.verdict)), Cell(f"{found.n} of {found.planned}")),
    )
    return Row(one_line(found.swapper), cells)


def paired_lines(table: int, paired: Paired) -> list[tuple[str | int | float | None, ...]]:
    """Give the differences as rows of PAIRED_COLUMNS, full digits."""
    return [
        (
            *(table, found.metric, found.swapper, paired.reference, found.value),
            *(found.difference, found.low, found.high, found.n, found.planned, found.verdict),
        )
        for found in paired.values
    ]
