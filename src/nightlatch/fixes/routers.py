"""What to do at the router: its own commands where its software is known, plain words otherwise.

Every function takes the thing a check failed for (a Router, Zone, Wifi, Hub or the Home) and its
home, and finds the router that rules it by itself.
"""

from __future__ import annotations

from nightlatch.fixes._menus import OpnSense, PfSense
from nightlatch.fixes._plain import Plain
from nightlatch.fixes._routeros import RouterOs
from nightlatch.fixes._uci import Uci
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.network import Wifi, Zone
from nightlatch.model.router import Router
from nightlatch.model.thing import Thing

_DIALECTS: dict[str, type[Plain]] = {
    "openwrt": Uci,
    "routeros": RouterOs,
    "opnsense": OpnSense,
    "pfsense": PfSense,
}


def disable_upnp(thing: Thing, home: Home) -> Fix:
    """Switch UPnP-IGD, NAT-PMP and PCP off."""
    return Fix("Switch UPnP and NAT-PMP off in the router.", _dialect(thing, home).disable_upnp())


def remove_port_forward(thing: Thing, home: Home) -> Fix:
    """Remove the port forwards, so that nothing inside is offered to the internet."""
    return Fix(
        "Remove the port forward; reach the home through a VPN instead.", _dialect(thing, home).remove_port_forward()
    )


def separate_iot_zone(thing: Thing, home: Home) -> Fix:
    """Give smart devices a zone of their own that cannot open connections to the main one."""
    return Fix("Move the lock's hub to a network zone of its own.", _dialect(thing, home).separate_iot_zone())


def block_zone_forwarding(thing: Thing, home: Home) -> Fix:
    """Stop a zone from opening connections to the main zone, IPv4 and IPv6."""
    return Fix(
        "Stop the smart devices' zone from opening connections to the main zone, over IPv4 and IPv6.",
        _dialect(thing, home).block_zone_forwarding(),
    )


def wifi_encryption(thing: Thing, home: Home) -> Fix:
    """Raise a Wi-Fi network's encryption to WPA3, or WPA2/WPA3 where old devices need it."""
    return Fix(
        "Set the Wi-Fi to WPA3, or to WPA2/WPA3 if a device cannot do WPA3.", _dialect(thing, home).wifi_encryption()
    )


def wifi_pmf(thing: Thing, home: Home) -> Fix:
    """Switch protected management frames (802.11w) on."""
    return Fix("Switch protected management frames (802.11w) on.", _dialect(thing, home).wifi_pmf())


def wifi_phrase(thing: Thing, home: Home) -> Fix:
    """Give a Wi-Fi network a strong pass phrase."""
    return Fix("Give the Wi-Fi a long random pass phrase.", _dialect(thing, home).wifi_phrase())


def rename_wifi(thing: Thing, home: Home) -> Fix:
    """Give a Wi-Fi network a name that does not tell the router's make."""
    return Fix("Give the Wi-Fi a name that tells nothing of the router or you.", _dialect(thing, home).rename_wifi())


def wps_off(thing: Thing, home: Home) -> Fix:
    """Switch WPS off."""
    return Fix("Switch WPS off.", _dialect(thing, home).wps_off())


def set_admin_password(thing: Thing, home: Home) -> Fix:
    """Give the router's administrator a password of its own."""
    return Fix("Set a password for the router's administrator.", _dialect(thing, home).set_admin_password())


def close_wan_admin(thing: Thing, home: Home) -> Fix:
    """Close the router's administration to the internet."""
    return Fix("Close the router's administration to the internet.", _dialect(thing, home).close_wan_admin())


def update_router(thing: Thing, home: Home) -> Fix:
    """Install the router's newest firmware."""
    return Fix("Install the router's newest firmware.", _dialect(thing, home).update_router())


def update_by_itself(thing: Thing, home: Home) -> Fix:
    """Switch the router's automatic updates on, or update it on a fixed day."""
    return Fix(
        "Let the router update itself, or update it on a fixed day each month.",
        (*_dialect(thing, home).update_by_itself(), f"Tell Nightlatch: nightlatch answer {thing.ref} auto_update true"),
    )


def rename_router(thing: Thing, home: Home) -> Fix:
    """Give the router a name that does not tell its make."""
    return Fix("Give the router a name that does not tell its make.", _dialect(thing, home).rename_router())


def router_of(thing: Thing, home: Home) -> Router | None:
    """The router that rules a thing: itself, its zone's, or the home's only one."""
    if isinstance(thing, Router):
        return thing
    zone = (
        home.follow(thing.zone, Zone) if isinstance(thing, (Wifi, Hub)) else thing if isinstance(thing, Zone) else None
    )
    ruler = home.follow(zone.router, Router) if zone is not None else None
    if ruler is not None:
        return ruler
    routers = home.all(Router)
    if len(routers) == 1:
        return routers[0]
    for router in routers:
        # One source told of both: `openwrt:attic/router` and `openwrt:attic/Elm`.
        folders = tuple(key.removesuffix("router") for key in router.keys if key.endswith(("/router", ":router")))
        if folders and any(key.startswith(folders) for key in thing.keys):
            return router
    return None


def _dialect(thing: Thing, home: Home) -> Plain:
    router = router_of(thing, home)
    software = router.software.value if router is not None and router.software is not None else ""
    return _DIALECTS.get(software, Plain)(thing, home, router)
