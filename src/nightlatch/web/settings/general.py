"""The home's name and zone, the service, and Home Assistant entities: what each page shows and takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, requires
from typing import Any
from zoneinfo import available_timezones

import msgspec

from nightlatch import __version__
from nightlatch.audit.profiles import load as profile
from nightlatch.configuration.edit import Editor
from nightlatch.configuration.read import load
from nightlatch.errors import NightlatchError, UsageError
from nightlatch.model.event import instant
from nightlatch.secrets import Secret
from nightlatch.web.house import House
from nightlatch.web.settings import doors, keeping, sources
from nightlatch.web.texts import _

PROFILES = ("full", "minimal")


class HomeSettings(msgspec.Struct, frozen=True):
    """`[home]`."""

    name: str
    timezone: str
    profile: str = "full"
    """What is judged: "full", "minimal", or a file of the owner's."""


class ServiceSettings(msgspec.Struct, frozen=True):
    """`[service]`, as far as it is set from a page."""

    audit_every_hours: float
    verify_every_hours: float


class EntitiesSettings(msgspec.Struct, frozen=True):
    """`[entities]`. The password is never told."""

    on: bool
    url: str = ""
    username: str = ""
    has_password: bool = False
    discovery_prefix: str = "homeassistant"
    topic: str = "nightlatch"


class Running(msgspec.Struct, frozen=True):
    """The service as it runs."""

    version: str
    since: datetime
    address: str
    host: str
    port: int
    secure: bool
    file: str
    """Where nightlatch.toml is."""
    folder: str
    """Where everything is kept."""


def home(house: House) -> HomeSettings:
    """As it runs."""
    table = house.configuration.tables.home
    return HomeSettings(table.name, table.timezone, table.profile)


def set_home(house: House, wanted: HomeSettings) -> Callable[[Editor], None]:
    """How the home's table is set. UsageError names the field."""
    name = doors.called(wanted.name)
    if wanted.timezone not in zones():
        raise UsageError(
            _("timezone: there is no time zone %(zone)s", zone=wanted.timezone), todo=_("Choose one of the list.")
        )
    try:
        profile(wanted.profile, house.configuration.base)
    except NightlatchError as error:
        raise UsageError(_("profile: %(why)s", why=error.what), todo=error.todo) from None
    values = {"name": name, "timezone": wanted.timezone, "profile": wanted.profile}
    if wanted.profile == "full":
        values["profile"] = None  # type: ignore[assignment]  # None: the key goes
    return lambda editor: editor.set("home", values)


@cache
def zones() -> tuple[str, ...]:
    """Every time zone by name."""
    return tuple(sorted(name for name in available_timezones() if "/" in name or name == "UTC"))


def service(house: House) -> ServiceSettings:
    """As it runs."""
    table = house.configuration.tables.service
    return ServiceSettings(table.audit_every_hours, table.verify_every_hours)


def set_service(wanted: ServiceSettings) -> Callable[[Editor], None]:
    """How the service's table is set."""
    return lambda editor: editor.set("service", msgspec.structs.asdict(wanted))


def running(house: House) -> Running:
    """The service as it runs."""
    table, reporter = house.configuration.tables.service, house.service.reporter
    address = reporter.address
    return Running(
        __version__,
        instant(reporter.started),
        address,
        table.host,
        table.port,
        address.startswith("https:"),
        str(house.configuration.path),
        str(house.folder),
    )


def entities(house: House) -> EntitiesSettings:
    """As they are shown."""
    table = house.configuration.tables.entities
    if table is None:
        return EntitiesSettings(on=False)
    return EntitiesSettings(
        True, table.url, table.username or "", table.password is not None, table.discovery_prefix, table.topic
    )


def set_entities(house: House, wanted: EntitiesSettings, password: Secret | None) -> Callable[[Editor], None]:
    """How the entities' table is set, or taken away."""
    if not wanted.on:
        return lambda editor: editor.drop("entities") if "entities" in editor.data else None
    if not wanted.url:
        raise UsageError(_("url: where is the broker?"), todo=_("As mqtt://192.168.1.5:1883"))
    values: dict[str, Any] = {
        "url": wanted.url,
        "username": wanted.username or None,
        "discovery_prefix": wanted.discovery_prefix if wanted.discovery_prefix != "homeassistant" else None,
        "topic": wanted.topic if wanted.topic != "nightlatch" else None,
    }
    before = house.configuration.tables.entities
    stays = password is None and before is not None and before.password is not None
    if stays and before is not None and not keeping.same_place(wanted.url, before.url):
        raise sources.elsewhere(_("Password"))
    if password is not None:
        values["password"] = keeping.keep_secret(house.folder, "entities", "password", password)
    return lambda editor: editor.set("entities", values)


class ByHand(msgspec.Struct, frozen=True):
    """The file, where it says otherwise than what runs."""

    differs: bool
    problem: str = ""
    where: str = ""
    todo: str = ""


def by_hand(house: House) -> ByHand:
    """Whether somebody changed the file since it was read, and whether that can be taken."""
    try:
        found = load(house.configuration.path)
    except NightlatchError as error:
        return ByHand(True, error.what, error.where, error.todo)
    # Answers and waivers are read at each audit: nothing starts over for them.
    mine, file = (
        msgspec.structs.replace(one, answers=[], waivers=[]) for one in (house.configuration.tables, found.tables)
    )
    return ByHand(mine != file)


class Licence(msgspec.Struct, frozen=True):
    """A library that Nightlatch is made with."""

    name: str
    version: str
    licence: str


@cache
def licences() -> tuple[Licence, ...]:
    """The libraries that Nightlatch needs, with their licences as they tell them."""
    found = []
    for line in requires("nightlatch") or ():
        if "extra ==" in line:
            continue
        name = line.split(";")[0].split("[")[0]
        for sign in "<>=!~ ":
            name = name.split(sign)[0]
        try:
            meta = distribution(name).metadata
        except PackageNotFoundError:
            continue  # of another system: nothing of it is in use here
        found.append(Licence(meta["Name"], meta["Version"], _licence(meta)))
    return tuple(sorted(found, key=lambda one: one.name.lower()))


def _licence(meta: Any) -> str:
    expression = meta.get("License-Expression")
    classes = [one.rpartition(" :: ")[2] for one in meta.get_all("Classifier") or () if one.startswith("License ::")]
    return str(expression or ", ".join(classes) or (meta.get("License") or "").partition("\n")[0] or "?")
