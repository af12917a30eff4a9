"""Alerts: each with its state, what is still to be said on each channel, and how the channels fare."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables of alerts."""
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("detection", sa.String, nullable=False),
        sa.Column("about", sa.String, nullable=False),
        sa.Column("severity", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("first", sa.Integer, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("ended", sa.Integer, nullable=False),
        sa.Column("acknowledged", sa.Integer, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("told_severity", sa.String, nullable=False),
        sa.Column("stage", sa.Integer, nullable=False),
        sa.Column("escalate", sa.Integer, nullable=False),
        sa.Column("sealed", sa.Boolean, nullable=False),
        sa.Column("data", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("alerts_by_state", "alerts", ["state"])
    op.create_table(
        "alert_lines",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("form", sa.String, nullable=False),
        sa.Column("alert", sa.Integer, nullable=False),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("patient", sa.Boolean, nullable=False),
        sa.Column("urgent", sa.Boolean, nullable=False),
        sa.Column("sealed", sa.Boolean, nullable=False),
        sa.Column("data", sa.String, nullable=False),
        sa.Column("delivered", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("alert_lines_waiting", "alert_lines", ["channel", "delivered", "id"])
    op.create_index("alert_lines_by_alert", "alert_lines", ["alert"])
    op.create_table(
        "alert_channels",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("since", sa.Integer, nullable=False),
        sa.Column("next", sa.Integer, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_table("alert_seen", sa.Column("digest", sa.LargeBinary, primary_key=True))
    op.create_table("alert_digests", sa.Column("day", sa.String, primary_key=True))
    op.create_table(
        "alert_marks",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )
    op.create_table(
        "alert_tests",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("sent", sa.Integer, nullable=False),
        sa.Column("confirmed", sa.Integer, nullable=False),
    )
