"""What parts of the running service must remember: one value each, true up to an entry of the journal."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from nightlatch.errors import StoreError
from nightlatch.store.database import unusable

snapshots_table = sa.Table(
    "snapshots",
    sa.MetaData(),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("size", sa.Integer),
    sa.Column("state", sa.LargeBinary),
)


class Snapshot(msgspec.Struct, frozen=True):
    """`state` as bytes of the part's own, after the first `size` entries of the journal."""

    size: int
    state: bytes


class Snapshots:
    """Keeps and finds snapshots. A part that starts again takes its own, and hears the entries since."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def put(self, name: str, snapshot: Snapshot) -> None:
        """Keep a snapshot in the place of the former one; StoreError when it cannot be written."""
        row = {"name": name, "size": snapshot.size, "state": snapshot.state}
        try:
            with self._engine.begin() as connection:
                connection.execute(snapshots_table.insert().prefix_with("OR REPLACE"), row)
        except sa.exc.DatabaseError as error:
            raise self._unusable(error) from None

    def get(self, name: str) -> Snapshot | None:
        """The snapshot of a part, or None when it never made one."""
        query = sa.select(snapshots_table.c.size, snapshots_table.c.state).where(snapshots_table.c.name == name)
        try:
            with self._engine.connect() as connection:
                found = connection.execute(query).one_or_none()
        except sa.exc.DatabaseError as error:
            raise self._unusable(error) from None
        return Snapshot(found.size, found.state) if found is not None else None

    def _unusable(self, error: Exception) -> StoreError:
        return unusable(error, str(self._engine.url.database))
