"""What OpenWrt's firewall lets through: between zones, from the internet to the router, and to hosts inside.

fw3 and fw4 judge forwarded traffic by the traffic rules in their order, then by the forwardings, then
by the zone's own `forward` policy (which only joins the networks of one zone), and last by the
`forward` policy of `config defaults`. Source: OpenWrt documentation, "Firewall configuration".
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Literal

import msgspec

from nightlatch.model.values import PortMapping
from nightlatch.sources._uci import File, Section

Family = Literal["ipv4", "ipv6"]

MAX_ZONES = 256
MAX_RULES = 4_000

# A rule with one of these lets only some of the traffic through, or only at some times.
_NARROWING = (
    "src_ip", "src_mac", "src_port", "dest_ip", "dest_port", "proto", "icmp_type", "ipset", "mark", "limit",
    "start_date", "stop_date", "start_time", "stop_time", "weekdays", "monthdays", "device", "helper", "extra", "dscp",
)  # fmt: skip
_EVERY = frozenset(("all", "any", "*", "0"))
_DIAL_UP = frozenset(("pppoe", "pppoa", "ppp", "pptp", "l2tp", "3g", "qmi", "ncm", "mbim", "modemmanager", "wwan"))
_UPLINKS = _DIAL_UP | {"dhcp", "dhcpv6", "6in4", "6rd", "6to4", "dslite", "map", "464xlat"}


class Opening(msgspec.Struct, frozen=True):
    """What lets a zone open connections to another: the section, and how narrow it is in words."""

    section: Section
    narrow: str = ""
    policy: str = ""
    """The option that is the policy of a zone or of the defaults; empty for a rule of its own."""

    @property
    def where(self) -> str:
        """The place, with the bounds of a narrow rule."""
        return self.section.where(self.policy) + (f", {self.narrow}" if self.narrow else "")


class Firewall:
    """The firewall of one router."""

    def __init__(self, firewall: File, network: File) -> None:
        self.zones = [zone for zone in firewall.of("zone") if zone.get("name")][:MAX_ZONES]
        self.rules = [rule for rule in firewall.of("rule") if rule.flag("enabled", True)][:MAX_RULES]
        self.forwardings = [item for item in firewall.of("forwarding") if item.flag("enabled", True)][:MAX_RULES]
        self.redirects = [
            item
            for item in firewall.of("redirect")
            if item.flag("enabled", True) and item.get("target", "DNAT").upper() == "DNAT"
        ][:MAX_RULES]
        self.defaults = next(firewall.of("defaults"), None)
        self.network = network

    @property
    def uplinks(self) -> list[Section]:
        """The zones that face the internet."""
        return [zone for zone in self.zones if self.is_wan(zone)]

    def is_wan(self, zone: Section) -> bool:
        """It is called wan, holds wan, or hides its clients behind a dialled or leased address."""
        if zone.get("name") == "wan" or set(zone.words("network")) & {"wan", "wan6", "wwan"}:
            return True
        interfaces = (self.network.get(name) for name in zone.words("network"))
        return zone.flag("masq", False) and any(one is not None and one.get("proto") in _UPLINKS for one in interfaces)

    def zone_of(self, network: str) -> Section | None:
        """The zone that a network is in."""
        return next((zone for zone in self.zones if network in zone.words("network")), None)

    def opening(self, source: Section, target: Section, family: Family) -> Opening | None:
        """What lets the source open connections to the target; None if nothing does."""
        names = source.get("name"), target.get("name")
        for rule in self.rules:
            if not (_concerns(rule, names) and _of_family(rule, family)):
                continue
            narrow = narrowing(rule)
            if rule.get("target").upper() == "ACCEPT" and _opens_connections(rule):
                return Opening(rule, narrow)
            if rule.get("target").upper() in ("REJECT", "DROP") and not narrow:
                return None
        for item in self.forwardings:
            if _concerns(item, names) and _of_family(item, family):
                return Opening(item)
        for item in self.redirects:
            if item.get("src") == names[0] and item.get("dest") == names[1] and family == "ipv4":
                return Opening(item, f"to {item.get('dest_ip') or 'the router'} only")
        if self.defaults is not None and self.defaults.get("forward", "REJECT").upper() == "ACCEPT":
            return Opening(self.defaults, policy="forward")
        return None

    def port_forwards(self) -> Iterator[tuple[PortMapping, Section]]:
        """Doors from the internet: redirects, and rules that admit connections over IPv6."""
        outside = {zone.get("name") for zone in self.uplinks}
        for item in self.redirects:
            if item.get("src") in outside and item.get("dest_ip"):
                ports = item.get("src_dport") or "any"
                yield (
                    PortMapping(
                        protocol="+".join(sorted(_protocols(item))),
                        outer_port=ports,
                        address=item.get("dest_ip"),
                        inner_port=item.get("dest_port") or ports,
                        label=item.get("name"),
                    ),
                    item,
                )
        for rule in self.rules:
            if rule.get("src") not in outside or not rule.get("dest") or rule.get("dest") in outside:
                continue
            ports = rule.get("dest_port") or "any"
            # ISAKMP's port 500 to any host is in every factory configuration and opens no service by itself.
            if rule.get("target").upper() != "ACCEPT" or not _carries_ports(rule) or ports == "500":
                continue
            address = rule.get("dest_ip") or f"any host of zone {rule.get('dest')} (IPv6)"
            yield PortMapping("+".join(sorted(_protocols(rule))), ports, address, ports, rule.get("name")), rule
        for source in self.uplinks:
            for target in self.zones:
                opening = self.opening(source, target, "ipv6") if target not in self.uplinks else None
                if opening is not None and opening.section.kind != "rule":
                    address = f"any host of zone {target.get('name')} (IPv6)"
                    yield PortMapping("tcp+udp", "any", address, "any"), opening.section

    def admits_from_internet(self, port: int) -> Iterator[Opening]:
        """What lets the internet reach a TCP port of the router itself, up to what closes it."""
        for zone in self.uplinks:
            closed = False
            for rule in self.rules:
                if rule.get("src") not in (zone.get("name"), "*") or rule.get("dest") or not _covers(rule, port):
                    continue
                if rule.get("target").upper() == "ACCEPT":
                    yield Opening(rule, _only_from(rule))
                    closed = closed or not _only_from(rule)
                elif rule.get("target").upper() in ("REJECT", "DROP") and not _only_from(rule):
                    closed = True
                if closed:
                    break
            policy = zone.get("input") or (self.defaults.get("input") if self.defaults is not None else "")
            if not closed and policy.upper() == "ACCEPT":
                yield Opening(zone, policy="input")

    def subnets(self, zone: Section) -> tuple[str, ...]:
        """The networks of a zone, by its interfaces' addresses: 192.168.1.0/24."""
        found: list[str] = []
        for name in zone.words("network"):
            interface = self.network.get(name)
            if interface is None:
                continue
            mask = interface.get("netmask", "32")
            stated = [address if "/" in address else f"{address}/{mask}" for address in interface.words("ipaddr")]
            for address in (*stated, *interface.words("ip6addr")):
                try:
                    found.append(str(ip_network(address, strict=False)))
                except ValueError:
                    continue  # a prefix that the provider delegates has no number here
        return tuple(found)


def narrowing(rule: Section) -> str:
    """What bounds a rule, in words; empty if it holds for all traffic of its zones."""
    bounds = {option: rule.get(option) for option in _NARROWING if rule.get(option)}
    if _protocols(rule) >= {"tcp", "udp"} or _protocols(rule) & _EVERY:
        bounds.pop("proto", None)
    return f"only for {', '.join(f'{option} {value}' for option, value in bounds.items())}" if bounds else ""


def _concerns(section: Section, names: tuple[str, str]) -> bool:
    return section.get("src") in (names[0], "*") and section.get("dest") in (names[1], "*")


def _of_family(section: Section, family: Family) -> bool:
    stated = section.get("family", "any").lower()
    if stated in ("any", "*", "inet", ""):
        addresses = " ".join((section.get("src_ip"), section.get("dest_ip")))
        return not addresses.strip() or (family == "ipv6") == (":" in addresses)
    return stated == family


def _protocols(section: Section) -> frozenset[str]:
    return frozenset(section.get("proto", "tcp udp").lower().replace("tcpudp", "tcp udp").split())


def _carries_ports(rule: Section) -> bool:
    return bool(_protocols(rule) & {"tcp", "udp", "6", "17", *_EVERY})


def _opens_connections(rule: Section) -> bool:
    """A rule for ICMP or IGMP alone opens no connection."""
    return not _protocols(rule) <= {"icmp", "icmpv6", "ipv6-icmp", "igmp", "1", "2", "58"}


def _only_from(rule: Section) -> str:
    bounds = [f"{option} {rule.get(option)}" for option in ("src_ip", "src_mac", "ipset") if rule.get(option)]
    return f"only for {', '.join(bounds)}" if bounds else ""


def _covers(rule: Section, port: int) -> bool:
    if not _protocols(rule) & {"tcp", "6", *_EVERY}:
        return False
    stated = rule.words("dest_port")
    return not stated or any(_in_range(item, port) for item in stated)


def _in_range(item: str, port: int) -> bool:
    low, _, high = item.replace(":", "-").partition("-")
    if not (low.isdecimal() and (high or low).isdecimal()) or len(item) > 11:
        return False
    return int(low) <= port <= int(high or low)
