"""The texts that raters read: whole in each language, replaceable by a study, and checked before the first rater."""

from __future__ import annotations

from pathlib import Path

import pytest

from fsbench.errors import ConfigError, RecordError
from fsbench.userstudy.page import markup
from fsbench.userstudy.wording import (
    PLACEHOLDERS,
    Wording,
    load_wordings,
    named_methods,
    parse_wording,
    shipped_languages,
    shipped_text,
)

ENGLISH = shipped_text("en")


@pytest.mark.parametrize("language", shipped_languages())
def test_the_texts_of_a_language_are_whole_and_fill_in_what_is_filled_in(language: str) -> None:
    words = parse_wording(shipped_text(language), language)
    for name, keys in PLACEHOLDERS.items():
        filled = getattr(words, name).format(**dict.fromkeys(keys, "42"))
        assert "42" in filled and "{" not in filled
    assert len({asked.name for asked in words.questions.values()}) == 3


def test_languages_differ_in_every_text() -> None:
    english, german = (parse_wording(shipped_text(tag), tag).model_dump() for tag in ("en", "de"))
    assert [key for key in english if english[key] == german[key]] == ["consent_version", "missing_one"]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ('start = "Start"', "", "'start' is missing"),
        ('start = "Start"', 'start = "Start"\nbegin = "x"', "no setting is called 'begin'"),
        ("{number} of {total}: these", "{page} of {total}: these", "'practice' asks for {page}"),
        ('result = "Result {letter}"', 'result = "Result {letter"', "'result'"),
        ("[questions.identity]", "[questions.identify]", "questions.identity"),
        ('low = "clearly fake"', "", "questions.realism.low"),
        ('start = "Start"', "start = Start", "is no TOML"),
    ],
)
def test_a_broken_file_of_texts_is_refused_in_one_line(old: str, new: str, found: str) -> None:
    assert old in ENGLISH
    with pytest.raises(RecordError, match=r"study/texts/en\.toml") as caught:
        parse_wording(ENGLISH.replace(old, new), "study/texts/en.toml")
    assert found in str(caught.value) and "\n" not in str(caught.value)


def test_a_study_may_bring_its_own_texts_and_its_own_languages(tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "fr.toml").write_text(ENGLISH.replace('"English"', '"Français"'), encoding="utf-8")
    found = load_wordings(tmp_path, ("fr", "de"))
    assert [words.language for words in found.values()] == ["Français", "Deutsch"]


def test_a_language_without_texts_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no texts are there for 'fr'; fsbench brings de, en") as caught:
        load_wordings(tmp_path, ("fr",))
    assert "texts/fr.toml" in caught.value.hint
    with pytest.raises(ConfigError, match="is no tag of a language"):
        load_wordings(tmp_path, ("../../etc/passwd",))


def test_the_record_of_consent_changes_with_the_text() -> None:
    words = parse_wording(ENGLISH, "")
    other: Wording = words.model_copy(update={"consent": words.consent + " "})
    assert words.consent_record("en") != other.consent_record("en")
    assert words.consent_record("en").startswith("1/en/")


def test_a_method_that_the_texts_name_is_found() -> None:
    words = parse_wording(ENGLISH.replace("a computer program", "SimSwap, our program,"), "")
    assert named_methods([words], ["SimSwap", "Swap", "Ours"]) == ["SimSwap"]


def test_text_in_html_is_escaped() -> None:
    words = parse_wording(ENGLISH.replace('"clearly fake"', "'<img src=x onerror=alert(1)>'"), "")
    assert "<img" not in markup.ends(words.questions["realism"])
    assert "<img" not in markup.scales(words)
    assert "<b>" not in markup.alarm("<b>") + markup.heading("<b>") + markup.code("<b>", "<b>") + markup.panel_link(
        "<b>", "x"
    )
    assert '"x' not in markup.panel_link("y", '"x')
