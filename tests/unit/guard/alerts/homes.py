"""A home with two doors and two people, and what alerts need around them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from nightlatch.configuration.read import parse
from nightlatch.guard.alerts.render import Message
from nightlatch.guard.alerts.rules import Channel, Rules, read_rules
from nightlatch.guard.household import Holder, Household
from nightlatch.model.event import micros
from nightlatch.store.alerts import AlertRecords
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


def records(folder: Path) -> AlertRecords:
    return AlertRecords(connect(folder))


def at(text: str) -> int:
    """`2026-11-22 12:00`, at home."""
    return micros(datetime.fromisoformat(text).replace(tzinfo=ZONE))
