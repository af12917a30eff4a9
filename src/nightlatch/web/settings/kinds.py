"""What can be connected or read: each kind of source with its form, as plain words for who never saw one."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from nightlatch import plugs
from nightlatch.configuration.plugs import OWN
from nightlatch.ecosystems.interface import Live
from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.web.texts import N_, _

Group = Literal["hubs", "routers", "passwords", "dns", "network", "other"]
GROUPS: dict[Group, str] = {
    "hubs": N_("Hubs and bridges: they know your locks"),
    "routers": N_("Routers: who can reach your home from outside"),
    "passwords": N_("Password managers: are the accounts of your locks well kept?"),
    "dns": N_("DNS logs: whom do your devices talk to?"),
    "network": N_("Looks at the network"),
    "other": N_("Others"),
}
Shape = Literal["text", "url", "secret", "path", "flag", "number", "list"]


class Input(msgspec.Struct, frozen=True):
    """One field of a source's form."""

    name: str
    label: str
    shape: Shape
    help: str = ""
    required: bool = False
    whole: bool = False
    """Of a list: of whole numbers; of a number: a whole one."""


class Kind(msgspec.Struct, frozen=True):
    """A kind of source."""

    kind: str
    title: str
    group: Group
    tells: str
    steps: tuple[str, ...]
    """How to come by what the form asks for."""
    inputs: tuple[Input, ...]
    live: bool
    """Whether it is heard all the time, and not only read at an audit."""
    uploads: bool
    """Whether its file can be sent from the browser."""


TITLES: dict[str, tuple[str, Group, str]] = {
    "homeassistant": ("Home Assistant", "hubs", N_("Locks, accounts, remote access, updates")),
    "zwavejs": ("Z-Wave JS", "hubs", N_("Z-Wave locks: state, codes, settings, security of the link")),
    "zigbee2mqtt": ("Zigbee2MQTT", "hubs", N_("Zigbee locks: state, codes, settings")),
    "matter": (N_("Matter server"), "hubs", N_("Matter locks: state, codes, settings")),
    "simulated": (N_("A simulated home"), "other", N_("Made-up locks, to try everything without touching a door")),
    "openwrt": ("OpenWrt", "routers", N_("Firewall, Wi-Fi, updates, from a backup of the router")),
    "mikrotik": ("MikroTik RouterOS", "routers", N_("Firewall, Wi-Fi, updates, from an export of the router")),
    "opnsense": ("OPNsense", "routers", N_("Firewall and updates, from a backup of the router")),
    "pfsense": ("pfSense", "routers", N_("Firewall and updates, from a backup of the router")),
    "bitwarden": ("Bitwarden", "passwords", N_("Strength and reuse of passwords; never the passwords themselves")),
    "keepass": ("KeePass", "passwords", N_("Strength and reuse of passwords; never the passwords themselves")),
    "1password": ("1Password", "passwords", N_("Strength and reuse of passwords; never the passwords themselves")),
    "browser-csv": (N_("A browser's passwords"), "passwords", N_("Strength and reuse; never the passwords themselves")),
    "pihole": ("Pi-hole", "dns", N_("Which makers of locks your devices talk to; no other name")),
    "adguard": ("AdGuard Home", "dns", N_("Which makers of locks your devices talk to; no other name")),
    "dnsmasq": ("dnsmasq", "dns", N_("Which makers of locks your devices talk to; no other name")),
    "unbound": ("Unbound", "dns", N_("Which makers of locks your devices talk to; no other name")),
    "igd": (N_("Port openings of the router"), "network", N_("What the router would open by UPnP and the like")),
    "host-wifi": (N_("This machine's Wi-Fi"), "network", N_("How well the Wi-Fi that this machine is on is secured")),
    "isolation": (N_("Isolation test"), "network", N_("Knocks at addresses: are your networks kept apart?")),
}  # fmt: skip
STEPS: dict[str, tuple[str, ...]] = {
    "homeassistant": (
        N_("In Home Assistant, signed in as an administrator, open your profile (your name at the bottom left)."),
        N_("Under Security, at the end: Long-lived access tokens, Create token. Call it Nightlatch, and copy it."),
    ),
    "zwavejs": (
        N_("In Z-Wave JS UI: Settings, Home Assistant, switch on WS Server. Its port is 3000 unless you change it."),
    ),
    "zigbee2mqtt": (
        N_("Give the address of the MQTT broker that Zigbee2MQTT uses, and an account that may read there."),
    ),
    "matter": (N_("The Matter server of Home Assistant answers on port 5580 where that is open to this machine."),),
    "openwrt": (N_("In LuCI: System, Backup / Flash Firmware, Generate archive. Upload the file that you get."),),
    "mikrotik": (N_("In a terminal of the router: export file=nightlatch; then download nightlatch.rsc from Files."),),
    "opnsense": (N_("System, Configuration, Backups, Download; without encryption."),),
    "pfsense": (N_("Diagnostics, Backup & Restore, Download; without encryption."),),
    "bitwarden": (N_("Settings, Export vault, JSON; best encrypted with a password, that you give here."),),
    "keepass": (N_("Upload the .kdbx file itself, and give its password."),),
    "1password": (N_("File, Export, 1PUX. Delete the export afterwards: anybody who finds it can read it."),),
    "browser-csv": (N_("Export passwords in the browser's settings. Delete the export afterwards."),),
}
LABELS: dict[str, tuple[str, str]] = {
    "url": (N_("Address"), N_("As http://192.168.1.5:8123, ws://192.168.1.5:3000 or mqtt://192.168.1.5:1883")),
    "token": (N_("Access token"), N_("Kept in a file that only Nightlatch can read. It is never shown again.")),
    "password": (N_("Password"), N_("Kept in a file that only Nightlatch can read. It is never shown again.")),
    "username": (N_("Account"), ""),
    "path": (N_("Path of the file"), N_("A file or folder on the machine that Nightlatch runs on")),
    "config": (N_("Its configuration folder"), N_("On the machine that Nightlatch runs on, where it can be read")),
    "data": (N_("Its data folder"), N_("On the machine that Nightlatch runs on, where it can be read")),
    "base_topic": (N_("Topic"), N_("As set in Zigbee2MQTT; usually zigbee2mqtt")),
    "gateway": (N_("Address of the router"), N_("Nothing: the one that this machine uses")),
    "targets": (N_("Addresses"), N_("Of devices on the other network, with commas between")),
    "ports": (N_("Ports"), N_("With commas between")),
    "targets_answer": (N_("The devices answer to others on their own network"), ""),
    "doors": (N_("Doors"), N_("Ids with commas between")),
    "people": (N_("People who come and go by themselves"), ""),
    "pace": (N_("How many times faster the day goes"), ""),
}
PLACES: dict[str, str] = {
    "homeassistant": "http://homeassistant.local:8123",
    "zwavejs": "ws://127.0.0.1:3000",
    "zigbee2mqtt": "mqtt://127.0.0.1:1883",
    "matter": "ws://127.0.0.1:5580/ws",
}
"""Where each is found most often."""
NEEDED = {"homeassistant": ("url", "token"), "zigbee2mqtt": ("url",)}
FEW = {"simulated": ("doors", "people", "pace"), "isolation": ("targets", "ports", "targets_answer")}
"""Kinds of which a form sets some settings only."""
UPLOADED: tuple[Group, ...] = ("routers", "passwords")


@cache
def kinds() -> dict[str, Kind]:
    """Every kind that can be added, by group."""
    order = list(GROUPS)
    found = [_kind(name) for name in plugs.kinds() if name not in OWN]
    return {one.kind: one for one in sorted(found, key=lambda one: (order.index(one.group), one.title.lower()))}


def kind(name: str) -> Kind:
    """The kind of this name; UsageError where there is none."""
    found = kinds().get(name)
    if found is None:
        raise UsageError(_("there is no source of kind %(kind)s", kind=name))
    return found


def title(name: str) -> str:
    """What people call a kind."""
    return _(TITLES[name][0]) if name in TITLES else name


def _kind(name: str) -> Kind:
    plug = plugs.find(name)
    group: Group
    called, group, tells = TITLES.get(name, (name, "other", (plug.__doc__ or "").partition("\n")[0]))
    inputs = tuple(one for one in (_input(name, field) for field in msgspec.structs.fields(plug.Settings)) if one)
    live = issubclass(plug, Live)
    return Kind(name, _(called), group, _(tells), STEPS.get(name, ()), inputs, live, group in UPLOADED)


def _input(kind_: str, field: Any) -> Input | None:
    if kind_ in FEW and field.name not in FEW[kind_]:
        return None
    shape, whole = _shape(field.type)
    if shape is None:
        return None
    label, help_ = LABELS.get(field.name, (field.name.replace("_", " ").capitalize(), ""))
    required = field.required or field.name in NEEDED.get(kind_, ())
    if shape == "text" and field.name == "url":
        shape = "url"
    return Input(field.name, label, shape, help_, required, whole)


def _shape(wanted: Any) -> tuple[Shape | None, bool]:
    if isinstance(wanted, types.UnionType):
        wanted = next(one for one in typing.get_args(wanted) if one is not types.NoneType)
    if typing.get_origin(wanted) is tuple:
        inner = typing.get_args(wanted)[0]
        return ("list", inner is int) if inner in (str, int) else (None, False)
    shapes: dict[Any, tuple[Shape, bool]] = {
        Secret: ("secret", False),
        Path: ("path", False),
        bool: ("flag", False),
        int: ("number", True),
        float: ("number", False),
        str: ("text", False),
    }
    return shapes.get(wanted, (None, False))


def read(kind_: Kind, form: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a form gives, without secrets; None: not given. UsageError names the field."""
    found: dict[str, Any] = {}
    for one in kind_.inputs:
        raw = form.get(one.name, "")
        text = raw.strip() if isinstance(raw, str) else ""
        if one.shape == "secret":
            continue
        if one.shape == "flag":
            found[one.name] = bool(text) or None
        elif not text:
            found[one.name] = None
        elif one.shape == "number":
            found[one.name] = _number(one, text)
        elif one.shape == "list":
            words = [word.strip() for word in text.split(",") if word.strip()]
            found[one.name] = [int(_number(one, word)) for word in words] if one.whole else words
        else:
            found[one.name] = text
    return found


def _number(one: Input, text: str) -> int | float:
    try:
        return int(text) if one.whole else float(text)
    except ValueError:
        raise UsageError(_("%(field)s: this is no number", field=_(one.label))) from None


def typed(kind_: Kind, values: Mapping[str, Any]) -> dict[str, str]:
    """Settings as a form shows them. Of a secret nothing."""
    shown: dict[str, str] = {}
    for one in kind_.inputs:
        value = values.get(one.name)
        if one.shape == "secret" or value is None:
            shown[one.name] = ""
        elif isinstance(value, list | tuple):
            shown[one.name] = ", ".join(str(word) for word in value)
        else:
            shown[one.name] = ("yes" if value else "") if one.shape == "flag" else str(value)
    return shown
