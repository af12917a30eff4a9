"""The Wi-Fi networks of OpenWrt: one per SSID, judged by the weakest of its access points.

Source: OpenWrt documentation, "Wi-Fi /etc/config/wireless", "Encryption modes".
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from typing import Literal

import msgspec

from nightlatch.model.evidence import Item, Ref, Same
from nightlatch.model.network import Wifi, Zone
from nightlatch.secrets import Secret
from nightlatch.sources._names import is_factory_name, role_by_name
from nightlatch.sources._openwrt_firewall import Firewall
from nightlatch.sources._uci import File, Section
from nightlatch.sources._wifi import phrase_claims
from nightlatch.sources.interface import Source

Security = Literal["open", "owe", "wep", "wpa", "wpa_wpa2", "wpa2", "wpa2_wpa3", "wpa3", "enterprise"]
Pmf = Literal["off", "optional", "required"]

WEAKEST_FIRST: tuple[Security, ...] = (
    "open", "wep", "wpa", "wpa_wpa2", "owe", "wpa2", "enterprise", "wpa2_wpa3", "wpa3",
)  # fmt: skip


PMF_LOOSEST_FIRST: tuple[Pmf, ...] = ("off", "optional", "required")

MAX_NETWORKS = 256


class Encryption(msgspec.Struct, frozen=True):
    """How a network is encrypted. `tkip` and `pmf` are None where the release decides."""

    security: Security
    tkip: bool | None
    pmf: Pmf | None
    phrase: bool
    """Clients join with a shared phrase."""


def encryption(iface: Section) -> Encryption | None:
    """What a section sets; None for a value that is not known."""
    value = iface.get("encryption", "none").lower()
    method, _, ciphers = value.partition("+") if "+" in value else value.partition("/")
    security = _security(method)
    if security is None:
        return None
    tkip: bool | None = "tkip" in ciphers
    if not ciphers and security in ("wpa", "wpa_wpa2"):
        # Releases differ in the cipher of plain psk and psk-mixed.
        tkip = None
    if security in ("open", "owe", "wep"):
        tkip = False
    return Encryption(security, tkip, _pmf(iface, security, method), method.startswith(("psk", "sae")))


def _security(method: str) -> Security | None:
    if method in ("none", "open", ""):
        return "open"
    if method.startswith("owe"):
        return "owe"
    if method.startswith("wep"):
        return "wep"
    if method.startswith(("wpa", "eap", "8021x")):
        # WPA Enterprise asks a RADIUS server; mixed and first generation modes still admit WPA.
        return "wpa_wpa2" if method == "wpa-mixed" else "wpa" if method in ("wpa", "wpa1") else "enterprise"
    if method in ("sae-mixed", "psk3-mixed"):
        return "wpa2_wpa3"
    if method in ("sae", "psk3", "sae-ext", "sae-compat"):
        return "wpa2_wpa3" if method == "sae-compat" else "wpa3"
    if method in ("psk-mixed", "psk2-mixed") or method.startswith("psk-mixed"):
        return "wpa_wpa2"
    if method == "psk2":
        return "wpa2"
    return "wpa" if method == "psk" else None


def _pmf(iface: Section, security: Security, method: str) -> Pmf | None:
    if security in ("open", "wep"):
        return None
    stated = {"0": "off", "1": "optional", "2": "required"}.get(iface.get("ieee80211w"))
    if stated is not None:
        return stated  # type: ignore[return-value]  # the dict's values are the literal's
    if security in ("wpa3", "owe") or method.startswith(("wpa3", "eap192")):
        return "required"
    return "optional" if security == "wpa2_wpa3" else "off"


class AccessPoint(msgspec.Struct, frozen=True):
    """One `wifi-iface` that offers a network, on one radio."""

    section: Section
    on: bool
    encryption: Encryption | None


def wifi_items(
    source: Source,
    config: File,
    firewall: Firewall,
    zone_ref: Callable[[Section], Ref],
    *,
    behind: str,
    at: datetime,
) -> Iterator[Item]:
    """What etc/config/wireless says. `behind` says why the zones are not known, on an access point."""
    networks: dict[str, list[AccessPoint]] = {}
    radios = {radio.id: radio for radio in config.of("wifi-device")}
    for section in config.of("wifi-iface"):
        name = section.get("mesh_id") if section.get("mode") == "mesh" else section.get("ssid")
        if name and section.get("mode", "ap") in ("ap", "mesh") and (name in networks or len(networks) < MAX_NETWORKS):
            radio = radios.get(section.get("device"))
            off = section.flag("disabled", False) or (radio is not None and radio.flag("disabled", False))
            networks.setdefault(name, []).append(AccessPoint(section, not off, encryption(section)))
    in_zone: dict[str, list[Section]] = {}
    for name, points in networks.items():
        network = _Network(source, name, points, at)
        yield from network.items()
        zone = yield from network.place(firewall, zone_ref, behind)
        if zone is not None:
            in_zone.setdefault(zone.get("name"), []).extend(point.section for point in points if point.on)
    for sections in in_zone.values():
        # Isolation holds within one access point only: two that share a zone join their clients again.
        shared = [section for section in sections if not section.flag("isolate", False)]
        if shared or len(sections) == 1:
            section = (shared or sections)[0]
            zone = firewall.zone_of(section.words("network")[0])
            if zone is not None:
                yield Zone.client_isolation.claim(zone_ref(zone), not shared, where=section.where("isolate"), at=at)


class _Network:
    """One SSID on one or more access points."""

    def __init__(self, source: Source, name: str, points: list[AccessPoint], at: datetime) -> None:
        self.source = source
        self.name = name
        self.ref = source.ref(Wifi, name)
        self.every = points
        self.points = [point for point in points if point.on] or points
        self.first = self.points[0].section
        self.at = at

    def items(self) -> Iterator[Item]:
        """All but its zone."""
        ref, at, first = self.ref, self.at, self.first
        yield Same(ref, f"ssid:{self.name}")
        for point in self.every:
            yield Same(ref, self.source.ref(Wifi, point.section.path).key)
        ssid = "mesh_id" if "mesh_id" in first.lines else "ssid"
        yield Wifi.name.claim(ref, self.name, where=first.where(ssid), at=at)
        yield Wifi.enabled.claim(ref, any(point.on for point in self.every), where=first.where("disabled"), at=at)
        yield Wifi.default_name.claim(ref, is_factory_name(self.name), where=first.where(ssid), at=at)
        offering = [
            point.section.where(option)
            for point in self.points
            for option, on in (
                ("wps_pushbutton", point.section.flag("wps_pushbutton", False)),
                ("wps_config", bool(point.section.get("wps_config"))),
            )
            if on
        ]
        yield Wifi.wps.claim(ref, bool(offering), where=(offering or [first.where("wps_pushbutton")])[0], at=at)
        strange = [point.section for point in self.points if point.encryption is None]
        known = [(point.section, point.encryption) for point in self.points if point.encryption is not None]
        if strange:
            yield self.source.gap(
                Wifi.security,
                Wifi.tkip,
                Wifi.pmf,
                reason=f"the value at {strange[0].where('encryption')} is not a known one",
                settle="Answer how this Wi-Fi is encrypted.",
                about=ref,
            )
        else:
            yield from self._protection(known)
        keys: list[tuple[Secret | None, str]] = [
            (section.secrets.get("key"), section.where("key")) for section, setting in known if setting.phrase
        ]
        yield from phrase_claims(self.source, ref, keys, ssid=self.name, at=at)

    def _protection(self, known: list[tuple[Section, Encryption]]) -> Iterator[Item]:
        security = min((each.security for _, each in known), key=WEAKEST_FIRST.index)
        weakest = [section.where("encryption") for section, each in known if each.security == security]
        yield Wifi.security.claim(self.ref, security, where="; ".join(weakest), at=self.at)
        tkip = [section.where("encryption") for section, each in known if each.tkip]
        if tkip or all(each.tkip is False for _, each in known):
            yield Wifi.tkip.claim(self.ref, bool(tkip), where="; ".join(tkip or weakest), at=self.at)
        protected = [(section, each.pmf) for section, each in known if each.pmf is not None]
        if protected:
            pmf = min((each for _, each in protected), key=PMF_LOOSEST_FIRST.index)
            loosest = [
                section.where("ieee80211w") + ("" if "ieee80211w" in section.lines else ", not set: OpenWrt's default")
                for section, each in protected
                if each == pmf
            ]
            yield Wifi.pmf.claim(self.ref, pmf, where="; ".join(loosest), at=self.at)

    def place(
        self, firewall: Firewall, zone_ref: Callable[[Section], Ref], behind: str
    ) -> Generator[Item, None, Section | None]:
        """Its zone, where all its access points agree on one."""
        networks = [network for point in self.points for network in point.section.words("network")]
        zones = {zone.get("name"): zone for network in networks if (zone := firewall.zone_of(network)) is not None}
        where = self.first.where("network")
        names = [*dict.fromkeys((self.name, *networks, *zones))]
        if any(role_by_name(name) == "guest" for name in names):
            yield Wifi.guest.claim(self.ref, True, where=f"{where}, by the names {', '.join(names)}", at=self.at)
        if len(zones) == 1 and not behind:
            (zone,) = zones.values()
            yield Wifi.zone.claim(self.ref, zone_ref(zone), where=where, at=self.at)
            return zone
        yield self.source.gap(
            Wifi.zone,
            reason=behind or f"{where}: its networks are in {'several zones' if zones else 'no zone'}",
            settle="Export the configuration of the router behind the access point, and add it as a source."
            if behind
            else "Put its network into one zone of Network > Firewall.",
            about=self.ref,
        )
        return None
