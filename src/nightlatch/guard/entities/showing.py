"""What Home Assistant shows of Nightlatch: discovery configurations and states, as retained messages. No I/O.

The form is that of Home Assistant's MQTT discovery: a configuration per entity at PREFIX/COMPONENT/NODE/OBJECT/config,
its state at a topic of ours, and one topic that says whether Nightlatch runs. No entity takes a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any, Literal

import msgspec

from nightlatch.model.event import Kind, instant
from nightlatch.model.finding import Severity

ONLINE, OFFLINE = b"online", b"offline"
LONGEST = 120
"""Characters of a name or title that are sent; Home Assistant takes states of up to 255."""
MOST_DOORS = 500
"""Doors that are shown."""
NONE = "none"

Security = Literal["secured", "unlocked", "open", "unknown"]
Intact = Literal["intact", "damaged", "unknown"]


class Posture(msgspec.Struct, frozen=True):
    """How the home stands by the last audit. None: nothing was judged yet, or nothing applies."""

    score: float | None = None
    """0 to 100."""
    coverage: float | None = None
    """0 to 1: how much of what applies is known."""
    worst: Severity | None = None
    """The severity of the worst open finding."""
    finding: str = ""
    """What is worst, as its practice's or check's title: never the name of a person or account."""


class OpenAlerts(msgspec.Struct, frozen=True):
    """The alerts that are open."""

    count: int = 0
    newest: str = ""
    """The title of the newest one's detection, which names nobody."""


class DoorStanding(msgspec.Struct, frozen=True):
    """How one door stands. `id` and `name` are the owner's; `security` is unknown unless freshly reported."""

    id: str
    name: str = ""
    security: Security = "unknown"
    battery: int | None = None
    """Of its lock, in %."""
    last_event: Kind | None = None
    last_at: int = 0
    """When that was heard, µs since 1970."""


class Picture(msgspec.Struct, frozen=True):
    """Everything that is shown."""

    posture: Posture = Posture()
    alerts: OpenAlerts = OpenAlerts()
    journal: Intact = "unknown"
    """What the last verification of the journal found."""
    doors: tuple[DoorStanding, ...] = ()
    """A door with two locks may come twice, once for each."""


class Names(msgspec.Struct, frozen=True):
    """Where messages go: Home Assistant's discovery prefix, and our own topic."""

    prefix: str = "homeassistant"
    topic: str = "nightlatch"

    @property
    def node(self) -> str:
        """Begins the ids of our devices and entities: two Nightlatches at one broker have different topics."""
        return _plain(self.topic)

    @property
    def availability(self) -> str:
        """Says whether Nightlatch runs."""
        return f"{self.topic}/status"

    @property
    def home(self) -> str:
        """The state of the home."""
        return f"{self.topic}/home"

    def door(self, id_: str) -> str:
        """The state of a door."""
        return f"{self.topic}/doors/{_plain(id_)}"

    @property
    def configurations(self) -> str:
        """A filter that matches the configuration of every entity of ours, and of entities that were."""
        return f"{self.prefix}/+/{self.node}/+/config"

    @property
    def states(self) -> str:
        """A filter that matches the state of every door, and of doors that were."""
        return f"{self.topic}/doors/+"


class _Entity(msgspec.Struct, frozen=True):
    """One entity of a device: which value of the device's state it shows, and how."""

    component: str
    key: str
    name: str
    settings: dict[str, Any] = {}
    attributes: tuple[str, ...] = ()


_PERCENT = {"unit_of_measurement": "%", "state_class": "measurement"}
_HOME = (
    _Entity("sensor", "score", "Score", {**_PERCENT, "icon": "mdi:shield-home"}),
    _Entity("sensor", "coverage", "Coverage", {**_PERCENT, "icon": "mdi:shield-search"}),
    _Entity("sensor", "finding", "Worst open finding", {"icon": "mdi:shield-alert"}, ("severity",)),
    _Entity("sensor", "alerts", "Open alerts", {"state_class": "measurement", "icon": "mdi:bell-alert"}),
    _Entity("sensor", "newest", "Newest alert", {"icon": "mdi:bell-ring"}),
    _Entity("binary_sensor", "journal", "Journal", {"device_class": "problem"}),
)
_DOOR = (
    _Entity("sensor", "security", "Security", {"icon": "mdi:door-closed-lock"}),
    _Entity("sensor", "battery", "Battery", {**_PERCENT, "device_class": "battery"}),
    _Entity("sensor", "event", "Last event", {"icon": "mdi:history"}, ("at",)),
)
_WORST_FIRST: tuple[Security, ...] = ("open", "unlocked", "unknown", "secured")
_PROBLEM = {"intact": "OFF", "damaged": "ON", "unknown": None}


def render(picture: Picture, names: Names, version: str) -> dict[str, bytes]:
    """Every message by its topic, availability aside; configurations come first. All are to be retained."""
    doors = _joined(picture.doors)[:MOST_DOORS]
    messages = dict(_configurations(doors, names, version))
    messages[names.home] = msgspec.json.encode(_home_state(picture))
    for door in doors:
        messages[names.door(door.id)] = msgspec.json.encode(_door_state(door))
    return messages


def _joined(doors: Sequence[DoorStanding]) -> list[DoorStanding]:
    """Each door once: as secure as the least secure of its locks, with the emptiest battery and the latest event."""
    found: dict[str, DoorStanding] = {}
    for door in doors:
        other = found.get(door.id, door)
        charges = [one.battery for one in (door, other) if one.battery is not None]
        latest = max(other, door, key=lambda one: one.last_at)
        found[door.id] = msgspec.structs.replace(
            latest,
            security=min(door.security, other.security, key=_WORST_FIRST.index),
            battery=min(charges, default=None),
        )
    return list(found.values())


def _configurations(doors: Sequence[DoorStanding], names: Names, version: str) -> Iterator[tuple[str, bytes]]:
    node = names.node
    home = {"identifiers": [node], "name": "Nightlatch", "manufacturer": "Nightlatch", "sw_version": version}
    origin = {"name": "Nightlatch", "sw_version": version}
    for entity in _HOME:
        yield _configuration(entity, entity.key, names, {"state_topic": names.home, "device": home, "origin": origin})
    for door in doors:
        slug = _plain(door.id)
        device = {
            "identifiers": [f"{node}_door_{slug}"],
            "name": f"Nightlatch {door.name or door.id}"[:LONGEST],
            "manufacturer": "Nightlatch",
            "via_device": node,
        }
        told = {"state_topic": names.door(door.id), "device": device, "origin": origin}
        for entity in _DOOR:
            yield _configuration(entity, f"door_{slug}_{entity.key}", names, told)


def _configuration(entity: _Entity, object_id: str, names: Names, told: dict[str, Any]) -> tuple[str, bytes]:
    settings: dict[str, Any] = {
        "name": entity.name,
        "unique_id": f"{names.node}_{object_id}",
        "value_template": f"{{{{ value_json.{entity.key} }}}}",
        "availability_topic": names.availability,
        **told,
        **entity.settings,
    }
    if entity.attributes:
        pairs = ", ".join(f"'{name}': value_json.{name}" for name in entity.attributes)
        settings |= {
            "json_attributes_topic": told["state_topic"],
            "json_attributes_template": f"{{{{ {{{pairs}}} | tojson }}}}",
        }
    topic = f"{names.prefix}/{entity.component}/{names.node}/{object_id}/config"
    return topic, msgspec.json.encode(settings)


def _home_state(picture: Picture) -> dict[str, Any]:
    """A null is shown as unknown."""
    posture, alerts = picture.posture, picture.alerts
    judged = posture.score is not None
    return {
        "score": posture.score,
        "coverage": None if posture.coverage is None else round(100 * posture.coverage, 1),
        "finding": posture.finding[:LONGEST] or (NONE if judged else None),
        "severity": posture.worst.value if posture.worst is not None else None,
        "alerts": alerts.count,
        "newest": alerts.newest[:LONGEST] or NONE,
        "journal": _PROBLEM[picture.journal],
    }


def _door_state(door: DoorStanding) -> dict[str, Any]:
    return {
        "security": door.security,
        "battery": door.battery,
        "event": door.last_event,
        "at": instant(door.last_at).isoformat() if door.last_at else None,
    }


def _plain(id_: str) -> str:
    """An id in the letters that discovery allows; one that has others gets a digest, so that no two become one."""
    plain = re.sub(r"[^a-zA-Z0-9_-]", "_", id_)
    return plain if plain == id_ else f"{plain}_{blake2b(id_.encode(), digest_size=4).hexdigest()}"
