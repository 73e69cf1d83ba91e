"""How far a study is: people, sets, time. Never a score."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import Connection, case, func, select

from fsbench.userstudy.store import Store
from fsbench.userstudy.store.sessions import study_state
from fsbench.userstudy.store.tables import assignment, event, item_set, rater

IDLE_HOURS = 24.0  # without a sign of life a rater who has not finished counts as gone


@dataclass(frozen=True)
class RaterStatus:
    """One rater's way so far. Times in seconds."""

    ordinal: int
    state: str
    done: int  # pages
    planned: int  # pages, without those that were given to others
    released: int  # pages that were given, or can be given, to others
    last_seen: str | None  # ISO 8601, UTC
    idle: float | None  # since then
    pace: float | None  # median time on a page
    is_gone: bool  # began, has pages left, and was idle for longer than IDLE_HOURS


@dataclass(frozen=True)
class StudyStatus:
    """The whole study so far."""

    title: str
    state: str
    states: dict[str, int]  # of raters -> how many
    gone: int
    main_done: int  # main sets rated by raters who count
    main_planned: int
    views_low: int  # times the least rated set was rated
    views_high: int
    last_submit: str | None
    raters: tuple[RaterStatus, ...]

    @property
    def completion(self) -> float:
        """Share of the planned main sets that are rated."""
        return self.main_done / self.main_planned if self.main_planned else 0.0

    def content(self) -> dict[str, Any]:
        """Give all of it as plain data."""
        return {**asdict(self), "completion": self.completion}


def status(store: Store, *, idle_hours: float = IDLE_HOURS) -> StudyStatus:
    """Count. Equal for all methods, so that looking at it changes nobody's mind."""
    at = datetime.now(timezone.utc)
    with store.read() as connection:
        state = study_state(connection, store.study_id)
        people = _people(connection, store.study_id, at, idle_hours)
        done, views = _views(connection, store.study_id)
        planned = _planned(connection, store.study_id)
        last = connection.execute(
            select(func.max(assignment.c.done_at)).where(assignment.c.study_id == store.study_id)
        ).scalar()
    return StudyStatus(
        title=store.spec.title,
        state=state,
        states=dict(Counter(found.state for found in people)),
        gone=sum(found.is_gone for found in people),
        main_done=done,
        main_planned=planned,
        views_low=min(views, default=0),
        views_high=max(views, default=0),
        last_submit=last,
        raters=tuple(people),
    )


def _people(connection: Connection, study_id: int, at: datetime, idle_hours: float) -> list[RaterStatus]:
    counts: dict[int, Counter[str]] = {}
    paces: dict[int, list[float]] = {}
    pages = select(assignment.c.rater_id, assignment.c.state, assignment.c.shown_at, assignment.c.done_at)
    for key, state, shown, done in connection.execute(pages.where(assignment.c.study_id == study_id)):
        counts.setdefault(key, Counter())[state] += 1
        if shown and done:
            paces.setdefault(key, []).append(seconds_between(shown, done))
    seen = select(event.c.rater_id, func.max(event.c.at)).where(event.c.study_id == study_id).group_by(event.c.rater_id)
    last: dict[int | None, str] = {key: moment for key, moment in connection.execute(seen)}
    rows = connection.execute(select(rater).where(rater.c.study_id == study_id).order_by(rater.c.ordinal)).mappings()
    found = []
    for row in rows:
        count, moment = counts.get(row["id"], Counter()), last.get(row["id"])
        idle = seconds_between(moment, at.isoformat()) if moment else None
        left = count["planned"] + count["shown"]
        found.append(
            RaterStatus(
                ordinal=row["ordinal"],
                state=row["state"],
                done=count["done"],
                planned=left + count["done"],
                released=count["void"],
                last_seen=moment,
                idle=idle,
                pace=statistics.median(paces[row["id"]]) if row["id"] in paces else None,
                is_gone=row["state"] == "active" and left > 0 and idle is not None and idle > idle_hours * 3600,
            )
        )
    return found


def _views(connection: Connection, study_id: int) -> tuple[int, list[int]]:
    """Count the main sets that are rated by raters who count, in all and by set."""
    counts = func.sum(case((assignment.c.state == "done", case((rater.c.state == "excluded", 0), else_=1)), else_=0))
    query = (
        select(item_set.c.id, counts)
        .select_from(item_set)
        .outerjoin(assignment, assignment.c.set_id == item_set.c.id)
        .outerjoin(rater, rater.c.id == assignment.c.rater_id)
        .where(item_set.c.study_id == study_id, item_set.c.kind == "main")
        .group_by(item_set.c.id)
    )
    views = [int(count or 0) for _, count in connection.execute(query)]
    return sum(views), views


def _planned(connection: Connection, study_id: int) -> int:
    """Count the main sets that were planned at first: what a later rater took over counts once."""
    query = (
        select(func.count())
        .select_from(assignment)
        .join(item_set, item_set.c.id == assignment.c.set_id)
        .where(assignment.c.study_id == study_id, item_set.c.kind == "main", assignment.c.replaces.is_(None))
    )
    return int(connection.execute(query).scalar_one())


def seconds_between(start: str, end: str) -> float:
    """Give the seconds between two times as the store writes them."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
