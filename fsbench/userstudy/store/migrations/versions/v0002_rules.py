"""Rules that constraints of a column cannot say, as triggers: a rating is for good, and a set is whole or not there."""

from typing import NamedTuple

from alembic import op

revision = "0002"
down_revision = "0001"


class Rule(NamedTuple):
    """A statement on a table that is refused where the condition holds."""

    name: str
    event: str
    table: str
    condition: str
    message: str


RULES = (
    Rule("rating_for_good", "UPDATE", "rating", "1 = 1", "a rating is never changed"),
    Rule(
        "rating_kept",
        "DELETE",
        "rating",
        """NOT EXISTS (SELECT 1 FROM assignment a JOIN rater r ON r.id = a.rater_id
        WHERE a.id = OLD.assignment_id AND r.state = 'withdrawn')""",
        "ratings are deleted only when their rater withdraws",
    ),
    Rule(
        "rating_allowed",
        "INSERT",
        "rating",
        """NOT EXISTS (SELECT 1 FROM assignment a JOIN stimulus s ON s.set_id = a.set_id JOIN study t ON
        t.id = a.study_id JOIN rater r ON r.id = a.rater_id WHERE a.id = NEW.assignment_id AND s.id = NEW.stimulus_id
        AND a.state IN ('planned', 'shown') AND t.state = 'open' AND r.state = 'active'
        AND r.consent_version IS NOT NULL)""",
        "a rating needs an open study, an active rater who consented, and a result of a page that is not done",
    ),
    Rule("page_begins_planned", "INSERT", "assignment", "NEW.state <> 'planned'", "a page begins as planned"),
    Rule(
        "page_whole",
        "UPDATE OF state",
        "assignment",
        """NEW.state = 'done' AND OLD.state <> 'done' AND (SELECT count(*) FROM rating WHERE assignment_id = NEW.id) <>
        3 * (SELECT count(*) FROM stimulus WHERE set_id = NEW.set_id)""",
        "a page is done when every result has its three scores",
    ),
    Rule(
        "page_stays_done",
        "UPDATE OF state",
        "assignment",
        """OLD.state = 'done' AND NEW.state <> 'done' AND EXISTS (SELECT 1 FROM rating WHERE assignment_id = NEW.id)""",
        "a page with ratings stays done",
    ),
    Rule(
        "page_order_fixed",
        "UPDATE OF stimulus_order, set_id, rater_id, position",
        "assignment",
        "1 = 1",
        "a dealt page keeps its rater, set, place and order",
    ),
    Rule(
        "study_fixed",
        "UPDATE OF spec_json, spec_sha256, seed, slug",
        "study",
        "OLD.state <> 'draft'",
        "a study is fixed when it opens",
    ),
    Rule(
        "study_stays_closed",
        "UPDATE OF state",
        "study",
        "OLD.state = 'closed' AND NEW.state <> 'closed'",
        "a closed study stays closed",
    ),
)
WHOLE = Rule("score_whole", "INSERT", "rating", "typeof(NEW.score) <> 'integer'", "a score is a whole number")


def upgrade() -> None:
    """Make the rules, and let a slot have one score a question."""
    op.create_index("ux_rating_slot", "rating", ["assignment_id", "slot", "question"], unique=True)
    if op.get_bind().dialect.name == "sqlite":
        for rule in (*RULES, WHOLE):  # SQLite alone keeps 2.5 in a column of whole numbers
            op.execute(
                f"CREATE TRIGGER {rule.name} BEFORE {rule.event} ON {rule.table} WHEN {rule.condition}"
                f" BEGIN SELECT RAISE(ABORT, '{rule.message}'); END"
            )
        return
    for rule in RULES:
        row = "OLD" if rule.event == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {rule.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {rule.condition} THEN"
            f" RAISE EXCEPTION '{rule.message}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
            f" RETURN {row}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {rule.name} BEFORE {rule.event} ON {rule.table}"
            f" FOR EACH ROW EXECUTE FUNCTION {rule.name}()"
        )
