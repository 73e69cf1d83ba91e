"""What passes between a store and those who use it: sessions, pages, receipts, refusals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fsbench.userstudy.spec import QUESTIONS, Question

PageKind = Literal["training", "rated"]
RaterState = Literal["invited", "active", "finished", "withdrawn", "excluded"]
StudyState = Literal["draft", "open", "closed"]
EndReason = Literal["all rated", "finished", "released", "withdrawn", "excluded", "study closed", "study not open"]
Scores = Mapping[int, Mapping[str, int]]
"""Slot, counted from 0 -> question -> score."""

Reason = Literal["consent", "study", "rater", "page", "scores", "changed", "full"]


class Refused(Exception):
    """The store did not do what a rater's browser asked for, and stored nothing.

    `reason` is for code: "consent" (not given yet), "study" (not open), "rater" (finished, withdrawn or excluded),
    "page" (not this rater's, not its turn, or a wrong key), "scores" (not one whole number from 0 to 5 for every slot
    and question), "changed" (the set is stored already, with other scores), "full" (no place is left behind the open
    link).
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotSaved(Exception):
    """The database could not write: full, read-only, locked or gone. Nothing is stored; the call may be repeated."""


@dataclass(frozen=True)
class Session:
    """One rater, as the store knew them at the last call. Holds nothing that a browser may not see."""

    rater: int  # key of the row
    ordinal: int  # from 1
    state: RaterState
    language: str | None
    consent_version: str | None
    instructions_seen: bool

    @property
    def has_consented(self) -> bool:
        """Whether pictures may be shown."""
        return self.consent_version is not None


@dataclass(frozen=True)
class Joined:
    """What a good link gives: the rater, and the cookie by which the next request is known."""

    session: Session
    cookie: str = field(repr=False)


@dataclass(frozen=True)
class Prolific:
    """What a crowd site puts into the address. Only hashes are stored."""

    pid: str
    study_id: str = ""
    session_id: str = ""


@dataclass(frozen=True)
class Page:
    """One set to rate, without a word on what made it. Gold and repeated sets are of kind "rated" like all others."""

    id: int
    nonce: str  # goes back with the scores; of no use to another rater
    kind: PageKind
    number: int  # from 1, among the pages of this kind
    total: int  # pages of this kind
    source: str  # asset ids: 32 hex digits
    target: str
    results: tuple[str, ...]  # by slot
    offer_break: bool  # once, before the first page after `break_after` rated ones
    questions: tuple[Question, ...] = field(default=QUESTIONS)


@dataclass(frozen=True)
class Done:
    """There is no page for this rater now.

    "all rated": call `finish`. "released": the rater was away for so long that others got the remaining sets.
    """

    reason: EndReason


@dataclass(frozen=True)
class Receipt:
    """The scores of a set are on disk."""

    already: bool  # they were there before this call


@dataclass(frozen=True)
class Completion:
    """What a rater gets after the last commit: a code to show, or an address to go to, or both empty."""

    code: str
    url: str
