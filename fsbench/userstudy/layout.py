"""From a plan and the sets of each kind to the rows of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fsbench.userstudy.plan import Visit
from fsbench.userstudy.spec import Kind
from fsbench.userstudy.store import content


def lay_out(
    plan: Sequence[Visit], sets: Mapping[Kind, Sequence[content.SetContent]]
) -> tuple[list[content.SetContent], list[content.Visit]]:
    """Put the sets of all kinds in one list, with a repeat of each main set that comes twice; number the visits by it.

    Args:
        plan: with places among the sets of each kind.
        sets: kind -> its sets; repeats are made here.
    """
    found: list[content.SetContent] = []
    place: dict[tuple[Kind, int], int] = {}
    for kind in ("main", "training", "gold"):
        for item, one in enumerate(sets.get(kind, ())):
            place[kind, item] = len(found)
            found.append(one)
    for item in sorted({visit.item for visit in plan if visit.kind == "repeat"}):
        place["repeat", item] = len(found)
        found.append(replace(sets["main"][item], kind="repeat"))
    visits = [content.Visit(v.rater, v.position, place[v.kind, v.item], v.order) for v in plan]
    return found, visits
