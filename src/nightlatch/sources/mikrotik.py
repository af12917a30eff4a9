"""MikroTik RouterOS 6 and 7: the text that `/export` makes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from ipaddress import ip_interface
from typing import Literal

from nightlatch.errors import ReadError
from nightlatch.model.evidence import Item, Ref, Same
from nightlatch.model.network import Wifi, Zone
from nightlatch.model.router import Router
from nightlatch.model.values import PortMapping
from nightlatch.reading.files import MIB, modified, read_text
from nightlatch.sources._names import is_factory_name, known_by, role_by_name
from nightlatch.sources._routeros import Export, Line, parse
from nightlatch.sources._routeros_firewall import Filter, Lists, Network, Outcome, Packet
from nightlatch.sources._routeros_wifi import Network as WifiNetwork
from nightlatch.sources._routeros_wifi import networks, zone_interface
from nightlatch.sources._wifi import network_items
from nightlatch.sources.interface import PathSettings, Source

MAX_FILE = 16 * MIB
MAX_ZONES = 64
EXPORT_ALL = "Export the whole configuration: /export file=backup show-sensitive (version 6: /export file=backup)"
# The factory's ports of the services that administer the router; www-ssl alone starts switched off.
SERVICES = {"telnet": 23, "ftp": 21, "www": 80, "ssh": 22, "www-ssl": 443, "api": 8728, "winbox": 8291, "api-ssl": 8729}
_DIALLED = ("/interface pppoe-client", "/interface lte", "/interface pptp-client", "/interface ppp-client")


class MikroTik(Source, kind="mikrotik"):
    """Reads a RouterOS export. Never keeps a Wi-Fi key: only its strength."""

    Settings = PathSettings
    gives = (
        Router.name, Router.software, Router.maker, Router.model, Router.version, Router.wan_admin,
        Router.default_name, Router.upnp, Router.natpmp, Router.port_forwards,
        Zone.name, Zone.role, Zone.router, Zone.subnets, Zone.opens_to_v4, Zone.opens_to_v6,
        Wifi.name, Wifi.enabled, Wifi.zone, Wifi.security, Wifi.tkip, Wifi.pmf, Wifi.phrase_score,
        Wifi.phrase_length, Wifi.default_name, Wifi.wps, Wifi.guest,
    )  # fmt: skip

    def collect(self) -> Iterator[Item]:
        """The facts, each with the export's line and menu."""
        path = self.settings.path
        export = parse(read_text(path, limit=MAX_FILE), path.name)
        if not export.lines:
            raise ReadError("holds no configuration", where=str(path), todo=EXPORT_ALL)
        reader = _Reader(self, export, path.name, export.at or modified(path))
        yield from reader.identity()
        yield from reader.upnp()
        yield from reader.zones()
        yield from reader.exposure()
        yield from reader.wifis()


class _Reader:
    """Reads one export into items. An export leaves out what is as the factory set it."""

    def __init__(self, source: MikroTik, export: Export, file: str, at: datetime) -> None:
        self.source = source
        self.export = export
        self.file = file
        self.at = at
        self.router = source.ref(Router, "router")
        self.lists = Lists(export)
        self.addresses = {"ip": self._addresses("/ip address"), "ipv6": self._addresses("/ipv6 address")}

    def _addresses(self, menu: str) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = {}
        for line in self.export.of(menu):
            if line.verb == "add" and not line.flag("disabled"):
                found.setdefault(line.get("interface"), []).append(line)
        return found

    @cached_property
    def whole(self) -> bool:
        """The export is of the whole router: what is not in it is as the factory set it."""
        leases = any(True for _ in self.export.of("/ip address", "/ip dhcp-client"))
        return leases and self.export.has("/interface") and self.export.has("/system")

    @cached_property
    def uplinks(self) -> list[str]:
        """The interfaces that face the internet: those of the list WAN, or those that dial or lease an address."""
        listed = sorted(self.lists.members.get("WAN", ()))
        if listed:
            return listed
        dialled = [line.name for line in self.export.of(*_DIALLED) if not line.flag("disabled")]
        leased = [line.get("interface") for line in self.export.of("/ip dhcp-client") if not line.flag("disabled")]
        return [*dict.fromkeys((*dialled, *leased))]

    @cached_property
    def inner(self) -> list[str]:
        """The interfaces with an address that face the home: each is a zone of its own."""
        return [name for name in self.addresses["ip"] if name and name not in self.uplinks][:MAX_ZONES]

    @cached_property
    def behind(self) -> str:
        """Why the zones cannot be told; empty if they can."""
        if not self.whole:
            return "the export is of a part of the configuration only"
        if not self.uplinks or not self.inner:
            return "no interface faces the internet and another the home, as on an access point"
        return ""

    def identity(self) -> Iterator[Item]:
        """Name, software, version and model."""
        yield Router.software.claim(self.router, "routeros", where=self.file, at=self.at)
        yield Router.maker.claim(self.router, "MikroTik", where=self.file, at=self.at)
        if self.export.version:
            yield Router.version.claim(self.router, self.export.version, where=f"{self.file}:1", at=self.at)
        else:
            self_gap = "the export's first line, which names the version, is missing"
            yield self.source.gap(Router.version, reason=self_gap, settle=EXPORT_ALL, about=self.router)
        if self.export.model:
            yield Router.model.claim(self.router, self.export.model, where=f"{self.file} (# model)", at=self.at)
        if self.export.serial:
            yield Same(self.router, f"serial:{self.export.serial}")
        lines = (line for found in self.addresses["ip"].values() for line in found)
        yield from known_by(self.router, (line.get("address") for line in lines))
        identity = next(self.export.of("/system identity"), None)
        if identity is not None or self.whole:
            name = identity.get("name") if identity is not None else "MikroTik"
            where = identity.where("name") if identity is not None else f"{self.file} (no /system identity)"
            yield Router.name.claim(self.router, name, where=where, at=self.at)
            yield Router.default_name.claim(self.router, is_factory_name(name), where=where, at=self.at)
        yield self.source.gap(
            Router.admin_password_set,
            reason="an export leaves the router's users and their passwords out",
            settle="Open System > Users, or sign in as admin with an empty password and see that it is refused.",
            about=self.router,
        )
        yield self.source.gap(
            Router.auto_update,
            reason="an export does not say whether the owner lets the router update itself",
            settle="Answer whether the router updates itself (RouterOS does not unless the owner arranged it).",
            about=self.router,
        )

    def upnp(self) -> Iterator[Item]:
        """UPnP and NAT-PMP."""
        for field, menu in ((Router.upnp, "/ip upnp"), (Router.natpmp, "/ip nat-pmp")):
            line = next((line for line in self.export.of(menu) if "enabled" in line.values), None)
            on = line is not None and line.flag("enabled")
            if on or (self.whole and not self.behind):
                where = line.where("enabled") if line is not None else f"{self.file} (no {menu}: off by default)"
                yield field.claim(self.router, on, where=where, at=self.at)
            else:
                yield self.source.gap(field, reason=self.behind, settle=EXPORT_ALL, about=self.router)
            if on and field is Router.upnp:
                yield self.source.gap(
                    Router.upnp_mappings,
                    reason="an export leaves the ports that UPnP opened out",
                    settle="Run: /ip firewall nat print where dynamic",
                    about=self.router,
                )

    def zone_ref(self, interface: str) -> Ref:
        return self.source.ref(Zone, interface)

    def _subnets(self, interface: str, family: str) -> tuple[Network, ...]:
        found = []
        for line in self.addresses[family].get(interface, ()):
            stated = line.get("address")
            try:
                # Without a length, an IPv6 address is of a /64.
                length = "/64" if family == "ipv6" and "/" not in stated else ""
                found.append(ip_interface(stated + length).network)
            except ValueError:
                continue  # an IPv6 address from a pool has no number in an export
        return tuple(found)

    def zones(self) -> Iterator[Item]:
        """Every interface with an address, and to which others it may open connections."""
        if self.behind:
            yield self.source.gap(
                Zone.opens_to_v4, Zone.opens_to_v6, Router.port_forwards, reason=self.behind, settle=EXPORT_ALL
            )
            return
        for name in (*self.inner, *self.uplinks):
            ref = self.zone_ref(name)
            lines = self.addresses["ip"].get(name)
            where = lines[0].where("interface") if lines else f"{self.file} (interface {name})"
            yield Zone.name.claim(ref, name, where=where, at=self.at)
            yield Zone.router.claim(ref, self.router, where=where, at=self.at)
            role, why = self._role(name)
            if role is not None:
                yield Zone.role.claim(ref, role, where=f"{where}, {why}", at=self.at)
            else:
                yield self.source.gap(
                    Zone.role,
                    reason=f"the name {name!r} does not tell what the zone is for",
                    settle=f"Answer what the zone {name!r} is for.",
                    about=ref,
                )
            subnets = self._subnets(name, "ip") + self._subnets(name, "ipv6")
            if subnets:
                yield Zone.subnets.claim(ref, tuple(map(str, subnets)), where=where, at=self.at)
            if name in self.inner:
                yield self._opens(name, ref, "ip")
                yield self._opens(name, ref, "ipv6")

    def _role(self, name: str) -> tuple[Literal["main", "iot", "guest", "wan", "other"] | None, str]:
        if name in self.uplinks:
            return "wan", "it faces the internet"
        if (role := role_by_name(name)) is not None:
            return role, "by its name"
        comments = " ".join(line.get("comment") for line in self.addresses["ip"][name])
        if name == "bridge" and (self.lists.holds("LAN", name) or "defconf" in comments):
            return "main", "the factory's bridge of the home's network"
        return None, ""

    def _opens(self, name: str, ref: Ref, family: Literal["ip", "ipv6"]) -> Item:
        field = Zone.opens_to_v4 if family == "ip" else Zone.opens_to_v6
        if family == "ipv6" and (reason := self._without_ipv6(name)):
            return field.claim(ref, (), where=reason, at=self.at)
        rules = Filter(self.export, f"/{family} firewall filter", self.lists)
        found: list[tuple[str, Outcome]] = []
        for other in (*self.inner, *self.uplinks):
            if other == name:
                continue
            for protocol in ("tcp", "udp"):
                packet = Packet(
                    name, other, self._subnets(name, family), self._subnets(other, family),
                    protocol="tcp" if protocol == "tcp" else "udp",
                )  # fmt: skip
                outcome = rules.passes("forward", packet)
                if outcome is not None:
                    found.append((other, outcome))
                    break
        places = "; ".join(f"{outcome.where} to {other}" for other, outcome in found)
        stopped = f"{self.file} (/{family} firewall filter), its rules stop every connection"
        zones = tuple(self.zone_ref(other) for other, _ in found)
        return field.claim(ref, zones, where=places or stopped, at=self.at)

    def _without_ipv6(self, name: str) -> str:
        """Why an interface routes no IPv6; empty if it may."""
        for line in self.export.of("/ipv6 settings"):
            if line.flag("disable-ipv6"):
                return line.where("disable-ipv6")
        return "" if name in self.addresses["ipv6"] else f"{self.file} (no /ipv6 address on {name}: no IPv6 there)"

    def exposure(self) -> Iterator[Item]:
        """Port forwards, and whether the internet reaches a service of the router."""
        if self.behind:
            yield self.source.gap(Router.wan_admin, reason=self.behind, settle=EXPORT_ALL, about=self.router)
            return
        forwards = [
            (self._mapping(line), line.where()) for line in self.export.of("/ip firewall nat") if self._forwards(line)
        ]
        forwards += self._open_by_ipv6()
        yield Router.port_forwards.claim(
            self.router,
            tuple(mapping for mapping, _ in forwards),
            where="; ".join(where for _, where in forwards) or f"{self.file} (no dst-nat rule)",
            at=self.at,
        )
        yield self._wan_admin()

    def _open_by_ipv6(self) -> Iterator[tuple[PortMapping, str]]:
        """What the internet reaches inside without address translation."""
        rules = Filter(self.export, "/ipv6 firewall filter", self.lists)
        for uplink in self.uplinks:
            for name in self.inner:
                if self._without_ipv6(name):
                    continue
                outcome = rules.passes("forward", Packet(uplink, name, (), self._subnets(name, "ipv6")))
                if outcome is not None:
                    line = outcome.line
                    port = line.get("dst-port", "any") if line is not None else "any"
                    address = line.get("dst-address") if line is not None else ""
                    mapping = PortMapping("tcp", port, address or f"any host behind {name} (IPv6)", port)
                    yield mapping, outcome.where

    def _forwards(self, line: Line) -> bool:
        if line.get("chain") != "dstnat" or line.flag("disabled") or line.get("action") not in ("dst-nat", "netmap"):
            return False
        enters, listed = line.get("in-interface"), line.get("in-interface-list")
        outside = not enters and not listed
        return outside or enters in self.uplinks or any(self.lists.holds(listed, name) for name in self.uplinks)

    @staticmethod
    def _mapping(line: Line) -> PortMapping:
        outer = line.get("dst-port", "any")
        return PortMapping(
            protocol=line.get("protocol", "any"),
            outer_port=outer,
            address=line.get("to-addresses", "the router"),
            inner_port=line.get("to-ports", outer),
            label=line.get("comment"),
        )

    def _wan_admin(self) -> Item:
        own = {line.selector: line for line in self.export.of("/ip service") if line.verb == "set"}
        wide: list[str] = []
        narrow: list[str] = []
        for family in ("ip", "ipv6"):
            rules = Filter(self.export, f"/{family} firewall filter", self.lists)
            for name, port in SERVICES.items():
                line = own.get(name)
                if line.flag("disabled", name == "www-ssl") if line is not None else name == "www-ssl":
                    continue
                stated = line.get("port") if line is not None else ""
                number = int(stated) if stated.isdecimal() and len(stated) < 6 else port
                bounded = line is not None and bool(line.get("address").strip('"'))
                for uplink in self.uplinks:
                    if family == "ipv6" and self._without_ipv6(uplink) and not self._leases_ipv6(uplink):
                        continue
                    outcome = rules.passes("input", Packet(uplink, None, (), (), number))
                    if outcome is not None:
                        place = f"{outcome.where}: {name} from {uplink} over {family}"
                        (narrow if outcome.narrow or bounded else wide).append(place)
        if wide or not narrow:
            where = "; ".join(wide) or f"{self.file} (/ip firewall filter), its input chain lets no service through"
            return Router.wan_admin.claim(self.router, bool(wide), where=where, at=self.at)
        return self.source.gap(
            Router.wan_admin,
            reason=f"services are open to some addresses: {'; '.join(narrow)}",
            settle="Answer whether these addresses are yours alone; a VPN is safer.",
            about=self.router,
        )

    def _leases_ipv6(self, uplink: str) -> bool:
        return any(line.get("interface") == uplink for line in self.export.of("/ipv6 dhcp-client"))

    def wifis(self) -> Iterator[Item]:
        """The Wi-Fi networks: one per SSID, judged by the weakest of its radios."""
        if self.export.has("/caps-man"):
            yield self.source.gap(
                Wifi.security,
                reason="the Wi-Fi is set by the old CAPsMAN, which is not read",
                settle="Answer how the Wi-Fi is encrypted, or read it from a computer with host-wifi.",
            )
        by_name: dict[str, list[WifiNetwork]] = {}
        for network in networks(self.export):
            by_name.setdefault(network.name, []).append(network)
        for name, every in by_name.items():
            ref = self.source.ref(Wifi, name)
            yield from network_items(self.source, ref, name, [network.point for network in every], at=self.at)
            yield from self._place(ref, name, [network for network in every if network.point.on] or every)

    def _place(self, ref: Ref, name: str, live: list[WifiNetwork]) -> Iterator[Item]:
        places = {zone_interface(self.export, network) for network in live}
        where = live[0].point.name_where
        if any(role_by_name(word) == "guest" for word in (name, *places)):
            yield Wifi.guest.claim(ref, True, where=f"{where}, by its name or its zone's", at=self.at)
        zones = places & set(self.inner)
        if not self.behind and len(places) == len(zones) == 1:
            yield Wifi.zone.claim(ref, self.zone_ref(zones.pop()), where=where, at=self.at)
            return
        yield self.source.gap(
            Wifi.zone,
            reason=self.behind or f"its clients are behind no single interface with an address: {where}",
            settle=EXPORT_ALL if self.behind else "Answer in which zone this Wi-Fi's clients are.",
            about=ref,
        )
