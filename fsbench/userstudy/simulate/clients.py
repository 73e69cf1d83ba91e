"""How a simulated rater reaches a study: one small protocol, and its way straight through the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from fsbench.userstudy.simulate.truth import Answers
from fsbench.userstudy.store import Page, Session, Store


@dataclass(frozen=True)
class Seen:
    """What a rater sees of a page."""

    kind: str  # "training" or "rated"
    number: int  # from 1
    results: int


class Failed(Exception):
    """The study did not do what a rater may expect of it."""


class Client(Protocol):
    """One rater at work."""

    def join(self, token: str) -> None:
        """Come by a link, agree, and read the instructions."""

    def page(self) -> Seen | None:
        """Look at the page that is there, and its pictures; None when all is rated."""

    def submit(self, answers: Answers) -> None:
        """Send the answers to the page that is there; it is stored when this returns.

        Raises:
            Failed: it is not.
        """

    def close(self) -> None:
        """Go away."""


class StoreClient:
    """Does what the pages do, without a server between."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._session: Session | None = None
        self._page: Page | None = None

    def join(self, token: str) -> None:
        """Come by a link, agree, and read the instructions."""
        joined = self._store.join(token)
        if joined is None:
            raise Failed("the link is not known")
        self._session = joined.session
        if not joined.session.has_consented:
            self._store.consent(joined.session, "simulated", "en")
            self._store.instructions_seen(joined.session)

    def page(self) -> Seen | None:
        """Look at the page that is there, and its pictures; None when all is rated."""
        session = self._here()
        found = self._store.next_page(session)
        if not isinstance(found, Page):
            self._store.finish(session)
            return None
        if found.offer_break:
            self._store.take_break(session)
        for asset in (found.source, found.target, *found.results):
            path = self._store.asset_path(session, asset)
            if path is None or not path.read_bytes():
                raise Failed("a picture is not there")
        self._store.shown(session, found)
        self._page = found
        return Seen(found.kind, found.number, len(found.results))

    def submit(self, answers: Answers) -> None:
        """Send the answers to the page that is there; it is stored when this returns."""
        if self._page is None:
            raise Failed("there is no page")
        self._store.submit(self._here(), self._page.id, self._page.nonce, answers)

    def close(self) -> None:
        """Go away."""

    def _here(self) -> Session:
        if self._session is None:
            raise Failed("nobody came by a link")
        return self._session
