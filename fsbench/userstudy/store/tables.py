"""The nine tables of a study, for SQLite and PostgreSQL alike. Migrations make them; this names their columns."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from fsbench.userstudy.spec import HIGHEST, KINDS, LOWEST, QUESTIONS

metadata = MetaData()

STUDY_STATES = ("draft", "open", "closed")
RATER_STATES = ("invited", "active", "finished", "withdrawn", "excluded")
ASSIGNMENT_STATES = ("planned", "shown", "done", "void")


def _key() -> Column[int]:
    return Column("id", Integer, Identity(), primary_key=True)


def _to(table: str, *, name: str = "", nullable: bool = False) -> Column[int]:
    return Column(name or f"{table}_id", Integer, ForeignKey(f"{table}.id"), nullable=nullable)


def _text(name: str, *, nullable: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=nullable, server_default=default)


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({allowed})", name=f"ck_{column}")


study = Table(
    "study",
    metadata,
    _key(),
    Column("slug", Text, nullable=False, unique=True),
    _text("spec_json"),
    _text("spec_sha256"),
    Column("seed", BigInteger, nullable=False),
    _text("state", default="draft"),
    Column("schema_version", Integer, nullable=False),  # at creation; alembic_version holds that of today
    Column("open_token_sha256", Text, unique=True),  # of the one link that hands out free places
    _text("created_at"),
    _one_of("state", STUDY_STATES),
)

asset = Table(  # one picture; each place that shows it has its own, so that equal pictures have no equal names
    "asset",
    metadata,
    _key(),
    _to("study"),
    Column("token", Text, nullable=False, unique=True),  # 32 hex digits: the name under which browsers ask for it
    _text("sha256"),  # of the file
    _text("rel_path"),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
)

method = Table(
    "method",
    metadata,
    _key(),
    _to("study"),
    _text("name"),  # never leaves the server
    _text("run_ref", nullable=True),
    UniqueConstraint("study_id", "name"),
)

item_set = Table(
    "item_set",
    metadata,
    _key(),
    _to("study"),
    _text("pair_key"),
    _text("kind"),
    _to("asset", name="source_asset"),
    _to("asset", name="target_asset"),
    UniqueConstraint("study_id", "pair_key", "kind"),
    _one_of("kind", KINDS),
)

stimulus = Table(
    "stimulus",
    metadata,
    _key(),
    _to("item_set", name="set_id"),
    _to("method"),
    _to("asset"),
    _text("expect_json", nullable=True),  # of a gold item: question -> [lowest, highest] right score
    UniqueConstraint("set_id", "method_id"),
)

rater = Table(
    "rater",
    metadata,
    _key(),
    _to("study"),
    Column("ordinal", Integer, nullable=False),  # from 1: the name under which votes are exported
    Column("token_sha256", Text, nullable=False, unique=True),
    _text("external_sha256", nullable=True),  # of the id that a crowd site gave
    _text("state", default="invited"),
    _text("language", nullable=True),
    _text("joined_at", nullable=True),
    _text("consent_version", nullable=True),
    _text("consented_at", nullable=True),
    _text("instructions_at", nullable=True),
    _text("break_at", nullable=True),
    _text("finished_at", nullable=True),
    _text("excluded_reason", nullable=True),
    UniqueConstraint("study_id", "ordinal"),
    UniqueConstraint("study_id", "external_sha256"),
    _one_of("state", RATER_STATES),
)

assignment = Table(  # one page of one rater
    "assignment",
    metadata,
    _key(),
    _to("study"),
    _to("rater"),
    _to("item_set", name="set_id"),
    Column("position", Integer, nullable=False),  # from 0
    _text("stimulus_order"),  # ids of the stimuli by slot, with blanks between them
    _text("state", default="planned"),
    _text("shown_at", nullable=True),
    _text("done_at", nullable=True),
    Column("submit_key", Text, nullable=False, unique=True),  # a page can be submitted only with its key
    Column("replaces", Integer, ForeignKey("assignment.id"), unique=True),  # the void one that this is dealt for
    UniqueConstraint("rater_id", "position"),
    UniqueConstraint("rater_id", "set_id"),
    _one_of("state", ASSIGNMENT_STATES),
    Index("ix_assignment_todo", "rater_id", "state", "position"),
)

rating = Table(
    "rating",
    metadata,
    Column("assignment_id", Integer, ForeignKey("assignment.id"), primary_key=True),
    Column("stimulus_id", Integer, ForeignKey("stimulus.id"), primary_key=True),
    Column("question", Text, primary_key=True),
    Column("score", SmallInteger, nullable=False),
    Column("slot", SmallInteger, nullable=False),
    _text("at"),
    _one_of("question", QUESTIONS),
    CheckConstraint(f"score BETWEEN {LOWEST} AND {HIGHEST}", name="ck_score"),
)

event = Table(
    "event",
    metadata,
    _key(),
    _to("study"),
    _to("rater", nullable=True),
    _to("assignment", nullable=True),
    _text("kind"),
    _text("at"),
    _text("detail_json", nullable=True),
    Index("ix_event_time", "study_id", "at"),
)
