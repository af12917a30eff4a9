"""The audits that were made, so that the next one can tell what changed."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from weakref import WeakKeyDictionary

import msgspec
import sqlalchemy as sa

from nightlatch.errors import StoreError
from nightlatch.model.document import Audit
from nightlatch.store.database import connect, unusable

KEPT = 400
"""Audits kept of one configuration: more than a year of daily ones."""

audits_table = sa.Table(
    "audits",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("configuration", sa.String),
    sa.Column("at", sa.String),
    sa.Column("score", sa.Float),
    sa.Column("coverage", sa.Float),
    sa.Column("document", sa.LargeBinary),
)


_read: WeakKeyDictionary[sa.Engine, tuple[bytes, Audit]] = WeakKeyDictionary()
"""The document that was read last through each engine, and the audit that it is: it is asked for over and over, and
a large one takes a while to decode. Frozen, so all may share it."""


class Kept(msgspec.Struct, frozen=True):
    """An audit that was kept, without its findings. `score` is 0 to 100, `coverage` 0 to 1; None: nothing applied."""

    id: int
    at: datetime
    score: float | None
    coverage: float | None


class Audits:
    """Keeps and finds audits. Use as a context manager."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, folder: Path | None = None) -> Audits:
        """The audits in a state folder; the user's own by default."""
        return cls(connect(folder))

    def __enter__(self) -> Audits:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    def add(self, configuration: str, audit: Audit) -> None:
        """Keep an audit of the home that this configuration describes; the oldest beyond 400 go."""
        table = audits_table
        row = {
            "configuration": configuration,
            "at": _stamp(audit.at),
            "score": audit.score,
            "coverage": audit.coverage,
            "document": zlib.compress(msgspec.json.encode(audit)),
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(table.insert().values(row))
                mine = table.c.configuration == configuration
                kept = sa.select(table.c.id).where(mine).order_by(table.c.at.desc(), table.c.id.desc()).limit(KEPT)
                connection.execute(table.delete().where(mine, table.c.id.not_in(kept)))
        except sa.exc.DatabaseError as error:
            raise unusable(error, str(self._engine.url.database)) from None

    def latest(self, configuration: str, until: datetime | None = None) -> Audit | None:
        """The newest audit made at or before an instant, or None. Without one: the audit that was kept last."""
        table = audits_table
        query = sa.select(table.c.document).where(table.c.configuration == configuration).limit(1)
        if until is None:
            query = query.order_by(table.c.id.desc())
        else:
            query = query.where(table.c.at <= _stamp(until)).order_by(table.c.at.desc(), table.c.id.desc())
        try:
            with self._engine.connect() as connection:
                found = connection.scalar(query)
        except sa.exc.DatabaseError as error:
            raise unusable(error, str(self._engine.url.database)) from None
        return self._decode(found) if found is not None else None

    def history(self, configuration: str, most: int = 200) -> list[Kept]:
        """The audits that were kept, oldest first; of more than `most` the last of each of so many stretches."""
        table = audits_table
        mine = table.c.configuration == configuration
        stretch = sa.func.ntile(most).over(order_by=(table.c.at, table.c.id)).label("stretch")
        spread = sa.select(table.c.id, stretch).where(mine).subquery()
        chosen = sa.select(sa.func.max(spread.c.id)).group_by(spread.c.stretch)
        query = (
            sa.select(table.c.id, table.c.at, table.c.score, table.c.coverage)
            .where(table.c.id.in_(chosen))
            .order_by(table.c.at, table.c.id)
        )
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(query).all()
        except sa.exc.DatabaseError as error:
            raise unusable(error, str(self._engine.url.database)) from None
        return [Kept(row.id, datetime.fromisoformat(row.at), row.score, row.coverage) for row in rows]

    def get(self, configuration: str, id_: int) -> Audit | None:
        """One that was kept, or None."""
        table = audits_table
        query = sa.select(table.c.document).where(table.c.configuration == configuration, table.c.id == id_)
        try:
            with self._engine.connect() as connection:
                found = connection.scalar(query)
        except sa.exc.DatabaseError as error:
            raise unusable(error, str(self._engine.url.database)) from None
        return self._decode(found) if found is not None else None

    def _decode(self, document: bytes) -> Audit:
        known = _read.get(self._engine)
        if known is not None and known[0] == document:
            return known[1]
        try:
            audit = msgspec.json.decode(zlib.decompress(document), type=Audit)
        except (zlib.error, msgspec.MsgspecError) as error:
            raise StoreError(f"a kept audit is damaged: {error}") from None
        _read[self._engine] = document, audit
        return audit


def _stamp(at: datetime) -> str:
    """An instant as text that sorts by time: UTC, always with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
