"""What is so now of access: people, grants, credentials, feeds, what is sealed of them, and the ledger of the locks.

Anybody on this machine may write here, each change in one transaction; `version` tells that somebody did.
The journal holds how it came about.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from nightlatch.errors import StoreError
from nightlatch.model.access import OPENS, Credential, Decision, Entry, Feed, Grant, Person, Retired
from nightlatch.model.command import Rules
from nightlatch.store.database import unusable

Record = Person | Grant | Credential | Feed | Decision | Retired
Key = tuple[str, str, int]
"""Of a line of the ledger: the lock, the credential, and of a foreign one the slot (else 0)."""
_VERSION = "version"
S = TypeVar("S", bound=msgspec.Struct)


def key(entry: Entry) -> Key:
    """What tells a line of the ledger from every other."""
    return entry.lock, entry.credential, 0 if entry.credential else entry.slot


class _Table:
    """How a struct is kept: a column for each field; what is neither text, number nor truth as JSON."""

    def __init__(self, name: str, struct: type[msgspec.Struct]) -> None:
        self.name, self.struct = name, struct
        fields = msgspec.structs.fields(struct)
        self.columns = ", ".join(f'"{field.name}"' for field in fields)
        marks = ", ".join("?" * len(fields))
        # Names of our own structs, no input: so here and below.
        self.put = f"INSERT OR REPLACE INTO {name} ({self.columns}) VALUES ({marks})"  # noqa: S608
        self.select = f"SELECT {self.columns} FROM {name}"  # noqa: S608
        self.delete = f"DELETE FROM {name} WHERE id = ?"  # noqa: S608
        self._special: list[tuple[int, Callable[[Any], Any], Callable[[Any], Any]]] = []
        for place, field in enumerate(fields):
            kind = msgspec.inspect.type_info(field.type)
            if isinstance(kind, msgspec.inspect.BoolType):
                self._special.append((place, int, bool))
            elif isinstance(kind, msgspec.inspect.UnionType) and kind.includes_none:
                self._special.append((place, _number_or_none, _truth_or_none))
            elif not isinstance(kind, msgspec.inspect.StrType | msgspec.inspect.IntType | msgspec.inspect.LiteralType):
                decoder = msgspec.json.Decoder(field.type)
                self._special.append((place, _json, decoder.decode))

    def row(self, one: msgspec.Struct) -> list[Any]:
        values = list(msgspec.structs.astuple(one))
        for place, encode, _ in self._special:
            values[place] = encode(values[place])
        return values

    def structs(self, rows: Iterable[Iterable[Any]]) -> Iterator[Any]:
        struct, special = self.struct, self._special
        for row in rows:
            values = list(row)
            for place, _, decode in special:
                if (value := values[place]) != "[]":
                    values[place] = decode(value)
                else:
                    values[place] = ()
            yield struct(*values)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _number_or_none(value: bool | None) -> int | None:
    return None if value is None else int(value)


def _truth_or_none(value: int | None) -> bool | None:
    return None if value is None else bool(value)


_TABLES: dict[type[msgspec.Struct], _Table] = {
    Person: _Table("access_people", Person),
    Grant: _Table("access_grants", Grant),
    Credential: _Table("access_credentials", Credential),
    Feed: _Table("access_feeds", Feed),
    Decision: _Table("access_decisions", Decision),
    Retired: _Table("access_retired", Retired),
}
_LEDGER = _Table("access_ledger", Entry)
_PUT_ENTRY = _LEDGER.put.replace("(", '("place", ', 1).replace("VALUES (", "VALUES (?, ")


class AccessRecords:
    """Keeps and finds what is so of access. Every method raises StoreError when the database cannot be used."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def version(self) -> int:
        """A number that is another whenever people, grants, credentials or feeds were changed, by whoever.

        It is quick to ask each second. The ledger's lines and the locks' rules do not count.
        """
        with self.reading() as connection:
            return int(mark(connection, _VERSION) or 0)

    def people(self, ids: Iterable[str] | None = None) -> list[Person]:
        """Everybody, or some people, by id."""
        return self._all(Person) if ids is None else self._some(Person, "id", ids)

    def grants(self, to: Iterable[str] | None = None) -> list[Grant]:
        """Every grant, ended ones too, or those to some, as "person:ana" and "group:family"; by id."""
        return self._all(Grant) if to is None else self._some(Grant, "to", to)

    def credentials(self) -> list[Credential]:
        """Every credential, ended ones too, by id."""
        return self._all(Credential)

    def feeds(self) -> list[Feed]:
        """Every feed, by id."""
        return self._all(Feed)

    def decisions(self) -> list[Decision]:
        """What the owner said of foreign codes, and the reconciler has not done yet."""
        return self._all(Decision)

    def retired(self, within: sa.Connection | None = None) -> dict[str, Retired]:
        """The locks that are given up."""
        with self.reading(within) as connection:
            return {one.id: one for one in _every(connection, Retired)}

    def everything(
        self, within: sa.Connection | None = None
    ) -> tuple[list[Person], list[Grant], list[Credential], list[Feed]]:
        """All four, as they were at one instant, or as they are within a transaction."""
        with self.reading(within) as connection:
            return (
                _every(connection, Person),
                _every(connection, Grant),
                _every(connection, Credential),
                _every(connection, Feed),
            )

    def change(
        self,
        put: Iterable[Record] = (),
        remove: Iterable[Record] = (),
        *,
        seal: Mapping[str, bytes] | None = None,
        unseal: Iterable[str] = (),
    ) -> None:
        """Write and remove records, and what is sealed under some keys, in one transaction."""
        with self.writing() as connection:
            self.change_within(connection, put, remove, unseal=unseal)
            put_sealed(connection, seal or {})

    def change_within(
        self,
        connection: sa.Connection,
        put: Iterable[Record] = (),
        remove: Iterable[Record] = (),
        *,
        unseal: Iterable[str] = (),
    ) -> None:
        """The same within a transaction of `writing`."""
        for one in remove:
            connection.exec_driver_sql(_TABLES[type(one)].delete, (one.id,))
        for one in put:
            table = _TABLES[type(one)]
            connection.exec_driver_sql(table.put, tuple(table.row(one)))
        for name in unseal:
            connection.exec_driver_sql("DELETE FROM access_secrets WHERE id = ?", (name,))
        _changed(connection)

    def put(self, *records: Record) -> None:
        """Write records, each in the place of the one with its id, in one transaction."""
        with self.writing() as connection:
            for kind in {type(one) for one in records}:
                table = _TABLES[kind]
                rows = [tuple(table.row(one)) for one in records if type(one) is kind]
                connection.exec_driver_sql(table.put, rows)
            _changed(connection)

    def remove(self, *records: Record) -> None:
        """Remove records in one transaction. What is sealed of them goes by `change`."""
        self.change(remove=records)

    def sealed(self, name: str) -> bytes | None:
        """What is sealed under a key, as `credential:ID` and `feed:ID`."""
        with self.reading() as connection:
            found = connection.exec_driver_sql("SELECT sealed FROM access_secrets WHERE id = ?", (name,)).scalar()
        return bytes(found) if found is not None else None

    def all_sealed(self) -> dict[str, bytes]:
        """Everything that is sealed."""
        with self.reading() as connection:
            return sealed_in(connection)

    def entries(self, locks: Iterable[str] | None = None) -> list[Entry]:
        """The ledger, or its lines of some locks, by lock and credential."""
        order = " ORDER BY lock, credential, place"
        with self.reading() as connection:
            if locks is None:
                return list(_LEDGER.structs(_rows(connection, _LEDGER.select + order)))
            found: list[Entry] = []
            for lock in locks:
                rows = _rows(connection, f"{_LEDGER.select} WHERE lock = ?{order}", (lock,))
                found.extend(_LEDGER.structs(rows))
            return found

    def open_locks(self) -> set[str]:
        """The locks on which a code may be, those too that are no longer part of the home."""
        states = f"({', '.join('?' * len(OPENS))})"
        with self.reading() as connection:
            rows = _rows(connection, f"SELECT DISTINCT lock FROM access_ledger WHERE state IN {states}", (*OPENS,))  # noqa: S608  # marks only
        return {lock for (lock,) in rows}

    def entries_of(self, person: str, within: sa.Connection | None = None) -> list[Entry]:
        """The lines of a person's credentials, and the foreign ones that are said to be theirs."""
        where = "person = ? OR credential IN (SELECT id FROM access_credentials WHERE person = ?)"
        with self.reading(within) as connection:
            query = f"{_LEDGER.select} WHERE {where} ORDER BY lock, credential, place"
            return list(_LEDGER.structs(_rows(connection, query, (person, person))))

    def put_entries(self, entries: Iterable[Entry], gone: Iterable[Key] = ()) -> None:
        """Write lines of the ledger and take others away, in one transaction."""
        rows = [(0 if one.credential else one.slot, *_LEDGER.row(one)) for one in entries]
        keys = list(gone)
        if not rows and not keys:
            return
        with self.writing() as connection:
            if keys:
                statement = "DELETE FROM access_ledger WHERE lock = ? AND credential = ? AND place = ?"
                connection.exec_driver_sql(statement, keys)
            if rows:
                connection.exec_driver_sql(_PUT_ENTRY, rows)

    def forget_within(self, connection: sa.Connection, person: str) -> int:
        """Take somebody away within a transaction, with their grants, codes and lines; how many rows that were."""
        mine = "IN (SELECT id FROM access_credentials WHERE person = ?)"
        gone = 0
        for statement, value in (
            # A code that Nightlatch did not put there is no less there: only whose it is goes.
            (
                "UPDATE access_ledger SET person = '', name = '', kept = 0, declared = 0 "
                "WHERE credential = '' AND person = ?",
                person,
            ),
            (f"DELETE FROM access_secrets WHERE substr(id, 12) {mine}", person),  # noqa: S608  # behind "credential:"
            (f"DELETE FROM access_ledger WHERE credential {mine}", person),  # noqa: S608
            ("DELETE FROM access_ledger WHERE person = ?", person),
            ("DELETE FROM access_decisions WHERE person = ?", person),
            ("DELETE FROM access_credentials WHERE person = ?", person),
            ('DELETE FROM access_grants WHERE "to" = ?', f"person:{person}"),
            ("DELETE FROM access_people WHERE id = ?", person),
        ):
            gone += connection.exec_driver_sql(statement, (value,)).rowcount
        if gone:
            _changed(connection)
        return gone

    def forget_codes_within(self, connection: sa.Connection, before: int, opens: Iterable[str]) -> int:
        """Take away credentials that ended before an instant and are in none of these states on any lock; how many."""
        states = list(opens)
        marks = ", ".join("?" * len(states))
        query = (
            "SELECT id FROM access_credentials WHERE ended > 0 AND ended < ? AND id NOT IN "  # noqa: S608  # marks only
            f"(SELECT credential FROM access_ledger WHERE state IN ({marks}))"
        )
        ids = [id_ for (id_,) in _rows(connection, query, (before, *states))]
        for id_ in ids:
            connection.exec_driver_sql("DELETE FROM access_secrets WHERE id = ?", (f"credential:{id_}",))
            connection.exec_driver_sql("DELETE FROM access_ledger WHERE credential = ?", (id_,))
            connection.exec_driver_sql("DELETE FROM access_credentials WHERE id = ?", (id_,))
        return len(ids)

    def rules(self, within: sa.Connection | None = None) -> dict[str, Rules]:
        """What each lock keeps to, as it was last read, by lock."""
        with self.reading(within) as connection:
            rows = _rows(connection, "SELECT lock, rules FROM access_locks")
        return {lock: msgspec.json.decode(text, type=Rules) for lock, text in rows}

    def put_rules(self, lock: str, rules: Rules) -> None:
        """Keep what a lock told of itself."""
        with self.writing() as connection:
            statement = (
                "INSERT INTO access_locks (lock, rules, surveyed) VALUES (?, ?, 0) "
                "ON CONFLICT (lock) DO UPDATE SET rules = excluded.rules"
            )
            connection.exec_driver_sql(statement, (lock, _json(rules)))

    def surveyed(self) -> dict[str, int]:
        """When each lock was first read whole, slot by slot: what is found later was not there then."""
        with self.reading() as connection:
            return dict(_rows(connection, "SELECT lock, surveyed FROM access_locks WHERE surveyed > 0"))

    def put_surveyed(self, lock: str, at: int) -> None:
        """Keep when a lock was first read whole."""
        with self.writing() as connection:
            statement = "UPDATE access_locks SET surveyed = ? WHERE lock = ? AND surveyed = 0"
            connection.exec_driver_sql(statement, (at, lock))

    @contextmanager
    def reading(self, within: sa.Connection | None = None) -> Iterator[sa.Connection]:
        """A connection that reads one state of the database; that of a transaction, where one is given."""
        with self._told():
            if within is not None:
                yield within
                return
            with self.engine.connect() as connection:
                connection.exec_driver_sql("BEGIN")
                yield connection
                connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that nobody else's change comes in between of; committed at the end of the block."""
        with self._told(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def _all(self, kind: type[S]) -> list[S]:
        with self.reading() as connection:
            return _every(connection, kind)

    def _some(self, kind: type[S], column: str, values: Iterable[str]) -> list[S]:
        table = _TABLES[kind]
        # Of names, only those of our own columns.
        query = f'{table.select} WHERE "{column}" IN (SELECT value FROM json_each(?)) ORDER BY id'  # noqa: S608
        with self.reading() as connection:
            return list(table.structs(_rows(connection, query, (_json(list(values)),))))

    @contextmanager
    def _told(self) -> Iterator[None]:
        where = str(self.engine.url.database)
        try:
            yield
        except (sa.exc.DatabaseError, sqlite3.DatabaseError) as error:
            raise unusable(error, where) from None
        except msgspec.MsgspecError as error:
            raise StoreError(f"holds a record of access that is damaged: {error}", where=where) from None


def _every(connection: sa.Connection, kind: type[S]) -> list[S]:
    table = _TABLES[kind]
    return list(table.structs(_rows(connection, f"{table.select} ORDER BY id")))


def sealed_in(connection: sa.Connection) -> dict[str, bytes]:
    """Everything that is sealed, within a transaction."""
    return {name: bytes(sealed) for name, sealed in _rows(connection, "SELECT id, sealed FROM access_secrets")}


def put_sealed(connection: sa.Connection, seal: Mapping[str, bytes]) -> None:
    """Write what is sealed, within a transaction."""
    if seal:
        connection.exec_driver_sql("INSERT OR REPLACE INTO access_secrets VALUES (?, ?)", list(seal.items()))


def _changed(connection: sa.Connection) -> None:
    put_mark(connection, _VERSION, str(int(mark(connection, _VERSION) or 0) + 1))


def mark(connection: sa.Connection, name: str) -> str:
    """A value that is kept beside the records, as the id of the key that seals; nothing when there is none."""
    found = connection.exec_driver_sql("SELECT value FROM access_marks WHERE name = ?", (name,)).scalar()
    return str(found or "")


def put_mark(connection: sa.Connection, name: str, value: str) -> None:
    """Keep such a value, within a transaction."""
    connection.exec_driver_sql("INSERT OR REPLACE INTO access_marks VALUES (?, ?)", (name, value))


def _rows(connection: sa.Connection, query: str, values: tuple[Any, ...] = ()) -> list[Any]:
    # The driver's own cursor: of 100,000 rows SQLAlchemy would make 100,000 objects first.
    cursor = connection.connection.cursor()
    try:
        cursor.execute(query, values)
        return list(cursor.fetchall())
    finally:
        cursor.close()
