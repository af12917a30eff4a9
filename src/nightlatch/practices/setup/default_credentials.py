"""Default codes and open services are the first things tried, because the maker printed them for everybody."""

from __future__ import annotations

from nightlatch.fixes import codes, first_codes, hubs, routers
from nightlatch.model.finding import Section, Severity, Verdict
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Wifi
from nightlatch.model.people import Credential
from nightlatch.model.router import Router
from nightlatch.practices.hubs import HOME_ASSISTANT, RADIO_SERVERS, ZIGBEE2MQTT, lacks, other_than
from nightlatch.practices.interface import Judgement, Practice, fails, not_applicable, passes, unknown
from nightlatch.practices.setup._codes import CODES_FROM, codes_read, not_a_pin, without_codes
from nightlatch.text import listed

practice = Practice(
    "default-credentials",
    number=5,
    section=Section.SETUP,
    severity=Severity.CRITICAL,
    title="Change every default code, password and name",
    why="Default codes stand in manuals that anybody can download, and a factory name tells a stranger in the street "
    "which manual to read. A service that asks for nothing needs no guessing at all.",
    standards=(
        "ETSI EN 303 645 V3.1.3 5.1-1",
        "ETSI EN 303 645 V3.1.3 5.1-2",
        "OWASP IoT Top 10 2018 I1",
    ),
)

_ALWAYS_ASKS = "asks for a sign-in, except from networks that it trusts: those are judged by themselves"
_BY_PAGE_AND_BROKER = "is reached by its web page and its MQTT broker, which are judged by themselves"
_PAGELESS = frozenset(("zwave-js", "matter-server"))


def _without_codes(home: Home) -> Judgement:
    """Judge a home in which no code is known, where the owner answered for every lock that has codes."""
    found = without_codes(home)
    locks = [lock for lock in home.all(Lock) if lock.can_keypad is None or lock.can_keypad.value]
    if found.verdict is not Verdict.UNKNOWN or not locks or any(lock.defaults_changed is None for lock in locks):
        return found
    return not_applicable(
        *(lock.defaults_changed for lock in locks), because="No code was read; your answer is judged for each lock."
    )


@practice.check(
    "no-default-code",
    per=Credential,
    title="The code is not a known default",
    needs=(Credential.default,),
    settled_by=CODES_FROM,
    absent=_without_codes,
)
def no_default_code(credential: Credential, home: Home) -> Judgement:
    """Judge a PIN or master code against the published defaults; the PIN itself is never here."""
    default = credential.default
    if default is None:
        return not_a_pin(credential) or unknown()
    if not default.value:
        return passes(default, credential.form, because="It equals no known default code.")
    return fails(
        default,
        credential.slot,
        credential.form,
        because="It equals a default code that is published for everybody to read.",
        fix=codes.change_code,
    )


@practice.check(
    "codes-known",
    per=Lock,
    advice=first_codes.replace_defaults,
    title="Every code on the lock was looked at, or those it came with were changed",
    needs=(Lock.codes_read, Lock.defaults_changed),
    settled_by=f"{CODES_FROM}; or your answer",
)
def codes_known(lock: Lock, home: Home) -> Judgement:
    """Judge the owner's word on the codes that the lock came with, where the codes themselves were not all read."""
    read = codes_read(lock, home)
    changed = lock.defaults_changed
    if read.verdict is not Verdict.UNKNOWN or changed is None:
        return read
    if changed.value:
        return passes(changed, lock.codes_read, because="Every code that it came with was changed or deleted, you say.")
    return fails(
        changed,
        lock.codes_read,
        because="It still takes a code that it came with, you say.",
        fix=first_codes.replace_defaults,
    )


@practice.check(
    "hub-sign-in",
    per=Hub,
    advice=hubs.ask_sign_in,
    title="The hub's port asks for a password or token",
    needs=(Hub.asks_sign_in, Hub.listens),
    settled_by="a live connection to the hub",
    severity=Severity.HIGH,
)
def hub_sign_in(hub: Hub, home: Home) -> Judgement:
    """Judge whether anybody on the network could command the locks; a port for this host alone is closed to them."""
    asks, listens = hub.asks_sign_in, hub.listens
    if asks is not None and asks.value:
        return passes(asks, because="Its port asks for a password or token.")
    if listens is not None and listens.value == "loopback":
        return passes(listens, asks, because="Only programs on its own host can reach its port.")
    if asks is None:
        return (
            lacks(hub, ZIGBEE2MQTT, _BY_PAGE_AND_BROKER) or lacks(hub, HOME_ASSISTANT, _ALWAYS_ASKS) or unknown(listens)
        )
    if listens is None:
        return unknown(asks)
    return fails(
        asks,
        listens,
        because="Anybody on the network can command it: its port is open and asks for nothing.",
        fix=hubs.ask_sign_in,
    )


@practice.check(
    "frontend-sign-in",
    per=Hub,
    advice=hubs.protect_frontend,
    title="The hub's web page asks for a password or token",
    needs=(Hub.frontend_sign_in, Hub.listens),
    settled_by="Zigbee2MQTT's data folder (frontend.auth_token in configuration.yaml)",
    severity=Severity.HIGH,
)
def frontend_sign_in(hub: Hub, home: Home) -> Judgement:
    """Judge the page from which a browser could command the locks."""
    asks = hub.frontend_sign_in
    if asks is not None:
        if asks.value:
            return passes(asks, because="Its web page asks for a password or token.")
        listens = hub.listens
        if listens is not None and listens.value == "loopback":
            return passes(listens, asks, because="Only programs on its own host can reach its web page.")
        return fails(
            asks,
            because="Its web page asks for nothing: anybody on the network can open it and command the locks.",
            fix=hubs.protect_frontend,
        )
    page = hub.web_page
    if page is not None and not page.value:
        return not_applicable(page, because="It serves no web page.")
    return (
        lacks(hub, _PAGELESS, "serves no web page of its own")
        or lacks(hub, HOME_ASSISTANT, _ALWAYS_ASKS)
        or other_than(hub, ZIGBEE2MQTT, "is not known to have a web page beside what its own port asks for")
        or unknown()
    )


@practice.check(
    "mqtt-sign-in",
    per=Hub,
    advice=hubs.refuse_anonymous_mqtt,
    title="The hub's MQTT broker asks for a password",
    needs=(Hub.mqtt_anonymous,),
    settled_by="a live connection to the broker, or the broker's configuration beside Zigbee2MQTT's data folder",
    severity=Severity.HIGH,
)
def mqtt_sign_in(hub: Hub, home: Home) -> Judgement:
    """Judge whether a client without a password can read PINs and send commands."""
    anonymous = hub.mqtt_anonymous
    if anonymous is not None:
        if not anonymous.value:
            return passes(anonymous, because="The MQTT broker asks for a password.")
        return fails(
            anonymous,
            because="The MQTT broker asks for no password: whoever connects can read PINs as they are set, and unlock.",
            fix=hubs.refuse_anonymous_mqtt,
        )
    return other_than(hub, ZIGBEE2MQTT, "is not known to command its locks through an MQTT broker") or unknown()


@practice.check(
    "trusted-networks",
    per=Hub,
    advice=hubs.require_sign_in_everywhere,
    title="The hub asks for a password from every network",
    needs=(Hub.trusted_networks,),
    settled_by="Home Assistant's configuration folder (auth_providers in configuration.yaml)",
    severity=Severity.HIGH,
)
def trusted_networks(hub: Hub, home: Home) -> Judgement:
    """Judge networks whose devices come in without a password."""
    trusted = hub.trusted_networks
    if trusted is not None:
        if not trusted.value:
            return passes(trusted, because="It asks for a password from every network.")
        return fails(
            trusted,
            because=f"It asks no password from {listed(trusted.value)}.",
            fix=hubs.require_sign_in_everywhere,
        )
    return other_than(hub, HOME_ASSISTANT, "is not known to trust networks without a password") or unknown()


@practice.check(
    "router-password",
    per=Router,
    advice=routers.set_admin_password,
    title="The router's administrator has a password",
    needs=(Router.admin_password_set,),
    settled_by="a router backup that holds its user list (on OpenWrt etc/shadow), or your answer",
)
def router_password(router: Router, home: Home) -> Judgement:
    """Judge whether anybody in the home's network is the router's administrator."""
    password = router.admin_password_set
    if password is None:
        return unknown()
    if password.value:
        return passes(password, because="Its administrator has a password.")
    return fails(
        password,
        because="Its administrator has an empty password: every device in the home can rule the network.",
        fix=routers.set_admin_password,
    )


@practice.check(
    "wifi-name",
    per=Wifi,
    advice=routers.rename_wifi,
    title="The Wi-Fi's name is not the factory's",
    needs=(Wifi.default_name,),
    settled_by="a router backup, the state of this computer's Wi-Fi (host-wifi), or your answer",
    severity=Severity.LOW,
)
def wifi_name(wifi: Wifi, home: Home) -> Judgement:
    """Judge whether the SSID tells a passer-by the router's model."""
    if wifi.enabled is not None and not wifi.enabled.value:
        return not_applicable(wifi.enabled, because="It is not on the air.")
    default = wifi.default_name
    if default is None:
        return unknown()
    if not default.value:
        return passes(default, wifi.name, because="Its name is not a factory's.")
    return fails(
        default,
        wifi.name,
        because=f"Its name, {wifi.label}, is the factory's and tells passers-by the router's make.",
        fix=routers.rename_wifi,
    )


@practice.check(
    "router-name",
    per=Router,
    advice=routers.rename_router,
    title="The router's name is not the factory's",
    needs=(Router.default_name,),
    settled_by="a router backup, or your answer",
    severity=Severity.LOW,
)
def router_name(router: Router, home: Home) -> Judgement:
    """Judge whether the host name tells the router's model."""
    default = router.default_name
    if default is None:
        return unknown()
    if not default.value:
        return passes(default, router.name, because="Its name is not a factory's.")
    return fails(
        default,
        router.name,
        because=f"Its name, {router.label}, is the factory's and tells its make.",
        fix=routers.rename_router,
    )


@practice.check(
    "hub-name",
    per=Hub,
    advice=hubs.rename_hub,
    title="The hub's name is not the factory's",
    needs=(Hub.default_name,),
    settled_by="Home Assistant, asked live, or your answer",
    severity=Severity.LOW,
)
def hub_name(hub: Hub, home: Home) -> Judgement:
    """Judge whether the hub's name or address tells what it is."""
    default = hub.default_name
    if default is None:
        return lacks(hub, RADIO_SERVERS, "has no name of its own on the network") or unknown()
    if not default.value:
        return passes(default, hub.name, because="Its name is not a factory's.")
    return fails(
        default, hub.name, because=f"Its name, {hub.label}, is the factory's and tells what it is.", fix=hubs.rename_hub
    )
