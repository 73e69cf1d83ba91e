"""The page to rate: source and target, the results with neutral letters, three questions for each, all saved as one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from fsbench.userstudy.page import markup
from fsbench.userstudy.page.served import PICTURES, Served, picture_name
from fsbench.userstudy.spec import HIGHEST, LOWEST, Question
from fsbench.userstudy.store import NotSaved, Page, Refused, Session
from fsbench.userstudy.wording import Wording

SCALE = range(LOWEST, HIGHEST + 1)
SHOWN = "shown"  # in the session: key of the page whose showing is noted
OUTCOME = "outcome"  # in the session: what became of the last press of the button


@dataclass(frozen=True)
class Outcome:
    """Why a page was not saved."""

    page: str
    missing: tuple[tuple[int, Question], ...] = ()  # slot and question
    attempt: int = 0


def page_name(page: Page) -> str:
    """Name a page within its rater's visit: "t1" for the first of practice, "r12" for the twelfth that counts."""
    return f"{'t' if page.kind == 'training' else 'r'}{page.number}"


def score_key(page: Page, slot: int, question: Question) -> str:
    """Give the key of a question, which the browser sees."""
    return f"q-{page_name(page)}-{slot}-{question}"


def rate(study: Served, session: Session, language: str, page: Page) -> None:
    """Draw a page to rate."""
    words, side, name = study.words(language), study.spec.picture_side, page_name(page)
    _shown_once(study, session, page)
    place = (words.practice if page.kind == "training" else words.progress).format(number=page.number, total=page.total)
    st.html(markup.layout(len(page.results), side))
    st.html(markup.progress(place, page.number, page.total))
    source, target = (PICTURES + picture_name(page, asset) for asset in (page.source, page.target))
    with st.form(f"form-{name}", border=False, enter_to_submit=False):
        st.html(markup.pair(words, source, target, side))
        with st.container(key="results"):
            for slot, result in enumerate(page.results):
                with st.container(key=f"card-{slot}"):
                    addresses = source, target, PICTURES + picture_name(page, result)
                    st.html(markup.card_head(words, markup.LETTERS[slot], addresses, side))
                    _questions(words, page, slot)
        st.form_submit_button(
            words.next, key=f"next-{name}", type="primary", on_click=save, args=(study, session, page), width="stretch"
        )
    _say_what_happened(words, language, page)
    with st.expander(words.again, key=f"again-{name}"):
        st.markdown(words.instructions.format(total=study.rated_pages))


def _shown_once(study: Served, session: Session, page: Page) -> None:
    """Note the time at which a page came to this window. A store that cannot write must not take the page away."""
    if st.session_state.get(SHOWN) != page.id:
        with suppress(NotSaved):
            study.store.shown(session, page)
            st.session_state[SHOWN] = page.id


def _named(words: Wording, outcome: Outcome) -> str:
    """Name what is missing, result by result."""
    names = []
    for slot in sorted({slot for slot, _ in outcome.missing}):
        questions = ", ".join(words.questions[question].name for place, question in outcome.missing if place == slot)
        names.append(
            words.missing_one.format(result=words.result.format(letter=markup.LETTERS[slot]), questions=questions)
        )
    return words.missing.format(names="; ".join(names))


def _questions(words: Wording, page: Page, slot: int) -> None:
    for question in page.questions:
        asked = words.questions[question]
        label = f"{markup.LETTERS[slot]} · {asked.name}: {asked.ask}"
        st.radio(
            markup.plain(label), SCALE, None, horizontal=True, key=score_key(page, slot, question), width="stretch"
        )
        st.html(markup.ends(asked))


def _score(value: Any) -> int | None:
    """Give an answer as a score. A forged one comes as the text that was sent, and is none."""
    return value if type(value) is int and value in SCALE else None


def save(study: Served, session: Session, page: Page) -> None:
    """Store the answers of a page if all are there, and remember what happened."""
    slots = range(len(page.results))
    places = [(slot, question) for slot in slots for question in page.questions]
    answers = {place: _score(st.session_state.get(score_key(page, *place))) for place in places}
    missing = tuple(place for place in places if answers[place] is None)
    before = st.session_state.get(OUTCOME)
    outcome = Outcome(page_name(page), missing, before.attempt + 1 if before else 1)
    if missing:
        st.session_state[OUTCOME] = outcome
        return
    scores: dict[int, dict[str, int]] = {slot: {} for slot in slots}
    for (slot, question), score in answers.items():
        if score is not None:  # as all are, here
            scores[slot][question] = score
    try:
        study.store.submit(session, page.id, page.nonce, scores)
    except NotSaved:
        st.session_state[OUTCOME] = outcome
    except Refused as refusal:
        # The page was saved elsewhere (another tab), or the study is over: the next run shows what is true now.
        if refusal.reason == "scores":
            st.session_state[OUTCOME] = outcome
    else:
        st.session_state.pop(OUTCOME, None)


def _say_what_happened(words: Wording, language: str, page: Page) -> None:
    outcome, name, focus = st.session_state.get(OUTCOME), page_name(page), ""
    attempt = 0
    if outcome is not None and outcome.page == name:
        attempt = outcome.attempt
        st.html(markup.alarm(_named(words, outcome) if outcome.missing else words.not_saved))
        keys = [score_key(page, *place) for place in outcome.missing]
        if keys:
            focus = keys[0]
            st.html(markup.marked(keys))
    script = markup.behaviour(language, top=name, focus=focus, attempt=attempt)
    st.html(script, unsafe_allow_javascript=True)
