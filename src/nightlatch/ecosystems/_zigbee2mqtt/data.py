"""Zigbee2MQTT's data folder: its configuration, the key's quality, who can read its files, the broker's files.

Keys, passwords, tokens and PINs are looked at and forgotten; only what derives from them is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.ecosystems import _mosquitto as mosquitto
from nightlatch.ecosystems._codes import Code
from nightlatch.ecosystems._told import Told
from nightlatch.ecosystems._zigbee2mqtt import devices, files
from nightlatch.ecosystems._zigbee2mqtt import settings as z2m
from nightlatch.ecosystems._zigbee2mqtt.devices import only
from nightlatch.errors import ReadError
from nightlatch.model.evidence import Claim, Grade, Item, Ref
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.thing import Field
from nightlatch.plugs import Plug
from nightlatch.reading import structured
from nightlatch.reading.files import MIB, decode, modified, read_bytes, readable_by_others

T = TypeVar("T")

SETTINGS_LIMIT = 4 * MIB
DATABASE_LIMIT = 64 * MIB
STATE_LIMIT = 16 * MIB

FIELDS = (Hub.network_key, Hub.frontend_sign_in, Hub.plain_pins, Hub.open_files)

# `!secret name` and `!other.yaml name` name a value in secret.yaml or other.yaml; Zigbee2MQTT follows them here:
_REFERENCE = re.compile(r"!(\S+) (\S+)")
_SECRET = ("password", "auth_token", "network_key")
_REFERRING = (
    *(("mqtt", "server"), ("mqtt", "user"), ("mqtt", "password")),
    *(("frontend", "auth_token"), ("advanced", "network_key")),
)


class InYaml(Told, frozen=True):
    """Statements of a YAML file, each with its line."""

    lines: Mapping[str, int] = {}

    def __call__(self, field: Field[T], about: Ref, value: T, detail: str = "") -> Claim:
        """The claim, with the line of the setting that the detail begins with."""
        return field.claim(about, value, where=self.place(detail), at=self.at, grade=self.grade)

    def place(self, detail: str) -> str:
        """The file and line of a setting; of its nearest parent where it is not set itself."""
        path = re.split("[ :,]", detail, maxsplit=1)[0]
        while path and path not in self.lines:
            path = path.rpartition(".")[0]
        where = f"{self.where}:{self.lines[path]}" if path else self.where
        return f"{where} ({detail})" if detail else where


class _Key(msgspec.Struct, frozen=True):
    key: str


class _Backup(msgspec.Struct, frozen=True):
    """coordinator_backup.json, in the format open-coordinator-backup."""

    network_key: _Key


class _Endpoint(msgspec.Struct, frozen=True, rename={"clusters": "inClusterList"}):
    clusters: list[int] = []


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    """A line of database.db."""

    ieee_addr: str = ""
    manuf_name: str | None = None
    model_id: str | None = None
    sw_build_id: str | None = None
    endpoints: dict[str, _Endpoint] = {}


class DataFolder:
    """Reads one data folder. `read` yields what it can; what it cannot read becomes a gap."""

    def __init__(self, folder: Path, plug: Plug, catalogue: Catalogue) -> None:
        self.folder = folder
        self.plug = plug
        self.catalogue = catalogue
        self.hub = devices.hub_ref(plug)
        self.codes: list[Code] = []
        """The PINs met while reading, of which `_codes.claims` tells."""
        self._settings: dict[str, Any] = {}
        self._told = InYaml("configuration.yaml")
        self._secret_files: list[Path] = []
        self._unread: set[str] = set()
        self._lock_names: list[str] = []

    def read(self) -> Iterator[Item]:
        """The facts. ReadError when configuration.yaml cannot be used: then it is no data folder."""
        path = self.folder / "configuration.yaml"
        self._settings, text = self._yaml(path)
        self._told = InYaml("configuration.yaml", modified(path), Grade.RECORDED, _line_numbers(text))
        self._follow_references()
        yield self._told(Hub.software, self.hub, "zigbee2mqtt")
        yield from z2m.items(self.plug, self.hub, self._settings, self._told)
        yield from self._sign_in()
        yield from self._attempt(self._network_key, Hub.network_key, file="coordinator_backup.json")
        if (joining := only(self._settings.get("permit_join"), bool)) is not None:
            yield self._told(Hub.permit_join, self.hub, joining, "permit_join")
        yield from self._attempt(self._locks, Lock.hub, file="database.db")
        yield from self._attempt(self._broker, Hub.mqtt_anonymous, Hub.mqtt_acl, file="mosquitto.conf")
        yield from self._attempt(self._files, Hub.plain_pins, Hub.open_files, file="the data folder")

    def _attempt(self, part: Callable[[], Iterator[Item]], *fields: Any, file: str) -> Iterator[Item]:
        """One part of the folder; when it cannot be read its facts become a gap, and the rest goes on."""
        try:
            yield from part()
        except ReadError as error:
            yield self.plug.gap(*fields, reason=str(error), settle=f"a readable {file}", about=self.hub)

    def _yaml(self, path: Path) -> tuple[dict[str, Any], str]:
        text = decode(read_bytes(path, limit=SETTINGS_LIMIT), where=str(path))
        parsed = structured.yaml(text, where=str(path))
        if not isinstance(parsed, dict):
            raise ReadError("holds no settings", where=str(path), todo="Is it Zigbee2MQTT's data folder?")
        return {str(key): value for key, value in parsed.items()}, text

    # Settings that hold secrets

    def _follow_references(self) -> None:
        """Put in place of each reference what it refers to; note which files hold secrets.

        A reference that cannot be followed is left out of the settings and noted in `_unread`.
        """
        for section, name in _REFERRING:
            settings = only(self._settings.get(section), dict) or {}
            value = settings.get(name)
            file = self.folder / "configuration.yaml"
            if isinstance(value, str) and (reference := _REFERENCE.fullmatch(value)):
                named = Path(reference[1]).name
                file = self.folder / (named if named.endswith((".yaml", ".yml")) else f"{named}.yaml")
                try:
                    value = self._yaml(file)[0].get(reference[2])
                except ReadError:
                    # Its text is not repeated: a password that looks like a reference would be told.
                    value = None
                    self._unread.add(f"{section}.{name}")
                settings[name] = value
            if value and name in _SECRET and file not in self._secret_files:
                self._secret_files.append(file)

    def _cannot_follow(self, path: str, *fields: Any) -> Item:
        where = self._told.place(path)
        return self.plug.gap(
            *fields,
            reason=f"{where} refers to a file that cannot be read",
            settle="a readable secret.yaml in the data folder",
            about=self.hub,
        )

    def _sign_in(self) -> Iterator[Item]:
        told, hub = self._told, self.hub
        if "frontend.auth_token" in self._unread:
            yield self._cannot_follow("frontend.auth_token", Hub.frontend_sign_in)
        elif z2m.has_frontend(self._settings):
            token = z2m.get(self._settings, "frontend.auth_token")
            yield told(Hub.frontend_sign_in, hub, bool(token), "frontend.auth_token")
        signs_in = any(z2m.get(self._settings, f"mqtt.{name}") for name in ("user", "password", "cert"))
        if "mqtt.user" not in self._unread and "mqtt.password" not in self._unread and not signs_in:
            yield told(Hub.mqtt_anonymous, hub, True, "mqtt.user: not set, so the hub itself signs in without one")

    def _network_key(self) -> Iterator[Item]:
        """From the configuration, and from the backup of what the coordinator really uses."""
        backup = self.folder / "coordinator_backup.json"
        if backup.is_file():
            quality = z2m.network_key_quality(_backup_key(backup))
            self._secret_files.append(backup)
            told = Told(backup.name, modified(backup), Grade.RECORDED)
            yield told(Hub.network_key, self.hub, quality, "network_key.key")
        path = "advanced.network_key"
        value = z2m.get(self._settings, path)
        if path in self._unread:
            yield self._cannot_follow(path, Hub.network_key)
        elif isinstance(value, list) and len(value) == 16 and all(type(one) is int for one in value):
            yield self._told(Hub.network_key, self.hub, z2m.network_key_quality(value), path)
        elif value is not None:
            yield self.plug.gap(
                Hub.network_key,
                reason=f"{self._told.place(path)} is not a key of 16 numbers",
                settle="coordinator_backup.json, which Zigbee2MQTT writes once it has run",
                about=self.hub,
            )
        elif not backup.is_file():
            detail = f"{path}: not set, so the published one is used"
            yield self._told(Hub.network_key, self.hub, "published_default", detail)

    # Locks

    def _locks(self) -> Iterator[Item]:
        database, state_file = self.folder / "database.db", self.folder / "state.json"
        if not database.is_file():
            return
        states: dict[str, Any] = {}
        if state_file.is_file():
            states = structured.json(read_bytes(state_file, limit=STATE_LIMIT), dict[str, Any], where=str(state_file))
        told = Told(database.name, modified(database), Grade.RECORDED)
        names = self._names()
        found: list[Ref] = []
        for device in _database(database):
            if len(found) == devices.MOST_LOCKS:
                break
            known = self.catalogue.zigbee(device.model_id) if device.model_id else None
            model = getattr(known.entry, "model", "") if known else ""
            device = msgspec.structs.replace(  # noqa: PLW2901  # the same device, completed
                device,
                friendly_name=names.get(device.ieee_address, device.ieee_address),
                definition=devices.Definition(model, known.maker) if known and model else None,
            )
            lock = self.plug.ref(Lock, device.ieee_address)
            found.append(lock)
            self._lock_names.append(device.friendly_name)
            yield from devices.lock_items(self.plug, self.hub, device, told)
            if z2m.exposes_pins(self._settings, device.ieee_address, device.friendly_name):
                yield self._told(Lock.pin_over_air, lock, True, f"devices.{device.ieee_address}.expose_pin")
            if state := only(states.get(device.ieee_address), dict):
                seen = Told(state_file.name, modified(state_file), Grade.RECORDED)
                yield from devices.state_items(self.plug, device.ieee_address, state, seen)
                self.codes += devices.codes(self.plug, device.ieee_address, state, seen, known)
        yield told(Hub.locks, self.hub, tuple(found))

    def _names(self) -> dict[str, str]:
        """Friendly names by address; `devices` may be the name of another file, or a list of such."""
        listed = self._settings.get("devices")
        files = [listed] if isinstance(listed, str) else listed if isinstance(listed, list) else []
        found = dict(listed) if isinstance(listed, dict) else {}
        for name in files[:20]:
            if (self.folder / Path(str(name)).name).is_file():
                found |= self._yaml(self.folder / Path(str(name)).name)[0]
        self._settings["devices"] = found
        return {
            str(key): str(z2m.get(one, "friendly_name") or key) for key, one in found.items() if isinstance(one, dict)
        }

    # The broker, and the files themselves

    def _broker(self) -> Iterator[Item]:
        base = only(z2m.get(self._settings, "mqtt.base_topic"), str) or "zigbee2mqtt"
        names = self._lock_names or ["a lock"]
        topics = [f"{base}/{name}/{order}" for name in names for order in ("set", "get")]
        user = only(z2m.get(self._settings, "mqtt.user"), str)
        yield from mosquitto.items(self.plug, self.hub, self.folder, topics, user)

    def _files(self) -> Iterator[Item]:
        told = Told("data folder", None, Grade.RECORDED)
        pins = files.with_pins(self.folder)
        yield told(
            Hub.plain_pins,
            self.hub,
            tuple(str(one.relative_to(self.folder)) for one in pins),
            "state.json, database.db, log",
        )
        secret = dict.fromkeys([*self._secret_files, *pins])
        open_to_others = [one for one in secret if readable_by_others(one)]
        yield told(
            Hub.open_files, self.hub, tuple(str(one.relative_to(self.folder)) for one in open_to_others), "modes"
        )


def _backup_key(path: Path) -> list[int]:
    backup: _Backup = structured.json(read_bytes(path, limit=SETTINGS_LIMIT), _Backup, where=str(path))
    try:
        key = list(bytes.fromhex(backup.network_key.key))
    except ValueError:
        key = []
    if len(key) != 16:
        raise ReadError("holds no network key of 32 hexadecimal digits", where=f"{path} (network_key.key)")
    return key


def _database(path: Path) -> Iterator[devices.Device]:
    """The locks of database.db: one JSON document a line. ReadError at a line that is none."""
    # Line by line: a list of all the short lines of a hostile file would take many times its size.
    for number, line in enumerate(BytesIO(read_bytes(path, limit=DATABASE_LIMIT)), 1):
        if not line.strip():
            continue
        entry: _Entry = structured.json(line, _Entry, where=f"{path}:{number}")
        if any(devices.DOOR_LOCK_CLUSTER in one.clusters for one in entry.endpoints.values()) and entry.ieee_addr:
            yield devices.Device(
                entry.ieee_addr,
                manufacturer=entry.manuf_name,
                model_id=entry.model_id,
                software_build_id=entry.sw_build_id,
            )


def _line_numbers(text: str) -> dict[str, int]:
    """Where each setting stands, by its dotted path, three levels deep. `text` was parsed before."""
    import yaml

    found: dict[str, int] = {}

    def walk(node: yaml.Node, path: str, depth: int) -> None:
        for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
            name = f"{path}.{key.value}" if path else str(key.value)
            found[name] = key.start_mark.line + 1
            if depth < 3:
                walk(value, name, depth + 1)

    root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if root is not None:
        walk(root, "", 1)
    return found
