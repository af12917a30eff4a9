"""Snapshots: the state of a part of the running service, and up to which journal entry it is true."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of snapshots."""
    op.create_table(
        "snapshots",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
    )
