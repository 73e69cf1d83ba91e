"""What is timed of a swapper: the whole call with a known source, with a new one, and its networks alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fsbench.engine.plugins import Identified
from fsbench.engine.stages import Task, perform
from fsbench.errors import FsbenchError, ItemError
from fsbench.interfaces import Swapper
from fsbench.protocols.timing import Call
from fsbench.types import Part, SwapItem

WHOLE, NEW_SOURCE, NETWORK = "latency_ms", "new_source_ms", "network_ms"
NO_FACE_NET = "keeps nothing of a source from call to call, or does not say so"
NO_NETWORK = "shows no network of its own"


@dataclass(frozen=True, eq=False)
class Subject:
    """One swapper that is timed."""

    label: str
    by: Identified
    swapper: Swapper
    painters: tuple[Part, ...]  # the networks that run for each target
    face_nets: tuple[Part, ...]  # those that run once a source
    problem: str = ""  # why it is not timed at all: its first result was none


def subject(label: str, by: Identified, items: Sequence[SwapItem]) -> Subject:
    """Build a swapper, and see that it gives a proper result before its time counts for anything."""
    swapper: Swapper = by.plugin.build()
    outcomes, _ = perform(Task("swap", by.plugin), list(items))
    problem = next((outcome.reason for outcome in outcomes if isinstance(outcome, ItemError)), "")
    parts = () if problem else tuple(swapper.parts())
    painters = tuple(part for part in parts if not part.once_a_source)
    return Subject(label, by, swapper, painters, tuple(part for part in parts if part.once_a_source), problem)


def calls_of(subjects: Sequence[Subject], items: Sequence[Sequence[SwapItem]]) -> dict[tuple[str, str], Call]:
    """Give every call of a round: by metric and label, so that the swappers stand side by side in each metric."""
    calls: dict[tuple[str, str], Call] = {}
    for metric in (WHOLE, NEW_SOURCE, NETWORK):
        for one in subjects:
            call = _call(metric, one, items)
            if call is not None:
                calls[metric, one.label] = call
    return calls


def _call(metric: str, one: Subject, items: Sequence[Sequence[SwapItem]]) -> Call | None:
    if metric == WHOLE:
        return lambda number: _swap(one, items[number])
    if one.problem:
        return None
    if metric == NEW_SOURCE:
        return (lambda number: _swap_new(one, items[number])) if one.face_nets else None
    return (lambda number: [part.run() for part in one.painters]) if one.painters else None


def _swap_new(one: Subject, items: Sequence[SwapItem]) -> None:
    one.swapper.forget()
    _swap(one, items)


def _swap(one: Subject, items: Sequence[SwapItem]) -> None:
    if one.problem:
        raise ItemError(one.problem)
    try:
        outcomes = one.swapper.swap(items)
    except (FsbenchError, ItemError):
        raise
    except Exception as error:  # noqa: BLE001  # whatever foreign code raises costs this pass
        raise ItemError(f"{type(error).__name__}: {error}") from None
    for outcome in outcomes:
        if isinstance(outcome, ItemError):
            raise outcome


def can_have(subjects: Sequence[Subject]) -> dict[str, bool]:
    """Tell of each metric that not every swapper has whether any of these has it."""
    networks = any(one.painters for one in subjects)
    counted = any(part.plain is not None for one in subjects for part in one.painters)
    several = len(subjects) > 1
    return {
        "latency_ratio": several,
        NEW_SOURCE: any(one.face_nets for one in subjects),
        NETWORK: networks,
        "network_ratio": networks and several,
        "network_error": counted,
        "network_gflop": counted,
        "limit_share": counted,
    }
