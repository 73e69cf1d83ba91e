"""What a study is: its methods, counts, rules and languages, as study.json holds them; and the table of its votes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field, ValidationError, field_validator

from fsbench.errors import RecordError
from fsbench.records import Record, first_problem

SPEC_VERSION = 1
SPEC_FILE = "study.json"
STORE_FILE = "study.sqlite"
STORE_URL_FILE = "store.url"  # where a study in another database says so
ASSETS_FOLDER = "assets"
TEXTS_FOLDER = "texts"
LINKS_FILE = "links.csv"
VOTES_CSV, VOTES_PARQUET, VOTES_JSON = "votes.csv", "votes.parquet", "votes.json"
RATERS_CSV = "raters.csv"

Question = Literal["realism", "identity", "attributes"]
Kind = Literal["main", "training", "gold", "repeat"]
QUESTIONS: tuple[Question, ...] = get_args(Question)
KINDS: tuple[Kind, ...] = get_args(Kind)
LOWEST, HIGHEST = 0, 5  # scores; 5 is best

HIDDEN_TARGET, HIDDEN_SOURCE, BROKEN = "target", "source", "broken"
HIDDEN: dict[str, dict[Question, tuple[int, int]]] = {
    HIDDEN_TARGET: {"realism": (4, 5), "identity": (0, 2), "attributes": (4, 5)},
    HIDDEN_SOURCE: {"identity": (4, 5)},
    BROKEN: {"realism": (0, 2)},
}
"""Gold items by the `method` that their votes carry: what is shown as a result, and the scores that pass."""

VOTE_COLUMNS = (
    *("rater", "set", "kind", "position", "slot", "method", "question", "score"),
    *("expect_low", "expect_high", "repeat_of", "shown_at", "at"),
)
"""One row a score. `rater` is the ordinal from 1; `set` the pair's key; `position` counts a rater's pages from 0 and
`slot` the results on a page from 0; `expect_low` and `expect_high` are there in gold rows that have a right answer;
`repeat_of` is there in rows of kind repeat; times are ISO 8601 in UTC."""


class MethodSpec(Record):
    """A swapper whose results are rated."""

    name: str = Field(min_length=1)  # what tables call it; raters never see it
    run: str = ""  # the run folder, as it was given
    digest: str = ""  # sha256 of that run's result.json, to tell a run that has changed since


class Counts(Record):
    """How much is asked of how many."""

    sets: int = Field(ge=1)  # size of the pool that main sets are dealt from
    raters: int = Field(ge=1)  # as planned; `extend` adds more
    per_rater: int = Field(ge=1)  # main sets a rater scores
    training: int = Field(default=3, ge=0)  # sets a rater sees first; never analysed
    gold: int = Field(default=3, ge=0)  # sets a rater sees with a hidden gold item each
    repeats: int = Field(default=2, ge=0)  # main sets that come a second time


class Screening(Record):
    """The rules by which raters are left out, fixed before the first vote. A rule of None is not used."""

    min_gold_passed: float | None = Field(default=0.5, ge=0, le=1)  # share of right answers to gold questions
    max_repeat_difference: float | None = Field(default=1.5, ge=0, le=5)  # mean absolute change in repeated sets
    min_score_sd: float | None = Field(default=0.4, ge=0)  # standard deviation of a rater's scores: straight-lining
    min_correlation: float | None = Field(default=0.2, ge=-1, le=1)  # upper end, with the others on the same results
    min_median_seconds: float | None = Field(default=6.0, ge=0)  # from showing a set to its submit


class StudySpec(Record):
    """The content of study.json, which is fixed when the study opens."""

    spec_version: int = SPEC_VERSION
    title: str = Field(min_length=1)
    slug: str = Field(min_length=1)
    data: str = ""  # what the runs were made from, in words; "the mini set" must show in every title
    methods: tuple[MethodSpec, ...] = Field(min_length=2)
    seed: int = Field(ge=0)
    counts: Counts
    screening: Screening = Screening()
    languages: tuple[str, ...] = Field(default=("en",), min_length=1)  # the first is the default
    picture_side: int = Field(default=256, ge=64)  # pixels; every picture of the study is a square of this side
    break_after: int = Field(default=20, ge=0)  # scored sets before a break is offered; 0 for none
    completion_code: str = ""  # shown after the last commit
    completion_url: str = ""  # or where the rater is sent then

    @property
    def language(self) -> str:
        """The language that raters see unless they ask for another."""
        return self.languages[0]

    @property
    def method_names(self) -> tuple[str, ...]:
        """The methods in the order they were given."""
        return tuple(method.name for method in self.methods)

    @field_validator("methods")
    @classmethod
    def _distinct(cls, methods: tuple[MethodSpec, ...]) -> tuple[MethodSpec, ...]:
        names = [method.name for method in methods]
        if len(set(names)) < len(names):
            raise ValueError(f"two methods have one name: {', '.join(names)}")
        if taken := sorted(set(names) & set(HIDDEN)):
            raise ValueError(f"'{taken[0]}' is the name of a gold item")
        return methods

    def text(self) -> str:
        """Write study.json; equal specs give equal text."""
        return self.model_dump_json(indent=2) + "\n"

    @property
    def sha256(self) -> str:
        """The sha256 of the text, by which a store knows its study."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def parse_spec(text: str, where: str = SPEC_FILE) -> StudySpec:
    """Read the text of study.json.

    Raises:
        RecordError: it is broken, or was written by a newer version.
    """
    try:
        content = json.loads(text)
        version = content.get("spec_version") if isinstance(content, dict) else None
        if isinstance(version, int) and version > SPEC_VERSION:
            found = f"{where} has version {version}, this fsbench knows up to {SPEC_VERSION}"
            raise RecordError(found, hint="pip install --upgrade fsbench")
        return StudySpec.model_validate(content)
    except ValidationError as error:
        raise RecordError(f"{where} describes no study: {first_problem(error)}") from None
    except ValueError as error:
        raise RecordError(f"{where} is no JSON: {error}") from None


def load_spec(folder: Path) -> StudySpec:
    """Read study.json, given itself or its folder.

    Raises:
        RecordError: there is none, it is broken, or it was written by a newer version.
    """
    file = folder / SPEC_FILE if folder.is_dir() else folder
    try:
        return parse_spec(file.read_text(encoding="utf-8"), str(file))
    except OSError as error:
        message = f"{folder} holds no study: {file.name}: {error.strerror}"
        raise RecordError(message, hint="fsbench userstudy create RUN... -o STUDY") from None
