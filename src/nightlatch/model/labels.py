"""What to call a thing in a sentence."""

from __future__ import annotations

from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.model.thing import Thing

SOFTWARE = {
    "zwave-js": "Z-Wave JS",
    "zigbee2mqtt": "Zigbee2MQTT",
    "matter-server": "Matter server",
    "homeassistant": "Home Assistant",
}


def label(thing: Thing, home: Home) -> str:
    """A credential by its slot and lock, a hub without a name by its software, everything else by its own label."""
    if isinstance(thing, Credential):
        lock = home.follow(thing.lock, Lock)
        slot = f" {thing.slot.value}" if thing.slot is not None else ""
        form = thing.form.value if thing.form is not None and thing.form.value != "pin" else "code"
        whose = thing.person or thing.name
        name = f" ({whose.value})" if whose is not None and str(whose.value).strip() else ""
        return f"{form.capitalize()}{slot}{name} on {label(lock, home)}" if lock is not None else thing.label
    if isinstance(thing, Hub) and thing.name is None and thing.software is not None:
        return SOFTWARE.get(thing.software.value, thing.software.value)
    return thing.label
