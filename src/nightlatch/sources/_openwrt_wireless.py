"""The Wi-Fi networks of OpenWrt: one per SSID, judged by the weakest of its access points.

Source: OpenWrt documentation, "Wi-Fi /etc/config/wireless", "Encryption modes".
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import datetime

import msgspec

from nightlatch.model.evidence import Item, Ref, Same
from nightlatch.model.network import Wifi, Zone
from nightlatch.sources._names import role_by_name
from nightlatch.sources._openwrt_firewall import Firewall
from nightlatch.sources._uci import File, Section
from nightlatch.sources._wifi import AccessPoint, Pmf, Security, network_items
from nightlatch.sources.interface import Source

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
    found: dict[str, list[tuple[Section, AccessPoint]]] = {}
    radios = {radio.id: radio for radio in config.of("wifi-device")}
    for section in config.of("wifi-iface"):
        name = section.get("mesh_id") if section.get("mode") == "mesh" else section.get("ssid")
        if name and section.get("mode", "ap") in ("ap", "mesh") and (name in found or len(found) < MAX_NETWORKS):
            found.setdefault(name, []).append((section, _access_point(section, radios.get(section.get("device")))))
    in_zone: dict[str, list[Section]] = {}
    for name, points in found.items():
        ref = source.ref(Wifi, name)
        yield from network_items(source, ref, name, [point for _, point in points], at=at)
        for section, _ in points:
            yield Same(ref, source.ref(Wifi, section.path).key)
        live = [section for section, point in points if point.on]
        placed = live or [section for section, _ in points]
        zone = yield from _place(source, ref, placed, firewall, zone_ref=zone_ref, behind=behind, at=at)
        if zone is not None:
            in_zone.setdefault(zone.get("name"), []).extend(live)
    for sections in in_zone.values():
        # Isolation holds within one access point only: two that share a zone join their clients again.
        shared = [section for section in sections if not section.flag("isolate", False)]
        if shared or len(sections) == 1:
            section = (shared or sections)[0]
            zone = firewall.zone_of(section.words("network")[0])
            if zone is not None:
                yield Zone.client_isolation.claim(zone_ref(zone), not shared, where=section.where("isolate"), at=at)


def _access_point(section: Section, radio: Section | None) -> AccessPoint:
    setting = encryption(section)
    radio_off = radio is not None and radio.flag("disabled", False)
    wps = "wps_config" if section.get("wps_config") else "wps_pushbutton"
    return AccessPoint(
        on=not radio_off and not section.flag("disabled", False),
        on_where=radio.where("disabled") if radio is not None and radio_off else section.where("disabled"),
        name_where=section.where("mesh_id" if "mesh_id" in section.lines else "ssid"),
        security=setting.security if setting is not None else None,
        security_where=section.where("encryption"),
        tkip=setting.tkip if setting is not None else None,
        pmf=setting.pmf if setting is not None else None,
        pmf_where=section.where("ieee80211w")
        + ("" if "ieee80211w" in section.lines else ", not set: OpenWrt's default"),
        wps=wps == "wps_config" or section.flag("wps_pushbutton", False),
        wps_where=section.where(wps),
        keys=((section.secrets.get("key"), section.where("key")),) if setting is not None and setting.phrase else (),
    )


def _place(
    source: Source,
    ref: Ref,
    sections: list[Section],
    firewall: Firewall,
    *,
    zone_ref: Callable[[Section], Ref],
    behind: str,
    at: datetime,
) -> Generator[Item, None, Section | None]:
    """The zone, where all access points agree on one."""
    networks = [network for section in sections for network in section.words("network")]
    zones = {zone.get("name"): zone for network in networks if (zone := firewall.zone_of(network)) is not None}
    where = sections[0].where("network")
    names = [*dict.fromkeys((sections[0].get("ssid"), *networks, *zones))]
    if any(role_by_name(name) == "guest" for name in names):
        yield Wifi.guest.claim(ref, True, where=f"{where}, by the names {', '.join(names)}", at=at)
    if len(zones) == 1 and not behind:
        (zone,) = zones.values()
        yield Wifi.zone.claim(ref, zone_ref(zone), where=where, at=at)
        return zone
    yield source.gap(
        Wifi.zone,
        reason=behind or f"its networks are in {'several zones' if zones else 'no zone'}: {where}",
        settle="Export the configuration of the router behind the access point, and add it as a source."
        if behind
        else "Put its network into one zone of Network > Firewall.",
        about=ref,
    )
    return None
