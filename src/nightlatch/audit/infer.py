"""What follows from facts of different sources: who lives on which zone, whose word the home relies on."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from nightlatch.model.evidence import Claim, Fact, Ref
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Device, Zone
from nightlatch.model.people import Vendor
from nightlatch.model.thing import Field

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def infer(home: Home) -> Iterator[Claim]:
    """Claims that follow from what a home's sources said, each naming what it follows from."""
    yield from _zones(home)
    yield from _vendors(home)


def _zones(home: Home) -> Iterator[Claim]:
    """A hub, lock or device lives on the zone with the narrowest subnet that holds its address."""
    subnets = _subnets(home)
    if not subnets:
        return
    for hub in home.all(Hub):
        for address in (hub.address, hub.lan_address):
            yield from _zone_of(hub.ref, address, Hub.zone, subnets)
    for lock in home.all(Lock):
        yield from _zone_of(lock.ref, lock.address, Lock.zone, subnets)
    for device in home.all(Device):
        yield from _zone_of(device.ref, device.address, Device.zone, subnets)


def _subnets(home: Home) -> list[tuple[Network, Zone, Fact[tuple[str, ...]]]]:
    found: list[tuple[Network, Zone, Fact[tuple[str, ...]]]] = []
    for zone in home.all(Zone):
        fact = zone.subnets
        for text in fact.value if fact is not None else ():
            try:
                network = ipaddress.ip_network(text, strict=False)
            except ValueError:
                continue  # a router may name a subnet by alias; it holds no address we could compare
            if fact is not None:
                found.append((network, zone, fact))
    return sorted(found, key=lambda item: item[0].prefixlen, reverse=True)


def _zone_of(
    about: Ref,
    address: Fact[str] | None,
    field: Field[Ref],
    subnets: list[tuple[Network, Zone, Fact[tuple[str, ...]]]],
) -> Iterator[Claim]:
    if address is None:
        return
    try:
        host = ipaddress.ip_address(_host(address.value))
    except ValueError:
        return  # a name, not an address: which zone it is on is not known from it
    if host.is_loopback:
        return
    for network, zone, fact in subnets:
        if host.version == network.version and host in network:
            yield Claim(
                about,
                field.name,
                zone.ref,
                where=f"{host} lies in {network} ({fact.source}: {fact.where})",
                at=min(address.at, fact.at),
                grade=max(address.grade, fact.grade, key=_weakness),
                source=f"{address.source}+{fact.source}",
            )
            return


def _weakness(grade: str) -> int:
    return ("observed", "recorded", "catalogued", "declared").index(grade)


def _host(address: str) -> str:
    """The host of `host`, `host:port`, `[v6]:port`."""
    if match := re.fullmatch(r"\[([^\]]+)\](?::\d+)?", address):
        return match[1]
    return address.rsplit(":", 1)[0] if address.count(":") == 1 else address


def _vendors(home: Home) -> Iterator[Claim]:
    """Whoever made a lock of the home is a vendor whose word it relies on."""
    seen: set[str] = set()
    for lock in home.all(Lock):
        maker = lock.maker
        if maker is None:
            continue
        slug = re.sub(r"[^a-z0-9]+", "-", maker.value.lower()).strip("-")
        if slug and slug not in seen:
            seen.add(slug)
            yield Claim(
                Ref("vendor", slug), Vendor.name.name, maker.value, maker.where, maker.at, maker.grade, maker.source
            )
