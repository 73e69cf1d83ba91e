"""A rater's way through the store: link, consent, pages, end."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from studies import Made, answers, rate, rater_at_work

from fsbench.errors import ConfigError, RecordError
from fsbench.userstudy.spec import BROKEN, load_spec
from fsbench.userstudy.store import Done, Page, Prolific, Refused, open_store


@pytest.fixture
def made(make: Callable[..., Made]) -> Made:
    return make(break_after=4, completion_code="C0DE")


def test_a_rater_goes_from_the_link_to_the_completion_code(made: Made) -> None:
    store = made.open()
    session = rater_at_work(made, store)
    kinds, offers = [], []
    while isinstance(page := store.next_page(session), Page):
        kinds.append((page.kind, page.number, page.total))
        offers.append(page.offer_break)
        if page.offer_break:
            store.take_break(session)
        store.shown(session, page)
        assert store.submit(session, page.id, page.nonce, answers(page)).already is False
    assert kinds == [("training", 1, 1), *(("rated", n, 10) for n in range(1, 11))]  # 6 sets, 3 gold, 1 repeat
    assert offers == [False] * 5 + [True] + [False] * 5
    assert page == Done("all rated")
    assert store.finish(session).code == "C0DE" and store.finish(session).code == "C0DE"
    assert store.next_page(session) == Done("finished")


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("methods", [2, 8])
def test_two_methods_work_and_so_do_eight(make: Callable[..., Made], methods: int) -> None:
    made = make(methods=methods)
    store = made.open()
    session = rater_at_work(made, store)
    page = store.next_page(session)
    assert isinstance(page, Page) and len(page.results) == methods
    assert rate(store, session) == 11
    assert store.finish(session).code == ""


def test_a_page_stays_the_same_until_it_is_submitted_and_for_another_device(made: Made) -> None:
    store = made.open()
    session = rater_at_work(made, store)
    page = store.next_page(session)
    again = store.join(made.links.raters[0])
    assert again is not None and store.next_page(again.session) == page
    assert made.open().next_page(session) == page


def test_no_method_is_named_in_what_a_page_gets(made: Made) -> None:
    store = made.open()
    session = rater_at_work(made, store)
    page = store.next_page(session)
    text = f"{session!r} {page!r} {store.join(made.links.raters[1])!r}"
    assert not any(name in text for name in (*made.spec.method_names, BROKEN, "gold", "repeat", "main0"))
    assert made.links.raters[1] not in text


@pytest.mark.parametrize("token", ["", "x" * 32, "0" * 32, "0" * 31, "' OR 1=1 --"])
def test_an_unknown_token_is_nobody(made: Made, token: str) -> None:
    store = made.open()
    assert store.join(token) is None
    assert store.session(token) is None


def test_pictures_need_consent_and_belong_to_the_rater(made: Made) -> None:
    store = made.open()
    store.open_study()
    joined = store.join(made.links.raters[0])
    assert joined is not None
    with pytest.raises(Refused) as caught:
        store.next_page(joined.session)
    assert caught.value.reason == "consent"
    page = store.next_page(rater_at_work(made, store))
    assert isinstance(page, Page)
    other = store.join(made.links.raters[1])
    assert other is not None
    path = store.asset_path(joined.session, page.source)
    assert path is not None and path.is_file() and path.parent == made.folder / "assets"
    assert store.asset_path(other.session, page.source) is None  # not consented
    for strange in ("../study.json", page.source.upper() + "x", "", "f" * 32, f"{page.source}.png"):
        assert store.asset_path(joined.session, strange) is None


def test_a_picture_that_is_a_link_out_of_the_folder_is_not_given(made: Made) -> None:
    store = made.open()
    session = rater_at_work(made, store)
    page = store.next_page(session)
    assert isinstance(page, Page)
    path = store.asset_path(session, page.target)
    assert path is not None
    path.unlink()
    path.symlink_to(made.folder / "study.json")
    assert store.asset_path(session, page.target) is None


def test_the_open_link_gives_each_participant_one_place(made: Made) -> None:
    store = made.open()
    store.open_study()
    assert store.join(made.links.open) is None  # not without an id
    first = store.join(made.links.open, Prolific("pid-1", "study", "visit"))
    again = store.join(made.links.open, Prolific("pid-1", "study", "visit"))
    assert first is not None and again is not None
    assert first.session.ordinal == again.session.ordinal == 1
    assert store.session(first.cookie) is None and store.session(again.cookie) is not None
    for number in range(2, 5):
        joined = store.join(made.links.open, Prolific(f"pid-{number}"))
        assert joined is not None and joined.session.ordinal == number
    with pytest.raises(Refused, match="no place is left"):
        store.join(made.links.open, Prolific("pid-5"))
    assert store.join(made.links.raters[0]) is None  # that place is taken


def test_one_participant_cannot_have_two_links(made: Made) -> None:
    store = made.open()
    assert store.join(made.links.raters[0], Prolific("pid")) is not None
    with pytest.raises(Refused, match="under another link"):
        store.join(made.links.raters[1], Prolific("pid"))
    with pytest.raises(Refused, match="another participant"):
        store.join(made.links.raters[0], Prolific("other"))


def test_nobody_rates_before_opening_and_study_json_is_fixed_after_it(made: Made) -> None:
    store = made.open()
    joined = store.join(made.links.raters[0])
    assert joined is not None and store.state == "draft"
    assert store.next_page(joined.session) == Done("study not open")
    file, text = made.folder / "study.json", made.spec.text()
    file.write_text(text.replace("A study of noise", "Another title"))
    made.open().open_study()
    assert load_spec(made.folder).title == "Another title"
    file.write_text(text)
    with pytest.raises(RecordError, match=r"'title' in .* was changed after the study was opened"):
        made.open()


def test_what_the_plan_rests_on_is_fixed_from_the_beginning(made: Made) -> None:
    file = made.folder / "study.json"
    file.write_text(made.spec.text().replace('"seed": 5', '"seed": 6'))
    with pytest.raises(RecordError, match=r"'seed' in .* was changed after the study was made"):
        made.open()


def test_a_folder_without_its_database_and_a_strange_address_are_refused(made: Made) -> None:
    with pytest.raises(ConfigError, match="cannot be kept in 'mysql'"):
        open_store(made.folder, "mysql://somewhere/x")
    with pytest.raises(ConfigError, match="not one of a database"):
        open_store(made.folder, "nonsense")
    (made.folder / "study.sqlite").unlink(missing_ok=True)
    with pytest.raises(RecordError, match="holds no store"):
        open_store(made.folder)


def test_the_end_comes_only_after_the_last_set(made: Made) -> None:
    store = made.open()
    session = rater_at_work(made, store)
    assert rate(store, session, pages=10) == 10
    with pytest.raises(Refused, match="not all sets are rated"):
        store.finish(session)
