"""More raters for a study: they get what others left, and then the sets that were rated least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, insert, select

from fsbench.errors import ConfigError
from fsbench.userstudy.links import add_links
from fsbench.userstudy.plan import Dealer, Given, Visit
from fsbench.userstudy.spec import Kind
from fsbench.userstudy.store import Store
from fsbench.userstudy.store.content import add_raters, write_visits
from fsbench.userstudy.store.sessions import log, new_token, study_state
from fsbench.userstudy.store.tables import assignment, item_set, rater, stimulus


@dataclass(frozen=True)
class Extended:
    """Who came in addition."""

    first: int  # number of the first new rater
    tokens: tuple[str, ...] = field(repr=False)
    taken_over: int  # main sets that others left
    remaining: int  # that others left and nobody has


@dataclass(frozen=True)
class _Sets:
    """The sets of a study by kind, in the order in which the plan counts them, and their results in theirs."""

    keys: dict[Kind, list[int]]
    stimuli: dict[int, list[int]]

    def item(self, kind: Kind, set_id: int) -> int:
        """Tell the place of a set among those of its kind."""
        return self.keys[kind].index(set_id)


def open_places(store: Store) -> int:
    """Count the main sets that raters left and nobody has."""
    with store.read() as connection:
        return len(_given(connection, store.study_id, _sets(connection, store.study_id)))


def extend(store: Store, *, raters: int | None = None) -> Extended:
    """Deal pages to new raters and draw their links.

    A new rater gets main sets that others left (released, withdrawn, excluded), in the order they were dealt in, and
    then those with the fewest views that are done or still planned. So the views of sets, as they will be, differ by
    one at most, as in the first plan.

    Args:
        store: of the study.
        raters: how many; None for as many as it takes to deal out what others left.

    Raises:
        ConfigError: the study is closed, or nobody left anything and `raters` is None.
    """
    counts = store.spec.counts
    with store.write() as connection:
        if study_state(connection, store.study_id) == "closed":
            raise ConfigError(f"the study of {store.folder} is closed", hint="a new study")
        sets = _sets(connection, store.study_id)
        left = _given(connection, store.study_id, sets)
        wanted = -(-len(left) // counts.per_rater) if raters is None else raters
        if wanted < 1:
            message = "no rater left a set behind, so there is nothing to deal anew"
            raise ConfigError(
                message, hint="--raters N for more raters all the same, or first fsbench userstudy release"
            )
        known = select(func.max(rater.c.ordinal)).where(rater.c.study_id == store.study_id)
        first = int(connection.execute(known).scalar() or 0) + 1
        used = {kind: _views(connection, store.study_id, sets.keys[kind]) for kind in ("main", "gold")}
        dealer = Dealer(
            counts,
            len(store.spec.methods),
            store.spec.seed,
            len(sets.keys["gold"]),
            first_rater=first - 1,
            used=used["main"],
            gold_used=used["gold"],
        )
        visits = [visit for _ in range(wanted) for visit in dealer.rater(_take(left, dealer.used, counts.per_rater))]
        tokens = tuple(new_token() for _ in range(wanted))
        keys = add_raters(connection, store.study_id, tokens, first=first)
        write_visits(connection, store.study_id, [_row(connection, store, sets, v, keys, first) for v in visits])
        taken = sum(visit.replaces is not None for visit in visits)
        log(connection, store.study_id, "extended", detail={"raters": wanted, "taken_over": taken})
        add_links(store.folder, first, tokens)  # before the commit: a link too many is harmless, one lost is not
    return Extended(first, tokens, taken, len(left))


def _take(left: list[Given], used: Sequence[int], most: int) -> list[Given]:
    """Take from what is left, the least rated sets first, no set twice for one rater."""
    taken: dict[int, Given] = {}
    for place in sorted(left, key=lambda given: (used[given.item], given.key)):
        if len(taken) < most and place.item not in taken:
            taken[place.item] = place
    for place in taken.values():
        left.remove(place)
    return list(taken.values())


def _sets(connection: Connection, study_id: int) -> _Sets:
    keys: dict[Kind, list[int]] = {"main": [], "training": [], "gold": [], "repeat": []}
    query = select(item_set.c.id, item_set.c.kind).where(item_set.c.study_id == study_id).order_by(item_set.c.id)
    for key, kind in connection.execute(query):
        keys[kind].append(key)
    stimuli: dict[int, list[int]] = {}
    found = (
        select(stimulus.c.set_id, stimulus.c.id)
        .join(item_set, item_set.c.id == stimulus.c.set_id)
        .where(item_set.c.study_id == study_id)
        .order_by(stimulus.c.id)
    )
    for set_id, key in connection.execute(found):
        stimuli.setdefault(set_id, []).append(key)
    return _Sets(keys, stimuli)


def _given(connection: Connection, study_id: int, sets: _Sets) -> list[Given]:
    """Find the main pages that nobody will rate, or whose votes do not count, and that nobody has taken over."""
    heirs = assignment.alias()
    query = (
        select(assignment.c.id, assignment.c.set_id, assignment.c.stimulus_order)
        .join(item_set, item_set.c.id == assignment.c.set_id)
        .join(rater, rater.c.id == assignment.c.rater_id)
        .where(
            *(assignment.c.study_id == study_id, item_set.c.kind == "main"),
            (assignment.c.state == "void") | (rater.c.state == "excluded"),
            ~select(heirs.c.id).where(heirs.c.replaces == assignment.c.id).exists(),
        )
        .order_by(assignment.c.id)
    )
    found = []
    for key, set_id, text in connection.execute(query):
        order = tuple(sets.stimuli[set_id].index(int(part)) for part in text.split())
        found.append(Given(key, sets.item("main", set_id), order))
    return found


def _views(connection: Connection, study_id: int, keys: Sequence[int]) -> list[int]:
    """Count for each set the views that are done or planned, of raters who count."""
    query = (
        select(assignment.c.set_id, func.count())
        .join(rater, rater.c.id == assignment.c.rater_id)
        .where(assignment.c.study_id == study_id, assignment.c.state != "void", rater.c.state != "excluded")
        .group_by(assignment.c.set_id)
    )
    views = {set_id: count for set_id, count in connection.execute(query)}
    return [views.get(key, 0) for key in keys]


def _row(
    connection: Connection, store: Store, sets: _Sets, visit: Visit, keys: Sequence[int], first: int
) -> dict[str, object]:
    if visit.kind == "repeat":
        set_id = _repeat(connection, store, sets, sets.keys["main"][visit.item])
    else:
        set_id = sets.keys[visit.kind][visit.item]
    return {
        "rater_id": keys[visit.rater - (first - 1)],
        "set_id": set_id,
        "position": visit.position,
        "stimulus_order": " ".join(str(sets.stimuli[set_id][place]) for place in visit.order),
        "replaces": visit.replaces,
    }


def _repeat(connection: Connection, store: Store, sets: _Sets, main: int) -> int:
    """Find the repeat of a main set, or make it."""
    row = connection.execute(select(item_set).where(item_set.c.id == main)).mappings().one()
    same = item_set.c.pair_key == row["pair_key"], item_set.c.kind == "repeat", item_set.c.study_id == store.study_id
    known = connection.execute(select(item_set.c.id).where(*same)).scalar()
    if known is not None:
        return int(known)
    values = {**row, "kind": "repeat"}
    del values["id"]
    made = int(connection.execute(insert(item_set).values(**values).returning(item_set.c.id)).scalar_one())
    copied = select(stimulus).where(stimulus.c.set_id == main).order_by(stimulus.c.id)
    sets.stimuli[made] = []
    for result in connection.execute(copied).mappings().all():
        content = {**result, "set_id": made}
        del content["id"]
        key = connection.execute(insert(stimulus).values(**content).returning(stimulus.c.id)).scalar_one()
        sets.stimuli[made].append(int(key))
    return made
