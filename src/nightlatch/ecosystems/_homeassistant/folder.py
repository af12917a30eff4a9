"""Home Assistant's configuration folder: what the running server tells nobody, and who can read its files.

Of every file only the parts named here are kept. Secrets (the seeds of authenticator apps, tokens, a lock's
default code) are looked at for being there, and never kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from nightlatch.ecosystems._homeassistant import locks, people
from nightlatch.ecosystems._homeassistant.hub import (
    HTTP_FIELDS,
    Http,
    analytics_claim,
    cloud_claims,
    http_claims,
    origin,
    plain_pins_claim,
    voice_claim,
)
from nightlatch.ecosystems._homeassistant.messages import Analytics, Cloud, CloudSettings, Device, Entity, User
from nightlatch.ecosystems._told import Told
from nightlatch.errors import ReadError
from nightlatch.model.evidence import Grade, Item, Ref
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.plugs import Plug
from nightlatch.reading import structured
from nightlatch.reading.files import MIB, modified, read_bytes, read_text, readable_by_others

T = TypeVar("T")

ONLY_HERE = (Hub.trusted_networks, *HTTP_FIELDS, Hub.open_files)
"""What the running Home Assistant tells nobody of itself."""
FIELDS = (
    *people.FIELDS,
    *HTTP_FIELDS,
    *(Hub.trusted_networks, Hub.tls, Hub.external_url, Hub.version, Hub.cloud_connected, Hub.remote_access),
    *(Hub.software, Hub.analytics, Hub.voice_exposed, Hub.open_files, Hub.plain_pins, Hub.locks),
)

_LIMIT = 32 * MIB
_VERSION = re.compile(r"\d[\w.+-]{0,31}")
_PRIVATE = ("auth", "auth_module.totp", "auth_provider.homeassistant", "core.config_entries", "cloud")
"""Files of .storage that hold tokens, seeds or passwords."""
_TO_READ = "Run as the user that Home Assistant runs as, or give a copy of the folder that this user can read."


class _Stored(msgspec.Struct, Generic[T], frozen=True):
    """A file of .storage."""

    data: T


class _Users(msgspec.Struct, frozen=True):
    users: list[User]


class _Modules(msgspec.Struct, frozen=True):
    """Only the keys are looked at; the values are secrets and stay undecoded."""

    users: dict[str, msgspec.Raw] = {}


class _Entities(msgspec.Struct, frozen=True):
    entities: list[Entity]


class _Devices(msgspec.Struct, frozen=True):
    devices: list[Device]


class _Use(msgspec.Struct, frozen=True):
    should_expose: bool = False


class _Assistants(msgspec.Struct, frozen=True):
    assistants: dict[str, _Use] = {}


class _Unregistered(msgspec.Struct, frozen=True):
    exposed_entities: dict[str, _Assistants] = {}


class _Core(msgspec.Struct, frozen=True):
    external_url: str | None = None


class Folder:
    """Reads one folder. A file that cannot be read costs the facts that it would have given, and no others."""

    def __init__(self, path: Path, plug: Plug, hub: Ref) -> None:
        self._path = path
        self._storage = path / ".storage"
        self._plug = plug
        self._hub = hub

    def read(self) -> Iterator[Item]:
        """The facts, each with its file. ReadError when this is no configuration folder."""
        try:
            here = self._storage.is_dir()
        except OSError as error:
            raise ReadError(f"cannot be read: {error.strerror}", where=str(self._path), todo=_TO_READ) from None
        if not here:
            raise ReadError(
                "holds no .storage folder",
                where=str(self._path),
                todo="Give Home Assistant's configuration folder, the one with configuration.yaml in it.",
            )
        yield self._told(self._storage)(Hub.software, self._hub, "homeassistant")
        parts = (
            (self._people, (Hub.users, Hub.admins)),
            (self._http, (*HTTP_FIELDS, Hub.tls)),
            (self._configuration, (Hub.trusted_networks, Hub.external_url)),
            (self._locks, (Hub.locks, Hub.voice_exposed, Hub.plain_pins)),
            (self._cloud, (Hub.cloud_connected, Hub.remote_access)),
            (self._analytics, (Hub.analytics,)),
            (self._version, (Hub.version,)),
            (self._open_files, (Hub.open_files,)),
        )
        for part, fields in parts:
            try:
                yield from part()
            except ReadError as error:
                yield self._plug.gap(*fields, reason=str(error), settle=error.todo or _TO_READ, about=self._hub)

    def _people(self) -> Iterator[Item]:
        users, told = self._needed("auth", _Users)
        has_locks = True if self._known_locks() else None  # an entity of no registry would not be seen
        yield from people.accounts(self._plug, self._hub, users.users, told, has_locks=has_locks)
        try:
            totp, where = self._stored("auth_module.totp", _Modules) or (_Modules(), told)
            notified, _ = self._stored("auth_module.notify", _Modules) or (_Modules(), told)
            on = self._modules()
        except ReadError as error:
            yield from people.unread_factors(self._plug, users.users, str(error), error.todo or _TO_READ)
            return
        yield from people.second_factors(
            self._plug,
            users.users,
            set(totp.users) if "totp" in on else set(),
            set(notified.users) if "notify" in on else set(),
            Told(".storage/auth_module.totp", where.at, Grade.RECORDED),
        )

    def _modules(self) -> set[str]:
        """The second factors that are asked for: a stored one of a module that is off is not."""
        core = self._section(self._path / "configuration.yaml", "homeassistant")
        if "auth_mfa_modules" not in core:
            return {"totp"}  # Home Assistant's default
        modules = _listed(core["auth_mfa_modules"])
        return {str(module.get("type")) for module in modules if isinstance(module, dict)}

    def _http(self) -> Iterator[Item]:
        # Home Assistant keeps a copy of the settings in force, some minutes after it started.
        http, told = self._stored("http", Http) or self._written_http()
        yield from http_claims(self._hub, http, told)
        yield told(Hub.tls, self._hub, http.ssl_certificate is not None, "ssl_certificate")

    def _written_http(self) -> tuple[Http, Told]:
        path = self._path / "configuration.yaml"
        section = dict(self._section(path, "http"))
        section["trusted_proxies"] = _listed(section.get("trusted_proxies"))
        try:
            return msgspec.convert(section, Http), self._told(path)
        except msgspec.ValidationError as error:
            raise ReadError(f"has an http section that cannot be read: {error}", where=path.name) from None

    def _configuration(self) -> Iterator[Item]:
        path = self._path / "configuration.yaml"
        core, told = self._section(path, "homeassistant"), self._told(path)
        networks: list[str] = []
        for provider in _listed(core.get("auth_providers")):
            if isinstance(provider, dict) and provider.get("type") == "trusted_networks":
                networks += [str(network) for network in _listed(provider.get("trusted_networks"))]
        yield told(Hub.trusted_networks, self._hub, tuple(networks), "homeassistant.auth_providers")
        url, where = core.get("external_url"), told
        if not isinstance(url, str):
            stored, where = self._stored("core.config", _Core) or (_Core(), told)
            url = stored.external_url
        yield where(Hub.external_url, self._hub, origin(url), "external_url")

    def _locks(self) -> Iterator[Item]:
        entities, told = self._needed("core.entity_registry", _Entities)
        found = self._known_locks()
        refs = tuple(self._plug.ref(Lock, one.entity_id) for one in found)
        yield told(Hub.locks, self._hub, refs)
        for ref, one in zip(refs, found, strict=True):
            yield from locks.identity(ref, one)
            yield from locks.described(self._plug, self._hub, one, told)
        exposed: list[tuple[str, Mapping[str, bool]]] = [(one.entity_id, one.exposed()) for one in entities.entities]
        unregistered = self._stored("homeassistant.exposed_entities", _Unregistered)
        if unregistered is not None:
            exposed += [
                (entity_id, {name: use.should_expose for name, use in each.assistants.items()})
                for entity_id, each in unregistered[0].exposed_entities.items()
            ]
        yield voice_claim(self._hub, exposed, self._cloud_settings()[0], told)
        yield from plain_pins_claim(self._hub, entities.entities, told)

    def _cloud(self) -> Iterator[Item]:
        cloud, told = self._cloud_settings()
        yield from cloud_claims(self._hub, cloud, told)

    def _analytics(self) -> Iterator[Item]:
        stored = self._stored("core.analytics", Analytics)
        if stored is not None:
            yield analytics_claim(self._hub, *stored)

    def _version(self) -> Iterator[Item]:
        path = self._path / ".HA_VERSION"
        if path.exists():
            version = read_text(path, limit=MIB).strip()
            if not _VERSION.fullmatch(version):
                raise ReadError("holds no version", where=path.name)
            yield self._told(path)(Hub.version, self._hub, version)

    def _open_files(self) -> Iterator[Item]:
        paths = [self._storage / name for name in _PRIVATE]
        paths += [self._path / "secrets.yaml", self._path / ".cloud" / "production_auth.json"]
        found = [path for path in paths if path.exists() and readable_by_others(path)]
        names = tuple(str(path.relative_to(self._path)) for path in found)
        yield Hub.open_files.claim(self._hub, names, where="permissions", grade=Grade.OBSERVED)

    def _cloud_settings(self) -> tuple[Cloud, Told]:
        """Whether a sign-in to the cloud is kept; the file with its tokens is not opened."""
        path = self._path / ".cloud" / "production_auth.json"
        stored = self._stored("cloud", CloudSettings)
        told = self._told(path if path.exists() else self._storage)
        return Cloud(path.exists(), stored[0] if stored else CloudSettings()), told

    def _known_locks(self) -> list[locks.Known]:
        entities = self._stored("core.entity_registry", _Entities)
        devices = self._stored("core.device_registry", _Devices)
        return locks.known(entities[0].entities if entities else [], devices[0].devices if devices else [])

    def _needed(self, name: str, type_: type[T]) -> tuple[T, Told]:
        found = self._stored(name, type_)
        if found is None:
            raise ReadError(
                "does not exist",
                where=f".storage/{name}",
                todo="Home Assistant writes it while it runs: give the folder of one that has run.",
            )
        return found

    def _stored(self, name: str, type_: type[T]) -> tuple[T, Told] | None:
        """A file of .storage and where its statements come from; None when there is no such file."""
        path = self._storage / name
        try:
            if not path.exists():
                return None
        except OSError as error:
            raise ReadError(f"cannot be read: {error.strerror}", where=f".storage/{name}", todo=_TO_READ) from None
        found: _Stored[T] = structured.json(
            read_bytes(path, limit=_LIMIT),
            _Stored[type_],  # type: ignore[valid-type]  # a type that is known only here
            where=f".storage/{name}",
        )
        return found.data, self._told(path)

    def _section(self, path: Path, name: str) -> Mapping[str, Any]:
        """A section of configuration.yaml, also when it stands in a file of its own (`!include name.yaml`)."""
        whole = structured.yaml(read_text(path, limit=MIB), where=path.name)
        if not isinstance(whole, dict | None):
            raise ReadError("holds no settings", where=path.name)
        section = whole.get(name) if whole else None
        if isinstance(section, str) and section.startswith("!include "):
            other = (self._path / section.removeprefix("!include ").strip()).resolve()
            if not other.is_relative_to(self._path.resolve()):
                raise ReadError(f"includes {name} from outside the folder", where=path.name)
            section = structured.yaml(read_text(other, limit=MIB), where=other.name)
        if section is None:
            return {}
        if not isinstance(section, dict):
            raise ReadError(f"has a section {name} that cannot be read", where=path.name)
        return section

    def _told(self, path: Path) -> Told:
        return Told(str(path.relative_to(self._path)), modified(path), Grade.RECORDED)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
