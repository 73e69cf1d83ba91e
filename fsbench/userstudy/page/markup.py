"""The pieces of a page that Streamlit has no element for, as HTML; all text in them is escaped here."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources

from fsbench.userstudy.wording import Asked, Wording

NARROWEST, WIDEST = 280, 1240  # pixels of a cell with six choices, and of the whole page
GAP, CARD_EDGES = 16, 24  # pixels between cards, and of the edges of one
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@lru_cache
def _file(name: str) -> str:
    return (resources.files("fsbench.userstudy.page") / name).read_text(encoding="utf-8")


def styles() -> str:
    """Give the style sheet of all pages."""
    return f"<style>{_file('page.css')}</style>"


def layout(results: int, side: int) -> str:
    """Give the style by which results stand at their own size, beside each other as far as there is room.

    A cell is never narrower than the scale needs. Where the results take a second row, source and target have scrolled
    away when it is judged, so each card shows them small.

    Args:
        results: how many there are on the page.
        side: of a picture, pixels.
    """
    cell = max(NARROWEST, side + CARD_EDGES)
    row = results * cell + (results - 1) * GAP + 2 * GAP
    small = ".fs-small { display: flex; }"
    return f"<style>:root {{ --cell: {cell}px; }} {small if row > WIDEST else _below(row, small)}</style>"


def _below(width: int, rule: str) -> str:
    return f"@media (max-width: {width - 1}px) {{ {rule} }}"


def behaviour(language: str, *, top: str = "", focus: str = "", attempt: int = 0) -> str:
    """Give the script of a page.

    Args:
        language: of the page, for screen readers.
        top: what the page is; a change takes the reader to its top.
        focus: key of the question to put the focus on; none if empty.
        attempt: another number runs the script again.
    """
    script = _file("page.js")
    for mark, value in (("@LANGUAGE@", language), ("@TOP@", top), ("@FOCUS@", focus)):
        script = script.replace(f'"{mark}"', json.dumps(value)).replace(mark, value)
    return f"<span hidden>{attempt}</span><script>{script}</script>"


def heading(text: str) -> str:
    """Give the heading of a page, which takes the focus when the page is new."""
    return f'<h1 class="fs-heading" tabindex="-1">{html.escape(text)}</h1>'


def progress(text: str, number: int, total: int) -> str:
    """Give the heading of a page to rate: which it is, and a bar of what is done before it."""
    bar = f'<progress max="{total}" value="{number - 1}" aria-hidden="true"></progress>'
    return f'<h1 class="fs-heading fs-progress" tabindex="-1">{html.escape(text)}</h1>{bar}'


def figure(address: str, label: str, role: str, side: int) -> str:
    """Give a picture with its label above it."""
    caption = f"<b>{html.escape(label)}</b>" + (f" {html.escape(role)}" if role else "")
    picture = f'<img src="{html.escape(address)}" alt="{html.escape(label)}" width="{side}" height="{side}">'
    return f'<figure class="fs-picture"><figcaption>{caption}</figcaption>{picture}</figure>'


def pair(words: Wording, source: str, target: str, side: int) -> str:
    """Give source and target side by side."""
    figures = (
        figure(source, words.source, words.source_role, side),
        figure(target, words.target, words.target_role, side),
    )
    return f'<div class="fs-pair">{"".join(figures)}</div>'


def card_head(words: Wording, letter: str, addresses: tuple[str, str, str], side: int) -> str:
    """Give a result, and on a narrow page source and target small above it.

    Args:
        words: the texts.
        letter: of the result.
        addresses: of source, target and result.
        side: pixels.
    """
    source, target, result = addresses
    small = figure(source, words.source, "", 96) + figure(target, words.target, "", 96)
    return f'<div class="fs-small" aria-hidden="true">{small}</div>' + figure(
        result, words.result.format(letter=letter), "", side
    )


def ends(asked: Asked) -> str:
    """Give the words for 0 and 5, which stand below the ends of the scale."""
    low, high = html.escape(asked.low), html.escape(asked.high)
    return f'<div class="fs-ends"><span>0 = {low}</span><span>5 = {high}</span></div>'


def alarm(text: str) -> str:
    """Give a message that a screen reader reads at once."""
    return f'<p class="fs-alarm" role="alert">{html.escape(text)}</p>'


def marked(keys: Iterable[str]) -> str:
    """Give the style that marks the questions with these keys as missing."""
    names = ", ".join(f'.st-key-{key} [role="radiogroup"]' for key in keys)
    return f"<style>{names} {{ outline: 3px solid #a30000; outline-offset: 3px; }}</style>"


def code(label: str, value: str) -> str:
    """Give the completion code."""
    return f'<p>{html.escape(label)}</p><p class="fs-code">{html.escape(value)}</p>'


def panel_link(label: str, address: str) -> str:
    """Give the way back to the panel."""
    return f'<p><a class="fs-panel" href="{html.escape(address)}" target="_self">{html.escape(label)}</a></p>'


def message_page(language: str, title: str, text: str) -> str:
    """Give a whole page that says one thing, for answers that do not come from Streamlit."""
    style = "font: 1.1rem sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem"
    return (
        f'<!doctype html><html lang="{html.escape(language)}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><body style='{style}'>"
        f"<main><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p></main></body></html>"
    )


def scales(words: Wording) -> str:
    """Give the questions with the words for 0 and 5, as the instructions show them."""
    rows = "".join(
        f"<tr><th scope='row'>{html.escape(asked.name)}</th><td>{html.escape(asked.ask)}</td>"
        f"<td>0 = {html.escape(asked.low)}</td><td>5 = {html.escape(asked.high)}</td></tr>"
        for asked in words.questions.values()
    )
    return f"<table class='fs-scales'>{rows}</table>"


def plain(text: str) -> str:
    r"""Keep Streamlit from reading a label as Markdown.

    Screen readers get the label as it stands, so nothing is escaped that need not be.

    >>> print(plain("A: *b* (c)"))
    A: \*b\* (c)
    """
    return re.sub(r"([\\`*_\[\]<>~$])", r"\\\1", text)
