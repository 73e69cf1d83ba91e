"""What the owner of a study does with it, and what stays true of its balance and its secrets."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import update
from studies import Made, make_study, rate, rater_at_work

from fsbench.errors import ConfigError
from fsbench.userstudy.extend import extend, open_places
from fsbench.userstudy.links import read_links
from fsbench.userstudy.status import status
from fsbench.userstudy.store import Done, Prolific, Refused, Store, open_store
from fsbench.userstudy.store.tables import event
from fsbench.userstudy.upkeep import backup, close, exclude, release, withdraw


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return make_study(tmp_path / "noise", raters=6, per_rater=6, sets=12)


@pytest.fixture
def store(made: Made) -> Store:
    return made.open()


def query(made: Made, text: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(made.folder / "study.sqlite") as database:
        return database.execute(text).fetchall()


def done_views(made: Made) -> Counter[object]:
    """Main sets by how often raters who count have rated them; sets of no view too."""
    text = """SELECT s.id, sum(a.state = 'done' AND r.state <> 'excluded') FROM item_set s JOIN assignment a
        ON a.set_id = s.id JOIN rater r ON r.id = a.rater_id WHERE s.kind = 'main' GROUP BY s.id"""
    return Counter({key: int(str(count)) for key, count in query(made, text)})


def places(made: Made) -> Counter[tuple[object, int]]:
    """How often each method stood in each place of a main set that was rated and counts."""
    found: Counter[tuple[object, int]] = Counter()
    methods = dict(query(made, "SELECT id, method_id FROM stimulus"))
    text = """SELECT a.stimulus_order FROM assignment a JOIN item_set s ON s.id = a.set_id JOIN rater r ON
        r.id = a.rater_id WHERE s.kind = 'main' AND a.state = 'done' AND r.state <> 'excluded'"""
    for (order,) in query(made, text):
        found.update((methods[int(key)], slot) for slot, key in enumerate(str(order).split()))
    return found


def a_day_ago(store: Store, rater_id: int) -> None:
    """Make all that is known of a rater older than a day."""
    past = (datetime.now(timezone.utc) - timedelta(hours=30)).isoformat(timespec="milliseconds")
    with store.write() as connection:
        connection.execute(update(event).where(event.c.rater_id == rater_id).values(at=past))


def rate_all(made: Made, store: Store, links: list[str]) -> None:
    for token in links:
        joined = store.join(token)
        assert joined is not None
        store.consent(joined.session, "v1", "en")
        rate(store, joined.session)
        if store.next_page(joined.session) == Done("all rated"):
            store.finish(joined.session)


def test_after_three_quit_the_views_that_are_done_are_even_again(made: Made, store: Store) -> None:
    quitters = [rater_at_work(made, store, ordinal) for ordinal in (1, 2, 3)]
    for session in quitters:
        rate(store, session, pages=4)  # 1 training, 3 others
        a_day_ago(store, session.rater)
    rate_all(made, store, list(made.links.raters[3:]))
    assert max(done_views(made).values()) - min(done_views(made).values()) >= 1
    released = release(store)
    assert [(one.ordinal, one.pages) for one in released] == [(1, 7), (2, 7), (3, 7)]
    assert store.next_page(quitters[0]) == Done("released")
    with pytest.raises(Refused):
        store.finish(quitters[0])
    left = open_places(store)
    added = extend(store)
    assert added.first == 7 and added.taken_over == left and open_places(store) == 0
    assert list(read_links(made.folder)) == [*map(str, range(1, 7 + len(added.tokens))), "open"]
    assert stat.S_IMODE((made.folder / "links.csv").stat().st_mode) == 0o600
    rate_all(made, store, list(added.tokens))
    views = done_views(made)
    assert len(views) == 12 and max(views.values()) - min(views.values()) <= 1
    if len(added.tokens) * 6 == left:
        assert len(set(places(made).values())) == 1
    assert status(store).states == {"active": 3, "finished": 3 + len(added.tokens)}


def test_a_set_that_was_taken_over_is_dealt_in_the_order_it_had(made: Made, store: Store) -> None:
    release(store, ordinals=[2])
    extend(store)
    text = """SELECT a.stimulus_order, b.stimulus_order, a.set_id, b.set_id, b.state FROM assignment a
        JOIN assignment b ON a.replaces = b.id"""
    rows = query(made, text)
    assert len(rows) == 6
    assert all(new == old and here == there and state == "void" for new, old, here, there, state in rows)


def test_who_is_at_work_or_has_finished_is_not_released(made: Made, store: Store) -> None:
    session = rater_at_work(made, store, 1)
    rate(store, session, pages=2)
    rate_all(made, store, [made.links.raters[1]])
    assert [one.ordinal for one in release(store)] == [3, 4, 5, 6]  # who never came
    with pytest.raises(ConfigError, match="rater 2 is finished"):
        release(store, ordinals=[2])
    with pytest.raises(ConfigError, match="there is no rater 9"):
        release(store, ordinals=[9])


def test_with_nothing_left_behind_more_raters_are_added_only_on_request(made: Made, store: Store) -> None:
    with pytest.raises(ConfigError, match="nothing to deal anew"):
        extend(store)
    added = extend(store, raters=2)
    assert (len(added.tokens), added.taken_over, added.remaining) == (2, 0, 0)
    text = """SELECT count(*) FROM assignment a JOIN item_set s ON s.id = a.set_id WHERE s.kind = 'main'
        GROUP BY a.set_id"""
    assert set(query(made, text)) == {(4,)}  # 8 raters x 6 sets / 12


def test_an_excluded_rater_is_replaced_and_cannot_go_on(made: Made, store: Store) -> None:
    session = rater_at_work(made, store, 1)
    rate(store, session, pages=5)
    exclude(store, 1, "rated while asleep")
    assert store.next_page(session) == Done("excluded")
    joined = store.join(made.links.raters[0])
    assert joined is not None and store.next_page(joined.session) == Done("excluded")
    assert open_places(store) == 6  # those that were rated, too
    assert extend(store).taken_over == 6
    with pytest.raises(ConfigError, match="for a reason"):
        exclude(store, 2, " ")


def test_withdrawing_leaves_nothing_of_a_rater_in_the_files(made: Made, store: Store) -> None:
    store.open_study()
    joined = store.join(made.links.raters[0], Prolific("participant-17"))
    assert joined is not None
    store.consent(joined.session, "version-of-the-text", "xx-language", {"remark": "a remark to be forgotten"})
    rate(store, joined.session, pages=4)
    assert query(made, "SELECT count(*) FROM rating") == [(36,)]
    assert withdraw(store, pid="participant-17") == (1, 36)
    assert query(made, "SELECT count(*) FROM rating") == [(0,)]
    assert query(made, "SELECT count(*) FROM event WHERE rater_id IS NOT NULL") == [(0,)]
    assert store.next_page(joined.session) == Done("withdrawn")
    content = b"".join(file.read_bytes() for file in made.folder.glob("study.sqlite*"))
    for text in ("version-of-the-text", "xx-language", "a remark to be forgotten"):
        assert text.encode() not in content
    assert (made.folder / "study.sqlite-wal").stat().st_size == 0
    assert open_places(store) == 6
    with pytest.raises(ConfigError, match="no rater came with this id"):
        withdraw(store, pid="participant-17")


def test_a_closed_study_takes_nothing_more(made: Made, store: Store) -> None:
    session = rater_at_work(made, store)
    page = store.next_page(session)
    close(store)
    assert store.next_page(session) == Done("study closed")
    with pytest.raises(Refused) as caught:
        store.submit(session, page.id, page.nonce, {0: {"realism": 1}})  # type: ignore[union-attr]
    assert caught.value.reason in ("scores", "study")
    for action in (close, release, extend):
        with pytest.raises(ConfigError, match="is closed"):
            action(store)


def test_a_backup_while_raters_are_at_work_is_whole(made: Made, store: Store, tmp_path: Path) -> None:
    session = rater_at_work(made, store)
    worker = threading.Thread(target=rate, args=(store, session))
    worker.start()
    copies = [backup(store, tmp_path / f"copy{n}.sqlite") for n in range(3)]
    worker.join()
    for file in copies:
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        with sqlite3.connect(file) as database:
            rows, pages = (
                database.execute(text).fetchone()[0]
                for text in ("SELECT count(*) FROM rating", "SELECT count(*) FROM assignment WHERE state = 'done'")
            )
        assert rows == 9 * pages
    with pytest.raises(ConfigError, match="is there already"):
        backup(store, copies[0])
    store.close()
    (made.folder / "study.sqlite").write_bytes(copies[-1].read_bytes())
    for file in made.folder.glob("study.sqlite-*"):
        file.unlink()
    assert open_store(made.folder).state == "open"


def test_status_counts_people_and_sets_and_shows_no_score(made: Made, store: Store) -> None:
    session = rater_at_work(made, store, 1)
    rate(store, session, pages=5)
    a_day_ago(store, session.rater)
    rate_all(made, store, [made.links.raters[1]])
    found = status(store)
    assert found.states == {"active": 1, "finished": 1, "invited": 4}
    assert found.gone == 1 and found.raters[0].is_gone and found.raters[0].idle is not None
    assert (found.main_planned, found.raters[0].done, found.raters[0].planned) == (36, 5, 11)
    assert found.main_done == sum(done_views(made).values())
    assert "score" not in str(found.content()) and found.completion == pytest.approx(found.main_done / 36)
