"""How a lock is commanded, what the catalogue knows of it, and the words for setting one thing on it."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, Literal

import msgspec

from nightlatch.catalogue import Catalogue, Knowledge, Role, parameter
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
    prefixes = {key.partition(":")[0] for key in (*lock.keys, lock.ref.key)}
    for way in _WAYS:
        if way in prefixes:
            return way
    hub = home.follow(lock.hub, Hub)
    return _BY_SOFTWARE.get(hub.software.value, "") if hub is not None and hub.software is not None else ""


def known(lock: Lock) -> Knowledge | None:
    """What the catalogue knows of the lock's model, by its radio's ids or by its name."""
    maker = f"{lock.maker.value} " if lock.maker is not None else ""
    return _known(
        lock.zwave_id.value if lock.zwave_id is not None else "",
        lock.zigbee_model.value if lock.zigbee_model is not None else "",
        lock.matter_id.value if lock.matter_id is not None else "",
        f"{maker}{lock.model.value}" if lock.model is not None else "",
    )


@lru_cache(maxsize=1024)
def _known(zwave_id: str, zigbee_model: str, matter_id: str, named: str) -> Knowledge | None:
    own = catalogue()
    found = None
    zwave, matter = _numbers(zwave_id), _numbers(matter_id)
    if len(zwave) == 3:
        found = own.zwave(zwave[0], zwave[1], zwave[2])
    if found is None and zigbee_model:
        found = own.zigbee(zigbee_model)
    if found is None and len(matter) == 2:
        found = own.matter(matter[0], matter[1])
    return found or (own.identify(named) if named else None)


@cache
def catalogue() -> Catalogue:
    """The bundled catalogue, read once."""
    return Catalogue()


def _numbers(ids: str) -> tuple[int, ...]:
    """The numbers of `0x0129:0x8104:0x45d5`; none when it is something else."""
    try:
        return tuple(int(part, 16) for part in ids.split(":"))
    except ValueError:
        return ()


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


def zigbee_setting(lock: Lock, **values: Any) -> Setting:
    """Publishing to the lock's topic of Zigbee2MQTT (base topic as it comes from the factory)."""
    return Setting(f"MQTT: publish to zigbee2mqtt/{zigbee_name(lock)}/set the payload {payload(**values)}", True)


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
