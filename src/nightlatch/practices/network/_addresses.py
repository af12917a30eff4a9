"""Which addresses belong to the things that open doors."""

from __future__ import annotations

from ipaddress import ip_address

import msgspec

from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock

NOT_IP = frozenset(("zwave", "zigbee", "ble"))
"""Radios whose locks have no address of their own."""


class DoorThings(msgspec.Struct, frozen=True):
    """Hubs and locks by IP address, and the names of those whose address is not known."""

    at: dict[str, Hub | Lock]
    unplaced: tuple[str, ...]


def door_things(home: Home) -> DoorThings:
    """Where the hubs and the locks with an address are. For `home.cached`."""
    at: dict[str, Hub | Lock] = {}
    unplaced = []
    things: tuple[Hub | Lock, ...] = (*home.all(Hub), *home.all(Lock))
    for thing in things:
        known = [key[3:] for key in thing.keys if key.startswith("ip:")]
        if thing.address is not None:
            known.append(host_of(thing.address.value))
        placed = [address for address in known if _is_ip(address)]
        for address in placed:
            at.setdefault(address, thing)
        if not placed and not (isinstance(thing, Lock) and thing.radio is not None and thing.radio.value in NOT_IP):
            unplaced.append(thing.label)
    return DoorThings(at, tuple(unplaced))


def host_of(address: str) -> str:
    """The host of `host`, `host:port`, `[v6]:port`, a bare IPv6 address or a URL's `//host:port/path`."""
    host = address.rpartition("//")[2].partition("/")[0].rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def _is_ip(text: str) -> bool:
    """An address that others can reach: not a name, not this host itself."""
    if not text or not (text[0].isdigit() or ":" in text):
        return False
    try:
        return not ip_address(text).is_loopback
    except ValueError:
        return False
