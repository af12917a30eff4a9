"""The packet filter's rules in the config.xml of pfSense and OPNsense, and what they do with a new connection.

Both stop what no rule passes. Floating rules come first, then those of interface groups, then an
interface's own; the first "quick" rule that matches decides. Source: pfSense documentation, "Firewall
Rule Processing Order"; OPNsense documentation, "Rules", "Processing order".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal
from xml.etree.ElementTree import Element

import msgspec

from nightlatch.reading.structured import Node

Match = Literal["yes", "no", "part"]
Family = Literal["inet", "inet6"]
Network = IPv4Network | IPv6Network

MAX_RULES = 20_000
MAX_ALIAS_DEPTH = 8
ITSELF = "(self)"
"""The firewall itself, as a destination."""


class Address(msgspec.Struct, frozen=True):
    """A rule's source or destination: `any`, an interface's network, an alias or a network."""

    text: str
    negated: bool
    port: str


class Rule(msgspec.Struct, frozen=True):
    """One rule of either generation, in the form they share."""

    where: str
    passes: bool
    quick: bool
    order: int
    """0 floating, 1 of a group, 2 of one interface."""
    interfaces: frozenset[str]
    """Empty for every interface."""
    families: frozenset[str]
    protocol: str
    source: Address
    target: Address
    limited: bool
    """Bound to a schedule, an operating system or such."""


class Zone(msgspec.Struct, frozen=True):
    """An interface with its networks."""

    key: str
    name: str
    where: str
    networks: tuple[Network, ...]
    has_v6: bool
    kind: str
    """`static`, or how its IPv4 address is had: dhcp, pppoe …"""
    gateway: bool


class Connection(msgspec.Struct, frozen=True):
    """A new connection between zones; a target of None is the firewall itself, a port of None any."""

    source: Zone
    target: Zone | None
    family: Family
    port: int | None
    protocol: str


class Outcome(msgspec.Struct, frozen=True):
    """The rule that lets a connection through, wholly or in part."""

    rule: Rule
    narrow: bool

    @property
    def where(self) -> str:
        """The place in words."""
        return f"{self.rule.where}{', in part' if self.narrow else ''}"


def text_of(parent: Element | None, path: str, default: str = "") -> str:
    """The text under a path, stripped; the default where there is none."""
    found = parent.find(path) if parent is not None else None
    return (found.text or "").strip() if found is not None else default


def is_set(parent: Element | None, path: str) -> bool:
    """A flag: present, and not 0 or no. pfSense writes `<disabled/>`, OPNsense `<disabled>1</disabled>`."""
    found = parent.find(path) if parent is not None else None
    return found is not None and (found.text or "").strip().lower() not in ("0", "no", "off", "false", "disabled")


def line_of(element: Element) -> int:
    """The line of an element."""
    return element.line if isinstance(element, Node) else 0


def rules(root: Element, file: str) -> list[Rule]:
    """Every rule that is on, of both generations, in the order they are asked."""
    found = [*_new_rules(root, file), *_old_rules(root, file)][:MAX_RULES]
    return sorted(found, key=lambda rule: rule.order)


def _old_rules(root: Element, file: str) -> Iterator[Rule]:
    groups = {text_of(group, "ifname") for group in root.iterfind("ifgroups/ifgroupentry")}
    for element in root.iterfind("filter/rule"):
        if is_set(element, "disabled") or text_of(element, "associated-rule-id").startswith("nat_"):
            continue
        floating = text_of(element, "floating") == "yes"
        if floating and text_of(element, "direction", "any") == "out":
            continue
        names = frozenset(filter(None, text_of(element, "interface").split(",")))
        family = text_of(element, "ipprotocol", "inet")
        yield Rule(
            where=f'{file}:{line_of(element)} (filter rule "{text_of(element, "descr") or "without a description"}")',
            passes=text_of(element, "type", "pass") == "pass",
            quick=is_set(element, "quick") if floating else text_of(element, "quick") != "0",
            order=0 if floating else 1 if names & groups else 2,
            interfaces=_members(root, names),
            families=frozenset(("inet", "inet6")) if family == "inet46" else frozenset((family,)),
            protocol=text_of(element, "protocol", "any").lower(),
            source=_old_address(element.find("source")),
            target=_old_address(element.find("destination")),
            limited=any(text_of(element, name) for name in ("sched", "os", "tag", "tagged", "max-src-conn-rate")),
        )


def _old_address(element: Element | None) -> Address:
    stated = text_of(element, "network") or text_of(element, "address") or "any"
    return Address(stated, is_set(element, "not"), text_of(element, "port"))


def _new_rules(root: Element, file: str) -> Iterator[Rule]:
    """OPNsense's rules under OPNsense/Firewall/Filter."""
    elements = root.iterfind("OPNsense/Firewall/Filter/rules/rule")
    groups = {text_of(group, "ifname") for group in root.iterfind("ifgroups/ifgroupentry")}
    for element in sorted(elements, key=lambda element: _number(text_of(element, "sequence"))):
        if text_of(element, "enabled", "1") != "1" or text_of(element, "direction", "in") == "out":
            continue
        names = frozenset(filter(None, text_of(element, "interface").split(",")))
        family = text_of(element, "ipprotocol", "inet")
        inverted = is_set(element, "interfacenot")
        yield Rule(
            where=f"{file}:{line_of(element)} (Firewall/Filter rule "
            f'"{text_of(element, "description") or "without a description"}")',
            passes=text_of(element, "action", "pass") == "pass",
            quick=text_of(element, "quick", "1") != "0",
            order=0 if len(names) != 1 or inverted else 1 if names & groups else 2,
            interfaces=frozenset() if inverted else _members(root, names),
            families=frozenset(("inet", "inet6")) if family == "inet46" else frozenset((family,)),
            protocol=text_of(element, "protocol", "any").lower(),
            source=_new_address(element, "source"),
            target=_new_address(element, "destination"),
            limited=inverted or any(text_of(element, name) for name in ("sched", "schedule", "tag", "tagged")),
        )


def _new_address(element: Element, side: str) -> Address:
    return Address(
        text_of(element, f"{side}_net") or "any", is_set(element, f"{side}_not"), text_of(element, f"{side}_port")
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _members(root: Element, names: frozenset[str]) -> frozenset[str]:
    """Interfaces, with those of groups put in for the groups."""
    found = set(names)
    for group in root.iterfind("ifgroups/ifgroupentry"):
        if text_of(group, "ifname") in names:
            found.update(text_of(group, "members").replace(",", " ").split())
    return frozenset(found)


class Filter:
    """All rules of one firewall."""

    def __init__(self, root: Element, file: str, zones: Sequence[Zone]) -> None:
        self.rules = rules(root, file)
        self.zones = {zone.key: zone for zone in zones}
        self.aliases = dict(_aliases(root))

    def passes(self, source: Zone, target: Zone | None, family: Family, *, port: int | None = None) -> Outcome | None:
        """What lets a new connection from one zone to another through; None if it is stopped.

        A target of None is the firewall itself. Of TCP and UDP the more open one counts, TCP alone
        where a port is given.
        """
        for protocol in ("tcp",) if port is not None else ("tcp", "udp"):
            outcome = self._walk(Connection(source, target, family, port, protocol))
            if outcome is not None:
                return outcome
        return None

    def inward(self, outside: Sequence[Zone], inside: Sequence[Zone]) -> Iterator[Rule]:
        """The rules that let the internet reach hosts inside over IPv6, which no address translation hides."""
        for rule in self.rules:
            ways = (
                Connection(source, target, "inet6", None, protocol)
                for source in outside
                for target in inside
                if source.has_v6 and target.has_v6
                for protocol in ("tcp", "udp")
            )
            if rule.passes and any(self._match(rule, way) != "no" for way in ways):
                yield rule

    def _walk(self, connection: Connection) -> Outcome | None:
        part: Rule | None = None
        last: Rule | None = None
        for rule in self.rules:
            match = self._match(rule, connection)
            if match == "part":
                part = part or (rule if rule.passes else None)
            elif match == "yes":
                last = rule
                if rule.quick:
                    break
        if last is not None and last.passes:
            return Outcome(last, narrow=False)
        return Outcome(part, narrow=True) if part is not None else None

    def _match(self, rule: Rule, connection: Connection) -> Match:
        if (rule.interfaces and connection.source.key not in rule.interfaces) or connection.family not in rule.families:
            return "no"
        if rule.protocol not in ("any", "tcp/udp", connection.protocol, ""):
            return "no"
        results = (
            self._address(rule.source, connection.source, connection.family),
            self._address(rule.target, connection.target, connection.family),
            _port(rule.target.port, connection.port),
            "part" if rule.limited or rule.source.port not in ("", "any") else "yes",
        )
        return "no" if "no" in results else "part" if "part" in results else "yes"

    def _address(self, stated: Address, zone: Zone | None, family: Family) -> Match:
        found = self._covers(stated.text, zone, family, 0)
        if stated.negated and found != "part":
            return "no" if found == "yes" else "yes"
        return found

    def _covers(self, text: str, zone: Zone | None, family: Family, depth: int) -> Match:
        if text == "any":
            return "yes"
        if text == ITSELF or (text.endswith("ip") and text[:-2] in self.zones):
            return "yes" if zone is None else "no"
        if text in self.zones:
            if zone is None:
                # An address of the firewall lies in the network of each of its interfaces.
                return "part"
            return "yes" if text == zone.key else "no"
        if text in self.aliases:
            if depth > MAX_ALIAS_DEPTH:
                return "part"
            results = {self._covers(item, zone, family, depth + 1) for item in self.aliases[text]}
            return "yes" if "yes" in results else "part" if "part" in results else "no"
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            return "part"
        return _overlap(network, zone, family)


def _overlap(network: Network, zone: Zone | None, family: Family) -> Match:
    if (network.version == 4) != (family == "inet"):
        return "no"
    own = [one for one in zone.networks if one.version == network.version] if zone is not None else []
    if not own:
        return "part"
    if all(
        (isinstance(one, IPv4Network) and isinstance(network, IPv4Network) and one.subnet_of(network))
        or (isinstance(one, IPv6Network) and isinstance(network, IPv6Network) and one.subnet_of(network))
        for one in own
    ):
        return "yes"
    return "part" if any(one.overlaps(network) for one in own) else "no"


def _port(stated: str, port: int | None) -> Match:
    if stated in ("", "any"):
        return "yes"
    if port is None:
        return "part"
    low, _, high = stated.replace(":", "-").partition("-")
    if low.isdecimal() and (high or low).isdecimal() and len(stated) < 12:
        return "yes" if int(low) <= port <= int(high or low) else "no"
    return "part"


def _aliases(root: Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Aliases of networks and hosts by name. Those that are filled at run time hold what no address can match."""
    for element in root.iterfind("aliases/alias"):
        yield text_of(element, "name"), _contents(text_of(element, "type"), text_of(element, "address").split())
    for element in root.iterfind("OPNsense/Firewall/Alias/aliases/alias"):
        if text_of(element, "enabled", "1") == "1":
            yield text_of(element, "name"), _contents(text_of(element, "type"), text_of(element, "content").split())


def _contents(kind: str, words: Iterable[str]) -> tuple[str, ...]:
    return tuple(words)[:MAX_RULES] if kind in ("network", "host", "networkgroup") else ("?",)


FACTORY_HASHES: Mapping[str, str] = {
    "13u6qwCOwODv34GyCMgdWub6oQF3RX0rG7c3d3X4JvzuEmAXLYDd2": "pfsense",
    "YRVoF4SgskIsrXOvOQjGieB9XqHPRra9R7d80B3BZdbY/j21TwBfS": "opnsense",
}
"""Of the password that every new installation has, as the projects publish it in their first configuration."""
