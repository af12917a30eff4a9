"""The steps in plain words, for a router whose software is not known."""

from __future__ import annotations

from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.network import Zone
from nightlatch.model.router import Router
from nightlatch.model.thing import Thing

Steps = tuple[str, ...]


class Plain:
    """One method per fix, each giving its steps. A router's own dialect overrides what it says better."""

    def __init__(self, thing: Thing, home: Home, router: Router | None) -> None:
        self.thing = thing
        self.home = home
        self.router = router

    @property
    def sign_in(self) -> str:
        """The first step of a web page's menus."""
        return f"Sign in to the router{f' at http://{self.address}' if self.address else ''}."

    @property
    def address(self) -> str:
        """The router's address inside the home, where it is known and plain."""
        address = self.router.address.value if self.router is not None and self.router.address is not None else ""
        return address if set(address) <= set("0123456789abcdef.:") else ""

    @property
    def main_zones(self) -> tuple[Zone, ...]:
        """The zones of phones and laptops."""
        return tuple(zone for zone in self.home.all(Zone) if zone.role is not None and zone.role.value == "main")

    @property
    def uplinks(self) -> tuple[Zone, ...]:
        """The router's zones that face the internet."""
        return tuple(
            zone
            for zone in self.home.all(Zone)
            if zone.role is not None
            and zone.role.value == "wan"
            and self.router is not None
            and self.home.follow(zone.router, Router) is self.router
        )

    @property
    def open_zones(self) -> tuple[Zone, ...]:
        """The zones that may open connections to a main one: the thing's own alone, if it is one of them."""
        main = {zone.ref for zone in self.main_zones}
        opening = tuple(
            zone
            for zone in self.home.all(Zone)
            if zone.ref not in main
            and any(fact is not None and main & set(fact.value) for fact in (zone.opens_to_v4, zone.opens_to_v6))
        )
        own = self.thing if isinstance(self.thing, Zone) else None
        if isinstance(self.thing, Hub):
            own = self.home.follow(self.thing.zone, Zone)
        return (own,) if own in opening and own is not None else opening

    @property
    def quiet_zone(self) -> Zone | None:
        """A zone for devices or guests that is known not to open connections to a main one."""
        main = {zone.ref for zone in self.main_zones}
        for zone in self.home.all(Zone):
            facts = (zone.opens_to_v4, zone.opens_to_v6)
            fits = zone.role is not None and zone.role.value in ("iot", "guest")
            if main and fits and all(fact is not None and not main & set(fact.value) for fact in facts):
                return zone
        return None

    def disable_upnp(self) -> Steps:
        """Switch UPnP off."""
        return (
            self.sign_in,
            "Find UPnP (often under Network, Internet, Advanced or Port sharing) and switch it off.",
            "Switch NAT-PMP and PCP off as well if they are listed.",
            "Restart the router, so that ports already opened are closed.",
        )

    def remove_port_forward(self) -> Steps:
        """Remove port forwards."""
        forwards = self.router.port_forwards if self.router is not None else None
        named = tuple(f"Remove: {mapping}" for mapping in forwards.value) if forwards is not None else ()
        return (
            self.sign_in,
            "Open Port forwarding (also called Port sharing, Virtual server or NAT).",
            *(named or ("Remove every entry that leads to a lock, a hub or a camera.",)),
            "Use the router's VPN (WireGuard) to reach home from outside.",
        )

    def separate_iot_zone(self) -> Steps:
        """Make a zone for smart devices."""
        return (
            self.sign_in,
            "Switch the guest network on, or add a network (VLAN) for smart devices, "
            "and forbid it access to the main one.",
            "Move the lock's hub and other smart devices to it, by Wi-Fi or by a network port assigned to it.",
            "Keep phones and laptops on the main network, and check that they still reach the hub.",
        )

    def block_zone_forwarding(self) -> Steps:
        """Block a zone."""
        return (
            self.sign_in,
            "In the firewall, remove or switch off the rule that lets the smart devices' network open connections "
            "to the main one.",
            "Do the same for IPv6.",
            "Keep the rule for the other direction if phones talk to the hub.",
        )

    def wifi_encryption(self) -> Steps:
        """Raise the encryption."""
        return (
            self.sign_in,
            f"Open the Wi-Fi security settings{self.of_wifi}.",
            "Choose WPA3-Personal; choose WPA2/WPA3 if a device cannot connect any more; never WPA, TKIP, WEP or none.",
        )

    def wifi_pmf(self) -> Steps:
        """Protect management frames."""
        return (
            self.sign_in,
            f"Open the Wi-Fi security settings{self.of_wifi}.",
            "Set protected management frames (PMF, 802.11w) to required; "
            "to optional if a device cannot connect any more.",
        )

    def wifi_phrase(self) -> Steps:
        """Change the phrase."""
        return (
            self.sign_in,
            f"Open the Wi-Fi security settings{self.of_wifi}.",
            "Set a pass phrase of five or more random words, or 16 or more random characters; "
            "let a password manager make it.",
            "Join every device again with the new phrase, the lock's hub or bridge first; keep a key at hand.",
        )

    def rename_wifi(self) -> Steps:
        """Change the SSID."""
        return (
            self.sign_in,
            f"Open the Wi-Fi settings{self.of_wifi}.",
            "Choose a network name (SSID) without the router's make, your name or your address.",
            "Join every device again, the lock's hub or bridge first.",
        )

    def wps_off(self) -> Steps:
        """Switch WPS off."""
        return (self.sign_in, "Open the Wi-Fi settings and switch WPS off, the PIN method first of all.")

    def set_admin_password(self) -> Steps:
        """Set the administrator's password."""
        return (
            self.sign_in,
            "Open System or Administration and set a password of its own; let a password manager make and keep it.",
        )

    def close_wan_admin(self) -> Steps:
        """Close administration to the internet."""
        return (
            self.sign_in,
            "Switch remote administration (remote management, access from the internet) off, for web, SSH and Telnet.",
            "Use the router's VPN to administer it from outside.",
        )

    def update_router(self) -> Steps:
        """Install the newest firmware."""
        return (
            self.sign_in,
            "Save a backup of the settings.",
            "Open System or Administration, check for an update and install it.",
            "Switch automatic updates on if they are offered.",
        )

    def update_by_itself(self) -> Steps:
        """Automatic updates."""
        return (
            self.sign_in,
            "Open System or Administration and switch automatic updates on, at an hour when nobody needs the door.",
            "Where there are none, put the first day of each month in your calendar and check for an update.",
        )

    def rename_router(self) -> Steps:
        """Change the host name."""
        return (self.sign_in, "Open the system settings and change the host name to one that does not tell the make.")

    @property
    def of_wifi(self) -> str:
        """` of "Elm"` when the thing is a Wi-Fi network."""
        return f' of "{self.thing.label}"' if self.thing.kind == "wifi" else ""
