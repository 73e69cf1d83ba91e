"""The database refuses on its own what the code refuses: raw statements that break a rule fail, in both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from studies import Made, answers, rate, rater_at_work

from fsbench.userstudy.store import Page, Session, Store
from fsbench.userstudy.upkeep import close, withdraw

Make = Callable[..., Made]


@pytest.fixture
def work(make: Make) -> tuple[Store, Session, Page]:
    """A store in which a rater has rated one page and has the next before them."""
    made = make()
    store = made.open()
    session = rater_at_work(made, store)
    rate(store, session, pages=1)
    page = store.next_page(session)
    assert isinstance(page, Page)
    return store, session, page


def run(store: Store, statement: str, **values: Any) -> Any:
    with store.write() as connection:
        return connection.execute(text(statement), values)


def one(store: Store, statement: str, **values: Any) -> Any:
    with store.read() as connection:
        return connection.execute(text(statement), values).scalar_one()


NEW_PAGE = "INSERT INTO assignment (study_id, rater_id, set_id, position, stimulus_order, submit_key)"
BROKEN = {
    "a score of 6": "INSERT INTO rating VALUES (:page, :stimulus, 'realism', 6, 0, 'now')",
    "a score of -1": "INSERT INTO rating VALUES (:page, :stimulus, 'realism', -1, 0, 'now')",
    "no score": "INSERT INTO rating VALUES (:page, :stimulus, 'realism', NULL, 0, 'now')",
    "another question": "INSERT INTO rating VALUES (:page, :stimulus, 'beauty', 3, 0, 'now')",
    "a result of another set": "INSERT INTO rating VALUES (:page, :strange, 'realism', 3, 0, 'now')",
    "a page that is done": "INSERT INTO rating VALUES (:done, :rated, 'realism', 3, 0, 'now')",
    "no such page": "INSERT INTO rating VALUES (99999999, :stimulus, 'realism', 3, 0, 'now')",
    "a page of one who never came": "INSERT INTO rating VALUES (:theirs, :their_result, 'realism', 3, 0, 'now')",
    "a rating is changed": "UPDATE rating SET score = 1 WHERE assignment_id = :done",
    "a rating is deleted": "DELETE FROM rating WHERE assignment_id = :done",
    "a page is done without scores": "UPDATE assignment SET state = 'done' WHERE id = :page",
    "a page of an unknown state": "UPDATE assignment SET state = 'lost' WHERE id = :page",
    "a rated page is done no more": "UPDATE assignment SET state = 'planned' WHERE id = :done",
    "an order is changed": "UPDATE assignment SET stimulus_order = '1 2 3' WHERE id = :page",
    "two pages in one place": f"""{NEW_PAGE}
        SELECT study_id, rater_id, (SELECT max(id) FROM item_set), position, stimulus_order, 'k' FROM assignment
        WHERE id = :page""",
    "a set twice for a rater": f"""{NEW_PAGE}
        SELECT study_id, rater_id, set_id, 999, stimulus_order, 'k' FROM assignment WHERE id = :page""",
    "a key twice": """UPDATE assignment SET submit_key = (SELECT submit_key FROM assignment WHERE id = :done)
        WHERE id = :page""",
    "a study is changed when open": "UPDATE study SET seed = 1 WHERE id = :study",
    "a rater of an unknown state": "UPDATE rater SET state = 'tired' WHERE id = :rater",
    "a set of an unknown kind": "UPDATE item_set SET kind = 'spare' WHERE study_id = :study",
    "a picture twice by name": "UPDATE asset SET token = 'x' WHERE study_id = :study",
    "a result of no method": "UPDATE stimulus SET method_id = 99999999 WHERE id = :stimulus",
}


def ids(store: Store, session: Session, page: Page) -> dict[str, int]:
    """Name rows of the study."""
    page_of = "SELECT min(id) FROM assignment WHERE rater_id = :rater AND state = 'done'"
    result_of = "SELECT min(s.id) FROM stimulus s JOIN assignment a ON a.set_id = s.set_id WHERE a.id = :page"
    found = {"study": store.study_id, "rater": session.rater, "page": page.id}
    found["done"] = one(store, page_of, rater=session.rater)
    found["stimulus"] = one(store, result_of, page=page.id)
    found["rated"] = one(store, result_of, page=found["done"])
    other = "SELECT min(id) FROM assignment WHERE rater_id <> :rater AND study_id = :study"
    found["theirs"] = one(store, other, rater=session.rater, study=store.study_id)
    found["their_result"] = one(store, result_of, page=found["theirs"])
    strange = """SELECT min(s.id) FROM stimulus s JOIN item_set i ON i.id = s.set_id WHERE i.study_id = :study
        AND s.set_id <> (SELECT set_id FROM assignment WHERE id = :page)"""
    found["strange"] = one(store, strange, study=store.study_id, page=page.id)
    return found


def test_each_statement_that_breaks_a_rule_fails_and_leaves_no_trace(work: tuple[Store, Session, Page]) -> None:
    store, session, page = work
    values = ids(store, session, page)
    held = []
    for name, statement in BROKEN.items():
        used = {key: value for key, value in values.items() if f":{key}" in statement}
        try:
            run(store, statement, **used)
        except IntegrityError:
            held.append(name)
    assert held == list(BROKEN)
    assert one(store, "SELECT count(*) FROM rating r JOIN assignment a ON a.id = r.assignment_id WHERE a.study_id = :s",
               s=store.study_id) == 9  # fmt: skip
    assert store.next_page(session) == page
    assert store.submit(session, page.id, page.nonce, answers(page)).already is False


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_half_a_point_is_no_score(work: tuple[Store, Session, Page]) -> None:
    store, session, page = work
    values = ids(store, session, page)
    with pytest.raises(IntegrityError, match="a score is a whole number"):
        run(
            *(store, "INSERT INTO rating VALUES (:page, :stimulus, 'realism', 2.5, 0, 'now')"),
            **{"page": values["page"], "stimulus": values["stimulus"]},
        )


def test_part_of_a_page_cannot_become_a_page(work: tuple[Store, Session, Page]) -> None:
    store, session, page = work
    values = ids(store, session, page)
    with pytest.raises(IntegrityError, match="three scores"), store.write() as connection:
        for question in ("realism", "identity"):
            statement = f"INSERT INTO rating VALUES (:page, :stimulus, '{question}', 3, 0, 'now')"
            connection.execute(text(statement), {"page": values["page"], "stimulus": values["stimulus"]})
        connection.execute(text("UPDATE assignment SET state = 'done' WHERE id = :page"), {"page": page.id})
    assert store.next_page(session) == page


def test_a_closed_study_takes_no_rating_and_stays_closed(work: tuple[Store, Session, Page]) -> None:
    store, session, page = work
    close(store)
    values = ids(store, session, page)
    statement = "INSERT INTO rating VALUES (:page, :stimulus, 'realism', 3, 0, 'now')"
    with pytest.raises(IntegrityError, match="needs an open study"):
        run(store, statement, page=values["page"], stimulus=values["stimulus"])
    with pytest.raises(IntegrityError, match="stays closed"):
        run(store, "UPDATE study SET state = 'open' WHERE id = :study", study=store.study_id)


def test_who_withdraws_takes_all_ratings_along(work: tuple[Store, Session, Page]) -> None:
    store, session, _ = work
    assert withdraw(store, ordinal=session.ordinal) == (1, 9)
    query = "SELECT count(*) FROM rating r JOIN assignment a ON a.id = r.assignment_id WHERE a.rater_id = :rater"
    assert one(store, query, rater=session.rater) == 0
