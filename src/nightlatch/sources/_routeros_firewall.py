"""What RouterOS's firewall does with a new connection: the filter's rules, walked in order as the router does.

A condition that is not known to hold for every such connection makes a rule "narrow": an accept then
opens a part, a drop then closes nothing for sure. What no rule decides is accepted. Source: MikroTik
documentation, "Filter" and "Common Firewall Matchers and Actions".
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal

import msgspec

from nightlatch.sources._routeros import Export, Line

Match = Literal["yes", "no", "part"]
Network = IPv4Network | IPv6Network

MAX_STEPS = 20_000
MAX_DEPTH = 16
_INERT = frozenset(("action", "chain", "comment", "log", "log-prefix", "disabled", "jump-target", "reject-with"))


class Packet(msgspec.Struct, frozen=True):
    """The first packet of a connection. `leaves` is None for the router itself, `port` where any is meant."""

    enters: str
    leaves: str | None
    source: tuple[Network, ...]
    target: tuple[Network, ...]
    port: int | None = None
    protocol: Literal["tcp", "udp"] = "tcp"


class Outcome(msgspec.Struct, frozen=True):
    """What lets a packet through: a rule, wholly or in part, or None for the default at the chain's end."""

    line: Line | None
    narrow: bool
    menu: str

    @property
    def where(self) -> str:
        """The place in words."""
        if self.line is None:
            return f"{self.menu}: no rule stops it"
        return f"{self.line.where()}{', in part' if self.narrow else ''}"


class Lists:
    """Interface lists and address lists."""

    def __init__(self, export: Export) -> None:
        self.members: dict[str, set[str]] = {}
        for line in export.of("/interface list member"):
            if not line.flag("disabled"):
                self.members.setdefault(line.get("list"), set()).add(line.get("interface"))
        self.includes = {
            line.name: (line.words("include"), line.words("exclude"))
            for line in export.of("/interface list")
            if line.get("include") or line.get("exclude")
        }
        self.addresses: dict[str, list[str]] = {}
        for line in export.of("/ip firewall address-list", "/ipv6 firewall address-list"):
            if not line.flag("disabled"):
                self.addresses.setdefault(line.get("list"), []).append(line.get("address"))

    def holds(self, name: str, interface: str, depth: int = 0) -> bool | None:
        """Whether an interface is in a list; None where it cannot be told."""
        if name in ("all", "none"):
            return name == "all"
        if name in ("static", "dynamic") or depth > MAX_DEPTH:
            return None
        if interface in self.members.get(name, ()):
            return True
        include, exclude = self.includes.get(name, ((), ()))
        if any(self.holds(other, interface, depth + 1) for other in exclude):
            return False
        return any(self.holds(other, interface, depth + 1) for other in include)


class Filter:
    """The rules of `/ip firewall filter` or `/ipv6 firewall filter`."""

    def __init__(self, export: Export, menu: str, lists: Lists) -> None:
        self.menu = f"{export.lines[0].file} ({menu})" if export.lines else menu
        self.lists = lists
        self.chains: dict[str, list[Line]] = {}
        for line in export.of(menu):
            if line.verb == "add" and not line.flag("disabled"):
                self.chains.setdefault(line.get("chain"), []).append(line)

    def passes(self, chain: str, packet: Packet) -> Outcome | None:
        """What lets the packet through; None if it is stopped for sure."""
        self._steps = 0
        part: list[Line] = []
        decided = self._walk(chain, packet, part, 0)
        if isinstance(decided, Line) and decided.get("action", "accept") == "accept":
            return Outcome(decided, narrow=False, menu=self.menu)
        if decided is None:
            return Outcome(None, narrow=False, menu=self.menu)
        return Outcome(part[0], narrow=True, menu=self.menu) if part else None

    def _walk(self, chain: str, packet: Packet, part: list[Line], depth: int) -> Line | Literal["return"] | None:
        for line in self.chains.get(chain, ()):
            self._steps += 1
            if self._steps > MAX_STEPS or depth > MAX_DEPTH:
                return None
            match = self._match(line, packet)
            action = line.get("action", "accept")
            if match == "no":
                continue
            if action == "jump":
                inner = self._walk(line.get("jump-target"), packet, part, depth + 1)
                if isinstance(inner, Line) and match == "yes":
                    return inner
                if isinstance(inner, Line) and inner.get("action", "accept") == "accept":
                    part.append(inner)
            elif action == "return" and match == "yes":
                return "return"
            elif action == "accept" and match == "part":
                part.append(line)
            elif action in ("accept", "drop", "reject", "tarpit") and match == "yes":
                return line
        return None

    def _match(self, line: Line, packet: Packet) -> Match:
        result: Match = "yes"
        for name, stated in line.values.items():
            if name in _INERT:
                continue
            negated = stated.startswith("!")
            value = stated.removeprefix("!")
            one = self._condition(name, value, packet)
            if negated and one != "part":
                one = "no" if one == "yes" else "yes"
            if one == "no":
                return "no"
            if one == "part":
                result = "part"
        return result

    def _condition(self, name: str, value: str, packet: Packet) -> Match:
        match name:
            case "in-interface":
                return _sure(value == packet.enters)
            case "out-interface":
                return _sure(value == packet.leaves)
            case "in-interface-list":
                return _sure(self.lists.holds(value, packet.enters))
            case "out-interface-list":
                return _sure(self.lists.holds(value, packet.leaves or ""))
            case "connection-state":
                return _sure("new" in value.split(","))
            case "connection-nat-state":
                return "no"
            case "protocol":
                return _sure(value in (packet.protocol, "6" if packet.protocol == "tcp" else "17"))
            case "ipsec-policy":
                return _sure(value.endswith("none"))
            case "dst-port":
                return "part" if packet.port is None else _sure(_in_ports(value, packet.port))
            case "src-address":
                return _covers([value], packet.source)
            case "dst-address":
                return _covers([value], packet.target)
            case "src-address-list":
                return _covers(self.lists.addresses.get(value, ()), packet.source)
            case "dst-address-list":
                return _covers(self.lists.addresses.get(value, ()), packet.target)
        return "part"


def _sure(held: bool | None) -> Match:
    return "part" if held is None else "yes" if held else "no"


def _in_ports(value: str, port: int) -> bool:
    for item in value.split(","):
        low, _, high = item.partition("-")
        if len(item) < 12 and low.isdecimal() and (high or low).isdecimal() and int(low) <= port <= int(high or low):
            return True
    return False


def _covers(stated: list[str] | tuple[str, ...], networks: tuple[Network, ...]) -> Match:
    """Whether addresses cover all of some networks, none of them, or it cannot be told."""
    found: list[Network] = []
    for text in stated:
        try:
            found.append(ip_network(text, strict=False))
        except ValueError:
            return "part"
    found = [one for one in found if not one.is_loopback]
    if not networks or not found:
        return "part" if found else "no"
    covered = [any(_within(network, one) for one in found) for network in networks]
    if all(covered):
        return "yes"
    touched = any(network.version == one.version and network.overlaps(one) for network in networks for one in found)
    return "part" if touched else "no"


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    return isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network) and inner.subnet_of(outer)
