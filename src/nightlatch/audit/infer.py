"""What follows from facts of different sources: who lives on which zone, whose word the home relies on."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from nightlatch.model.evidence import Claim, Fact, Ref
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Device, Zone
from nightlatch.model.people import NO_VENDORS, Account, Credential, Person, Vendor, vendor_id
from nightlatch.model.thing import Field
from nightlatch.text import host_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def infer(home: Home) -> Iterator[Claim]:
    """Claims that follow from what a home's sources said, each naming what it follows from."""
    yield from _zones(home)
    yield from _vendors(home)
    yield from _roles(home)


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
        host = ipaddress.ip_address(host_of(address.value))
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


def _vendors(home: Home) -> Iterator[Claim]:
    """Whoever made a lock of the home, or holds an account of its people, is a vendor whose word it relies on."""
    told: list[tuple[str, Fact[str]]] = [(lock.maker.value, lock.maker) for lock in home.all(Lock) if lock.maker]
    for account in home.all(Account):
        service = account.service
        if service is not None and service.value not in NO_VENDORS:
            told.append((service.value.title() if service.value.islower() else service.value, service))
    seen: set[str] = set()
    for name, fact in told:
        slug = vendor_id(name)
        if slug and slug not in seen:
            seen.add(slug)
            yield Claim(Ref("vendor", slug), Vendor.name.name, name, fact.where, fact.at, fact.grade, fact.source)


def _roles(home: Home) -> Iterator[Claim]:
    """A code's holder belongs here as the person of that name does."""
    roles = {key: person.role for person in home.all(Person) if person.role for key in (person.ref.key, person.label)}
    for credential in home.all(Credential):
        holder = credential.person
        role = roles.get(holder.value) if holder is not None else None
        if holder is not None and role is not None and credential.role is None:
            yield Claim(
                credential.ref,
                Credential.role.name,
                role.value,
                where=f"{holder.value} is a {role.value} ({role.source}: {role.where})",
                at=min(holder.at, role.at),
                grade=max(holder.grade, role.grade, key=_weakness),
                source=f"{holder.source}+{role.source}" if holder.source != role.source else role.source,
            )
