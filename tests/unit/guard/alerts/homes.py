"""A home with two doors and two people, and what alerts need around them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa

from nightlatch.configuration.read import parse
from nightlatch.guard.alerts.desk import Desk
from nightlatch.guard.alerts.outbox import Outbox
from nightlatch.guard.alerts.render import Message
from nightlatch.guard.alerts.rules import SECOND, Channel, Rules, read_rules
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.household import Holder, Household
from nightlatch.model.event import Event, micros
from nightlatch.model.finding import Severity
from nightlatch.store.alerts import AlertRecords, AlertRow
from nightlatch.store.database import connect

ZONE = ZoneInfo("Europe/Berlin")
HOME = """\
[home]
name = "Elm Street 5"
timezone = "Europe/Berlin"
[[doors]]
id = "front"
[[doors]]
id = "back"
[[locks]]
id = "front"
door = "front"
[[people]]
id = "ana"
name = "Ana Horvat"
"""
HOUSEHOLD = Household(
    zone=ZONE,
    locks=("lock:front", "lock:back"),
    names={"door:front": "Front door", "door:back": "Back door"},
    door_of={"lock:front": "door:front", "lock:back": "door:back"},
    holders={("lock:front", 3): Holder("ana")},
    people={"ana": "Ana", "ben": "Ben"},
)


class Sealer:
    """Seals by remembering: what a person's key would do, without the key."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, bytes]] = {}

    def seal(self, person: str, data: bytes) -> str:
        text = f"sealed-{len(self._kept)}"
        self._kept[text] = (person, data)
        return text

    def open(self, text: str) -> bytes | None:
        found = self._kept.get(text)
        return found and found[1]

    def erase(self, person: str) -> None:
        self._kept = {text: kept for text, kept in self._kept.items() if kept[0] != person}


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


class Post:
    """A carrier that keeps what it was given, and refuses for the channels that are down."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Message]] = []
        self.down: set[str] = set()
        self.on_send: Callable[[], None] = lambda: None

    async def send(self, channel: Channel, message: Message) -> str:
        self.on_send()
        if channel.id in self.down:
            return "it is down"
        self.sent.append((channel.id, message))
        return ""

    def to(self, channel: str) -> list[str]:
        return [message.body for id_, message in self.sent if id_ == channel]


def rules(text: str, *, channels: tuple[str, ...] = ("phone",)) -> Rules:
    """The rules of an `[alerts]` table; channels not described take everything."""
    plain = "".join(f'[[alerts.channels]]\nid = "{one}"\nurl = "env:URL"\n' for one in channels)
    return read_rules(parse(HOME + plain + text, Path("nightlatch.toml")), {"URL": "json://127.0.0.1:1"})


@cache
def _empty() -> bytes:
    """A database without alerts: made once, since making one takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        connect(Path(folder)).dispose()
        return (Path(folder) / "nightlatch.db").read_bytes()


def records(folder: Path) -> AlertRecords:
    """Alerts on a database that waits for no disk: that what was kept stays kept has a test of its own."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "nightlatch.db"
    if not path.exists():
        path.write_bytes(_empty())
    engine = connect(folder)
    sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    engine.dispose()
    return AlertRecords(engine)


def at(text: str) -> int:
    """`2026-11-22 12:00`, at home."""
    return micros(datetime.fromisoformat(text).replace(tzinfo=ZONE))


class Standing:
    """A desk and an outbox on one database, without a loop: what `Alerts` does, one step at a time."""

    def __init__(self, folder: Path, rules: Rules, *, now: int, household: Household = HOUSEHOLD) -> None:
        self.folder = folder
        self.rules = rules
        self.now = now
        self.household = household
        self.sealer = Sealer()
        self.down: set[str] = set()
        self.sent: list[tuple[str, Message]] = []
        self.journal: list[Event] = []
        self.start()

    def start(self) -> None:
        """Begin anew with what the database holds, as after a crash."""
        self.records = records(self.folder)
        self.desk = Desk(self.records, self.rules, self.household, self.sealer, self.now)
        self.outbox = Outbox(self.records, self.rules, self.sealer, lambda: 1.0)

    def take(self, *noticed: Noticed) -> None:
        self.journal += self.desk.take(noticed, self.now)

    def send(self) -> list[tuple[str, Message]]:
        """Do what is due now, and send what may go out now on every channel; what went out."""
        self.journal += self.desk.due(self.now)
        before = len(self.sent)
        for channel in self.rules.channels:
            while self.outbox.wait(channel, self.now, self.household) == 0:
                batch = self.outbox.batch(channel, self.now, self.household)
                assert batch is not None
                if channel in self.down:
                    event = self.outbox.failed(channel, "it is down", self.now)
                    if event is not None:
                        self.journal.append(event)
                        self.outbox.told(channel)
                else:
                    self.sent.append((channel, batch.message))
                    event = self.outbox.delivered(batch, self.now)
                    self.journal += [event] if event is not None else []
        return self.sent[before:]

    def run(self, seconds: float, *, step: float = 1) -> list[tuple[str, Message]]:
        """Let time pass, doing what comes due; what went out."""
        before = len(self.sent)
        end = self.now + int(seconds * SECOND)
        while self.now < end:
            self.now = min(end, self.now + int(step * SECOND))
            self.send()
        return self.sent[before:]

    @property
    def live(self) -> list[AlertRow]:
        return self.desk.open()


def noticed(at: int, **changed: Any) -> Noticed:
    """Tampering at the front door."""
    told = Noticed("tamper", "lock:front", at, Severity.HIGH, "Front door: the lock reports tampering.", "lock:front")
    return msgspec.structs.replace(told, **changed)
