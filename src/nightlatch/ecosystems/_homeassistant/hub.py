"""Home Assistant itself: who reaches it, what is open, what it tells others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from yarl import URL

from nightlatch.ecosystems._homeassistant.messages import Analytics, Cloud, Entity
from nightlatch.ecosystems._told import Told
from nightlatch.model.evidence import Claim, Ref
from nightlatch.model.hub import Hub

HTTP_FIELDS = (Hub.ip_ban, Hub.login_attempts, Hub.trusted_proxies)

ASSISTANTS = {"conversation": "Assist", "cloud.alexa": "Alexa", "cloud.google_assistant": "Google Assistant"}
_FACTORY_HOSTS = ("homeassistant", "homeassistant.local")


class Http(msgspec.Struct, frozen=True):
    """The settings of Home Assistant's web server, as .storage/http has them; the defaults are its own."""

    ip_ban_enabled: bool = True
    login_attempts_threshold: int = -1
    use_x_forwarded_for: bool = False
    trusted_proxies: list[str] = []
    ssl_certificate: str | None = None


def origin(url: str | None) -> str:
    """Scheme, host and port of an address, empty for none: the rest of it may hold a user, a password or a key."""
    if not url:
        return ""
    try:
        return str(URL(url).origin())
    except ValueError:
        return "an address that cannot be read"


def http_claims(hub: Ref, http: Http, told: Told) -> Iterator[Claim]:
    """Who is blocked after failed sign-ins, and whose word on a client's address is taken."""
    attempts = max(http.login_attempts_threshold, 0) if http.ip_ban_enabled else 0
    # Banning is on by default, and does nothing until a threshold is set.
    yield told(Hub.ip_ban, hub, attempts > 0, "ip_ban_enabled, login_attempts_threshold")
    yield told(Hub.login_attempts, hub, attempts, "login_attempts_threshold")
    proxies = tuple(http.trusted_proxies) if http.use_x_forwarded_for else ()
    yield told(Hub.trusted_proxies, hub, proxies, "use_x_forwarded_for, trusted_proxies")


def cloud_claims(hub: Ref, cloud: Cloud, told: Told) -> Iterator[Claim]:
    """Whether it is signed in to Home Assistant Cloud, and reached through it."""
    yield told(Hub.cloud_connected, hub, cloud.logged_in, "logged_in")
    if cloud.logged_in and cloud.prefs.remote_enabled:
        # The reverse proves nothing: a forwarded port reaches it as well.
        yield told(Hub.remote_access, hub, True, "prefs.remote_enabled")


def analytics_claim(hub: Ref, analytics: Analytics, told: Told) -> Claim:
    """Whether it sends anything to its makers."""
    on = sorted(name for name, value in analytics.preferences.items() if value)
    return told(Hub.analytics, hub, bool(on), f"preferences: {', '.join(on) or 'none'}")


def voice_claim(hub: Ref, exposed: Iterable[tuple[str, Mapping[str, bool]]], cloud: Cloud | None, told: Told) -> Claim:
    """Which locks are offered to which voice assistant. What is set for a cloud that is off reaches nobody."""
    off = set()
    if cloud is not None:
        off |= set() if cloud.logged_in and cloud.prefs.alexa_enabled else {"cloud.alexa"}
        off |= set() if cloud.logged_in and cloud.prefs.google_enabled else {"cloud.google_assistant"}
    found = {
        f"{entity_id} ({ASSISTANTS.get(assistant, assistant)})"
        for entity_id, assistants in exposed
        for assistant, on in assistants.items()
        if on and assistant not in off and entity_id.startswith("lock.")
    }
    return told(Hub.voice_exposed, hub, tuple(sorted(found)))


def default_name_claim(hub: Ref, host: str, told: Told) -> Iterator[Claim]:
    """Whether its address gives away what it is; an IP address says nothing about the name it has."""
    if host in _FACTORY_HOSTS:
        yield told(Hub.default_name, hub, True)
    elif host != "localhost" and not host.replace(".", "").isdigit() and ":" not in host:
        yield told(Hub.default_name, hub, False)


def plain_pins_claim(hub: Ref, entities: Iterable[Entity], told: Told) -> Iterator[Claim]:
    """That a PIN to open locks with is kept in the entity registry; on which lock, never the PIN.

    None there proves nothing: helpers, scripts and add-ons may keep PINs as well.
    """
    names = sorted(f"{one.entity_id} (default code)" for one in entities if one.has_default_code)
    if names:
        yield told(Hub.plain_pins, hub, tuple(names), "options.lock.default_code")
