"""Default codes and open services are the first things tried, because the maker printed them for everybody."""

from __future__ import annotations

from nightlatch.fixes import codes, first_codes, hubs, routers
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.network import Wifi
from nightlatch.model.people import Credential
from nightlatch.model.router import Router
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

_ALWAYS_ASKS = "Home Assistant asks for a sign-in, except from networks that it trusts: those are judged by themselves."
_JUDGED_ELSEWHERE = {
    "zigbee2mqtt": "It is reached by its web page and its MQTT broker, which are judged by themselves.",
    "homeassistant": _ALWAYS_ASKS,
}
_NO_PAGE = {
    "zwave-js": "A Z-Wave JS server serves no web page of its own.",
    "matter-server": "A Matter server serves no web page of its own.",
    "homeassistant": _ALWAYS_ASKS,
}


@practice.check(
    "no-default-code",
    per=Credential,
    title="The code is not a known default",
    needs=(Credential.default,),
    settled_by=CODES_FROM,
    absent=without_codes,
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


practice.check(
    "codes-known",
    per=Lock,
    advice=first_codes.replace_defaults,
    title="Every code on the lock was looked at",
    needs=(Lock.codes_read,),
    settled_by=CODES_FROM,
)(codes_read)


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
        software = hub.software
        if software is not None and software.value in _JUDGED_ELSEWHERE:
            return not_applicable(software, because=_JUDGED_ELSEWHERE[software.value])
        return unknown(listens)
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
    software = hub.software
    if software is not None and software.value in _NO_PAGE:
        return not_applicable(software, because=_NO_PAGE[software.value])
    return unknown()


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
    """Judge whether the broker has credentials at all."""
    anonymous = hub.mqtt_anonymous
    if anonymous is not None:
        if not anonymous.value:
            return passes(anonymous, because="The MQTT broker asks for a password.")
        return fails(anonymous, because="The MQTT broker asks for no password.", fix=hubs.refuse_anonymous_mqtt)
    software = hub.software
    if software is not None and software.value in _NO_BROKER:
        return not_applicable(software, because="It commands its locks without an MQTT broker.")
    return unknown()


_NO_BROKER = frozenset(("zwave-js", "matter-server", "homeassistant"))


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
    software = hub.software
    if software is not None and software.value in _NO_TRUST:
        return not_applicable(software, because="It knows no networks that it trusts without a password.")
    return unknown()


_NO_TRUST = frozenset(("zwave-js", "matter-server", "zigbee2mqtt"))


@practice.check(
    "router-password",
    per=Router,
    advice=routers.set_admin_password,
    title="The router's administrator has a password",
    needs=(Router.admin_password_set,),
    settled_by="a router backup that holds its user list (on OpenWrt etc/shadow)",
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
    settled_by="a router backup, or the host's Wi-Fi state",
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
    settled_by="a router backup",
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
    settled_by="the hub's configuration",
    severity=Severity.LOW,
)
def hub_name(hub: Hub, home: Home) -> Judgement:
    """Judge whether the hub's name or address tells what it is."""
    default = hub.default_name
    if default is None:
        return unknown()
    if not default.value:
        return passes(default, hub.name, because="Its name is not a factory's.")
    return fails(
        default, hub.name, because=f"Its name, {hub.label}, is the factory's and tells what it is.", fix=hubs.rename_hub
    )
