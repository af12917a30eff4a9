"""The steps as RouterOS commands, for MikroTik: typed in a terminal of WinBox, WebFig or SSH. Version 6 and 7."""

from __future__ import annotations

import re

from nightlatch.fixes._plain import Plain, Steps
from nightlatch.model.network import Zone
from nightlatch.model.values import PortMapping

_NAME = r"[\w.+@-]+(?: [\w.+@-]+)*"
# Only plain names go into a command: a file from outside cannot smuggle in another one.
_PLAIN = re.compile(r"[\w.-]{1,64}")
_PROFILE = re.compile(
    rf"\((/interface (?:wireless security-profiles|(?:wifi|wifiwave2)(?: security)?)) ({_NAME}) [\w.-]+\)"
)
_SSID = re.compile(rf"\((/interface (?:wireless|wifi|wifiwave2)(?: configuration)?) ({_NAME}) ([\w.]+)\)")
_WPS = re.compile(rf"\((/interface (?:wireless|wifi|wifiwave2)(?: (?:configuration|security))?) ({_NAME}) ([\w.-]+)\)")

# A rule goes before the first one of its chain that is not the router's own.
_FIRST = "place-before=[:pick [find where chain={chain} !dynamic] 0]"


class RouterOs(Plain):
    """MikroTik RouterOS."""

    def disable_upnp(self) -> Steps:
        """Switch UPnP and NAT-PMP off."""
        steps = ["/ip upnp set enabled=no"]
        if self.router is not None and self.router.natpmp is not None and self.router.natpmp.value:
            steps.append("/ip nat-pmp set enabled=no")
        return (
            *steps,
            "/ip firewall nat print where dynamic   # what it opened must be gone; restart the router if not",
        )

    def remove_port_forward(self) -> Steps:
        """Switch the dst-nat rules off."""
        forwards = self.router.port_forwards if self.router is not None else None
        mappings = forwards.value if forwards is not None else ()
        rules = [_dst_nat(mapping) for mapping in mappings if "IPv6" not in mapping.address]
        if any("IPv6" in mapping.address for mapping in mappings):
            rules += [f"/ipv6 firewall filter add {_dropping('forward', uplink)}" for uplink in self._uplinks()]
        if not all(rules) or not rules:
            return (
                "/ip firewall nat print where chain=dstnat",
                "/ip firewall nat disable NUMBER   # of each rule inwards",
            )
        return (*rules, "Use WireGuard (/interface wireguard) to reach home from outside.")

    def separate_iot_zone(self) -> Steps:
        """Use the zone that is there, or make one."""
        zone = self.quiet_zone
        if zone is not None:
            return (
                f"The interface {zone.label} is there already: connect the lock's hub to its Wi-Fi or to one of its "
                "ports.",
                "Restart the lock's hub, and give its new address to what talks to it.",
            )
        return (
            "/interface vlan add name=vlan-iot vlan-id=20 interface=bridge",
            "/ip address add address=192.168.20.1/24 interface=vlan-iot",
            "/ip pool add name=iot ranges=192.168.20.10-192.168.20.250; "
            "/ip dhcp-server add name=iot interface=vlan-iot address-pool=iot disabled=no; "
            "/ip dhcp-server network add address=192.168.20.0/24 gateway=192.168.20.1",
            *_blocking("vlan-iot", "bridge"),
            "Give the hub's port (/interface bridge port, pvid=20) or its Wi-Fi (vlan-id=20) to that VLAN, and set "
            "vlan-filtering=yes on the bridge last.",
        )

    def block_zone_forwarding(self) -> Steps:
        """Put a rule first that stops new connections to the main zone."""
        steps: list[str] = []
        for zone in self.open_zones:
            for main in self.main_zones:
                names = _name_of(zone), _name_of(main)
                if all(names):
                    steps += _blocking(*names)
        return tuple(steps) or super().block_zone_forwarding()

    def wifi_encryption(self) -> Steps:
        """WPA2 with AES in the old package, WPA2 and WPA3 in the new one."""
        found = self._places(_PROFILE, "security", "tkip")
        if not found:
            return super().wifi_encryption()
        steps = []
        for menu, name in found:
            if "wireless" in menu:
                steps.append(
                    f'{menu} set [find name="{name}"] mode=dynamic-keys authentication-types=wpa2-psk '
                    "unicast-ciphers=aes-ccm group-ciphers=aes-ccm"
                )
            else:
                part = "" if menu.endswith("security") else "security."
                steps.append(
                    f'{menu} set [find name="{name}"] {part}authentication-types=wpa2-psk,wpa3-psk '
                    f"{part}encryption=ccmp"
                )
        if any("wireless" in menu for menu, _ in found):
            steps.append("WPA3 needs RouterOS 7 with the package wifi-qcom or wifi-qcom-ac, on radios that can do it.")
        return tuple(steps)

    def wifi_pmf(self) -> Steps:
        """Protected management frames."""
        found = self._places(_PROFILE, "pmf") or self._places(_PROFILE, "security")
        if not found:
            return super().wifi_pmf()
        return (
            *(
                f'{menu} set [find name="{name}"] '
                f"{'security.' if not menu.endswith(('security', 'profiles')) else ''}management-protection=allowed"
                for menu, name in found
            ),
            "When every device still connects, set it to required.",
        )

    def wifi_phrase(self) -> Steps:
        """A new phrase."""
        found = self._places(_PROFILE, "phrase_score") or self._places(_PROFILE, "security")
        if not found:
            return super().wifi_phrase()
        steps = []
        for menu, name in found:
            option = "passphrase" if menu.endswith("security") else "security.passphrase"
            option = "wpa2-pre-shared-key" if "wireless" in menu else option
            steps.append(f'{menu} set [find name="{name}"] {option}="NEW PHRASE"')
        return (
            "Let a password manager make a phrase of five or more random words.",
            *steps,
            "Join every device again with the new phrase.",
        )

    def rename_wifi(self) -> Steps:
        """A new SSID."""
        fact = self.thing.fact("name")
        found = [match.groups() for match in _SSID.finditer(fact.where)] if fact is not None else []
        if not found:
            return super().rename_wifi()
        return (
            *(f'{menu} set [find name="{name}"] {option}="NEW NAME"' for menu, name, option in found),
            "Join every device again with the new name.",
        )

    def wps_off(self) -> Steps:
        """No WPS."""
        fact = self.thing.fact("wps")
        found = [match.groups() for match in _WPS.finditer(fact.where)] if fact is not None else []
        if not found:
            return super().wps_off()
        return tuple(
            f'{menu} set [find name="{name}"] {option}={"disabled" if option == "wps-mode" else "disable"}'
            for menu, name, option in found
        )

    def set_admin_password(self) -> Steps:
        """The administrator's password."""
        return (
            "/user print   # who may sign in",
            "/password   # asks for the old and the new one; let a password manager make and keep it",
            "/user add name=NEW-NAME group=full password=…   # better: a name nobody guesses",
            "/user remove admin   # only after signing in with the new name once",
        )

    def close_wan_admin(self) -> Steps:
        """Close what lets the internet in."""
        return (
            *(
                f"{menu} firewall filter add {_dropping('input', uplink)}"
                for uplink in self._uplinks()
                for menu in ("/ip", "/ipv6")
            ),
            "/ip service disable telnet,ftp,www,api   # what is not needed at all",
            "Use WireGuard to administer it from outside (let its UDP port in above the new rule).",
        )

    def update_router(self) -> Steps:
        """The newest release."""
        return (
            "/export file=before-update   # and copy it off the router",
            "/system package update check-for-updates",
            "/system package update install",
            "/system routerboard upgrade; /system reboot   # the boot firmware follows",
        )

    def update_by_itself(self) -> Steps:
        """A scheduled update of the stable channel."""
        return (
            "/system package update set channel=stable",
            '/system scheduler add name=update interval=4w start-time=04:00:00 on-event="/system package update '
            'check-for-updates once; :delay 10s; /system package update install"',
            "It restarts the router when it installs something.",
        )

    def rename_router(self) -> Steps:
        """A new host name."""
        return ("/system identity set name=NEW-NAME",)

    def _uplinks(self) -> list[str]:
        """How rules name what comes from the internet."""
        names = [name for zone in self.uplinks if (name := _name_of(zone))]
        return [f"in-interface={name}" for name in names] or ["in-interface-list=WAN"]

    def _places(self, pattern: re.Pattern[str], *fields: str) -> list[tuple[str, str]]:
        facts = (self.thing.fact(field) for field in fields)
        found = dict.fromkeys((m[1], m[2]) for fact in facts if fact is not None for m in pattern.finditer(fact.where))
        return list(found)


def _name_of(zone: Zone) -> str:
    name = zone.name.value if zone.name is not None else ""
    return name if _PLAIN.fullmatch(name) else ""


def _blocking(source: str, target: str) -> tuple[str, str]:
    first = _FIRST.format(chain="forward")
    rule = f"chain=forward action=drop connection-state=new in-interface={source} out-interface={target} {first}"
    return f"/ip firewall filter add {rule}", f"/ipv6 firewall filter add {rule}"


def _dropping(chain: str, uplink: str) -> str:
    return f"chain={chain} action=drop connection-state=new {uplink} {_FIRST.format(chain=chain)}"


def _dst_nat(mapping: PortMapping) -> str:
    address, port = mapping.address, mapping.outer_port
    if not re.fullmatch(r"[0-9./-]{7,40}", address) or not re.fullmatch(r"[0-9,-]{1,80}", port):
        return ""
    return f'/ip firewall nat disable [find where chain=dstnat to-addresses="{address}" dst-port="{port}"]'
