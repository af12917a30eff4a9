"""The steps as UCI commands, for OpenWrt: typed at the router over SSH, as root."""

from __future__ import annotations

import re
from ipaddress import ip_network

from nightlatch.fixes._plain import Plain, Steps
from nightlatch.model.evidence import Fact
from nightlatch.model.network import Wifi, Zone
from nightlatch.model.thing import Thing

# Only what can be a section's own name goes into a command: a file from outside cannot smuggle in another one.
_SECTION = r"(?:@[a-z_-]{1,32}\[\d{1,5}\]|\w{1,64})"
_WIRELESS = re.compile(rf"openwrt:(?:.*/)?wireless\.({_SECTION})")
_ACCESS_POINT = re.compile(rf"\(wireless\.({_SECTION})\.")
_UPNPD = re.compile(rf"\(upnpd\.({_SECTION})\.")
_RULE = re.compile(rf"\(firewall\.({_SECTION}(?:\.(?:input|forward))?)\)")
_OPENING = re.compile(rf"\(firewall\.({_SECTION}(?:\.forward)?)\)[^;]*? to ([^;]+)")

_APPLY_FIREWALL = ("uci commit firewall", "/etc/init.d/firewall restart")
_APPLY_WIFI = ("uci commit wireless", "wifi reload")


class Uci(Plain):
    """OpenWrt."""

    def disable_upnp(self) -> Steps:
        """Switch the UPnP service off."""
        on = (self.router.upnp, self.router.natpmp) if self.router is not None else ()
        sections = [match[1] for fact in on if fact is not None and (match := _UPNPD.search(fact.where))]
        section = sections[0] if sections else "config"
        return (
            f"uci set upnpd.{section}.enabled='0'",
            "uci commit upnpd",
            "/etc/init.d/miniupnpd stop",
            "/etc/init.d/miniupnpd disable",
        )

    def remove_port_forward(self) -> Steps:
        """Switch the redirects off."""
        fact = self.router.port_forwards if self.router is not None else None
        found = dict.fromkeys(match[1] for match in _RULE.finditer(fact.where)) if fact is not None else {}
        if fact is None or not found:
            return super().remove_port_forward()
        named = (f"These lead inside: {'; '.join(str(mapping) for mapping in fact.value)}",) if fact.value else ()
        return (*named, *(_closed(section) for section in found), *_APPLY_FIREWALL)

    def separate_iot_zone(self) -> Steps:
        """Use the zone that is there, or make one."""
        zone = self.quiet_zone
        if zone is not None:
            wifis = [wifi.label for wifi in self.home.all(Wifi) if self.home.follow(wifi.zone, Zone) is zone]
            by = f'Join the Wi-Fi "{wifis[0]}" with it' if wifis else "Give its network port to that zone"
            return (
                f"The zone {zone.label} is there already. {by}, or assign its switch port to the zone's bridge.",
                "Restart the lock's hub, and give its new address to what talks to it.",
            )
        return (*self._new_zone(), "Connect the lock's hub to the Wi-Fi of this zone, or to a port of its bridge.")

    def _new_zone(self) -> Steps:
        address = self._free_subnet()
        return (
            "uci set network.iot=interface; uci set network.iot.proto='static'; "
            f"uci set network.iot.ipaddr='{address}'",
            "uci add network device; uci set network.@device[-1].name='br-iot'; "
            "uci set network.@device[-1].type='bridge'; uci set network.iot.device='br-iot'",
            "uci set dhcp.iot=dhcp; uci set dhcp.iot.interface='iot'; uci set dhcp.iot.start='100'; "
            "uci set dhcp.iot.limit='100'",
            "uci set firewall.iot=zone; uci set firewall.iot.name='iot'; uci set firewall.iot.network='iot'; "
            "uci set firewall.iot.input='REJECT'; uci set firewall.iot.output='ACCEPT'; "
            "uci set firewall.iot.forward='REJECT'",
            "uci set firewall.iot_dhcp=rule; uci set firewall.iot_dhcp.name='Addresses and names for devices'; "
            "uci set firewall.iot_dhcp.src='iot'; uci set firewall.iot_dhcp.proto='tcp udp'; "
            "uci set firewall.iot_dhcp.dest_port='53 67'; uci set firewall.iot_dhcp.target='ACCEPT'",
            "uci set firewall.lan_iot=forwarding; uci set firewall.lan_iot.src='lan'; "
            "uci set firewall.lan_iot.dest='iot'",
            "Only if devices need the internet: uci set firewall.iot_wan=forwarding; "
            "uci set firewall.iot_wan.src='iot'; uci set firewall.iot_wan.dest='wan'",
            "uci commit; /etc/init.d/network restart; /etc/init.d/dnsmasq restart; /etc/init.d/firewall restart",
            "uci add wireless wifi-iface; uci set wireless.@wifi-iface[-1].device='radio0'; "
            "uci set wireless.@wifi-iface[-1].mode='ap'; uci set wireless.@wifi-iface[-1].network='iot'; "
            "uci set wireless.@wifi-iface[-1].ssid='NEW NAME'; "
            "uci set wireless.@wifi-iface[-1].encryption='sae-mixed'; "
            "uci set wireless.@wifi-iface[-1].key='NEW PHRASE'",
            *_APPLY_WIFI,
        )

    def _free_subnet(self) -> str:
        taken = []
        for zone in self.home.all(Zone):
            for text in zone.subnets.value if zone.subnets is not None else ():
                try:
                    taken.append(ip_network(text, strict=False))
                except ValueError:
                    continue
        for third in range(20, 250, 10):
            if not any(ip_network(f"192.168.{third}.0/24").overlaps(one) for one in taken if one.version == 4):
                return f"192.168.{third}.1/24"
        return "10.87.20.1/24"

    def block_zone_forwarding(self) -> Steps:
        """Switch off what opens the way into the main zone."""
        main = {zone.ref for zone in self.main_zones}
        names = {zone.name.value for zone in self.main_zones if zone.name is not None}
        found: dict[str, None] = {}
        for zone in self.open_zones:
            facts: tuple[Fact[tuple[object, ...]] | None, ...] = (zone.opens_to_v4, zone.opens_to_v6)
            for fact in facts:
                if fact is not None and main.intersection(fact.value):
                    found |= dict.fromkeys(
                        match[1] for match in _OPENING.finditer(fact.where) if match[2].strip() in names
                    )
        if not found:
            return super().block_zone_forwarding()
        return (*(_closed(section) for section in found), *_APPLY_FIREWALL)

    def wifi_encryption(self) -> Steps:
        """WPA3 with the transition mode for old devices."""
        sections = self._weak("security", "tkip")
        if not sections:
            return super().wifi_encryption()
        wpa3 = tuple(
            line
            for section in sections
            for line in (
                f"uci set wireless.{section}.encryption='sae-mixed'",
                f"uci set wireless.{section}.ieee80211w='1'",
            )
        )
        return (
            *wpa3,
            *_APPLY_WIFI,
            "When every device of this Wi-Fi can do WPA3, set encryption 'sae' and ieee80211w '2' instead.",
            "If the Wi-Fi does not come up, the router's wpad package lacks WPA3: install wpad-mbedtls, or set "
            "encryption 'psk2+ccmp'.",
        )

    def _weak(self, *fields: str) -> tuple[str, ...]:
        """The access points that the evidence names: better ones of the same network stay as they are."""
        facts = (self.thing.fact(field) for field in fields)
        found = dict.fromkeys(match[1] for fact in facts if fact for match in _ACCESS_POINT.finditer(fact.where))
        return tuple(found) or _sections(self.thing)

    def wifi_pmf(self) -> Steps:
        """Protected management frames."""
        sections = self._weak("pmf")
        if not sections:
            return super().wifi_pmf()
        return (
            *(f"uci set wireless.{section}.ieee80211w='1'" for section in sections),
            *_APPLY_WIFI,
            "When every device still connects, set ieee80211w '2' (required).",
        )

    def wifi_phrase(self) -> Steps:
        """A new phrase, typed without an echo."""
        sections = _sections(self.thing)
        if not sections:
            return super().wifi_phrase()
        return (
            "Let a password manager make a phrase of five or more random words.",
            "read -rs PHRASE   # paste it; it does not show, and does not stay in the history",
            *(f'uci set wireless.{section}.key="$PHRASE"' for section in sections),
            *_APPLY_WIFI,
            "Join every device again with the new phrase.",
        )

    def rename_wifi(self) -> Steps:
        """A new SSID."""
        sections = _sections(self.thing)
        if not sections:
            return super().rename_wifi()
        return (
            *(f"uci set wireless.{section}.ssid='NEW NAME'" for section in sections),
            *_APPLY_WIFI,
            "Join every device again with the new name.",
        )

    def wps_off(self) -> Steps:
        """No WPS."""
        sections = _sections(self.thing)
        if not sections:
            return super().wps_off()
        return (*(f"uci set wireless.{section}.wps_pushbutton='0'" for section in sections), *_APPLY_WIFI)

    def set_admin_password(self) -> Steps:
        """Root's password."""
        address = self.address or "192.168.1.1"
        return (
            f"ssh root@{address}",
            "passwd   # asks twice; let a password manager make and keep it",
            "Or in the web page: System > Administration > Router Password.",
        )

    def close_wan_admin(self) -> Steps:
        """Close what lets the internet in."""
        fact = self.router.wan_admin if self.router is not None else None
        found = {match[1]: None for match in _RULE.finditer(fact.where)} if fact is not None else {}
        if not found:
            return super().close_wan_admin()
        return (
            *(_closed(section) for section in found),
            *_APPLY_FIREWALL,
            "Use WireGuard to administer it from outside.",
        )

    def update_router(self) -> Steps:
        """The newest release."""
        return (
            "sysupgrade -b /tmp/backup.tar.gz   # and copy it off the router",
            "owut check && owut upgrade   # OpenWrt 24.10 and newer, with the package owut",
            "On older releases: System > Attended Sysupgrade in the web page, or the sysupgrade image of "
            "firmware-selector.openwrt.org with System > Backup / Flash Firmware.",
        )

    def update_by_itself(self) -> Steps:
        """OpenWrt has no automatic updates of its own."""
        return (
            "OpenWrt does not update itself: put the first day of each month in your calendar.",
            "On that day: owut check   # OpenWrt 24.10 and newer, with the package owut; owut upgrade installs it",
        )

    def rename_router(self) -> Steps:
        """A new host name."""
        return (
            "uci set system.@system[0].hostname='NEW-NAME'",
            "uci commit system",
            "/etc/init.d/system reload",
        )


def _sections(thing: Thing) -> tuple[str, ...]:
    """The `wifi-iface` sections of a Wi-Fi network, which its source gave as keys."""
    return tuple(match[1] for key in thing.keys if (match := _WIRELESS.fullmatch(key)))


def _closed(path: str) -> str:
    """A rule, forwarding or redirect is switched off; the policy of a zone or of the defaults is turned round."""
    if path.endswith((".input", ".forward")):
        return f"uci set firewall.{path}='REJECT'"
    return f"uci set firewall.{path}.enabled='0'"
