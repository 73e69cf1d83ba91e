"""Which old run goes with which new one, and what keeps two runs from being compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fsbench.errors import RecordError
from fsbench.reports.groups import comparable_groups
from fsbench.reports.places import without_places
from fsbench.reports.runs import Run
from fsbench.reports.tables import one_line

SHOWN = 3  # names in a sentence


@dataclass(frozen=True)
class Match:
    """One swapper before and after; one of the two may not be there."""

    protocol: str
    label: str
    is_control: bool
    old: Run | None
    new: Run | None


def shown_label(run: Run) -> str:
    """Give a run's label without the folders of a machine, which differ where the swapper does not."""
    return one_line(without_places(run.label))


def match_runs(old: Sequence[Run], new: Sequence[Run]) -> list[Match]:
    """Pair runs of one protocol and label, and where there are several of these, those with equal conditions.

    Where both sides hold one swapper of a protocol besides controls, they are a pair whatever they are called.

    Raises:
        RecordError: two runs of one side cannot be told apart.
    """
    refuse_twins(old, "OLD")
    refuse_twins(new, "NEW")
    left = list(new)
    matches = []
    for run in old:
        found = _counterpart(run, old, left, new)
        if found is not None:
            left.remove(found)
        matches.append(_match(run, found))
    return [*matches, *(_match(None, run) for run in left)]


def refuse_twins(runs: Sequence[Run], side: str) -> None:
    """Refuse two runs of one swapper under equal conditions, of which nobody can say which one is meant.

    Raises:
        RecordError: there are two.
    """
    for place, run in enumerate(runs):
        for other in runs[:place]:
            if _key(run) == _key(other) and not difference(other, run):
                what = f"{side} holds two runs of '{shown_label(run)}' with equal definition, data and networks"
                raise RecordError(f"{what}: {other.folder} and {run.folder}", hint="name one of the two folders")


def difference(old: Run, new: Run) -> str:
    """Say in words why the numbers of two runs do not mean the same; nothing where they do."""
    groups = comparable_groups([old, new])
    words = [groups[1].apart.partition("differs: ")[2].rstrip(".") or groups[1].apart] if len(groups) > 1 else []
    weights = [run.result.provenance.weights for run in (old, new)]
    if weights[0] != weights[1] and "weights" not in " ".join(words):
        files = [file for file in {**weights[0], **weights[1]} if weights[0].get(file) != weights[1].get(file)]
        words.append(f"weights of the networks that measure ({', '.join(files[:SHOWN])})")
    return one_line(without_places("; ".join(words)))


def pair_difference(old: Run, new: Run) -> str:
    """Say in words how two pair lists differ; nothing where they are equal.

    Raises:
        RecordError: the samples of a run cannot be read.
    """
    names = ("key", "source_id", "target_id")
    before, after = (
        {key: who for key, *who in zip(*(run.samples[name] for name in names), strict=True)} for run in (old, new)
    )
    gone, more = [key for key in before if key not in after], [key for key in after if key not in before]
    other = [key for key, who in before.items() if key in after and after[key] != who]
    words = [
        f"{len(keys)} {what} ({', '.join(keys[:SHOWN])}{' ...' if len(keys) > SHOWN else ''})"
        for keys, what in ((gone, "pairs only in OLD"), (more, "only in NEW"), (other, "with other people"))
        if keys
    ]
    return one_line(f"pair list: {', '.join(words)}") if words else ""


def _key(run: Run) -> tuple[str, str, bool]:
    return run.result.config.protocol, shown_label(run), run.is_control


def _counterpart(run: Run, old: Sequence[Run], left: Sequence[Run], new: Sequence[Run]) -> Run | None:
    candidates = [other for other in left if _key(other) == _key(run)]
    equal = [other for other in candidates if not difference(run, other)]
    if equal:
        return equal[0]
    twins = [other for other in old if _key(other) == _key(run)]
    if candidates:
        return candidates[0] if len(candidates) == len(twins) == 1 else None
    alone = _only_swapper(run, old)
    others = [other for other in new if _is_swapper(other, run.result.config.protocol)]
    return others[0] if alone and len(others) == 1 and others[0] in left else None


def _only_swapper(run: Run, runs: Sequence[Run]) -> bool:
    return [other for other in runs if _is_swapper(other, run.result.config.protocol)] == [run]


def _is_swapper(run: Run, protocol: str) -> bool:
    return not run.is_control and run.result.config.protocol == protocol


def _match(old: Run | None, new: Run | None) -> Match:
    run = old or new
    if run is None:
        raise ValueError("a match needs a run")
    labels = list(dict.fromkeys(shown_label(found) for found in (old, new) if found is not None))
    return Match(run.result.config.protocol, " → ".join(labels), run.is_control, old, new)
