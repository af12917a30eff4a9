"""Users of the web app: their ways to sign in, sessions, tokens, one-time codes, and wrong tries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables of users."""
    op.create_table(
        "users",
        _key("id"),
        *_texts("name", "role", "handle"),
        *_numbers("made"),
        *_texts("password"),
        *_numbers("totp", "step"),
    )
    op.create_table(
        "user_passkeys",
        _key("id"),
        *_texts("user", "name"),
        sa.Column("key", sa.LargeBinary, nullable=False),
        *_numbers("counter"),
        *_texts("transports", "rp"),
        sa.Column("synced", sa.Boolean, nullable=False),
        *_numbers("made", "used", "doubtful"),
    )
    op.create_table("user_recovery", _key("id"), *_texts("user"), *_numbers("used"))
    op.create_table(
        "user_sessions",
        _key("id"),
        *_texts("digest", "user", "csrf"),
        *_numbers("made", "seen", "fresh"),
        *_texts("address", "agent"),
    )
    op.create_table(
        "user_tokens", _key("id"), *_texts("digest", "user", "name", "scopes"), *_numbers("made", "ends", "used")
    )
    op.create_table("user_devices", _key("id"), *_texts("user"), *_numbers("used"))
    op.create_table(
        "user_codes", _key("id"), *_texts("kind", "hashed", "user", "name", "role", "handle"), *_numbers("made", "ends")
    )
    op.create_table("user_tries", _key("id"), *_numbers("count", "last", "until"))
    op.create_table("user_marks", _key("name"), *_numbers("value"))
    for table in ("passkeys", "recovery", "sessions", "tokens", "devices"):
        op.create_index(f"user_{table}_by_user", f"user_{table}", ["user"])


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, primary_key=True)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]
