"""Whose login a web address is: a lock's or hub's vendor's, Home Assistant's, a router's, or something at home."""

from __future__ import annotations

import re
from functools import cached_property
from ipaddress import ip_address
from urllib.parse import urlsplit

import msgspec

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.structs import Purpose

HOME_SUFFIXES = (".local", ".lan", ".home.arpa", ".home", ".internal", ".localdomain", ".fritz.box")
ROUTER_HOSTS = ("fritz.box", "routerlogin.net", "tplinkwifi.net", "router.asus.com", "orbilogin.com", "speedport.ip")
"""Names that routers answer to themselves, as their makers' manuals give them."""
_ROUTER_LABELS = ("router", "openwrt", "opnsense", "pfsense", "fritz", "mikrotik", "unifi", "gateway")
_HASS_LABELS = ("homeassistant", "home-assistant", "hass", "hassio")
_HASS_PORT = 8123
_APP_SCHEMES = ("android", "androidapp", "iosapp")
_SIGN_IN = (Purpose.CLOUD, Purpose.REMOTE_ACCESS)
_HOST = re.compile(r"[a-z0-9_.:-]{1,253}")


class Site(msgspec.Struct, frozen=True):
    """Whose login it is.

    `shown` is the part of the address that may be told: a vendor's suffix or a host at home. `opens_door` is
    True for a maker of locks, False for a router, None where that is not known.
    """

    service: str
    title: str
    shown: str = ""
    opens_door: bool | None = None

    @property
    def slug(self) -> str:
        """For the keys of accounts: lower case, digits and dashes."""
        base = f"{self.service} {self.shown}" if self.service in ("router", "home network") else self.service
        return re.sub(r"[^a-z0-9.:]+", "-", base.casefold()).strip("-")


class Sites:
    """Answers for one run: looks the catalogue's vendor hosts up."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    @cached_property
    def _makers(self) -> frozenset[str]:
        makers = {entry.maker for entry in self._catalogue.entries()}
        vendors = ((self._catalogue.vendor(maker), maker) for maker in makers)
        return frozenset(vendor.name if vendor else maker for vendor, maker in vendors)

    def of(self, url: str) -> Site | None:
        """Whose login an address is, or None when it does not concern the home's locks, hubs or router."""
        host, port = address(url)
        if not host:
            return None
        label = host.partition(".")[0]
        if host.endswith(".ui.nabu.casa") or port == _HASS_PORT or label in _HASS_LABELS:
            return Site("homeassistant", "Home Assistant", host if at_home(host) else "")
        if host in ROUTER_HOSTS or (at_home(host) and label in _ROUTER_LABELS):
            return Site("router", f"Router ({host})", host, False)
        if at_home(host):
            return Site("home network", host, host)
        known = self._catalogue.host(host)
        if known is None or known.purpose not in _SIGN_IN:
            return None
        return Site(known.vendor, known.vendor, known.suffix, self._makes_locks(known.vendor))

    def _makes_locks(self, vendor: str) -> bool | None:
        best = self._catalogue.search(vendor, 1)
        return True if vendor in self._makers or any(match.score >= 0.95 for match in best) else None


def address(url: str) -> tuple[str, int | None]:
    """Host, lower case, and port of a web or app address; an empty host when there is none.

    An app's id is its vendor's domain backwards: androidapp://com.august.luna is luna.august.com.
    """
    text = url.strip()[:2048]
    if not text or any(character.isspace() for character in text):
        return "", None
    scheme, colons, _ = text.partition("://")
    try:
        parts = urlsplit(text if colons else f"//{text}")
        host, port = (parts.hostname or "").strip("."), parts.port
    except ValueError:
        return "", None
    if colons and scheme.casefold() in _APP_SCHEMES:
        host = ".".join(reversed(host.split(".")))
    return (host, port) if _HOST.fullmatch(host) else ("", None)


def at_home(host: str) -> bool:
    """Whether a host is a private address or a name that only a home's own network knows."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return host.endswith(HOME_SUFFIXES) or (host != "" and "." not in host and ":" not in host)
