"""Users of the web app as they are kept: who they are, how they sign in, and what they are signed in with.

Instants are µs since 1970, 0: never. Nothing here opens anything: of tokens, sessions and one-time codes only
digests are kept, passwords as argon2id makes them, and what an authenticator app makes its codes of is sealed
by `access.vault` under "totp:USER".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import msgspec
import sqlalchemy as sa

from nightlatch.errors import StoreError
from nightlatch.store.database import unusable

Role = Literal["owner", "resident", "viewer"]


class User(msgspec.Struct, frozen=True):
    """Somebody who may sign in. The id is that of the person, where there is one."""

    id: str
    name: str
    role: Role
    handle: str
    """By which passkeys and the journal know them: by chance, base64url."""
    made: int
    password: str = ""
    """As argon2id made it (PHC string); nothing: they have none."""
    totp: int = 0
    """When an authenticator app was set up; 0: none."""
    step: int = 0
    """The last step of 30 s whose code was used: none of it or before is taken again."""


class Passkey(msgspec.Struct, frozen=True):
    """A passkey, by the id of its credential (base64url)."""

    id: str
    user: str
    name: str
    key: bytes
    """Its public key, as COSE."""
    counter: int
    """How often it was used, as it last said; 0 for ever where it does not count."""
    transports: str
    """How it can be reached, as "internal hybrid"."""
    rp: str
    """The name of this machine that it is for."""
    synced: bool
    """Whether its maker keeps a copy, so that it is on several devices."""
    made: int
    used: int = 0
    doubtful: int = 0
    """When it counted less than it had: somebody may have a copy."""


class Recovery(msgspec.Struct, frozen=True):
    """A recovery code, by its digest."""

    id: str
    user: str
    used: int = 0


class Session(msgspec.Struct, frozen=True):
    """A browser that is signed in."""

    id: str
    digest: str
    """Of what its cookie holds."""
    user: str
    csrf: str
    made: int
    seen: int
    fresh: int
    """Until when a second factor counts as shown lately."""
    address: str
    agent: str
    """The device in words."""


class Token(msgspec.Struct, frozen=True):
    """What a program signs in with."""

    id: str
    digest: str
    user: str
    name: str
    scopes: str
    """As "see log"."""
    made: int
    ends: int
    used: int = 0


class Device(msgspec.Struct, frozen=True):
    """A browser that somebody has signed in with before, by the digest of its cookie and the user."""

    id: str
    user: str
    used: int


class Code(msgspec.Struct, frozen=True):
    """A one-time code, by its digest; that of the first owner by the word "setup" and argon2id."""

    id: str
    kind: Literal["setup", "invite", "reset"]
    hashed: str
    user: str
    name: str
    role: Role
    handle: str
    made: int
    ends: int


class Tries(msgspec.Struct, frozen=True):
    """Wrong tries of one kind, as "user:ana" or "address:192.168.1.7"."""

    id: str
    count: int
    last: int
    until: int
    """Until when no other is taken."""


Record = User | Passkey | Recovery | Session | Token | Device | Code | Tries
R = TypeVar("R", bound=msgspec.Struct)
_metadata = sa.MetaData()
_COLUMNS: dict[Any, Any] = {int: sa.Integer, str: sa.String, bool: sa.Boolean, bytes: sa.LargeBinary}


def _table(name: str, struct: type[msgspec.Struct]) -> sa.Table:
    """A column for each field; words of a fixed set are text."""
    columns = (
        sa.Column(field.name, _COLUMNS.get(field.type, sa.String), primary_key=field.name == "id")
        for field in msgspec.structs.fields(struct)
    )
    return sa.Table(name, _metadata, *columns)


_TABLES: dict[type[msgspec.Struct], sa.Table] = {
    User: _table("users", User),
    Passkey: _table("user_passkeys", Passkey),
    Recovery: _table("user_recovery", Recovery),
    Session: _table("user_sessions", Session),
    Token: _table("user_tokens", Token),
    Device: _table("user_devices", Device),
    Code: _table("user_codes", Code),
    Tries: _table("user_tries", Tries),
}
_marks = sa.Table(
    "user_marks", _metadata, sa.Column("name", sa.String, primary_key=True), sa.Column("value", sa.Integer)
)
_IDENTIFYING = (User, Session, Token)
"""What says who a request is from: a change of these is told by the version."""


class UserRecords:
    """The users of a database. Every method raises StoreError when it cannot be used."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self) -> Iterator[UserBook]:
        """One transaction, alone from its beginning: what is read in it is true until it ends."""
        with self._told(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield UserBook(connection)
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[UserBook]:
        """The same for reading only, of one state of the database: it waits for nobody."""
        with self._told(), self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield UserBook(connection)
            connection.rollback()

    def version(self) -> int:
        """A number that is another whenever users, sessions or tokens were changed, by whoever. Quick to ask."""
        with self.read() as book:
            return book.version()

    @contextmanager
    def _told(self) -> Iterator[None]:
        where = str(self.engine.url.database)
        try:
            yield
        except sa.exc.DatabaseError as error:
            raise unusable(error, where) from None
        except msgspec.ValidationError as error:
            raise StoreError(f"holds a record of a user that is damaged: {error}", where=where) from None


class UserBook:
    """What can be read and written inside one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def version(self) -> int:
        """As `UserRecords.version`."""
        return int(self.connection.scalar(sa.select(_marks.c.value).where(_marks.c.name == "version")) or 0)

    def one(self, kind: type[R], id_: str) -> R | None:
        """The record with this id."""
        found = self.every(kind, id=id_)
        return found[0] if found else None

    def every(self, kind: type[R], **where: str) -> list[R]:
        """The records whose fields are these, by id."""
        table = _TABLES[kind]
        rows = self.connection.execute(sa.select(table).where(*_same(table, where)).order_by(table.c.id))
        return [_struct(row, kind) for row in rows]

    def put(self, *records: Record) -> None:
        """Write records, each in the place of the one with its id."""
        for one in records:
            self.connection.execute(
                _TABLES[type(one)].insert().prefix_with("OR REPLACE").values(msgspec.structs.asdict(one))
            )
        self._changed(*(type(one) for one in records))

    def drop(self, kind: type[Record], **where: str) -> int:
        """Take away the records whose fields are these; how many."""
        table = _TABLES[kind]
        gone = self.connection.execute(table.delete().where(*_same(table, where))).rowcount
        if gone:
            self._changed(kind)
        return gone

    def sessions_but(self, user: str, keep: str = "") -> int:
        """End every session of a user but one; how many."""
        table = _TABLES[Session]
        gone = self.connection.execute(table.delete().where(table.c.user == user, table.c.id != keep)).rowcount
        if gone:
            self._changed(Session)
        return gone

    def touch(self, kind: type[Session] | type[Token] | type[Device], id_: str, **values: int) -> None:
        """Keep when something was used. The version stays."""
        table = _TABLES[kind]
        self.connection.execute(table.update().where(table.c.id == id_).values(**values))

    def sweep(self, kind: type[Record], column: str, before: int) -> None:
        """Take away what ended: whose column is below an instant."""
        table = _TABLES[kind]
        if self.connection.execute(table.delete().where(table.c[column] < before)).rowcount:
            self._changed(kind)

    def tries_of(self, start: str) -> list[Tries]:
        """Wrong tries whose key begins so, the oldest first."""
        table = _TABLES[Tries]
        rows = self.connection.execute(
            sa.select(table).where(table.c.id.startswith(start, autoescape=True)).order_by(table.c.last)
        )
        return [_struct(row, Tries) for row in rows]

    def many_tries(self, start: str) -> int:
        """How many of these there are."""
        table = _TABLES[Tries]
        wanted = sa.select(sa.func.count()).where(table.c.id.startswith(start, autoescape=True))
        return int(self.connection.scalar(wanted) or 0)

    def forget(self, user: str) -> int:
        """Take a user away with all that is theirs; how many rows that were."""
        gone = sum(self.drop(kind, user=user) for kind in (Passkey, Recovery, Session, Token, Device, Code))
        for one in self.tries_of(f"user:{user}"):
            if one.id == f"user:{user}" or one.id.startswith(f"user:{user}:"):
                gone += self.drop(Tries, id=one.id)
        self.connection.exec_driver_sql("DELETE FROM access_secrets WHERE id = ?", (f"totp:{user}",))
        return gone + self.drop(User, id=user)

    def _changed(self, *kinds: type[msgspec.Struct]) -> None:
        if any(kind in _IDENTIFYING for kind in kinds):
            self.connection.exec_driver_sql(
                "INSERT INTO user_marks (name, value) VALUES ('version', 1) "
                "ON CONFLICT (name) DO UPDATE SET value = value + 1"
            )


def _struct(row: sa.Row[Any], kind: type[R]) -> R:
    # SQLAlchemy's names are no plain text where it would quote them.
    values = {str(name): value for name, value in row._mapping.items()}
    return msgspec.convert(values, kind, builtin_types=(bytes,))


def _same(table: sa.Table, where: dict[str, str]) -> list[sa.ColumnElement[bool]]:
    return [table.c[name] == value for name, value in where.items()]
