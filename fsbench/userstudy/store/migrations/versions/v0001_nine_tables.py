"""The nine tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _key() -> sa.schema.SchemaItem:
    return sa.Column("id", sa.Integer, sa.Identity(), primary_key=True)


def _to(table: str, name: str = "", *, nullable: bool = False) -> sa.schema.SchemaItem:
    return sa.Column(name or f"{table}_id", sa.Integer, sa.ForeignKey(f"{table}.id"), nullable=nullable)


def _texts(*names: str, nullable: bool = False) -> list[sa.schema.SchemaItem]:
    return [sa.Column(name, sa.Text, nullable=nullable) for name in names]


def _state(values: str, default: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("state", sa.Text, nullable=False, server_default=default),
        sa.CheckConstraint(f"state IN ({values})", name="ck_state"),
    ]


def upgrade() -> None:
    """Make them."""
    _content()
    _people()
    op.create_index("ix_assignment_todo", "assignment", ["rater_id", "state", "position"])
    op.create_index("ix_event_time", "event", ["study_id", "at"])


def _content() -> None:
    op.create_table(
        "study",
        _key(),
        sa.Column("slug", sa.Text, nullable=False, unique=True),
        *_texts("spec_json", "spec_sha256", "created_at"),
        sa.Column("seed", sa.BigInteger, nullable=False),
        *_state("'draft', 'open', 'closed'", "draft"),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("open_token_sha256", sa.Text, unique=True),
    )
    op.create_table(
        "asset",
        _key(),
        _to("study"),
        sa.Column("token", sa.Text, nullable=False, unique=True),
        *_texts("sha256", "rel_path"),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
    )
    op.create_table(
        "method",
        *(_key(), _to("study"), *_texts("name"), *_texts("run_ref", nullable=True)),
        sa.UniqueConstraint("study_id", "name"),
    )
    op.create_table(
        "item_set",
        *(
            _key(),
            _to("study"),
            *_texts("pair_key", "kind"),
            _to("asset", "source_asset"),
            _to("asset", "target_asset"),
        ),
        sa.UniqueConstraint("study_id", "pair_key", "kind"),
        sa.CheckConstraint("kind IN ('main', 'training', 'gold', 'repeat')", name="ck_kind"),
    )
    op.create_table(
        "stimulus",
        *(_key(), _to("item_set", "set_id"), _to("method"), _to("asset"), *_texts("expect_json", nullable=True)),
        sa.UniqueConstraint("set_id", "method_id"),
    )


def _people() -> None:
    op.create_table(
        "rater",
        *(_key(), _to("study"), sa.Column("ordinal", sa.Integer, nullable=False)),
        sa.Column("token_sha256", sa.Text, nullable=False, unique=True),
        *_state("'invited', 'active', 'finished', 'withdrawn', 'excluded'", "invited"),
        *_texts("external_sha256", "language", "joined_at", "consent_version", "consented_at", nullable=True),
        *_texts("instructions_at", "break_at", "finished_at", "excluded_reason", nullable=True),
        sa.UniqueConstraint("study_id", "ordinal"),
        sa.UniqueConstraint("study_id", "external_sha256"),
    )
    op.create_table(
        "assignment",
        *(_key(), _to("study"), _to("rater"), _to("item_set", "set_id")),
        sa.Column("position", sa.Integer, nullable=False),
        *_texts("stimulus_order"),
        *_state("'planned', 'shown', 'done', 'void'", "planned"),
        *_texts("shown_at", "done_at", nullable=True),
        sa.Column("submit_key", sa.Text, nullable=False, unique=True),
        sa.Column("replaces", sa.Integer, sa.ForeignKey("assignment.id"), unique=True),
        sa.UniqueConstraint("rater_id", "position"),
        sa.UniqueConstraint("rater_id", "set_id"),
    )
    op.create_table(
        "rating",
        sa.Column("assignment_id", sa.Integer, sa.ForeignKey("assignment.id"), primary_key=True),
        sa.Column("stimulus_id", sa.Integer, sa.ForeignKey("stimulus.id"), primary_key=True),
        sa.Column("question", sa.Text, primary_key=True),
        sa.Column("score", sa.SmallInteger, nullable=False),
        sa.Column("slot", sa.SmallInteger, nullable=False),
        *_texts("at"),
        sa.CheckConstraint("question IN ('realism', 'identity', 'attributes')", name="ck_question"),
        sa.CheckConstraint("score BETWEEN 0 AND 5", name="ck_score"),
    )
    op.create_table(
        "event",
        *(_key(), _to("study"), _to("rater", nullable=True), _to("assignment", nullable=True)),
        *(*_texts("kind", "at"), *_texts("detail_json", nullable=True)),
    )
