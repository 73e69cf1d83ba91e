"""What a rater reads, by language: the texts that come with fsbench, or a study's own copy of them."""

from __future__ import annotations

import hashlib
import re
import string
import sys
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from fsbench.errors import ConfigError, RecordError
from fsbench.records import Record, first_problem
from fsbench.userstudy.spec import QUESTIONS, TEXTS_FOLDER, Question

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PLACEHOLDERS = {
    "consent": {"minutes"},
    "instructions": {"total"},
    "practice": {"number", "total"},
    "progress": {"number", "total"},
    "break_text": {"number", "total"},
    "result": {"letter"},
    "missing": {"names"},
    "missing_one": {"result", "questions"},
}
"""What fsbench fills in, by text; every other text stands as it is."""


class Asked(Record):
    """A question as a rater reads it."""

    name: str = Field(min_length=1)
    ask: str = Field(min_length=1)
    low: str = Field(min_length=1)  # what 0 means
    high: str = Field(min_length=1)  # what 5 means


class Wording(Record):
    """All texts of one language. `consent` and `instructions` are Markdown; the rest is plain."""

    language: str
    choose_language: str
    title: str
    consent_version: str
    consent: str
    agree: str
    decline: str
    declined: str
    instructions_title: str
    instructions: str
    start: str
    again: str
    practice: str
    progress: str
    source: str
    source_role: str
    target: str
    target_role: str
    result: str
    next: str
    missing: str
    missing_one: str
    not_saved: str
    failed: str
    break_title: str
    break_text: str
    go_on: str
    end_title: str
    end_text: str
    code: str
    to_panel: str
    leave: str
    leave_title: str
    leave_text: str
    stay: str
    withdraw: str
    withdrawn: str
    no_link: str
    wrong_link: str
    too_often: str
    full: str
    closed: str
    not_open: str
    questions: dict[Question, Asked]

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, content: dict[str, Any]) -> dict[str, Any]:
        for key, text in content.items():
            if isinstance(text, str):
                wanted = PLACEHOLDERS.get(key, set())
                if unknown := _placeholders(key, text) - wanted if wanted else set():
                    raise ValueError(f"'{key}' asks for {{{sorted(unknown)[0]}}}, which is not filled in there")
        if absent := [name for name in QUESTIONS if name not in content.get("questions", {})]:
            raise ValueError(f"[questions.{absent[0]}] is missing")
        return content

    def consent_record(self, language: str) -> str:
        """Name the text that was agreed to: version, language, and the start of its sha256."""
        digest = hashlib.sha256(self.consent.encode()).hexdigest()[:12]
        return f"{self.consent_version}/{language}/{digest}"


def _placeholders(key: str, text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise ValueError(f"'{key}': {error}; write {{{{ for a brace") from None


def shipped_languages() -> list[str]:
    """Name the languages whose texts come with fsbench."""
    folder = resources.files("fsbench.userstudy") / "texts"
    return sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))


def shipped_text(language: str) -> str:
    """Give the content of the file of texts that comes with fsbench.

    Raises:
        ConfigError: there is none for this language.
    """
    if language not in (known := shipped_languages()):
        hint = f"put the texts into {TEXTS_FOLDER}/{language}.toml of the study's folder"
        raise ConfigError(f"no texts are there for '{language}'; fsbench brings {', '.join(known)}", hint=hint)
    return (resources.files("fsbench.userstudy") / "texts" / f"{language}.toml").read_text(encoding="utf-8")


def load_wordings(folder: Path, languages: Iterable[str]) -> dict[str, Wording]:
    """Read the texts of each language, from the study's folder or else from fsbench.

    Raises:
        ConfigError: a language has no texts in either place, or its name is none.
        RecordError: a file of the study is broken or lacks a text.
    """
    found = {}
    for language in languages:
        if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", language):
            raise ConfigError(f"'{language}' is no tag of a language", hint="such as en, de or pt-BR")
        file = folder / TEXTS_FOLDER / f"{language}.toml"
        text = file.read_text(encoding="utf-8") if file.is_file() else shipped_text(language)
        found[language] = parse_wording(text, str(file))
    return found


def parse_wording(text: str, where: str) -> Wording:
    """Read one file of texts.

    Raises:
        RecordError: it is no TOML, lacks a text, or has one that nothing shows.
    """
    try:
        return Wording.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise RecordError(f"{where}: {first_problem(error)}") from None
    except ValueError as error:
        raise RecordError(f"{where} is no TOML: {error}") from None


def named_methods(wordings: Iterable[Wording], methods: Iterable[str]) -> list[str]:
    """Tell which methods a rater could read of in the texts, as a word of its own."""
    text = "\n".join(wording.model_dump_json() for wording in wordings)
    return [name for name in methods if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)]
