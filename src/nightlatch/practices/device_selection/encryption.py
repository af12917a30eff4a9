"""A lock's link is the first thing an attacker nearby can listen to, and the broker behind it the second."""

from __future__ import annotations

from nightlatch.fixes import hubs, locks
from nightlatch.model.evidence import Ref
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.practices.hubs import ZIGBEE2MQTT, lacks, other_than
from nightlatch.practices.interface import Judgement, Practice, as_set, fails, passes, unknown

practice = Practice(
    "encryption",
    number=1,
    section=Section.DEVICE_SELECTION,
    severity=Severity.CRITICAL,
    title="Use locks whose link is encrypted with keys of their own",
    why="Whoever can listen to an unprotected link can record an unlock command and repeat it, read PINs as they "
    "are set, or open the door from the street with a cheap radio.",
    standards=(
        "ETSI EN 303 645 V3.1.3 5.5-1",
        "ETSI EN 303 645 V3.1.3 5.8-2",
        "OWASP ISVS 4.1.1",
    ),
)

_PROTECTED = {
    "s2_access_control": "The Z-Wave link uses S2 Access Control, the strongest class.",
    "s2_authenticated": "The Z-Wave link uses S2 Authenticated.",
    "matter": "The link is Matter's, encrypted with keys of this home's own fabric.",
    "tls": "The link is encrypted with TLS.",
}
_BARE = {
    "none": (Severity.CRITICAL, "The Z-Wave link uses no security: anybody in radio range can send an unlock command."),
    "s0": (Severity.HIGH, "The Z-Wave link uses S0, whose key is sent under an all-zero key whenever a device joins."),
    "s2_unauthenticated": (
        Severity.MEDIUM,
        "The Z-Wave link uses S2 Unauthenticated: it is encrypted, but the lock was never proven to be this one.",
    ),
}
_WITHOUT_ZIGBEE = frozenset(("zwave-js", "matter-server"))
_OWN_LINKS = {"ble": "Bluetooth", "wifi": "Wi-Fi", "proprietary": "radio"}


@practice.check(
    "radio-link",
    per=Lock,
    advice=locks.secure_link,
    title="The lock's link to its hub is encrypted with a private key",
    needs=(Lock.security, Hub.network_key),
    settled_by="the hub that commands the lock, asked live (Z-Wave JS, Matter server, Zigbee2MQTT and its data folder)",
)
def radio_link(lock: Lock, home: Home) -> Judgement:
    """Judge the security class that the link really uses, never the best the model could do."""
    security = as_set(lock.security)
    if security is None:
        radio = lock.radio
        if radio is None or radio.value not in _OWN_LINKS:
            return unknown()
        return unknown(
            radio,
            because=f"How its maker encrypts its own {_OWN_LINKS[radio.value]} link cannot be read from outside.",
            fix=locks.ask_for_a_test,
        )
    good = _PROTECTED.get(security.value)
    if good is not None:
        return passes(security, because=good)
    if security.value == "zigbee":
        return _zigbee_link(lock, home)
    if security.value == "ble":
        return unknown(
            security,
            because="It is commanded by Bluetooth, where each maker adds an encryption of its own that cannot be "
            "read from outside.",
            fix=locks.ask_for_a_test,
        )
    severity, found = _BARE[security.value]
    return fails(security, because=found, severity=severity, fix=locks.include_securely)


def _zigbee_link(lock: Lock, home: Home) -> Judgement:
    hub = home.follow(lock.hub, Hub)
    key = hub.network_key if hub is not None else None
    if key is None:
        return unknown(
            lock.security,
            because="Zigbee encrypts the link with its network's key, and how good that key is is not known.",
        )
    if key.value == "private":
        return passes(lock.security, key, because="The Zigbee link is encrypted with a private network key.")
    return fails(lock.security, key, because=_BAD_KEY[key.value], fix=hubs.private_network_key)


_BAD_KEY = {
    "published_default": "The Zigbee network uses the key that its software's documentation publishes.",
    "weak": "The Zigbee network's key is weak: it can be guessed.",
}


@practice.check(
    "network-key",
    per=Hub,
    advice=hubs.private_network_key,
    title="The Zigbee network has a private key",
    needs=(Hub.network_key,),
    settled_by="Zigbee2MQTT's data folder (configuration.yaml or coordinator_backup.json)",
)
def network_key(hub: Hub, home: Home) -> Judgement:
    """Judge the key of the radio network that a hub runs."""
    key = hub.network_key
    if key is None:
        none = lacks(hub, _WITHOUT_ZIGBEE, "runs no Zigbee network")
        if none is None and not _commands_zigbee(hub, home):
            none = other_than(hub, ZIGBEE2MQTT, "itself is not known to command a Zigbee lock")
        return none or unknown()
    if key.value == "private":
        return passes(key, because="The radio network's key is a private one.")
    return fails(key, because=_BAD_KEY[key.value], fix=hubs.private_network_key)


def _commands_zigbee(hub: Hub, home: Home) -> bool:
    return hub.ref in home.cached(_zigbee_hubs)


def _zigbee_hubs(home: Home) -> frozenset[Ref]:
    """The hubs that command a Zigbee lock."""
    return frozenset(
        lock.hub.value
        for lock in home.all(Lock)
        if lock.hub is not None and lock.security is not None and lock.security.value == "zigbee"
    )


@practice.check(
    "hub-port",
    per=Hub,
    advice=hubs.encrypt_port,
    title="Passwords, PINs and commands do not cross the network to the hub in plain text",
    needs=(Hub.listens, Hub.tls),
    settled_by="a live connection to the hub",
    severity=Severity.MEDIUM,
)
def hub_port(hub: Hub, home: Home) -> Judgement:
    """Judge the hub's own port or page: what is typed and sent there, PINs included."""
    tls, listens = hub.tls, hub.listens
    if tls is not None and tls.value:
        return passes(tls, because="Its port is encrypted with TLS.")
    if listens is not None and listens.value == "loopback":
        return passes(listens, tls, because="Only programs on its own host can reach its port.")
    proxies = hub.trusted_proxies
    if tls is not None and proxies is not None and proxies.value:
        return unknown(tls, proxies, because="Its port is not encrypted; whether the proxy before it is, is not known.")
    if tls is None or listens is None:
        return unknown(tls, listens)
    return fails(
        tls,
        listens,
        because="Its port is open to the network and not encrypted: passwords, tokens and PINs can be read on the way.",
        fix=hubs.encrypt_port,
    )


@practice.check(
    "mqtt-tls",
    per=Hub,
    advice=hubs.encrypt_mqtt,
    title="PINs do not cross the network in plain text on their way to the MQTT broker",
    needs=(Hub.mqtt_off_host, Hub.mqtt_tls),
    settled_by="Zigbee2MQTT's data folder (mqtt.server in configuration.yaml)",
    severity=Severity.HIGH,
)
def mqtt_tls(hub: Hub, home: Home) -> Judgement:
    """Judge the way from the hub to a broker on another host."""
    tls = hub.mqtt_tls
    if tls is not None and tls.value:
        return passes(tls, because="The connection to the MQTT broker is encrypted.")
    off_host = hub.mqtt_off_host
    if off_host is None:
        return _without_mqtt(hub) or unknown(tls)
    if not off_host.value:
        return passes(off_host, because="The MQTT broker is on the same host: PINs do not cross the network.")
    if tls is None:
        return unknown(off_host)
    return fails(
        off_host,
        tls,
        because="PINs and lock commands cross the network to the MQTT broker in plain text.",
        fix=hubs.encrypt_mqtt,
    )


@practice.check(
    "mqtt-acl",
    per=Hub,
    advice=hubs.restrict_mqtt,
    title="Other clients of the MQTT broker cannot read or command the locks",
    needs=(Hub.mqtt_acl,),
    settled_by="the broker's access list (acl_file) beside Zigbee2MQTT's data folder",
    severity=Severity.HIGH,
)
def mqtt_acl(hub: Hub, home: Home) -> Judgement:
    """Judge whether the broker keeps other clients off the locks' topics; one that asks nobody is judged by itself."""
    acl = hub.mqtt_acl
    if acl is None:
        return _without_mqtt(hub) or unknown()
    if acl.value:
        return passes(acl, because="The broker's access list keeps other clients off the locks' topics.")
    return fails(
        acl,
        because="Every client of the MQTT broker may read and write the locks' topics, PINs included.",
        fix=hubs.restrict_mqtt,
    )


def _without_mqtt(hub: Hub) -> Judgement | None:
    return other_than(hub, ZIGBEE2MQTT, "is not known to command its locks through an MQTT broker")
