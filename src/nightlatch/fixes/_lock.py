"""How a lock is commanded, what the catalogue knows of it, and the words for setting one thing on it."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, Literal

import msgspec

from nightlatch.catalogue import Catalogue, Knowledge, Role, parameter
from nightlatch.catalogue.claims import candidates
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock

Way = Literal["zwavejs", "zigbee2mqtt", "matter", "homeassistant", ""]

_WAYS: tuple[Way, ...] = ("zwavejs", "zigbee2mqtt", "matter", "homeassistant")
_BY_SOFTWARE: dict[str, Way] = {
    "zwave-js": "zwavejs",
    "zigbee2mqtt": "zigbee2mqtt",
    "matter-server": "matter",
    "homeassistant": "homeassistant",
}
LIVE: tuple[Way, ...] = ("zwavejs", "zigbee2mqtt", "matter")
"""What Nightlatch itself can command and read back."""


class Setting(msgspec.Struct, frozen=True):
    """One thing to set: the step in words, and whether Nightlatch can do it and prove it."""

    step: str
    automatic: bool


def way_to(lock: Lock, home: Home) -> Way:
    """What commands the lock: the nearest to it that is configured, or nothing known."""
    way = home.cached(_ways).get(lock.ref.key)
    return _way(lock, home) if way is None else way


def _ways(home: Home) -> dict[str, Way]:
    """The way to each of the home's locks, by its id: every code on it asks."""
    return {lock.ref.key: _way(lock, home) for lock in home.all(Lock)}


def _way(lock: Lock, home: Home) -> Way:
    prefixes = {key.partition(":")[0] for key in (*lock.keys, lock.ref.key)}
    for way in _WAYS:
        if way in prefixes:
            return way
    hub = home.follow(lock.hub, Hub)
    return _BY_SOFTWARE.get(hub.software.value, "") if hub is not None and hub.software is not None else ""


class _Asked:
    """A lock as far as its model goes: equal for locks of one model, so that each model is looked up once."""

    __slots__ = ("lock", "names")

    def __init__(self, lock: Lock) -> None:
        self.lock = lock
        facts = (lock.zwave_id, lock.zigbee_model, lock.matter_id, lock.maker, lock.model, lock.radio)
        self.names = tuple(None if fact is None else fact.value for fact in facts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.names == other.names

    def __hash__(self) -> int:
        return hash(self.names)


def known(lock: Lock) -> Knowledge | None:
    """What the catalogue knows of the lock's model, when its ids or its name mean one model only."""
    return _known(_Asked(lock))


@lru_cache(maxsize=1024)
def _known(asked: _Asked) -> Knowledge | None:
    models = candidates(asked.lock, catalogue())
    return models[0] if len(models) == 1 else None


@cache
def catalogue() -> Catalogue:
    """The bundled catalogue, read once."""
    return Catalogue()


def maker_of(lock: Lock) -> str:
    """`Yale`, or `the maker`."""
    model = known(lock)
    return model.maker if model is not None else lock.maker.value if lock.maker is not None else "the maker"


def app_of(lock: Lock) -> str:
    """`the Yale app`, or `the maker's app`."""
    maker = maker_of(lock)
    return f"the {maker} app" if maker != "the maker" else "the maker's app"


def zwave_setting(lock: Lock, home: Home, role: Role, wanted: int | str) -> Setting | None:
    """Setting a Z-Wave parameter by its number; None where the model has none that may be set.

    `wanted` is a number, moved into what the parameter takes, or the beginning of an option's label.
    """
    model = known(lock)
    found = parameter(model.entry, role) if model is not None and model.entry is not None else None
    if found is None:
        return None
    if isinstance(wanted, str):
        values = [int(value) for value, label in found.options.items() if label.casefold().startswith(wanted)]
        if not values:
            return None
        value, shown = values[0], f"{values[0]} ({found.options[str(values[0])]})"
    else:
        value = max(wanted if found.min is None else found.min, wanted)
        value = value if found.max is None else min(found.max, value)
        if found.options and found.min is None and str(value) not in found.options:
            value = min((int(option) for option in found.options), key=lambda option: abs(option - value))
        shown = f"{value}{f' {found.unit}' if found.unit else ''}"
    where = (
        f"Home Assistant: Settings > Devices & services > Z-Wave > {lock.label} > Configure"
        if way_to(lock, home) == "homeassistant"
        else f"Z-Wave JS: node {node_of(lock)}, configuration"
    )
    return Setting(f"{where}: set parameter {found.name} ({found.label}) to {shown}.", way_to(lock, home) == "zwavejs")


def matter_setting(lock: Lock, attribute: int, name: str, value: Any) -> Setting:
    """Writing an attribute of the lock's Door Lock cluster (0x0101)."""
    node = node_of(lock)
    message = payload(
        command="write_attribute",
        args={
            "node_id": int(node) if node.isdigit() else node,
            "attribute_path": f"1/257/{attribute}",
            "value": value,
        },
    )
    return Setting(f"Set the lock's {name} (Door Lock attribute 0x{attribute:02x}); Matter server: {message}", True)


def zigbee_setting(lock: Lock, *, automatic: bool = False, **values: Any) -> Setting:
    """Publishing to the lock's topic of Zigbee2MQTT (base topic as it comes from the factory)."""
    step = f"MQTT: publish to zigbee2mqtt/{zigbee_name(lock)}/set the payload {payload(**values)}"
    return Setting(step, automatic)


def payload(**values: Any) -> str:
    """Values as one line of JSON."""
    return msgspec.json.encode(values).decode()


def zigbee_name(lock: Lock) -> str:
    """What Zigbee2MQTT accepts in a topic: the lock's hardware address, or its friendly name."""
    for key in (*lock.keys, lock.ref.key):
        prefix, _, address = key.rpartition(":")
        if address.startswith("0x") and (prefix == "ieee" or prefix.startswith("zigbee2mqtt")):
            return address
    return lock.label


def node_of(lock: Lock) -> str:
    """The number that its Z-Wave or Matter network gave it; the lock's name when it is not known."""
    for key in (*lock.keys, lock.ref.key):
        if key.startswith(("zwavejs:", "matter:")):
            number = key.replace("/", ":").rpartition(":")[2]
            if number.isdigit():
                return number
    return lock.label
