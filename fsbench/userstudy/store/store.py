"""A study's store: one object a server process, safe to call from many threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from fsbench.errors import ConfigError, RecordError
from fsbench.userstudy.spec import StudySpec, load_spec
from fsbench.userstudy.store import content, pages, sessions, submitting
from fsbench.userstudy.store.engine import address, connect, reading, writing
from fsbench.userstudy.store.interface import (
    Completion,
    Done,
    Joined,
    NotSaved,
    Page,
    Prolific,
    Receipt,
    Scores,
    Session,
    StudyState,
)
from fsbench.userstudy.store.migrate import upgrade
from fsbench.userstudy.store.tables import study

FIXED = ("methods", "seed", "counts", "picture_side", "slug")  # of the spec, from `create` on


class Store:
    """One study in its database. Every method that takes a session raises NotSaved where the database cannot write."""

    def __init__(self, folder: Path, engine: Engine, study_id: int, spec: StudySpec) -> None:
        self.folder, self.engine, self.study_id, self.spec = folder, engine, study_id, spec
        self._turn: AbstractContextManager[object] = nullcontext()
        if (
            engine.dialect.name == "sqlite"
        ):  # has one writer: threads queue here, where SQLite would poll and starve some
            self._turn = threading.Lock()

    def read(self) -> AbstractContextManager[Connection]:
        """Give a connection for looking."""
        return reading(self.engine)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection for one transaction."""
        with self._turn, writing(self.engine) as connection:
            yield connection

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @property
    def state(self) -> StudyState:
        """Whether the study is "draft", "open" or "closed"."""
        with self.read() as connection:
            return sessions.study_state(connection, self.study_id)  # type: ignore[return-value]

    def open_study(self) -> None:
        """Let raters in: from now on study.json is fixed. Does nothing where the study is open.

        Raises:
            ConfigError: the study is closed.
        """
        with self.write() as connection:
            state = sessions.study_state(connection, self.study_id)
            if state == "closed":
                raise ConfigError(f"the study of {self.folder} is closed", hint="fsbench userstudy create ... -o NEW")
            if state == "draft":
                values = {"state": "open", "spec_json": self.spec.text(), "spec_sha256": self.spec.sha256}
                connection.execute(update(study).where(study.c.id == self.study_id).values(**values))
                sessions.log(connection, self.study_id, "opened")

    def join(self, token: str, prolific: Prolific | None = None) -> Joined | None:
        """Let in whoever has a rater's link, or the open link with an id of a crowd site; None for an unknown token.

        The same participant comes back to the same place, on any device; behind the open link the last device counts.

        Raises:
            Refused: "full", or "rater" where link and participant do not belong together.
        """
        with self.write() as connection:
            return sessions.join(connection, self.study_id, self.spec.slug, token, prolific)

    def session(self, cookie: str) -> Session | None:
        """Find the rater of a cookie; None where there is none. Call it anew for each request: states change."""
        with self.read() as connection:
            row = sessions.find(connection, self.study_id, cookie)
        return sessions.session_of(row) if row else None

    def prolific(self, session: Session, pid: str, study_id: str = "", session_id: str = "") -> None:
        """Keep hashes of a crowd site's ids with a rater who came by their own link.

        Raises:
            Refused: "rater", where the id is another rater's, or the rater has another id.
        """
        ids = Prolific(pid, study_id, session_id)
        with self.write() as connection:
            sessions.attach(connection, self.study_id, self.spec.slug, session.rater, ids)

    def consent(self, session: Session, version: str, language: str, answers: Mapping[str, Any] | None = None) -> None:
        """Store consent: which version of the text (its hash, say), in which language, and further answers.

        Raises:
            Refused: "rater" or "consent".
        """
        with self.write() as connection:
            sessions.consent(connection, self.study_id, session.rater, version, language, answers or {})

    def instructions_seen(self, session: Session) -> None:
        """Note that the rater went on from the instructions."""
        with self.write() as connection:
            sessions.mark(connection, self.study_id, session.rater, "instructions_at", "instructions")

    def take_break(self, session: Session, *, taken: bool = True) -> None:
        """Note that the break was offered, and whether it was taken; it is not offered again."""
        with self.write() as connection:
            sessions.mark(connection, self.study_id, session.rater, "break_at", "break", taken=taken)

    def next_page(self, session: Session) -> Page | Done:
        """Give the rater's next page, the same one until it is submitted; or why there is none.

        Raises:
            Refused: "consent", before there is any.
        """
        with self.read() as connection:
            return pages.next_page(connection, self.study_id, self.spec, session.rater)

    def shown(self, session: Session, page: Page) -> None:
        """Note that a page is on the screen. Call it when its pictures were sent; the first time counts.

        Raises:
            Refused: "page".
        """
        with self.write() as connection:
            pages.shown(connection, self.study_id, session.rater, page.id)

    def submit(
        self,
        session: Session,
        page_id: int,
        nonce: str,
        scores: Scores,
        timings: Mapping[str, float] | None = None,
    ) -> Receipt:
        """Store the scores of a page: all of them in one transaction, on disk when this returns.

        The same scores once more are fine (`Receipt.already`), from any thread, process or tab.

        Args:
            session: who rates.
            page_id: `Page.id`.
            nonce: `Page.nonce`.
            scores: slot from 0 -> question -> 0..5, all of them.
            timings: what the browser says about time, a few numbers; kept beside the server's own times.

        Raises:
            Refused: "page", "scores", "changed", "study", "rater", "consent". Nothing is stored.
            NotSaved: nothing is stored; try again.
        """
        given = {"nonce": nonce, "scores": scores, "timings": timings or {}}
        with self.write() as connection:
            return submitting.submit(connection, self.study_id, session.rater, page_id, **given)  # type: ignore[arg-type]

    def finish(self, session: Session) -> Completion:
        """End a rater's part when all is rated, and give the completion code or address; again is fine.

        Raises:
            Refused: "page" where sets remain, "rater".
        """
        with self.write() as connection:
            sessions.finish(connection, self.study_id, session.rater)
        return Completion(self.spec.completion_code, self.spec.completion_url)

    def asset_path(self, session: Session, asset_id: str) -> Path | None:
        """Find the PNG of an asset id on one of the rater's pages. None for all else: answer 404."""
        with self.read() as connection:
            return pages.asset_path(connection, self.study_id, self.folder, session.rater, asset_id)


def open_store(folder: Path, url: str = "") -> Store:
    """Open the store of a study's folder and bring its schema up to date.

    Args:
        folder: the study's, with study.json.
        url: the store's address where it is not in the folder, nor named by its file store.url.

    Raises:
        RecordError: there is no study or no store, study.json was changed after opening, or the store is from a later
            version.
        ConfigError: the address is none.
        DependencyError: the database's driver is not installed.
    """
    spec = load_spec(folder)
    place = address(folder, url)
    _refuse_missing(place, folder)
    with _opened(place) as engine:
        query = select(study.c.id, study.c.state, study.c.spec_sha256, study.c.spec_json).where(
            study.c.slug == spec.slug
        )
        with reading(engine) as connection:
            row = connection.execute(query).first()
        if row is None:
            message = f"the store holds no study '{spec.slug}'"
            raise RecordError(message, hint="give the --store of `fsbench userstudy create`")
        if row.spec_sha256 != spec.sha256:
            _refuse_changed(folder, spec, StudySpec.model_validate_json(row.spec_json), is_draft=row.state == "draft")
    return Store(folder, engine, row.id, spec)


def create_store(
    folder: Path, spec: StudySpec, sets: Sequence[content.SetContent], visits: Sequence[content.Visit], url: str = ""
) -> content.Links:
    """Make the store of a new study, in state draft, and give the raters' links.

    Raises:
        ConfigError: the store holds a study of that name, or the address is none.
        RecordError: the store cannot be written.
    """
    with _opened(address(folder, url)) as engine:
        with reading(engine) as connection:
            if connection.execute(select(study.c.id).where(study.c.slug == spec.slug)).first():
                message = f"the store holds a study '{spec.slug}' already"
                raise ConfigError(message, hint="another folder name, which gives another study name")
        with writing(engine) as connection:
            links = content.fill(connection, spec, sets, visits, raters=spec.counts.raters)
        engine.dispose()
    return links


@contextmanager
def _opened(place: str) -> Iterator[Engine]:
    engine = connect(place)
    try:
        upgrade(engine)
        yield engine
    except NotSaved as error:
        engine.dispose()
        raise RecordError(f"the store cannot be written: {error}", hint="is its disk full, or read-only?") from None
    except BaseException:
        engine.dispose()
        raise


def _refuse_missing(place: str, folder: Path) -> None:
    file = Path(place.removeprefix("sqlite:///"))
    if place.startswith("sqlite:///") and not file.exists():
        raise RecordError(f"{folder} holds no store: there is no {file.name}", hint="restore it from a backup")


def _refuse_changed(folder: Path, spec: StudySpec, stored: StudySpec, *, is_draft: bool) -> None:
    names = [name for name in StudySpec.model_fields if getattr(spec, name) != getattr(stored, name)]
    fixed = [name for name in names if name in FIXED or not is_draft]
    if fixed:
        when = "made" if is_draft else "opened"
        message = f"'{fixed[0]}' in {folder / 'study.json'} was changed after the study was {when}"
        raise RecordError(message, hint="put the old value back, or create a new study")
