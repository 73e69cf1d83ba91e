"""Which page a rater sees now. Everything is read from the store anew, so a reload or another device goes on there."""

from __future__ import annotations

import streamlit as st

from fsbench.errors import RecordError
from fsbench.userstudy.page import markup, screens
from fsbench.userstudy.page.rating import rate
from fsbench.userstudy.page.served import Served, languages_of
from fsbench.userstudy.store import Done, NotSaved, Page, Refused, Session


def show(study: Served, cookie: str) -> None:
    """Draw the page of the rater with this cookie."""
    chosen = st.session_state.get("language")
    language = study.language(chosen, languages_of(st.context.headers.get("Accept-Language", "")))
    try:
        session = study.store.session(cookie)
        if session is not None and session.language is not None:
            language = study.language(session.language, ())
        words = study.words(language)
        st.set_page_config(page_title=words.title, layout="wide")
        st.html(markup.styles())
        if session is None:
            screens.message(words, language, words.no_link)
        else:
            _show_to(study, session, language)
    except (NotSaved, Refused, RecordError):
        st.html(markup.alarm(study.words(language).failed))


def _show_to(study: Served, session: Session, language: str) -> None:
    words = study.words(language)
    if session.state in ("withdrawn", "excluded"):
        screens.message(words, language, words.withdrawn if session.state == "withdrawn" else words.closed)
    elif st.session_state.get("declined"):
        screens.message(words, language, words.declined)
    elif not session.has_consented:
        screens.consent(study, session, language)
    elif st.session_state.get("leaving"):
        screens.leave(study, session, language)
    else:
        _show_next(study, session, language)


def _show_next(study: Served, session: Session, language: str) -> None:
    page = study.store.next_page(session)
    if isinstance(page, Done):
        _show_end(study, session, language, page)
    elif not session.instructions_seen:
        screens.instructions(study, session, language)
    elif page.offer_break:
        screens.pause(study, session, language, page)
    else:
        rate(study, session, language, page)
    if isinstance(page, Page) or page.reason in ("all rated", "finished"):
        screens.leave_button(study.words(language))


def _show_end(study: Served, session: Session, language: str, done: Done) -> None:
    words = study.words(language)
    if done.reason in ("all rated", "finished"):
        screens.end(study, session, language)
    elif done.reason == "withdrawn":
        screens.message(words, language, words.withdrawn)
    else:
        screens.message(words, language, words.not_open if done.reason == "study not open" else words.closed)
