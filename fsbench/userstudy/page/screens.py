"""Every page but the one with pictures: consent, instructions, break, leaving, end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import streamlit as st

from fsbench.errors import RecordError
from fsbench.userstudy.page import markup
from fsbench.userstudy.page.served import Served
from fsbench.userstudy.store import NotSaved, Page, Refused, Session
from fsbench.userstudy.upkeep import withdraw
from fsbench.userstudy.wording import Wording


def message(words: Wording, language: str, text: str) -> None:
    """Say one thing."""
    st.html(markup.heading(words.title))
    st.text(text)
    _starts_at_top(language, text)


def consent(study: Served, session: Session, language: str) -> None:
    """Ask whether the rater takes part, before the first picture."""
    words = study.words(language)
    if len(study.wordings) > 1:
        names = {tag: other.language for tag, other in study.wordings.items()}
        tags = list(names)
        now = tags.index(language)
        st.radio(words.choose_language, tags, now, names.__getitem__, key="language", horizontal=True)
    st.html(markup.heading(words.title))
    st.markdown(words.consent.format(minutes=study.minutes))
    with st.container(horizontal=True):
        agreed = (study, session, words.consent_record(language), language)
        st.button(words.agree, key="agree", type="primary", on_click=_agree, args=agreed)
        st.button(words.decline, key="decline", on_click=_set, args=("declined",))
    _trouble(words)
    _starts_at_top(language, f"consent {language}")


def instructions(study: Served, session: Session, language: str) -> None:
    """Say what is asked."""
    words = study.words(language)
    st.html(markup.heading(words.instructions_title))
    st.markdown(words.instructions.format(total=study.rated_pages))
    st.html(markup.scales(words))
    st.button(words.start, key="start", type="primary", on_click=_tried, args=(study.store.instructions_seen, session))
    _trouble(words)
    _starts_at_top(language, "instructions")


def pause(study: Served, session: Session, language: str, page: Page) -> None:
    """Offer a break."""
    words = study.words(language)
    st.html(markup.heading(words.break_title))
    st.text(words.break_text.format(number=page.number - 1, total=page.total))
    st.button(words.go_on, key="go-on", type="primary", on_click=_tried, args=(study.store.take_break, session))
    _trouble(words)
    _starts_at_top(language, "break")


def leave(study: Served, session: Session, language: str) -> None:
    """Ask whether the rater leaves for good."""
    words = study.words(language)
    st.html(markup.heading(words.leave_title))
    st.text(words.leave_text)
    with st.container(horizontal=True):
        st.button(words.stay, key="stay", type="primary", on_click=_set, args=("leaving", False))
        st.button(words.withdraw, key="withdraw", on_click=_withdraw, args=(study, session))
    _trouble(words)
    _starts_at_top(language, "leave")


def end(study: Served, session: Session, language: str) -> None:
    """Thank, and give the completion code or the way back: all pages are on disk when this is drawn."""
    words = study.words(language)
    completion = study.store.finish(session)
    st.html(markup.heading(words.end_title))
    st.text(words.end_text)
    if completion.code:
        st.html(markup.code(words.code, completion.code))
    if completion.url:
        st.html(markup.panel_link(words.to_panel, completion.url))
    _starts_at_top(language, "end")


def leave_button(words: Wording) -> None:
    """Offer to leave."""
    st.button(words.leave, key="leave", type="tertiary", on_click=_set, args=("leaving",))


def _withdraw(study: Served, session: Session) -> None:
    try:
        # Where another server has the database open, its log is emptied later: the rater need not hear of that.
        with suppress(RecordError):
            withdraw(study.store, ordinal=session.ordinal)
    except NotSaved:
        _set("trouble")
    else:
        _set("leaving", False)


def _agree(study: Served, session: Session, record: str, language: str) -> None:
    try:
        study.store.consent(session, record, language)
    except (NotSaved, Refused):
        _set("trouble")


def _tried(action: Callable[[Session], object], session: Session) -> None:
    try:
        action(session)
    except (NotSaved, Refused):
        _set("trouble")


def _set(name: str, value: bool = True) -> None:
    st.session_state[name] = value


def _trouble(words: Wording) -> None:
    if st.session_state.pop("trouble", False):
        st.html(markup.alarm(words.not_saved))


def _starts_at_top(language: str, page: str) -> None:
    st.html(markup.behaviour(language, top=page), unsafe_allow_javascript=True)
