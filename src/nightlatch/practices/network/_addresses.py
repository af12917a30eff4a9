"""Which addresses belong to the things that open doors, and which zone an address lies in."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

import msgspec

from nightlatch.model.evidence import Fact
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Zone

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


def zone_of(thing: Hub | Lock, home: Home) -> tuple[Zone | None, tuple[Fact[Any] | None, ...]]:
    """The zone that a thing lives on, and the facts that show it: told by a source, or worked out by address."""
    if isinstance(thing, Hub) and thing.zone is not None:
        return home.follow(thing.zone, Zone), (thing.zone,)
    if thing.address is None:
        return None, ()
    host = host_of(thing.address.value)
    if not _is_ip(host):
        return None, (thing.address,)
    wanted = ip_address(host)
    best: tuple[int, Zone] | None = None
    for network, zone in home.cached(_networks):
        if wanted in network and (best is None or network.prefixlen > best[0]):
            best = (network.prefixlen, zone)
    if best is None:
        return None, (thing.address,)
    return best[1], (thing.address, best[1].subnets)


def _networks(home: Home) -> list[tuple[IPv4Network | IPv6Network, Zone]]:
    found: list[tuple[IPv4Network | IPv6Network, Zone]] = []
    for zone in home.all(Zone):
        for text in zone.subnets.value if zone.subnets is not None else ():
            try:
                found.append((ip_network(text, strict=False), zone))
            except ValueError:
                # A source's own words for a network that has no numbers, such as a dynamic prefix.
                continue
    return found
