"""No acknowledged set is lost, whatever becomes of the process that stored it; none is stored twice or in part."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import text
from studies import Made, answers, rater_at_work

from fsbench.userstudy.store import Page, Session, Store

Make = Callable[..., Made]
FORK = multiprocessing.get_context("fork")  # a new Python for each of twenty kills would take most of the time
RATERS, SETS = 8, 60


def _rate_on(made: Made, sessions: Sequence[Session], acknowledged: Path) -> None:
    """One thread a rater: rate page after page, and note each that the store has acknowledged."""
    store = made.open()
    notes = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def work(session: Session) -> None:
        while isinstance(page := store.next_page(session), Page):
            store.shown(session, page)
            store.submit(session, page.id, page.nonce, answers(page, page.id % 6))
            os.write(notes, f"{page.id}\n".encode())

    threads = [threading.Thread(target=work, args=(session,)) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _start(made: Made, sessions: Sequence[Session], acknowledged: Path) -> BaseProcess:
    process = FORK.Process(target=_rate_on, args=(made, sessions, acknowledged), daemon=True)
    process.start()
    return process


def _stored(store: Store) -> dict[int, int]:
    """Page that is done -> how many of its ratings there are and what they should be; all pages with a rating."""
    query = text("""SELECT a.id, a.state, count(r.score), min(r.score), max(r.score) FROM assignment a
        LEFT JOIN rating r ON r.assignment_id = a.id WHERE a.study_id = :study GROUP BY a.id, a.state""")
    found = {}
    with store.read() as connection:
        for key, state, count, low, high in connection.execute(query, {"study": store.study_id}):
            assert (state == "done", count) in ((True, 9), (False, 0)), f"page {key} is {state} with {count} ratings"
            if count:
                assert low == high == key % 6
                found[key] = count
    return found


@pytest.mark.parametrize(("url", "kills"), [("sqlite", 20), ("postgresql", 5)], indirect=["url"])
def test_kills_under_load_lose_no_acknowledged_set(make: Make, kills: int, tmp_path: Path) -> None:
    rng = random.Random(20)
    made = make(raters=RATERS, per_rater=SETS, sets=SETS, training=0, gold=0, repeats=0, methods=3)
    store = made.open()
    sessions = [rater_at_work(made, store, ordinal) for ordinal in range(1, RATERS + 1)]
    store.close()
    acknowledged, counts = tmp_path / "acknowledged", []
    acknowledged.touch()
    for _ in range(kills):
        process = _start(made, sessions, acknowledged)
        wanted = acknowledged.stat().st_size + rng.randrange(8, 40)
        while acknowledged.stat().st_size < wanted:
            assert process.is_alive(), "the process ended before it was killed"
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.01))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        stored = _stored(store)
        noted = [int(line) for line in acknowledged.read_text().splitlines()]
        assert set(noted) <= set(stored), "an acknowledged set is gone"
        assert len(noted) == len(set(noted)), "a set was acknowledged as new twice"
        counts.append(len(stored))
        store.close()
    assert counts == sorted(set(counts)), "after each kill the raters went on"
    if made.url == "":
        with store.read() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    store.close()


def _submit_once(made: Made, session: Session, page: Page, gate: object, results: object) -> None:
    store = made.open()
    gate.wait()  # type: ignore[attr-defined]
    results.put(store.submit(session, page.id, page.nonce, answers(page, 4)).already)  # type: ignore[attr-defined]


def test_six_processes_with_one_set_store_it_once(make: Make) -> None:
    made = make()
    store = made.open()
    session = rater_at_work(made, store)
    page = store.next_page(session)
    assert isinstance(page, Page)
    store.close()
    gate, results = FORK.Barrier(6), FORK.Queue()
    processes = [FORK.Process(target=_submit_once, args=(made, session, page, gate, results)) for _ in range(6)]
    for process in processes:
        process.start()
    assert sorted(results.get(timeout=60) for _ in processes) == [False] + [True] * 5
    for process in processes:
        process.join()
    query = "SELECT count(*) FROM rating WHERE assignment_id = :page"
    with store.read() as connection:
        assert connection.execute(text(query), {"page": page.id}).scalar() == 9
        query = "SELECT count(*) FROM event WHERE assignment_id = :page AND kind = 'submitted'"
        assert connection.execute(text(query), {"page": page.id}).scalar() == 1
    store.close()
