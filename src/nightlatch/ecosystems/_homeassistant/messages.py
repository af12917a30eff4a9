"""What Home Assistant says, over its WebSocket and in its files; only the parts that facts are made of.

Shapes as seen with 2024.3.3; the files in .storage hold the same ones.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

ADMIN = "system-admin"
_MAY_COMMAND = (ADMIN, "system-users")
LONGEST = 128
"""Characters that are kept of a name."""


class User(msgspec.Struct, frozen=True):
    """An account, as `config/auth/list` and .storage/auth have it."""

    id: str
    name: str | None = None
    is_owner: bool = False
    is_active: bool = True
    local_only: bool = False
    system_generated: bool = False
    group_ids: list[str] = []

    @property
    def is_admin(self) -> bool:
        """They may change everything."""
        return self.is_owner or ADMIN in self.group_ids

    @property
    def may_command(self) -> bool:
        """They may command every entity, locks included."""
        return self.is_owner or any(group in _MAY_COMMAND for group in self.group_ids)

    @property
    def is_person(self) -> bool:
        """They can sign in: neither made by the system nor switched off."""
        return self.is_active and not self.system_generated


class Module(msgspec.Struct, frozen=True):
    """A second factor that the asking user could have."""

    id: str
    enabled: bool = False


class Me(msgspec.Struct, frozen=True):
    """`auth/current_user`: whose token it is."""

    id: str
    name: str = ""
    is_owner: bool = False
    is_admin: bool = False
    mfa_modules: list[Module] = []

    @property
    def user(self) -> User:
        """The same as a user of the list; its right to command is told by no group here."""
        return User(self.id, self.name, self.is_owner, group_ids=[ADMIN] if self.is_admin else [])


class Config(msgspec.Struct, frozen=True):
    """`get_config`."""

    version: str
    location_name: str = ""
    external_url: str | None = None
    components: list[str] = []


class Urls(msgspec.Struct, frozen=True):
    """`network/url`, in releases that have it."""

    external: str | None = None


class CloudSettings(msgspec.Struct, frozen=True):
    """What the owner set for Home Assistant Cloud."""

    remote_enabled: bool = False
    alexa_enabled: bool = False
    google_enabled: bool = False


class Cloud(msgspec.Struct, frozen=True):
    """`cloud/status`."""

    logged_in: bool = False
    prefs: CloudSettings = CloudSettings()


class Analytics(msgspec.Struct, frozen=True):
    """`analytics`, and .storage/core.analytics."""

    preferences: dict[str, bool] = {}


class Exposed(msgspec.Struct, frozen=True):
    """`homeassistant/expose_entity/list`: entity, then assistant, then whether it may use it."""

    exposed_entities: dict[str, dict[str, bool]] = {}


class State(msgspec.Struct, frozen=True):
    """An entity's state, of `get_states`."""

    entity_id: str
    state: str
    attributes: dict[str, Any] = {}
    last_changed: str = ""
    last_updated: str = ""

    def text(self, name: str) -> str | None:
        """An attribute that is text, or None."""
        value = self.attributes.get(name)
        return value[:LONGEST] if isinstance(value, str) else None


class Entity(msgspec.Struct, frozen=True):
    """An entry of the entity registry. The values of `options` may be a PIN: only known keys are looked at."""

    entity_id: str
    platform: str = ""
    unique_id: Any = None
    device_id: str | None = None
    disabled_by: str | None = None
    name: str | None = None
    original_name: str | None = None
    options: dict[str, Any] = {}

    def exposed(self) -> dict[str, bool]:
        """By assistant: whether it may use the entity, where that was set."""
        found = {}
        for assistant, option in self.options.items():
            value = option.get("should_expose") if isinstance(option, dict) else None
            if isinstance(value, bool):
                found[assistant] = value
        return found

    @property
    def has_default_code(self) -> bool:
        """A PIN is kept in plain text to open the lock with."""
        option = self.options.get("lock")
        return isinstance(option, dict) and bool(option.get("default_code"))


class Device(msgspec.Struct, frozen=True):
    """An entry of the device registry."""

    id: str
    identifiers: list[list[Any]] = []
    connections: list[list[Any]] = []
    manufacturer: str | None = None
    model: str | None = None
    name: str | None = None
    name_by_user: str | None = None
    serial_number: str | None = None
    sw_version: str | None = None


class Manifest(msgspec.Struct, frozen=True):
    """`manifest/get`."""

    iot_class: str | None = None


class Source(msgspec.Struct, frozen=True):
    """`entity/source`: the integration of an entity."""

    domain: str = ""


def instant(text: str) -> datetime | None:
    """The instant of an ISO time with an offset; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else None
