"""Audits: one row each, the whole document as JSON."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the table of audits."""
    op.create_table(
        "audits",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("configuration", sa.String, nullable=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("score", sa.Float),
        sa.Column("coverage", sa.Float),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("audits_by_time", "audits", ["configuration", "at"])
