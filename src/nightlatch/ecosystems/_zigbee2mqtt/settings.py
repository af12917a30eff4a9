"""What Zigbee2MQTT's configuration says, whether from its file or from `bridge/info`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal
from urllib.parse import urlsplit

from nightlatch.ecosystems._listening import is_loopback
from nightlatch.ecosystems._told import Told
from nightlatch.ecosystems._zigbee2mqtt.devices import only
from nightlatch.model.evidence import Item, Ref
from nightlatch.model.hub import Hub
from nightlatch.plugs import Plug

PUBLISHED_KEY = (1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13)
"""What Zigbee2MQTT uses when `advanced.network_key` is not set (its settings documentation and source)."""
_ALLIANCE_KEY = tuple(b"ZigBeeAlliance09")
_TLS = frozenset(("mqtts", "wss", "ssl", "tls"))
_ANY_ADDRESS = frozenset(("", "0.0.0.0", "::"))  # noqa: S104  # compared with, never bound to

FIELDS = (Hub.web_page, Hub.listens, Hub.tls, Hub.mqtt_off_host, Hub.mqtt_tls)


def get(settings: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path, or None where there is none."""
    value: Any = settings
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def items(plug: Plug, hub: Ref, settings: Mapping[str, Any], told: Told) -> Iterator[Item]:
    """The frontend's and the broker connection's settings."""
    yield from _frontend(hub, settings, told)
    server = only(get(settings, "mqtt.server"), str)
    if server:
        yield from _server(plug, hub, settings, told, server)


def network_key_quality(key: Sequence[int]) -> Literal["private", "published_default", "weak"]:
    """`weak`: of few different numbers, counting in equal steps, or the published key of the Zigbee alliance."""
    key = tuple(key)
    if key == PUBLISHED_KEY:
        return "published_default"
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return "weak" if len(set(key)) < 6 or len(steps) == 1 or key == _ALLIANCE_KEY else "private"


def exposes_pins(settings: Mapping[str, Any], address: str, name: str) -> bool:
    """Zigbee2MQTT publishes the PINs of this device: its own option, else the one for all devices."""
    devices = only(settings.get("devices"), dict) or {}
    own = only(devices.get(address) or devices.get(name), dict) or {}
    value = own.get("expose_pin", get(settings, "device_options.expose_pin"))
    return value is True


def has_frontend(settings: Mapping[str, Any]) -> bool:
    """The web frontend runs. Up to version 1 its section alone switched it on; since 2.0 `enabled` does."""
    section = settings.get("frontend")
    if isinstance(section, Mapping):
        return bool(section.get("enabled", "version" not in settings))
    return section is True


def address(settings: Mapping[str, Any], broker: str) -> str:
    """Where the hub is on the network: where its frontend listens, or where the broker on its own machine is.

    `broker` is the host at which this broker was reached; "" when neither tells.
    """
    frontend = only(get(settings, "frontend.host"), str) or ""
    if has_frontend(settings) and "." in frontend and frontend not in _ANY_ADDRESS and not is_loopback(frontend):
        return frontend
    server = _host(only(get(settings, "mqtt.server"), str) or "")
    return broker if is_loopback(server) and not is_loopback(broker) else ""


def _frontend(hub: Ref, settings: Mapping[str, Any], told: Told) -> Iterator[Item]:
    runs = has_frontend(settings)
    yield told(Hub.web_page, hub, runs, "frontend.enabled")
    if not runs:
        return
    host = only(get(settings, "frontend.host"), str) or ""
    if host.startswith("/") or is_loopback(host):
        yield told(Hub.listens, hub, "loopback", "frontend.host")
    else:
        detail = "frontend.host" if host not in _ANY_ADDRESS else "frontend.host: every address"
        yield told(Hub.listens, hub, "network", detail)
    encrypted = bool(get(settings, "frontend.ssl_cert")) and bool(get(settings, "frontend.ssl_key"))
    yield told(Hub.tls, hub, encrypted, "frontend.ssl_cert")


def _server(plug: Plug, hub: Ref, settings: Mapping[str, Any], told: Told, server: str) -> Iterator[Item]:
    host = _host(server)
    if not host:
        yield plug.gap(
            Hub.mqtt_off_host, Hub.mqtt_tls, reason="mqtt.server is not an address", settle="mqtt.server", about=hub
        )
        return
    encrypted = urlsplit(server).scheme in _TLS
    unchecked = encrypted and get(settings, "mqtt.reject_unauthorized") is False
    yield told(Hub.mqtt_tls, hub, encrypted, "mqtt.server" + (", certificate not checked" if unchecked else ""))
    if is_loopback(host):
        yield told(Hub.mqtt_off_host, hub, False, "mqtt.server")
    elif "." in host or ":" in host:
        yield told(Hub.mqtt_off_host, hub, True, "mqtt.server")
    else:
        yield plug.gap(
            Hub.mqtt_off_host,
            reason=f"whether the broker {host!r} runs on the hub's own machine cannot be told from its name",
            settle="the broker's address in mqtt.server: localhost, 127.0.0.1, or that of another machine",
            about=hub,
        )


def _host(server: str) -> str:
    """The host of an address such as mqtt://192.168.1.9:1883, or "" where it has none."""
    try:
        return urlsplit(server).hostname or ""
    except ValueError:
        return ""
