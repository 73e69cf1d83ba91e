"""The pages that a rater sees, one after another, as Streamlit's own test driver runs them."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from streamlit.testing.v1 import AppTest
from studies import Made, make_study, rate, rater_at_work

from fsbench.userstudy.page.served import Served
from fsbench.userstudy.spec import STORE_FILE
from fsbench.userstudy.store import Page, Store
from fsbench.userstudy.wording import load_wordings


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's driver puts each script in its place; processes that tests spawn later would run that."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return make_study(tmp_path / "noise", break_after=2, completion_code="C0DE-42", languages=("en", "de"))


@pytest.fixture
def study(made: Made) -> Iterator[Served]:
    store = made.open()
    store.open_study()
    yield Served(made.folder, store, load_wordings(made.folder, made.spec.languages))
    store.close()


def come(study: Served, made: Made, ordinal: int = 1) -> AppTest:
    """Let a rater open the page by their link."""
    joined = study.store.join(made.links.raters[ordinal - 1])
    assert joined is not None
    return window(study, joined.cookie)


def window(study: Served, cookie: str) -> AppTest:
    def script(study, cookie):  # type: ignore[no-untyped-def]  # its source runs in a file of its own
        from fsbench.userstudy.page.flow import show

        show(study, cookie)

    return AppTest.from_function(script, args=(study, cookie), default_timeout=30).run()


def texts(at: AppTest) -> str:
    """All that stands in a page, HTML and all."""
    assert not at.exception
    parts = [*(found.value for found in at.markdown), *(found.value for found in at.text)]
    return "\n".join([*parts, *(found.proto.body for found in at.get("html"))])


def press(at: AppTest, key: str) -> AppTest:
    """Press a button, in a form or not."""
    return at.button(key=key).click().run()


def begin(at: AppTest) -> AppTest:
    """Go as far as the first page with pictures."""
    return press(press(at, "agree"), "start")


def answer(at: AppTest, name: str, *, but: tuple[str, ...] = (), score: int = 3) -> AppTest:
    """Answer the questions of a page but for some, without saving."""
    found = [radio for radio in at.radio if radio.key and radio.key.startswith(f"q-{name}-")]
    assert len(found) == 9
    for radio in found:
        if radio.key not in but:
            radio.set_value(score)
    return at


def stored(made: Made) -> int:
    with sqlite3.connect(made.folder / STORE_FILE) as connection:
        return int(connection.execute("SELECT count(*) FROM rating").fetchone()[0])


def test_consent_comes_before_the_first_picture_and_its_text_is_on_record(study: Served, made: Made) -> None:
    at = come(study, made)
    assert "picture/" not in texts(at) and "10 minutes" in texts(at)
    at = press(at, "agree")
    assert "picture/" not in texts(at) and "What you will do" in texts(at)
    assert "/picture/" in texts(press(at, "start"))
    with sqlite3.connect(made.folder / STORE_FILE) as connection:
        version, language = connection.execute(
            "SELECT consent_version, language FROM rater WHERE ordinal = 1"
        ).fetchone()
    assert version == study.wordings["en"].consent_record("en") and language == "en"


def test_whoever_declines_sees_no_picture_and_leaves_nothing(study: Served, made: Made) -> None:
    at = press(come(study, made), "decline")
    assert "nothing is stored" in texts(at) and not at.button
    with sqlite3.connect(made.folder / STORE_FILE) as connection:
        assert connection.execute("SELECT consent_version FROM rater WHERE ordinal = 1").fetchone() == (None,)


def test_nothing_is_preselected_and_each_question_has_the_whole_scale(study: Served, made: Made) -> None:
    at = begin(come(study, made))
    questions = [radio for radio in at.radio if radio.key]
    assert [radio.value for radio in questions] == [None] * 9
    assert {tuple(radio.options) for radio in questions} == {("0", "1", "2", "3", "4", "5")}
    assert len({radio.label for radio in questions}) == 9  # a screen reader can tell them apart


def test_a_rater_goes_from_practice_to_the_code(study: Served, made: Made) -> None:
    at = begin(come(study, made))
    assert "Practice 1 of 1" in texts(at)
    at = press(answer(at, "t1"), "next-t1")
    for number in range(1, 11):  # 6 sets, 3 gold, 1 repeat
        if number == 3:
            assert "You have saved 2 of 10 pages" in texts(at)
            at = press(at, "go-on")
        assert f"Page {number} of 10" in texts(at)
        assert "C0DE-42" not in texts(at)
        at = press(answer(at, f"r{number}", score=number % 6), f"next-r{number}")
    assert "C0DE-42" in texts(at)
    assert stored(made) == 11 * 9
    assert "C0DE-42" in texts(come(study, made))  # and whenever they come again


def test_a_page_with_an_answer_missing_is_not_saved_and_says_which(study: Served, made: Made) -> None:
    at = answer(begin(come(study, made)), "t1", but=("q-t1-1-identity", "q-t1-2-realism"))
    at = press(at, "next-t1")
    assert "please answer Result B: Identity; Result C: Realism." in texts(at)
    assert ".st-key-q-t1-1-identity input" in texts(at)  # takes the focus
    assert stored(made) == 0
    assert [radio.value for radio in at.radio if radio.key].count(3) == 7  # the others are kept
    at.radio(key="q-t1-1-identity").set_value(0)
    at.radio(key="q-t1-2-realism").set_value(5)
    at = press(at, "next-t1")
    assert "Page 1 of 10" in texts(at) and "please answer" not in texts(at)
    assert stored(made) == 9


@contextmanager
def read_only(store: Store) -> Iterator[None]:
    """Let the database refuse to write, as on a full disk or one that is mounted read-only."""

    def refuse(connection: sqlite3.Connection, *_rest: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    store.engine.dispose()
    event.listen(store.engine, "connect", refuse)
    yield
    event.remove(store.engine, "connect", refuse)
    store.engine.dispose()


def test_what_cannot_be_stored_is_called_so_and_kept_in_the_page(study: Served, made: Made) -> None:
    at = answer(begin(come(study, made)), "t1")
    with read_only(study.store):
        at = press(at, "next-t1")
        assert "could not be saved" in texts(at)
        assert [radio.value for radio in at.radio if radio.key] == [3] * 9
    assert stored(made) == 0
    at = press(at, "next-t1")
    assert "Page 1 of 10" in texts(at) and "could not be saved" not in texts(at)
    assert stored(made) == 9


def test_a_store_that_cannot_write_still_shows_the_page(study: Served, made: Made) -> None:
    begin(come(study, made))
    with read_only(study.store):
        assert "Practice 1 of 1" in texts(window(study, made.links.raters[0]))


def test_a_second_window_with_other_answers_changes_nothing_and_goes_on(study: Served, made: Made) -> None:
    first = begin(come(study, made))
    second = come(study, made)
    assert "Practice 1 of 1" in texts(second)
    press(answer(first, "t1", score=2), "next-t1")
    second = press(answer(second, "t1", score=5), "next-t1")
    assert "Page 1 of 10" in texts(second)
    with sqlite3.connect(made.folder / STORE_FILE) as connection:
        assert connection.execute("SELECT DISTINCT score FROM rating").fetchall() == [(2,)]


def test_a_new_window_goes_on_with_the_same_page(study: Served, made: Made) -> None:
    at = begin(come(study, made))
    at = press(answer(at, "t1"), "next-t1")
    shown = [line for line in texts(at).splitlines() if "/picture/" in line]
    assert [line for line in texts(come(study, made)).splitlines() if "/picture/" in line] == shown


def test_the_language_is_chosen_before_consent_and_stays(study: Served, made: Made) -> None:
    at = come(study, made)
    at = at.radio(key="language").set_value("de").run()
    assert "Wie gut sind diese Gesichtstausche?" in texts(at)
    at = begin(at)
    assert "Übung 1 von 1" in texts(at) and "Practice" not in texts(at)
    assert "Übung 1 von 1" in texts(come(study, made))


def test_a_rater_can_leave_from_any_page_and_take_the_answers_along(study: Served, made: Made) -> None:
    at = begin(come(study, made))
    at = press(answer(at, "t1"), "next-t1")
    at = press(at, "leave")
    assert "Do you want to leave?" in texts(at)
    assert "Page 1 of 10" in texts(press(at, "stay"))
    at = press(press(at, "leave"), "withdraw")
    assert "your answers are deleted" in texts(at)
    assert stored(made) == 0
    assert "your answers are deleted" in texts(come(study, made))


@pytest.mark.parametrize("cookie", ["", "0" * 32, "x", "' OR 1=1 --"])
def test_without_a_known_cookie_there_is_only_a_hint(study: Served, cookie: str) -> None:
    at = window(study, cookie)
    assert "personal link" in texts(at) and not at.button and not at.radio


def test_no_method_is_named_on_any_page(study: Served, made: Made) -> None:
    at = begin(come(study, made))
    session = rater_at_work(made, study.store)
    while isinstance(page := study.store.next_page(session), Page):
        at.run()
        seen = f"{at.main!r} {texts(at)} {[radio.key for radio in at.radio]}"
        assert not [name for name in (*made.spec.method_names, "broken", "main0", "gold0", "assets/") if name in seen]
        if page.offer_break:
            study.store.take_break(session)
        rate(study.store, session, 1)


def test_a_text_with_markup_is_shown_as_text(study: Served, made: Made) -> None:
    words = study.wordings["en"]
    asked = words.questions["realism"].model_copy(
        update={"name": "<script>x</script>", "low": "<b>", "ask": "*a* [b](c)"}
    )
    changed = words.model_copy(update={"questions": {**words.questions, "realism": asked}, "source": "<i>Source</i>"})
    at = begin(come(Served(study.folder, study.store, {**study.wordings, "en": changed}), made))
    html = texts(at)
    assert "<script>x" not in html and "<b>" not in html.replace("<b>Target", "").replace("<b>Result", "").replace(
        "<b>&lt;", ""
    )
    assert "&lt;i&gt;Source" in html
    assert r"\*a\* \[b\](c)" in at.radio(key="q-t1-0-realism").label
