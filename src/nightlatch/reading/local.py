"""Which addresses are inside a home, and how this machine reaches them: from the kernel's own tables (Linux)."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

from nightlatch.errors import SourceError

PROC = Path("/proc/net")
CONTAINER_MARKS = (Path("/.dockerenv"), Path("/run/.containerenv"))
"""Files that Docker and Podman put into every container."""
_MOST_ROUTES = 10_000
_GATEWAY = 0x2
"""A route through a router (RTF_GATEWAY of include/uapi/linux/route.h)."""
_REJECT = 0x200
_INSIDE = tuple(
    ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8"),
        *("fc00::/7", "fe80::/10", "::1/128"),
    )
)
"""Private (RFC 1918), link-local (RFC 3927, RFC 4291), unique local (RFC 4193) and loopback addresses."""

Route = tuple[IPv4Network | IPv6Network, str]
"""Where to, and through which router: empty for what is on this machine's own network."""


def inside(text: str) -> IPv4Address | IPv6Address | None:
    """The address when it is one that can only be inside a home; None for a public one and for what is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address if any(address in network for network in _INSIDE) else None


def gateway(proc: Path = PROC) -> str:
    """The IPv4 address of the default route's router; empty when there is none."""
    found = [via for network, via in routes(proc) if isinstance(network, IPv4Network) and not network.prefixlen and via]
    return found[0] if found else ""


def beside(address: IPv4Address | IPv6Address, proc: Path = PROC) -> bool:
    """Whether an address is on a network that this machine is on too, or is this machine's: no router lies between."""
    if address.is_loopback or address.is_link_local:
        return True
    matching = [(network.prefixlen, via) for network, via in routes(proc) if address in network]
    return bool(matching) and not max(matching, key=lambda route: route[0])[1]


def contained() -> bool:
    """Whether this is a container, whose default route may lead to the computer that holds it."""
    return any(mark.exists() for mark in CONTAINER_MARKS)


def own_address(peer: str) -> str:
    """The address of this machine on the way to `peer`; empty when there is no way. Nothing is sent."""
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def routes(proc: Path = PROC) -> Iterator[Route]:
    """The machine's routes, the preferred of equal ones first. SourceError when the kernel shows none."""
    v4, v6 = _lines(proc / "route"), _lines(proc / "ipv6_route")
    if not v4 and not v6:
        raise SourceError("the table of routes is not there", where=str(proc), todo="Run this source on Linux.")
    found = [route for line in v4[1:] for route in _route(line.split())]
    found += [route for line in v6 for route in _route6(line.split())]
    return iter([route for _, route in sorted(found, key=lambda item: item[0])])


def _lines(table: Path) -> list[str]:
    try:
        return table.read_text().splitlines()[:_MOST_ROUTES]
    except FileNotFoundError:
        return []  # as where IPv6 is switched off
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", where=str(table)) from None


def _route(fields: list[str]) -> Iterator[tuple[int, Route]]:
    """A line of /proc/net/route: interface, destination, gateway, flags, …, metric, mask. Hex, in memory order."""
    if len(fields) >= 8:
        flags = int(fields[3], 16)
        if not flags & _REJECT:
            network = IPv4Network((_v4(fields[1]), str(_v4(fields[7]))))
            yield int(fields[6]), (network, str(_v4(fields[2])) if flags & _GATEWAY else "")


def _v4(text: str) -> IPv4Address:
    return IPv4Address(int(text, 16).to_bytes(4, sys.byteorder))


def _route6(fields: list[str]) -> Iterator[tuple[int, Route]]:
    """A line of /proc/net/ipv6_route: destination, its length, source, its length, gateway, metric, …, flags."""
    if len(fields) >= 10:
        flags = int(fields[8], 16)
        if not flags & _REJECT:
            network = IPv6Network((bytes.fromhex(fields[0]), int(fields[1], 16)))
            yield int(fields[5], 16), (network, str(IPv6Address(bytes.fromhex(fields[4]))) if flags & _GATEWAY else "")
