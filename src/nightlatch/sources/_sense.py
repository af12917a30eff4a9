"""What pfSense and OPNsense share: one config.xml, read into the same facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from ipaddress import ip_interface
from xml.etree.ElementTree import Element

from nightlatch.errors import ReadError
from nightlatch.model.evidence import Item, Ref
from nightlatch.model.network import Zone as ZoneThing
from nightlatch.model.router import Router
from nightlatch.model.values import PortMapping
from nightlatch.reading.files import MIB, modified, read_bytes
from nightlatch.reading.structured import xml
from nightlatch.sources._names import is_factory_name, known_by, role_by_name
from nightlatch.sources._sense_rules import FACTORY_HASHES, Family, Filter, Rule, Zone, is_set, line_of, text_of
from nightlatch.sources.interface import PathSettings, Source

MAX_FILE = 32 * MIB
MAX_ZONES = 64


class Sense(Source):
    """The base of both sources."""

    Settings = PathSettings
    root_tag: str
    title: str
    gives = (
        Router.name, Router.software, Router.address, Router.wan_admin, Router.admin_password_set,
        Router.default_name, Router.upnp, Router.natpmp, Router.port_forwards,
        ZoneThing.name, ZoneThing.role, ZoneThing.router, ZoneThing.subnets,
        ZoneThing.opens_to_v4, ZoneThing.opens_to_v6,
    )  # fmt: skip

    def collect(self) -> Iterator[Item]:
        """The facts, each with the line of config.xml."""
        path = self.settings.path
        data = read_bytes(path, limit=MAX_FILE)
        if data.startswith((b"---- BEGIN", b"-----BEGIN", b"Salted__")):
            raise ReadError(
                "is an encrypted backup",
                where=str(path),
                todo="Make one without the encryption option, and keep it safe.",
            )
        root = xml(data, where=str(path))
        if root.tag != self.root_tag:
            raise ReadError(
                f"is not {self.title}'s config.xml: its root is not <{self.root_tag}>",
                where=f"{path}:{line_of(root)}",
                todo=f"Download it under {self.backup_menu}.",
            )
        config = _Config(self, root, path.name, _changed(root) or modified(path))
        yield from config.identity()
        yield from config.password()
        yield from config.upnp()
        yield from config.zone_items()
        yield from config.exposure()

    @property
    def backup_menu(self) -> str:
        """Where the owner gets the file."""
        return "Diagnostics > Backup & Restore" if self.kind == "pfsense" else "System > Configuration > Backups"


def _changed(root: Element) -> datetime | None:
    stated = text_of(root, "revision/time").partition(".")[0]
    if not stated.isdecimal() or len(stated) > 11:
        return None
    return datetime.fromtimestamp(int(stated), UTC)


class _Config:
    """One config.xml."""

    def __init__(self, source: Sense, root: Element, file: str, at: datetime) -> None:
        self.source = source
        self.root = root
        self.file = file
        self.at = at
        self.router = source.ref(Router, "router")

    def where(self, path: str, parent: Element | None = None) -> str:
        """`config.xml:12 (system/hostname)`; the nearest part of the path that is there gives the line."""
        steps = path.split("/")
        for end in range(len(steps), 0, -1):
            found = (self.root if parent is None else parent).find("/".join(steps[:end]))
            if found is not None:
                return f"{self.file}:{line_of(found)} ({path})"
        return f"{self.file} ({path} is not set)"

    @cached_property
    def zones(self) -> list[Zone]:
        """The interfaces that are on."""
        found = []
        interfaces = self.root.find("interfaces")
        for element in list(interfaces if interfaces is not None else ())[:MAX_ZONES]:
            if not is_set(element, "enable") or text_of(element, "type") == "group" or is_set(element, "virtual"):
                continue
            networks = []
            for address, length in (("ipaddr", "subnet"), ("ipaddrv6", "subnetv6")):
                try:
                    networks.append(ip_interface(f"{text_of(element, address)}/{text_of(element, length)}").network)
                except ValueError:
                    continue  # dhcp, pppoe, track6: the number is not known here
            kind = text_of(element, "ipaddr")
            found.append(
                Zone(
                    key=element.tag,
                    name=text_of(element, "descr") or element.tag.upper(),
                    where=f"{self.file}:{line_of(element)} (interfaces/{element.tag})",
                    networks=tuple(networks),
                    has_v6=text_of(element, "ipaddrv6") not in ("", "none"),
                    kind="static" if kind[:1].isdigit() else kind,
                    gateway=bool(text_of(element, "gateway")),
                )
            )
        return found

    @cached_property
    def filter(self) -> Filter:
        return Filter(self.root, self.file, self.zones)

    @cached_property
    def uplinks(self) -> list[Zone]:
        """The zones that face the internet."""
        return [
            zone for zone in self.zones if zone.key == "wan" or zone.gateway or zone.kind in ("dhcp", "pppoe", "ppp")
        ]

    @cached_property
    def behind(self) -> str:
        """Why the zones cannot be told; empty if they can."""
        if not self.uplinks or len(self.uplinks) == len(self.zones):
            return "its interfaces do not show which faces the internet and which the home"
        return ""

    def identity(self) -> Iterator[Item]:
        """Name, software and address."""
        source, at = self.source, self.at
        yield Router.software.claim(self.router, source.kind, where=self.file, at=at)
        name = text_of(self.root, "system/hostname")
        if name:
            where = self.where("system/hostname")
            yield Router.name.claim(self.router, name, where=where, at=at)
            yield Router.default_name.claim(self.router, is_factory_name(name), where=where, at=at)
        address = text_of(self.root, "interfaces/lan/ipaddr")
        if address[:1].isdigit():
            yield Router.address.claim(self.router, address, where=self.where("interfaces/lan/ipaddr"), at=at)
        interfaces = (one for one in self.root.iterfind("interfaces/*") if is_set(one, "enable"))
        yield from known_by(self.router, (text_of(one, "ipaddr") for one in interfaces))
        yield source.gap(
            Router.version,
            reason=f"{source.title}'s config.xml does not name the version that runs",
            settle="Answer with the version that the dashboard shows.",
            about=self.router,
        )
        yield source.gap(
            Router.auto_update,
            reason=f"{source.title}'s config.xml does not say whether it updates itself",
            settle="Answer whether the router updates itself.",
            about=self.router,
        )

    def password(self) -> Iterator[Item]:
        """Whether the first administrator has a password of its own. Its hash is looked at and forgotten."""
        for user in self.root.iterfind("system/user"):
            if text_of(user, "uid") != "0":
                continue
            stored = text_of(user, "bcrypt-hash") or text_of(user, "sha512-hash") or text_of(user, "password")
            factory = FACTORY_HASHES.get(stored.rpartition("$")[2])
            how = "the published password of every new installation" if factory else "set" if stored else "empty"
            where = f"{self.file}:{line_of(user)} (system/user with uid 0: {how})"
            yield Router.admin_password_set.claim(self.router, bool(stored) and not factory, where=where, at=self.at)
            return
        yield self.source.gap(
            Router.admin_password_set,
            reason="the file holds no user with uid 0",
            settle=f"Download the whole configuration under {self.source.backup_menu}.",
            about=self.router,
        )

    def upnp(self) -> Iterator[Item]:
        """UPnP-IGD, NAT-PMP and PCP by miniupnpd."""
        path = "installedpackages/miniupnpd/config"
        config = self.root.find(path)
        on = (is_set(config, "enable") and text_of(config, "enable") != "") or is_set(config, "iface_array")
        for field, name in ((Router.upnp, "enable_upnp"), (Router.natpmp, "enable_natpmp")):
            each = on and text_of(config, name) not in ("", "0", "off", "no")
            yield field.claim(self.router, each, where=self.where(f"{path}/{name if on else 'enable'}"), at=self.at)
        if on:
            yield self.source.gap(
                Router.upnp_mappings,
                reason="config.xml does not hold the ports that UPnP opened",
                settle="Look at Status > UPnP & NAT-PMP (OPNsense: Services > Universal Plug and Play > Status).",
                about=self.router,
            )

    def zone_ref(self, zone: Zone) -> Ref:
        return self.source.ref(ZoneThing, zone.key)

    def zone_items(self) -> Iterator[Item]:
        """Every interface, and to which others it may open connections."""
        for zone in self.zones:
            ref = self.zone_ref(zone)
            yield ZoneThing.name.claim(ref, zone.name, where=zone.where, at=self.at)
            yield ZoneThing.router.claim(ref, self.router, where=zone.where, at=self.at)
            by_name = role_by_name(zone.name) or ("main" if zone.key == "lan" else None)
            role = "wan" if zone in self.uplinks else by_name
            if role is not None:
                yield ZoneThing.role.claim(ref, role, where=f"{zone.where}, by its name and address", at=self.at)
            else:
                yield self.source.gap(
                    ZoneThing.role,
                    reason=f"the name {zone.name!r} does not tell what the zone is for",
                    settle=f"Answer what the zone {zone.name!r} is for.",
                    about=ref,
                )
            if zone.networks:
                yield ZoneThing.subnets.claim(ref, tuple(map(str, zone.networks)), where=zone.where, at=self.at)
            if self.behind:
                yield self.source.gap(
                    ZoneThing.opens_to_v4, ZoneThing.opens_to_v6, reason=self.behind,
                    settle="Give the configuration of the router that is connected to the internet.", about=ref,
                )  # fmt: skip
            elif zone not in self.uplinks:
                yield self._opens(zone, ref, "inet")
                yield self._opens(zone, ref, "inet6")

    def _opens(self, zone: Zone, ref: Ref, family: Family) -> Item:
        field = ZoneThing.opens_to_v4 if family == "inet" else ZoneThing.opens_to_v6
        if family == "inet6" and not zone.has_v6:
            return field.claim(ref, (), where=f"{zone.where}: no IPv6 address", at=self.at)
        if family == "inet6" and not is_set(self.root, "system/ipv6allow"):
            return field.claim(ref, (), where=f"{self.where('system/ipv6allow')}: IPv6 is blocked", at=self.at)
        targets = [other for other in self.zones if other is not zone and (family == "inet" or other.has_v6)]
        targets.sort(key=lambda other: other in self.uplinks)
        found = [
            (other, outcome) for other in targets if (outcome := self.filter.passes(zone, other, family)) is not None
        ]
        places = "; ".join(f"{outcome.where} to {other.name}" for other, outcome in found)
        return field.claim(
            ref,
            tuple(self.zone_ref(other) for other, _ in found),
            where=places or f"{self.file} (filter): no rule lets it through",
            at=self.at,
        )

    def exposure(self) -> Iterator[Item]:
        """Port forwards, and whether the internet reaches the web page or SSH."""
        outside = {zone.key for zone in self.uplinks}
        forwards = [
            (self._mapping(rule), f'{self.file}:{line_of(rule)} (nat rule "{text_of(rule, "descr")}")')
            for rule in self.root.iterfind("nat/rule")
            if not is_set(rule, "disabled") and not is_set(rule, "nordr") and text_of(rule, "interface") in outside
        ]
        inside = [zone for zone in self.zones if zone not in self.uplinks]
        if is_set(self.root, "system/ipv6allow"):
            forwards += [(_by_ipv6(rule), rule.where) for rule in self.filter.inward(self.uplinks, inside)]
        yield Router.port_forwards.claim(
            self.router,
            tuple(mapping for mapping, _ in forwards),
            where="; ".join(where for _, where in forwards) or self.where("nat"),
            at=self.at,
        )
        if self.behind:
            yield self.source.gap(
                Router.wan_admin, reason=self.behind, about=self.router,
                settle="Give the configuration of the router that is connected to the internet.",
            )  # fmt: skip
            return
        yield self._wan_admin(forwards)

    @staticmethod
    def _mapping(rule: Element) -> PortMapping:
        outer = text_of(rule, "destination/port") or "any"
        return PortMapping(
            protocol=text_of(rule, "protocol") or "any",
            outer_port=outer,
            address=text_of(rule, "target"),
            inner_port=text_of(rule, "local-port") or outer,
            label=text_of(rule, "descr"),
        )

    def _wan_admin(self, forwards: list[tuple[PortMapping, str]]) -> Item:
        services = list(self._services())
        own = {"127.0.0.1", *(text_of(one, "ipaddr") for one in self.root.iterfind("interfaces/*"))}
        wide = [
            f"{where}: {service}"
            for mapping, where in forwards
            for service, port in services
            if mapping.address in own and mapping.inner_port == str(port)
        ]
        narrow: list[str] = []
        for zone in self.uplinks:
            families: tuple[Family, ...] = ("inet", "inet6") if zone.has_v6 else ("inet",)
            for service, port in services:
                for family in families:
                    outcome = self.filter.passes(zone, None, family, port=port)
                    if outcome is not None:
                        (narrow if outcome.narrow else wide).append(f"{outcome.where}: {service} from {zone.name}")
        if wide or not narrow:
            where = "; ".join(wide) or f"{self.file} (filter): no rule of {self.uplinks[0].name} lets it in"
            return Router.wan_admin.claim(self.router, bool(wide), where=where, at=self.at)
        return self.source.gap(
            Router.wan_admin,
            reason=f"rules let some of the internet in: {'; '.join(narrow)}",
            settle="Answer whether these addresses are yours alone; a VPN is safer.",
            about=self.router,
        )

    def _services(self) -> Iterator[tuple[str, int]]:
        """What administers the firewall, with its TCP port."""
        secure = text_of(self.root, "system/webgui/protocol", "https") != "http"
        yield "the web page", _port(text_of(self.root, "system/webgui/port"), 443 if secure else 80)
        ssh = self.root.find("system/ssh")
        if is_set(ssh, "enable") or is_set(ssh, "enabled") or is_set(self.root, "system/enablesshd"):
            yield "SSH", _port(text_of(ssh, "port"), 22)


def _by_ipv6(rule: Rule) -> PortMapping:
    port = rule.target.port or "any"
    address = "any host inside (IPv6)" if rule.target.text == "any" else f"{rule.target.text} (IPv6)"
    return PortMapping(rule.protocol, port, address, port)


def _port(text: str, default: int) -> int:
    return int(text) if text.isdecimal() and 0 < len(text) < 6 else default
