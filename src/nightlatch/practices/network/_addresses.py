"""Which addresses belong to the things that open doors."""

from __future__ import annotations

from ipaddress import ip_address

import msgspec

from nightlatch.model.evidence import Fact
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.values import PortMapping
from nightlatch.text import host_of

NOT_IP = frozenset(("zwave", "zigbee", "ble"))
"""Radios whose locks have no address of their own."""


class DoorThings(msgspec.Struct, frozen=True):
    """Hubs and locks by IP address, and those whose address is not known."""

    at: dict[str, list[Hub | Lock]]
    unplaced: tuple[Hub | Lock, ...]

    def behind(self, mapping: PortMapping) -> list[Hub | Lock]:
        """What a port leads to: of several on one computer the one that has this port, if any is known to."""
        found = self.at.get(host_of(mapping.address), [])
        port = f":{mapping.inner_port}"
        return [thing for thing in found if any(fact.value.endswith(port) for fact in addresses(thing))] or found


def door_things(home: Home) -> DoorThings:
    """Where the hubs and the locks with an address are. For `home.cached`."""
    at: dict[str, list[Hub | Lock]] = {}
    unplaced: list[Hub | Lock] = []
    things: tuple[Hub | Lock, ...] = (*home.all(Hub), *home.all(Lock))
    for thing in things:
        placed = {host for fact in addresses(thing) if _is_ip(host := host_of(fact.value))}
        for address in placed:
            at.setdefault(address, []).append(thing)
        if not placed and not (isinstance(thing, Lock) and thing.radio is not None and thing.radio.value in NOT_IP):
            unplaced.append(thing)
    return DoorThings(at, tuple(unplaced))


def addresses(thing: Hub | Lock) -> tuple[Fact[str], ...]:
    """What is told of a thing's address, by itself and by the owner."""
    told = (thing.address, thing.lan_address) if isinstance(thing, Hub) else (thing.address,)
    return tuple(fact for fact in told if fact is not None)


def _is_ip(text: str) -> bool:
    """An address that others can reach: not a name, not this host itself."""
    if not text or not (text[0].isdigit() or ":" in text):
        return False
    try:
        return not ip_address(text).is_loopback
    except ValueError:
        return False
