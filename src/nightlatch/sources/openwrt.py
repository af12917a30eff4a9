"""OpenWrt: the folder /etc/config, or a backup as `sysupgrade -b` or the web page makes it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import msgspec

from nightlatch.errors import ReadError
from nightlatch.model.evidence import Item, Ref
from nightlatch.model.network import Wifi, Zone
from nightlatch.model.router import Router
from nightlatch.model.thing import Field
from nightlatch.model.values import PortMapping
from nightlatch.sources._names import is_factory_name, known_by, role_by_name
from nightlatch.sources._openwrt_files import CONFIGS, Files
from nightlatch.sources._openwrt_firewall import Family, Firewall, Opening
from nightlatch.sources._openwrt_wireless import wifi_items
from nightlatch.sources._uci import File, Section, assignments, parse
from nightlatch.sources.interface import PathSettings, Source

ASK_ROUTER = "Export the configuration of the router that is connected to the internet, and add it as a source."


class OpenWrt(Source, kind="openwrt"):
    """Reads /etc/config of an OpenWrt backup or folder. Never keeps a Wi-Fi key: only its strength."""

    Settings = PathSettings
    gives = (
        Router.name, Router.software, Router.maker, Router.model, Router.address, Router.version, Router.wan_admin,
        Router.admin_password_set, Router.default_name, Router.upnp, Router.natpmp, Router.port_forwards,
        Zone.name, Zone.role, Zone.router, Zone.subnets, Zone.opens_to_v4, Zone.opens_to_v6,
        Zone.client_isolation, Wifi.name,
        Wifi.enabled, Wifi.zone, Wifi.security, Wifi.tkip, Wifi.pmf, Wifi.phrase_score, Wifi.phrase_length,
        Wifi.default_name, Wifi.wps, Wifi.guest,
    )  # fmt: skip

    def collect(self) -> Iterator[Item]:
        """The facts, each with its file, line and section."""
        files = Files(self.settings.path)
        config = {name: parse(files.text(f"etc/config/{name}"), f"etc/config/{name}") for name in CONFIGS}
        reader = _Reader(self, files, config)
        yield from reader.identity()
        yield from reader.password()
        yield from reader.upnp()
        yield from reader.zones()
        yield from reader.exposure()
        yield from wifi_items(
            self, config["wireless"], reader.firewall, reader.zone_ref, behind=reader.access_point, at=files.at
        )


class _Reader:
    """Reads one export into items."""

    def __init__(self, source: OpenWrt, files: Files, config: dict[str, File]) -> None:
        self.source = source
        self.files = files
        self.at = files.at
        self.config = config
        self.firewall = Firewall(config["firewall"], config["network"])
        self.router = source.ref(Router, "router")

    @cached_property
    def lan(self) -> Section | None:
        return self.config["network"].get("lan")

    @cached_property
    def access_point(self) -> str:
        """Why this looks like an access point behind another router; empty if it is a router itself."""
        if not self.files.has("etc/config/firewall"):
            return "the export holds no etc/config/firewall"
        if not self.firewall.zones:
            return "the firewall has no zones (etc/config/firewall), as on an access point behind another router"
        if not self.firewall.uplinks:
            return "no firewall zone faces the internet, as on an access point behind another router"
        networks = [
            self.config["network"].get(name) for zone in self.firewall.uplinks for name in zone.words("network")
        ]
        if self.files.has("etc/config/network") and not any(networks):
            return "no interface leads to the internet (etc/config/network), as on an access point"
        if self.lan is not None and self.lan.get("proto") == "dhcp":
            return f"lan takes its address from another router, as an access point does: {self.lan.where('proto')}"
        return ""

    def identity(self) -> Iterator[Item]:
        """Name, software, version, model and address."""
        yield Router.software.claim(self.router, "openwrt", where="etc/config", at=self.at)
        system = next(self.config["system"].of("system"), None)
        if system is not None:
            name = system.get("hostname", "OpenWrt")
            yield Router.name.claim(self.router, name, where=system.where("hostname"), at=self.at)
            yield Router.default_name.claim(
                self.router, is_factory_name(name), where=system.where("hostname"), at=self.at
            )
        if self.lan is not None and self.lan.words("ipaddr"):
            address = self.lan.words("ipaddr")[0].partition("/")[0]
            yield Router.address.claim(self.router, address, where=self.lan.where("ipaddr"), at=self.at)
        static = [one for one in self.config["network"].of("interface") if one.get("proto") == "static"]
        yield from known_by(self.router, (address for one in static for address in one.words("ipaddr")))
        yield from self._model()
        release = assignments(self.files.text("etc/openwrt_release"))
        if release.get("DISTRIB_RELEASE"):
            yield Router.version.claim(
                self.router, release["DISTRIB_RELEASE"], where="etc/openwrt_release (DISTRIB_RELEASE)", at=self.at
            )
        else:
            yield self.source.gap(
                Router.version,
                reason="an OpenWrt backup does not say which release it is from",
                settle="Copy the router's /etc/openwrt_release to etc/openwrt_release in the backup's unpacked folder "
                "and give that folder, or answer with the version that the router's overview page shows.",
                about=self.router,
            )
        yield self.source.gap(
            Router.auto_update,
            reason="OpenWrt's configuration does not say whether the owner lets it update itself",
            settle="Answer whether the router updates itself (OpenWrt does not unless the owner arranged it).",
            about=self.router,
        )

    def _model(self) -> Iterator[Item]:
        if not self.files.has("etc/board.json"):
            return
        try:
            board = msgspec.json.decode(self.files.contents["etc/board.json"], type=_Board)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise ReadError("is not the JSON that OpenWrt writes", where="etc/board.json") from None
        if board.model.name:
            yield Router.model.claim(self.router, board.model.name, where="etc/board.json (model.name)", at=self.at)
        maker, comma, _ = board.model.id.partition(",")
        if comma:
            yield Router.maker.claim(self.router, maker, where="etc/board.json (model.id)", at=self.at)

    def password(self) -> Iterator[Item]:
        """Whether root has a password. Its hash is looked at and forgotten."""
        for number, line in enumerate(self.files.text("etc/shadow").splitlines(), 1):
            name, colon, rest = line.partition(":")
            if name == "root" and colon:
                stored = rest.partition(":")[0]
                how = "password is empty" if not stored else "no sign-in by password" if stored[0] in "*!" else "set"
                where = f"etc/shadow:{number} (root: {how})"
                yield Router.admin_password_set.claim(self.router, stored != "", where=where, at=self.at)
                return
        yield self.source.gap(
            Router.admin_password_set,
            reason="the export holds no line for root in etc/shadow",
            settle="Give a whole backup instead of the folder /etc/config: sysupgrade -b backup.tar.gz",
            about=self.router,
        )

    def upnp(self) -> Iterator[Item]:
        """UPnP-IGD, NAT-PMP and PCP by miniupnpd."""
        section = self.config["upnpd"].get("config") or next(self.config["upnpd"].of("upnpd"), None)
        if section is None:
            if self.access_point or not self.files.has("etc/config/network"):
                reason = self.access_point or "the export holds no etc/config/network, so it is not whole"
                yield self.source.gap(Router.upnp, Router.natpmp, reason=reason, settle=ASK_ROUTER, about=self.router)
                return
            where = "etc/config (no upnpd: the UPnP service is not installed)"
            yield Router.upnp.claim(self.router, False, where=where, at=self.at)
            yield Router.natpmp.claim(self.router, False, where=where, at=self.at)
            return
        service = section.flag("enabled", True)
        for field, option in ((Router.upnp, "enable_upnp"), (Router.natpmp, "enable_natpmp")):
            on = service and section.flag(option, True)
            where = section.where(option if service and option in section.lines else "enabled")
            if on or not self.access_point:
                yield field.claim(self.router, on, where=where, at=self.at)
            else:
                yield self.source.gap(field, reason=self.access_point, settle=ASK_ROUTER, about=self.router)
        if service:
            yield self.source.gap(
                Router.upnp_mappings,
                reason="a backup does not hold the ports that UPnP opened",
                settle="Look at Services > UPnP in the router's web page.",
                about=self.router,
            )

    def zone_ref(self, zone: Section) -> Ref:
        return self.source.ref(Zone, zone.get("name"))

    def zones(self) -> Iterator[Item]:
        """The firewall's zones, and to which others each may open connections."""
        if self.access_point:
            yield self.source.gap(
                Zone.opens_to_v4, Zone.opens_to_v6, Router.port_forwards, reason=self.access_point, settle=ASK_ROUTER
            )
        for zone in self.firewall.zones:
            ref = self.zone_ref(zone)
            name = zone.get("name")
            yield Zone.name.claim(ref, name, where=zone.where("name"), at=self.at)
            yield Zone.router.claim(ref, self.router, where=zone.where(), at=self.at)
            role = "wan" if self.firewall.is_wan(zone) else role_by_name(name)
            if role is not None:
                yield Zone.role.claim(ref, role, where=f"{zone.where('name')}, by its name and networks", at=self.at)
            else:
                yield self.source.gap(
                    Zone.role,
                    reason=f"the name {name!r} does not tell what the zone is for",
                    settle=f"Answer what the zone {name!r} is for.",
                    about=ref,
                )
            if subnets := self.firewall.subnets(zone):
                yield Zone.subnets.claim(ref, subnets, where=zone.where("network"), at=self.at)
            if not self.access_point and not self.firewall.is_wan(zone):
                yield from self._opens(zone, ref)

    def _opens(self, zone: Section, ref: Ref) -> Iterator[Item]:
        if self.files.custom_rules:
            yield self.source.gap(
                Zone.opens_to_v4,
                Zone.opens_to_v6,
                reason=f"firewall rules of the owner's own in {self.files.custom_rules} are not judged",
                settle="Move these rules to etc/config/firewall, or test from a device of the zone.",
                about=ref,
            )
            return
        families: tuple[tuple[Field[tuple[Ref, ...]], Family], ...] = (
            (Zone.opens_to_v4, "ipv4"),
            (Zone.opens_to_v6, "ipv6"),
        )
        # What opens the way to the zones inside is what an owner has to change, so it comes first.
        targets = sorted(self.firewall.zones, key=self.firewall.is_wan)
        for field, family in families:
            found = [
                (target, opening)
                for target in targets
                if target is not zone and (opening := self.firewall.opening(zone, target, family)) is not None
            ]
            places = "; ".join(f"{opening.where} to {target.get('name')}" for target, opening in found)
            yield field.claim(
                ref,
                tuple(self.zone_ref(target) for target, _ in found),
                where=places or f"{zone.where()}, no forwarding or rule",
                at=self.at,
            )

    def exposure(self) -> Iterator[Item]:
        """Port forwards, and whether the internet reaches SSH or the web page."""
        if self.access_point:
            yield self.source.gap(Router.wan_admin, reason=self.access_point, settle=ASK_ROUTER, about=self.router)
            return
        forwards = list(self.firewall.port_forwards())
        yield Router.port_forwards.claim(
            self.router,
            tuple(mapping for mapping, _ in forwards),
            where="; ".join(section.where() for _, section in forwards) or "etc/config/firewall (no redirect)",
            at=self.at,
        )
        yield self._wan_admin(forwards)

    def _wan_admin(self, forwards: list[tuple[PortMapping, Section]]) -> Item:
        ports = list(self._admin_ports())
        own = {address.partition("/")[0] for one in self.config["network"].sections for address in one.words("ipaddr")}
        found = [
            (Opening(section), service)
            for mapping, section in forwards
            for port, service in ports
            if mapping.address in own and mapping.inner_port == str(port)
        ]
        found += [(opening, service) for port, service in ports for opening in self.firewall.admits_from_internet(port)]
        wide = [(opening, service) for opening, service in found if not opening.narrow]
        places = "; ".join(f"{opening.where} admits {service}" for opening, service in wide or found)
        if wide:
            return Router.wan_admin.claim(self.router, True, where=places, at=self.at)
        if found:
            reason, settle = (
                f"some addresses are let in: {places}",
                "Answer whether these addresses are yours alone; a VPN is safer.",
            )
        elif self.files.custom_rules:
            reason = f"firewall rules of the owner's own in {self.files.custom_rules} are not judged"
            settle = "Move these rules to etc/config/firewall, or test from outside."
        else:
            zones = ", ".join(zone.where("input") for zone in self.firewall.uplinks)
            return Router.wan_admin.claim(self.router, False, where=f"{zones}, no rule opens it", at=self.at)
        return self.source.gap(Router.wan_admin, reason=reason, settle=settle, about=self.router)

    def _admin_ports(self) -> Iterator[tuple[int, str]]:
        """The TCP ports of SSH and of the web page, with their words."""
        for section in self.config["dropbear"].of("dropbear"):
            if section.flag("enable", True) and section.get("Interface", "") in ("", "wan", "wan6"):
                yield _port(section.get("Port", "22"), 22), "SSH"
        if not self.files.has("etc/config/dropbear"):
            yield 22, "SSH"
        for section in self.config["uhttpd"].of("uhttpd"):
            for option in ("listen_http", "listen_https"):
                for address in section.words(option):
                    yield _port(address.rpartition(":")[2], 80), "the web page"
        if not self.files.has("etc/config/uhttpd"):
            yield from ((80, "the web page"), (443, "the web page"))


class _BoardModel(msgspec.Struct):
    id: str = ""
    name: str = ""


class _Board(msgspec.Struct):
    model: _BoardModel = msgspec.field(default_factory=_BoardModel)


def _port(text: str, default: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else default
