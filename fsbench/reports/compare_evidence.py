"""What two runs say about one metric: both values, the shift with its error, pairs lost, the pairs that got worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fsbench.metrics.shift import FEWEST_CLUSTERS, Shift, paired_shift, unpaired_shift
from fsbench.records import Measurement, Record
from fsbench.reports.compare_settings import CompareSettings
from fsbench.reports.paired import labellings
from fsbench.reports.runs import Run
from fsbench.reports.tables import one_line

Method = Literal["pairs", "sets", "whole", "failures", "passes"]
Settled = Literal["", "gone", "new", "not comparable"]
JACKKNIFE_GROUPS = 20  # at most, see metrics.stats.group_jackknife
WORST_SHOWN = 5


class WorsePair(Record):
    """One pair that got worse, in printed units."""

    key: str
    old: float
    new: float


@dataclass(frozen=True)
class Evidence:
    """One metric before and after. `harm` is the shift towards the worse: positive is worse."""

    metric: str
    title: str
    unit: str
    better: Literal["higher", "lower"]
    method: Method
    planned: int
    old: float | None = None  # of the common pairs where there are any
    new: float | None = None
    harm: Shift | None = None
    margin: float | None = None
    n: int = 0  # pairs in both
    lost: int = 0  # pairs that only the old run has
    regained: int = 0  # pairs that only the new run has
    is_identical: bool = False  # equal to the last digit, pair by pair
    settled: Settled = ""  # where there is nothing to test
    note: str = ""
    worse_pairs: tuple[WorsePair, ...] = ()

    @property
    def harm_value(self) -> float | None:
        """How much worse the new value is, None where one is absent."""
        if self.old is None or self.new is None:
            return None
        return (self.new - self.old) * (1 if self.better == "lower" else -1)


def evidence(metric: str, old: Run, new: Run, settings: CompareSettings) -> Evidence | None:
    """Collect what two comparable runs say about a metric; None where neither of its ways is better.

    Raises:
        RecordError: the samples of a run cannot be read.
    """
    before, after = old.measurement(metric), new.measurement(metric)
    known = before or after
    if known is None or known.better == "neither":
        return None
    planned = old.result.planned
    found = Evidence(metric, one_line(known.title), known.unit, known.better, "whole", planned)
    if before is None or before.value is None:
        return _without_old(found, before, after)
    if after is None or after.value is None:
        note = after.note if after is not None else ""
        return replace(found, old=before.value, settled="gone", note=one_line(note or "not in the new run"))
    found = replace(found, old=before.value, new=after.value)
    reason = _meaning_differs(before, after)
    if reason:
        return replace(found, settled="not comparable", note=reason)
    if metric == "coverage":
        return _failures(found, old, new, settings)
    values = old.values(metric), new.values(metric)
    if values[0] or values[1]:
        return _paired(found, old, new, values, settings)
    return _of_wholes(found, old, before, after, settings)


def _without_old(found: Evidence, before: Measurement | None, after: Measurement | None) -> Evidence | None:
    """Say what is new; what has a value in neither run is nobody's business."""
    if after is None or after.value is None:
        return None
    note = before.note if before is not None else "not in the old run"
    return replace(found, new=after.value, settled="new", note=one_line(note))


def _meaning_differs(before: Measurement, after: Measurement) -> str:
    fields = ("definition", "version", "title", "unit", "better")
    words = [
        f"{name}: {getattr(before, name)} / {getattr(after, name)}"
        for name in fields
        if getattr(before, name) != getattr(after, name)
    ]
    return one_line(", ".join(words))


def _failures(found: Evidence, old: Run, new: Run, settings: CompareSettings) -> Evidence:
    """Count swaps lost and regained. The pairs are given, not drawn: a count needs no interval."""
    before, after = old.values("coverage"), new.values("coverage")
    lost = sum(1 for key, value in before.items() if value > after.get(key, 0.0))
    regained = sum(1 for key, value in after.items() if value > before.get(key, 0.0))
    same = before == after
    found = replace(found, method="failures", margin=settings.failures, n=len(before), is_identical=same)
    return replace(found, lost=lost, regained=regained)


def _paired(
    found: Evidence,
    old: Run,
    new: Run,
    values: tuple[Mapping[str, float], Mapping[str, float]],
    settings: CompareSettings,
) -> Evidence:
    """Take the difference of each pair that neither run failed at."""
    before, after = (
        {key: value for key, value in column.items() if key in run.unharmed}
        for column, run in zip(values, (old, new), strict=True)
    )
    common = [key for key in old.samples["key"] if key in before and key in after]
    found = replace(
        found,
        method="pairs",
        n=len(common),
        lost=sum(1 for key in before if key not in after),
        regained=sum(1 for key in after if key not in before),
        is_identical=dict(values[0]) == dict(values[1]),
    )
    if not common:
        return replace(found, settled="gone", note="no pair was survived by both runs")
    rows = np.array([before[key] for key in common]), np.array([after[key] for key in common])
    sign = 1 if found.better == "lower" else -1
    labels = labellings(old, common)
    harm = paired_shift(sign * (rows[1] - rows[0]), *labels, resamples=settings.resamples, seed=settings.seed)
    fewest = min(len(set(labelling)) for labelling in labels)
    notes = [
        f"only {fewest} clusters, {FEWEST_CLUSTERS} are needed for a verdict" if harm is None else "",
        "means are compared, the table prints another statistic" if _is_no_mean(old, found.metric, values[0]) else "",
    ]
    mean = float(rows[0].mean())
    return replace(
        found,
        old=mean,
        new=float(rows[1].mean()),
        harm=harm,
        margin=settings.margin(found.metric, mean),
        note="; ".join(note for note in notes if note),
        worse_pairs=_worst(common, *rows, sign),
    )


def _is_no_mean(run: Run, metric: str, values: Mapping[str, float]) -> bool:
    measured = run.measurement(metric)
    if measured is None or measured.value is None or not values:
        return False
    return not np.isclose(np.mean(list(values.values())), measured.value, rtol=1e-6, atol=1e-9)


def _worst(
    keys: list[str], before: NDArray[np.float64], after: NDArray[np.float64], sign: int
) -> tuple[WorsePair, ...]:
    harm = sign * (after - before)
    order = sorted(range(len(keys)), key=lambda place: (-harm[place], keys[place]))[:WORST_SHOWN]
    return tuple(
        WorsePair(key=keys[place], old=float(before[place]), new=float(after[place]))
        for place in order
        if harm[place] > 0
    )


def _of_wholes(
    found: Evidence, old: Run, before: Measurement, after: Measurement, settings: CompareSettings
) -> Evidence:
    """Compare numbers that belong to a whole run: by their own intervals where they have some, else as they are."""
    if before.value is None or after.value is None:
        raise ValueError("a number of a whole run is absent")
    found = replace(
        found,
        n=min(before.n, after.n),
        margin=settings.margin(found.metric, before.value),
        is_identical=before.value == after.value,
        note=f"n = {before.n} / {after.n}" if before.n != after.n else "",
    )
    if before.high is None and after.high is None:
        return found
    if before.high is None or after.high is None:
        return replace(found, method="sets", note="one of the two has no interval")
    groups = min(JACKKNIFE_GROUPS, max(FEWEST_CLUSTERS, len(set(old.samples["target_id"]))))
    halves = {"old_half": before.high - before.value, "new_half": after.high - after.value}  # the low end may be cut
    shift = unpaired_shift(before.value, after.value, groups=groups, **halves)
    return replace(found, method="sets", harm=shift if found.better == "lower" else -shift)
