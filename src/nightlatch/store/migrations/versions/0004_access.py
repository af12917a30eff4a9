"""Access: people, grants, credentials, calendar feeds, what is sealed of them, and the ledger of the locks."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables of access."""
    op.create_table("access_people", _id(), *_texts("name", "role", "groups"), *_numbers("ended"))
    op.create_table(
        "access_grants",
        _id(),
        *_texts("to", "doors", "schedule"),
        *_numbers("starts", "ends", "uses", "used"),
        *_texts("reason", "by"),
        *_numbers("made", "ended"),
        *_texts("feed", "booking"),
    )
    op.create_table(
        "access_credentials", _id(), *_texts("person"), *_numbers("digits", "made", "ended"), *_truths("chosen")
    )
    op.create_table(
        "access_feeds",
        _id(),
        *_texts("doors", "name"),
        *_numbers("checkin", "checkout", "read", "tried"),
        *_texts("trouble"),
    )
    op.create_table(
        "access_secrets",
        _id(),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "access_locks", sa.Column("lock", sa.String, primary_key=True), *_texts("rules"), *_numbers("surveyed")
    )
    op.create_table(
        "access_marks", sa.Column("name", sa.String, primary_key=True), sa.Column("value", sa.String, nullable=False)
    )
    op.create_table(
        "access_ledger",
        sa.Column("lock", sa.String, primary_key=True),
        sa.Column("credential", sa.String, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        *_numbers("slot"),
        *_texts("state"),
        *_numbers("since"),
        *_texts("proof"),
        *_numbers("seen"),
        sa.Column("present", sa.Boolean),
        *_texts("limits"),
        *_numbers("due", "tries", "unheeded", "after"),
        *_texts("reason", "form", "name", "creator"),
        *_truths("kept", "declared"),
        *_texts("person"),
        *_numbers("used"),
        *_texts("mark"),
    )
    op.create_table(
        "access_decisions",
        _id(),
        *_texts("lock"),
        *_numbers("slot"),
        *_texts("does"),
        *_numbers("since"),
        *_texts("mark", "name", "person"),
        *_numbers("at"),
    )
    op.create_table("access_retired", _id(), *_numbers("at"), *_truths("foreign"))
    op.create_index("access_ledger_by_credential", "access_ledger", ["credential"])
    op.create_index("access_ledger_by_person", "access_ledger", ["person"])
    op.create_index("access_credentials_by_person", "access_credentials", ["person"])


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String, primary_key=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _truths(*names: str) -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean, nullable=False) for name in names]
