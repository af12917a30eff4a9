"""What a hub's software has nothing of: the checks of it do not apply there."""

from __future__ import annotations

from nightlatch.model.hub import Hub
from nightlatch.model.labels import SOFTWARE
from nightlatch.practices.interface import Judgement, not_applicable

HOME_ASSISTANT = frozenset(("homeassistant",))
ZIGBEE2MQTT = frozenset(("zigbee2mqtt",))
RADIO_SERVERS = frozenset(("zwave-js", "zigbee2mqtt", "matter-server"))
"""Programs that command a radio and nothing else: no accounts, no cloud, no voice."""


def lacks(hub: Hub, software: frozenset[str], what: str) -> Judgement | None:
    """Not applicable, because software of this kind `what` ("has no cloud"); None for another or an unknown one."""
    found = hub.software
    if found is None or found.value not in software:
        return None
    return not_applicable(found, because=f"{SOFTWARE[found.value]} {what}.")


def other_than(hub: Hub, software: frozenset[str], what: str) -> Judgement | None:
    """Not applicable, because the hub is known to run something else than these, of which `what` is not known."""
    found = hub.software
    if found is None or found.value in software:
        return None
    return not_applicable(found, because=f"It is {SOFTWARE.get(found.value, found.value)}, which {what}.")
