"""What the store takes and what it refuses, in code and in the database."""

from __future__ import annotations

import math
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from studies import Made, answers, make_study, rate, rater_at_work

from fsbench.userstudy.store import NotSaved, Page, Refused, Session, Store


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return make_study(tmp_path / "noise")


@pytest.fixture
def store(made: Made) -> Store:
    return made.open()


@pytest.fixture
def session(made: Made, store: Store) -> Session:
    return rater_at_work(made, store)


def page_of(store: Store, session: Session) -> Page:
    page = store.next_page(session)
    assert isinstance(page, Page)
    return page


def rows(made: Made, table: str = "rating") -> int:
    with sqlite3.connect(made.folder / "study.sqlite") as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.mark.parametrize("score", [6, -1, 2.5, 3.0, math.nan, "5", None, True])
def test_a_score_that_is_no_whole_number_from_0_to_5_stores_nothing(
    made: Made, store: Store, session: Session, score: Any
) -> None:
    page = page_of(store, session)
    given = answers(page)
    given[1]["identity"] = score
    with pytest.raises(Refused, match=r"result 2, identity: wanted a whole number from 0 to 5") as caught:
        store.submit(session, page.id, page.nonce, given)
    assert caught.value.reason == "scores"
    assert rows(made) == 0 and store.next_page(session) == page


def test_a_set_with_a_gap_or_with_too_much_stores_nothing(made: Made, store: Store, session: Session) -> None:
    page = page_of(store, session)
    short, long, odd = answers(page), answers(page), answers(page)
    del short[2]["realism"]
    long[3] = dict(long[0])
    odd[0]["beauty"] = 3
    for given, message in (
        (short, "no score for result 3, realism"),
        (long, "there are 3 results"),
        (odd, "3 results"),
    ):
        with pytest.raises(Refused, match=message):
            store.submit(session, page.id, page.nonce, given)
    assert rows(made) == 0


def test_the_same_set_twice_is_stored_once_and_other_scores_are_refused(
    made: Made, store: Store, session: Session
) -> None:
    page = page_of(store, session)
    assert store.submit(session, page.id, page.nonce, answers(page, 4), {"seconds": 3.2}).already is False
    assert store.submit(session, page.id, page.nonce, answers(page, 4)).already is True
    with pytest.raises(Refused, match="rated already, with other scores") as caught:
        store.submit(session, page.id, page.nonce, answers(page, 2))
    assert caught.value.reason == "changed"
    assert rows(made) == 9


def test_ten_threads_with_one_set_store_it_once(made: Made, store: Store, session: Session) -> None:
    page = page_of(store, session)
    receipts: list[bool] = []
    work = lambda: receipts.append(store.submit(session, page.id, page.nonce, answers(page)).already)  # noqa: E731
    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipts) == [False] + [True] * 9
    assert rows(made) == 9


def test_a_page_of_another_rater_a_wrong_key_and_a_later_page_are_refused(
    made: Made, store: Store, session: Session
) -> None:
    page = page_of(store, session)
    other = rater_at_work(made, store, 2)
    theirs = page_of(store, other)
    with sqlite3.connect(made.folder / "study.sqlite") as database:
        query = "SELECT id, submit_key FROM assignment WHERE rater_id = ? AND position = 3"
        later, key = database.execute(query, (session.rater,)).fetchone()
    for page_id, nonce in ((theirs.id, theirs.nonce), (page.id, theirs.nonce), (page.id, ""), (10**6, page.nonce)):
        with pytest.raises(Refused, match="this page is not yours"):
            store.submit(session, page_id, nonce, answers(page))
    with pytest.raises(Refused, match="an earlier set is not rated yet"):
        store.submit(session, later, key, answers(page))
    with pytest.raises(Refused, match="this page is not yours"):
        store.shown(session, theirs)
    assert rows(made) == 0


def test_times_come_from_the_server_and_the_first_showing_counts(made: Made, store: Store, session: Session) -> None:
    page = page_of(store, session)
    for _ in range(3):
        store.shown(session, page)
    store.submit(session, page.id, page.nonce, answers(page), {"seconds": 7.25, "odd": math.nan, "text": "x"})  # type: ignore[dict-item]
    with sqlite3.connect(made.folder / "study.sqlite") as database:
        shown, done = database.execute("SELECT shown_at, done_at FROM assignment WHERE id = ?", (page.id,)).fetchone()
        first, _ = database.execute("SELECT min(at), count(*) FROM event WHERE kind = 'shown'").fetchone()
        detail = database.execute("SELECT detail_json FROM event WHERE kind = 'submitted'").fetchone()[0]
    assert shown <= first < done
    assert detail == '{"client_seconds": 7.25}'


def test_a_full_disk_is_not_saved_and_later_it_works(made: Made, store: Store, session: Session) -> None:
    page = page_of(store, session)
    with store.read() as connection:
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    from sqlalchemy import event

    limit = pages
    event.listen(store.engine, "begin", lambda c: c.exec_driver_sql(f"PRAGMA max_page_count={limit}"))
    with pytest.raises(NotSaved, match="full"):
        for _ in range(500):
            store.shown(session, page)
    with pytest.raises(NotSaved, match="full"):
        for _ in range(20):  # events fill what is left of the last pages
            rate(store, session, pages=1)
    stored = rows(made)
    assert stored % 9 == 0
    limit = 10 * pages
    assert rate(store, session) > 0
    assert rows(made) % 9 == 0 and rows(made) > stored
