"""Alerts as they are kept: their state, what is still to be said on each channel, and how the channels fare.

Instants are µs since 1970, 0: never. Text of a person's (`sealed`) is only readable while their key
exists; nothing else here names one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import msgspec
import sqlalchemy as sa

from nightlatch.errors import StoreError
from nightlatch.model.finding import Severity
from nightlatch.store.database import unusable

S = TypeVar("S", bound=msgspec.Struct)
KEPT_NOTICES, SWEEP = 50_000, 5_000
"""How many notices are remembered as taken in, far more than a restart replays; after how many the rest is let go."""
MOST_BOUND = 500
"""How many values one statement compares with."""
DEAD = 600_000_000
"""A channel that has failed for this long (µs, 10 minutes) does not count as one that works."""
AlertState = Literal["open", "acknowledged", "over", "closed"]
"""`over`: what raised it has ended; `closed`: the owner put it aside."""
LIVE: tuple[AlertState, ...] = ("open", "acknowledged")

_metadata = sa.MetaData()


def _table(name: str, columns: dict[str, Any], *, key: str = "id") -> sa.Table:
    return sa.Table(
        name, _metadata, *(sa.Column(column, kind, primary_key=column == key) for column, kind in columns.items())
    )


_COLUMNS: dict[Any, Any] = {int: sa.Integer, str: sa.String, bool: sa.Boolean}


def _columns(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """A column for each field of a struct; words of a fixed set are text."""
    return {field.name: _COLUMNS.get(field.type, sa.String) for field in msgspec.structs.fields(struct)}


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alert."""

    id: int = 0
    detection: str
    about: str
    severity: Severity
    state: AlertState = "open"
    first: int
    last: int
    count: int = 1
    ended: int = 0
    acknowledged: int = 0
    told: int
    """When channels were last given it to tell."""
    told_severity: Severity
    stage: int = 0
    """How many stages of the escalation have been taken."""
    escalate: int = 0
    """When the next stage is due."""
    sealed: bool
    data: str
    """What it says, its key and its person, as JSON; sealed when it has a person."""

    @property
    def live(self) -> bool:
        """Whether what raised it still goes on, as far as is known."""
        return self.state in LIVE


Form = Literal["raised", "again", "worse", "over", "escalated", "notice", "digest"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to be said on one channel. Lines go out in the order of their ids, several as one message."""

    id: int = 0
    channel: str
    form: Form
    alert: int = 0
    """Of which alert; 0: of none."""
    at: int
    patient: bool
    """It waits while hours are quiet."""
    urgent: bool
    """It does not wait for others to go with it."""
    sealed: bool = False
    data: str = ""
    delivered: int = 0


class Fare(msgspec.Struct, frozen=True):
    """How a channel fares: its failures in a row, since when, when it is tried again, and why it failed."""

    id: str
    failures: int = 0
    since: int = 0
    next: int = 0
    told: bool = False
    """Whether the journal has been told that it fails."""
    reason: str = ""

    def failing(self, now: int) -> bool:
        """Whether it has delivered nothing for long."""
        return self.failures > 1 and now - self.since >= DEAD


class Test(msgspec.Struct, frozen=True):
    """One test message, and when the owner confirmed its number."""

    id: int
    channel: str
    number: str
    sent: int
    confirmed: int = 0


alerts = _table("alerts", _columns(AlertRow))
lines = _table("alert_lines", _columns(Line))
fares = _table("alert_channels", _columns(Fare))
tests = _table("alert_tests", _columns(Test))
seen = _table("alert_seen", {"digest": sa.LargeBinary}, key="digest")
digests = _table("alert_digests", {"day": sa.String}, key="day")
marks = _table("alert_marks", {"name": sa.String, "value": sa.Integer}, key="name")


def _struct(row: sa.Row[Any], wanted: type[S]) -> S:
    """A row as its struct; StoreError when it was damaged."""
    try:
        return msgspec.convert({str(name): value for name, value in row._mapping.items()}, wanted)
    except msgspec.ValidationError as error:
        raise StoreError(f"what is kept of an alert is damaged: {error}") from None


_REPLACE = (
    alerts.update()
    .where(alerts.c.id == sa.bindparam("which"))
    .values({name: sa.bindparam(name) for name in _columns(AlertRow)})
)


class AlertRecords:
    """The alerts of a database. `begin` is the way to them: what is done inside happens wholly or not at all."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @contextmanager
    def begin(self) -> Iterator[AlertBook]:
        """One transaction, alone from its beginning: what is read in it is true until it ends. StoreError."""
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                book = AlertBook(connection)
                yield book
                book.flush()
                connection.commit()
        except sa.exc.DatabaseError as error:
            raise unusable(error, str(self._engine.url.database)) from None

    @contextmanager
    def read(self) -> Iterator[AlertBook]:
        """The same for reading only: it waits for nobody."""
        try:
            with self._engine.connect() as connection:
                yield AlertBook(connection)
        except sa.exc.DatabaseError as error:
            raise unusable(error, str(self._engine.url.database)) from None


class AlertBook:
    """What can be read and written inside one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._changed: dict[int, AlertRow] = {}
        """Alerts as they are to be written: in a flood one changes many times within a transaction."""

    def flush(self) -> None:
        """Write the alerts that were replaced."""
        if self._changed:
            rows = [{**msgspec.structs.asdict(row), "which": row.id} for row in self._changed.values()]
            self._connection.execute(_REPLACE, rows)
            self._changed.clear()

    # Alerts

    def add(self, row: AlertRow) -> int:
        """Keep a new alert; its id."""
        return self._insert(alerts, row)

    def replace(self, row: AlertRow) -> None:
        """Keep an alert in the place of what it was."""
        self._changed[row.id] = row

    def alert(self, id: int) -> AlertRow | None:  # noqa: A002  # the design's word
        """The alert of an id."""
        if id in self._changed:
            return self._changed[id]
        found = self._connection.execute(sa.select(alerts).where(alerts.c.id == id)).one_or_none()
        return _struct(found, AlertRow) if found is not None else None

    def live(self) -> list[AlertRow]:
        """The alerts that are open or acknowledged, oldest first."""
        return self._alerts(sa.select(alerts).where(alerts.c.state.in_(LIVE)).order_by(alerts.c.id))

    def latest(self, limit: int) -> list[AlertRow]:
        """The newest alerts in any state, oldest first."""
        return self._alerts(sa.select(alerts).order_by(alerts.c.id.desc()).limit(limit))[::-1]

    def history(self, before: int, limit: int) -> list[AlertRow]:
        """The newest alerts with a lower id that are over or put aside, newest first."""
        past = sa.and_(alerts.c.id < before, alerts.c.state.not_in(LIVE))
        return self._alerts(sa.select(alerts).where(past).order_by(alerts.c.id.desc()).limit(limit))

    def between(self, begin: int, end: int) -> list[AlertRow]:
        """The alerts that were raised in [begin, end), oldest first."""
        inside = sa.and_(alerts.c.first >= begin, alerts.c.first < end)
        return self._alerts(sa.select(alerts).where(inside).order_by(alerts.c.id))

    def next_escalation(self) -> int | None:
        """When the next stage of any open alert's escalation is due."""
        waiting = sa.and_(alerts.c.state == "open", alerts.c.escalate > 0)
        found = self._connection.scalar(sa.select(sa.func.min(alerts.c.escalate)).where(waiting))
        return None if found is None else int(found)

    def escalating(self, until: int) -> list[AlertRow]:
        """The open alerts of whose escalation a stage is due."""
        due = sa.and_(alerts.c.state == "open", alerts.c.escalate > 0, alerts.c.escalate <= until)
        return self._alerts(sa.select(alerts).where(due).order_by(alerts.c.id))

    def shift_escalations(self, by: int) -> None:
        """Move the times at which stages are due, after the clock was set."""
        self._connection.execute(
            alerts.update().where(alerts.c.escalate > 0).values(escalate=sa.func.max(alerts.c.escalate + by, 1))
        )

    def _alerts(self, query: sa.Select[Any]) -> list[AlertRow]:
        self.flush()
        return [_struct(row, AlertRow) for row in self._connection.execute(query)]

    # What is to be said

    def say(self, line: Line) -> None:
        """Queue a line behind those of its channel."""
        self._insert(lines, line)

    def waiting(self, channel: str, *, patient: bool, limit: int) -> list[Line]:
        """A channel's lines that are not delivered, urgent ones first; without `patient`, those that never wait."""
        mine = sa.and_(lines.c.channel == channel, lines.c.delivered == 0)
        if not patient:
            mine = sa.and_(mine, lines.c.patient.is_(False))
        query = sa.select(lines).where(mine).order_by(lines.c.urgent.desc(), lines.c.id).limit(limit)
        return [_struct(row, Line) for row in self._connection.execute(query)]

    def newest_line(self) -> int:
        """The newest line's id; 0 when there is none."""
        return self._connection.scalar(sa.select(sa.func.max(lines.c.id))) or 0

    def lines_of(self, alert: int) -> list[Line]:
        """Everything that was or is to be said of an alert, in order."""
        query = sa.select(lines).where(lines.c.alert == alert).order_by(lines.c.id)
        return [_struct(row, Line) for row in self._connection.execute(query)]

    def backlog(self, channel: str) -> int:
        """How many lines of a channel are not delivered."""
        mine = sa.and_(lines.c.channel == channel, lines.c.delivered == 0)
        return self._connection.scalar(sa.select(sa.func.count()).select_from(lines).where(mine)) or 0

    def deliver(self, ids: Sequence[int], at: int) -> None:
        """Mark lines as delivered."""
        self._connection.execute(lines.update().where(lines.c.id.in_(ids)).values(delivered=at))

    # Channels

    def fare(self, channel: str) -> Fare:
        """How a channel fares."""
        found = self._connection.execute(sa.select(fares).where(fares.c.id == channel)).one_or_none()
        return _struct(found, Fare) if found is not None else Fare(channel)

    def set_fare(self, fare: Fare) -> None:
        """Keep how a channel fares."""
        self._connection.execute(fares.insert().prefix_with("OR REPLACE"), msgspec.structs.asdict(fare))

    def sent_test(self, channel: str, number: str, at: int) -> None:
        """Keep that a test message with this number went out."""
        self._connection.execute(tests.insert(), {"channel": channel, "number": number, "sent": at, "confirmed": 0})

    def tests(self) -> list[Test]:
        """Every test, oldest first."""
        query = sa.select(tests).order_by(tests.c.id)
        return [_struct(row, Test) for row in self._connection.execute(query)]

    def confirm(self, test: int, at: int) -> None:
        """Keep when the owner confirmed a test."""
        self._connection.execute(tests.update().where(tests.c.id == test).values(confirmed=at))

    # What was done already

    def first_times(self, digests: Sequence[bytes]) -> set[bytes]:
        """Which notices are taken in for the first time, of the newest; they count as taken in from now on."""
        new = dict.fromkeys(digests)
        for begin in range(0, len(digests), MOST_BOUND):
            some = digests[begin : begin + MOST_BOUND]
            for known in self._connection.scalars(sa.select(seen.c.digest).where(seen.c.digest.in_(some))):
                new.pop(known, None)
        if new:
            row: sa.ColumnElement[int] = sa.literal_column("rowid", sa.Integer)
            self._connection.execute(seen.insert(), [{"digest": digest} for digest in new])
            newest = self._connection.scalar(sa.select(sa.func.max(row)).select_from(seen)) or 0
            if newest % SWEEP < len(new):
                self._connection.execute(seen.delete().where(row <= newest - KEPT_NOTICES))
        return set(new)

    def digest_days(self) -> set[str]:
        """The days (2026-11-22, at home) whose digest has been queued."""
        return set(self._connection.scalars(sa.select(digests.c.day)))

    def add_digest_day(self, day: str) -> None:
        """Keep that a day's digest has been queued."""
        self._connection.execute(digests.insert(), {"day": day})

    def mark(self, name: str) -> int:
        """A number kept under a name; 0 when there is none."""
        return self._connection.scalar(sa.select(marks.c.value).where(marks.c.name == name)) or 0

    def set_mark(self, name: str, value: int) -> None:
        """Keep a number under a name."""
        self._connection.execute(marks.insert().prefix_with("OR REPLACE"), {"name": name, "value": value})

    def prune(self, before: int) -> None:
        """Let go of what ended or was said before an instant."""
        connection = self._connection
        connection.execute(lines.delete().where(lines.c.at < before, lines.c.alert.not_in(self._live_ids())))
        connection.execute(alerts.delete().where(alerts.c.state.not_in(LIVE), alerts.c.ended < before))

    def _live_ids(self) -> sa.Select[Any]:
        return sa.select(alerts.c.id).where(alerts.c.state.in_(LIVE))

    def _insert(self, table: sa.Table, row: msgspec.Struct) -> int:
        values = {name: value for name, value in msgspec.structs.asdict(row).items() if name != "id"}
        key = self._connection.execute(table.insert(), values).inserted_primary_key
        return int(key[0]) if key is not None else 0
