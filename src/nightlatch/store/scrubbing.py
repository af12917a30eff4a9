"""Takes a person's names out of everything the database keeps, down to the bytes of its files."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from nightlatch.errors import StoreError
from nightlatch.model.document import Audit
from nightlatch.store.audits import audits_table
from nightlatch.store.database import unusable

ROWS = 1_000
"""How many rows are held in memory at a time."""
ERASED = "erased person"
"""What stands in the place of a name."""


WRITTEN: dict[str, frozenset[str]] = {
    "access_people": frozenset(),
    "access_grants": frozenset(("reason", "by")),
    "access_credentials": frozenset(),
    "access_feeds": frozenset(("name", "trouble")),
    "access_ledger": frozenset(("reason", "name", "creator")),
    "access_secrets": frozenset(),
    "access_locks": frozenset(),
    "access_marks": frozenset(),
    "access_decisions": frozenset(("name",)),
    "access_retired": frozenset(),
    "users": frozenset(("name",)),
    "user_passkeys": frozenset(("name",)),
    "user_recovery": frozenset(),
    "user_sessions": frozenset(),
    "user_tokens": frozenset(("name",)),
    "user_devices": frozenset(),
    "user_codes": frozenset(("name",)),
    "user_tries": frozenset(),
    "user_marks": frozenset(),
}
"""Of tables whose ids must stay what they are: the columns in which somebody may have written a name.

The rest of them names other people, whose names and ids may have a part in common with one that is
erased; the person's own rows are taken away before.
"""


class Scrubbed(msgspec.Struct, frozen=True):
    """What became of the rows that held a name."""

    changed: int = 0
    dropped: int = 0
    """Rows that could not be kept without it: another state is made of the journal, an audit by auditing."""


class Words:
    """Names to be found as whole words, in any case: "ana" is in "Ana's code" and not in "Banana"."""

    def __init__(self, words: Iterable[str]) -> None:
        forms = {form for word in words if word for form in (word, msgspec.json.encode(word).decode()[1:-1])}
        # The longest first, so that "Ana Silva" is not left behind as "… Silva".
        every = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<![^\W_])(?:{every})(?![^\W_])" if every else r"(?!)", re.IGNORECASE)

    def within(self, text: str | bytes) -> bool:
        """Whether a text, or bytes that may be one, holds any of them."""
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        return self._pattern.search(text) is not None

    def out_of(self, value: Any) -> Any:
        """JSON-like data without them."""
        if isinstance(value, str):
            return self._pattern.sub(ERASED, value)
        if isinstance(value, list):
            return [self.out_of(one) for one in value]
        if isinstance(value, dict):
            return {self.out_of(key): self.out_of(one) for key, one in value.items()}
        return value


def names_of(engine: sa.Engine, subject: str) -> set[str]:
    """Every name and key by which the kept audits know a thing, as `person:ana`."""
    found: set[str] = set()
    with engine.connect() as connection:
        for document in connection.scalars(sa.select(audits_table.c.document)):
            text = _unpacked(document)
            if subject.encode() not in text:
                continue
            try:
                audit = msgspec.json.decode(text, type=Audit)
            except msgspec.MsgspecError:
                continue  # a damaged one that holds a name is dropped when it is scrubbed
            for thing in audit.things:
                if thing.subject == subject:
                    found |= {thing.label, *thing.keys}
                    found |= {str(fact.value) for fact in thing.facts if fact.fact == "name"}
    return found


def scrub(engine: sa.Engine, words: Words) -> Scrubbed:
    """Take words out of every row of every table, and out of what SQLite left in its files of former rows.

    Texts get "erased person" in their place; of other values that hold one, the row goes. StoreError
    when the database is busy for too long: then part of it may be left, and it can be done again.
    """
    total = Scrubbed()
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
            connection.commit()
            for name in sa.inspect(connection).get_table_names():
                if name != "alembic_version":
                    one = _table(connection, name, words)
                    total = Scrubbed(total.changed + one.changed, total.dropped + one.dropped)
            connection.commit()
        _rewrite(engine)
    except sa.exc.DatabaseError as error:
        raise unusable(error, str(engine.url.database)) from None
    return total


def forget_audits(engine: sa.Engine) -> None:
    """Drop every kept audit, down to the bytes of the file. StoreError when the database is busy for too long."""
    try:
        with engine.begin() as connection:
            connection.execute(audits_table.delete())
        _rewrite(engine)
    except sa.exc.DatabaseError as error:
        raise unusable(error, str(engine.url.database)) from None


def _table(connection: sa.Connection, name: str, words: Words) -> Scrubbed:
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    row_id: sa.ColumnElement[int] = sa.literal_column("rowid", sa.Integer)
    written = WRITTEN.get(name, table.columns.keys())
    changed = dropped = 0
    if not written:
        return Scrubbed()
    columns = [table.columns[key] for key in written]
    # The ids first: rows are changed while they are gone through.
    found = [
        number
        for number, *values in connection.execute(sa.select(row_id, *columns)).yield_per(ROWS)
        if any(_without(name, value, words) != value for value in values)
    ]
    for number in found:
        row = connection.execute(sa.select(table).where(row_id == number)).mappings().one_or_none()
        if row is None:
            continue
        new = {key: _without(name, value, words) if key in written else value for key, value in row.items()}
        if None in (new[key] for key, value in row.items() if value is not None) or not _put(
            connection, table, number, new
        ):
            connection.execute(table.delete().where(row_id == number))
            dropped += 1
        else:
            changed += 1
    return Scrubbed(changed, dropped)


def _put(connection: sa.Connection, table: sa.Table, number: int, new: dict[str, Any]) -> bool:
    """Change a row; whether it could be: two rows that only the name told apart cannot both stay."""
    try:
        with connection.begin_nested():
            connection.execute(table.update().where(sa.literal_column("rowid") == number).values(new))
    except sa.exc.IntegrityError:
        return False
    return True


def _without(table: str, value: Any, words: Words) -> Any:
    """A column's value without the words; None when it cannot be kept."""
    if isinstance(value, str):
        return words.out_of(value)
    if not isinstance(value, bytes):
        return value
    text = _unpacked(value) if table == audits_table.name else value
    if not words.within(text):
        return value
    return _audit(text, words) if table == audits_table.name else None


def _audit(text: bytes, words: Words) -> bytes | None:
    try:
        audit = msgspec.convert(words.out_of(msgspec.json.decode(text)), Audit)
    except (msgspec.MsgspecError, RecursionError):
        return None  # the person was called like a word of the schema itself, or the audit is damaged
    return zlib.compress(msgspec.json.encode(audit))


def _unpacked(document: bytes) -> bytes:
    try:
        return zlib.decompress(document)
    except zlib.error:
        return document


def _rewrite(engine: sa.Engine) -> None:
    """Write the database anew, so that no free page and no log of former pages is left."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM")
        busy: Sequence[Any] = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    if busy[0]:
        raise StoreError(
            "somebody is reading it, so what was erased may still stand in its log",
            where=str(engine.url.database),
            todo="Do it again when that has ended.",
        )
