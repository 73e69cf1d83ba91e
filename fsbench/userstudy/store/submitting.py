"""The one way by which scores come in: a set is stored whole, once, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, insert, select, update

from fsbench.userstudy.spec import HIGHEST, LOWEST, QUESTIONS
from fsbench.userstudy.store.interface import Receipt, Refused, Scores
from fsbench.userstudy.store.sessions import log, now, row_of, study_state
from fsbench.userstudy.store.tables import assignment, rating

MOST_TIMINGS = 20


def submit(
    connection: Connection,
    study_id: int,
    rater_id: int,
    page_id: int,
    *,
    nonce: str,
    scores: Scores,
    timings: Mapping[str, float],
) -> Receipt:
    """Store the scores of one page, or find them stored.

    Raises:
        Refused: see its reasons; nothing is stored then.
    """
    row = row_of(connection, study_id, rater_id, lock=True)
    query = select(assignment).where(assignment.c.id == page_id, assignment.c.rater_id == rater_id)
    page = connection.execute(query).mappings().first()
    if page is None or page["submit_key"] != nonce:
        raise Refused("page", "this page is not yours")
    stimuli = [int(text) for text in page["stimulus_order"].split()]
    checked = check_scores(scores, len(stimuli))
    if page["state"] == "done":
        _refuse_changed(connection, page_id, stimuli, checked)
        return Receipt(already=True)
    _refuse_untimely(connection, study_id, row, page)
    at = now()
    connection.execute(
        insert(rating),
        [
            {
                **{"assignment_id": page_id, "stimulus_id": stimuli[slot], "question": question},
                **{"score": score, "slot": slot, "at": at},
            }
            for (slot, question), score in sorted(checked.items())
        ],
    )
    values = {"state": "done", "done_at": at, "shown_at": page["shown_at"] or at}
    connection.execute(update(assignment).where(assignment.c.id == page_id).values(**values))
    log(connection, study_id, "submitted", rater_id=rater_id, page=page_id, detail=_timings(timings))
    return Receipt(already=False)


def check_scores(scores: Scores, slots: int) -> dict[tuple[int, str], int]:
    """Give the scores by slot and question.

    Raises:
        Refused: there is not exactly one whole number from 0 to 5 for each; True, "5" and 5.0 are none.
    """
    if not isinstance(scores, Mapping) or not all(isinstance(found, Mapping) for found in scores.values()):
        raise Refused("scores", "scores are given by slot and question")
    found = {(slot, question): score for slot, answers in scores.items() for question, score in answers.items()}
    wanted = {(slot, question) for slot in range(slots) for question in QUESTIONS}
    if missing := sorted(wanted - set(found)):
        raise Refused("scores", f"no score for result {missing[0][0] + 1}, {missing[0][1]}")
    if set(found) - wanted:
        raise Refused("scores", f"there are {slots} results with {len(QUESTIONS)} questions each")
    for (slot, question), score in found.items():
        if type(slot) is not int or type(score) is not int or not LOWEST <= score <= HIGHEST:
            raise Refused("scores", f"result {slot + 1}, {question}: wanted a whole number from {LOWEST} to {HIGHEST}")
    return found


def _refuse_changed(
    connection: Connection, page_id: int, stimuli: list[int], scores: Mapping[tuple[int, str], int]
) -> None:
    stored = connection.execute(select(rating).where(rating.c.assignment_id == page_id)).mappings()
    if {(row["stimulus_id"], row["question"]): row["score"] for row in stored} != {
        (stimuli[slot], question): score for (slot, question), score in scores.items()
    }:
        raise Refused("changed", "this set is rated already, with other scores; the first ones count")


def _refuse_untimely(connection: Connection, study_id: int, row: RowMapping, page: RowMapping) -> None:
    if study_state(connection, study_id) != "open":
        raise Refused("study", "the study is not open")
    if row["state"] != "active":
        raise Refused("rater", f"this rater is {row['state']}")
    if row["consent_version"] is None:
        raise Refused("consent", "consent comes first")
    if page["state"] == "void":
        raise Refused("page", "this set was given to another rater")
    earlier = select(assignment.c.id).where(
        *(assignment.c.rater_id == row["id"], assignment.c.position < page["position"]),
        assignment.c.state.in_(("planned", "shown")),
    )
    if connection.execute(earlier.limit(1)).first():
        raise Refused("page", "an earlier set is not rated yet")


def _timings(timings: Mapping[str, float]) -> dict[str, float]:
    """Keep what the browser says about time, as far as it is a few finite numbers."""
    found = {}
    for name, value in list(timings.items())[:MOST_TIMINGS]:
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9:  # False for NaN, too
            found[f"client_{str(name)[:40]}"] = round(float(value), 3)
    return found
