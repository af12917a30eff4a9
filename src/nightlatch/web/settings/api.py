"""The settings for programs: the same structs as the pages'. No secret is ever in an answer."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from nightlatch.errors import UsageError
from nightlatch.secrets import Secret
from nightlatch.web.house import House
from nightlatch.web.settings import backups, changing, doors, finding, general, kinds, privacy, sourceacts, sources
from nightlatch.web.settings.backups import BackupView
from nightlatch.web.settings.doors import Binding, DoorsView
from nightlatch.web.settings.finding import SearchView
from nightlatch.web.settings.general import EntitiesSettings, HomeSettings, Running, ServiceSettings
from nightlatch.web.settings.privacy import PrivacyView
from nightlatch.web.settings.sources import SourceView
from nightlatch.web.settings.trying import Tried
from nightlatch.web.signin.who import Who, fresh, may

SETTINGS = [may("settings")]
WRITES = [may("settings"), fresh]
TAGS = ["settings"]


class AllSettings(msgspec.Struct, frozen=True):
    """How everything is set."""

    digest: str
    """Of nightlatch.toml: give it as `since`, and nothing is overwritten that was changed meanwhile."""
    home: HomeSettings
    service: ServiceSettings
    entities: EntitiesSettings
    privacy: PrivacyView
    backup: BackupView
    running: Running
    sources: tuple[SourceView, ...]


class Retention(msgspec.Struct, frozen=True):
    """For how long contents of the journal are kept."""

    days: Annotated[int, msgspec.Meta(ge=0, le=privacy.LONGEST_DAYS)]
    """0: for ever."""


class SourceWanted(msgspec.Struct, frozen=True):
    """A source as it is to be."""

    kind: str
    settings: dict[str, str | int | float | bool | list[str | int] | None] = {}
    """Its settings by name, as in nightlatch.toml; secrets themselves, which are kept in private files."""
    anyway: bool = False
    """Whether it is kept even if it does not answer."""


@get("/api/settings", guards=SETTINGS, tags=TAGS)
async def every(house: NamedDependency[House]) -> AllSettings:
    """How everything is set, without any secret."""
    return AllSettings(
        changing.since(house),
        general.home(house),
        general.service(house),
        general.entities(house),
        await house.read(lambda: privacy.view(house)),
        backups.view(house),
        general.running(house),
        sources.views(house),
    )


@put("/api/settings/home", guards=WRITES, tags=TAGS)
async def home(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    data: JSONBody[HomeSettings],
    since: FromQuery[str] = "",
) -> HomeSettings:
    """Set the home's name, time zone and profile. The service starts over to take it."""
    await changing.change(house, request.user, general.set_home(house, data), name="home-changed", since=since)
    return data


@put("/api/settings/service", guards=WRITES, tags=TAGS)
async def service(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    data: JSONBody[ServiceSettings],
    since: FromQuery[str] = "",
) -> ServiceSettings:
    """Set how often is audited and verified. The service starts over to take it."""
    await changing.change(house, request.user, general.set_service(data), name="service-changed", since=since)
    return data


@put("/api/settings/retention", guards=WRITES, tags=TAGS)
async def retention(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    data: JSONBody[Retention],
    since: FromQuery[str] = "",
) -> Retention:
    """Set for how long contents of the journal are kept. The service starts over to take it."""
    made = privacy.keep_for(data.days)
    detail = str(data.days)
    await changing.change(house, request.user, made, name="retention-changed", since=since, detail=detail)
    return data


@get("/api/settings/sources", guards=SETTINGS, tags=TAGS)
async def listing(house: NamedDependency[House]) -> tuple[SourceView, ...]:
    """Every source, and how it fares."""
    return sources.views(house)


@post("/api/settings/sources", guards=WRITES, tags=TAGS, status_code=200)
async def add(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    data: JSONBody[SourceWanted],
    since: FromQuery[str] = "",
) -> Tried:
    """Try a source, and add it if it answers. The service starts over to take it."""
    return await sourceacts.add(house, request.user, _wanted(data), since=since, anyway=data.anyway)


@put("/api/settings/sources/{source:str}", guards=WRITES, tags=TAGS)
async def change(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    source: FromPath[str],
    data: JSONBody[SourceWanted],
    since: FromQuery[str] = "",
) -> Tried:
    """Try a source as it would be, and change it if it answers. A secret that is not given stays."""
    if sources.one(house, source).kind != data.kind:
        raise UsageError("a source cannot become one of another kind", todo="Remove it, and add the other.")
    return await sourceacts.change(house, request.user, source, _wanted(data), since=since, anyway=data.anyway)


@post("/api/settings/sources/{source:str}/test", guards=WRITES, tags=TAGS, status_code=200)
async def test(house: NamedDependency[House], source: FromPath[str]) -> Tried:
    """Try a source as it is configured."""
    return await sourceacts.again(house, source)


@delete("/api/settings/sources/{source:str}", guards=WRITES, tags=TAGS)
async def remove(
    request: Request[Who, Any, Any], house: NamedDependency[House], source: FromPath[str], since: FromQuery[str] = ""
) -> None:
    """Take a source out, with the secrets that were kept for it."""
    await sourceacts.remove(house, request.user, source, since=since)


@post("/api/settings/discovery", guards=WRITES, tags=TAGS, status_code=202)
async def discover(house: NamedDependency[House]) -> SearchView:
    """Begin to look for hubs and routers; ask for the results a few seconds later."""
    finding.search(house).start(house)
    return finding.search(house).view(house)


@get("/api/settings/discovery", guards=SETTINGS, tags=TAGS)
async def discovered(house: NamedDependency[House]) -> SearchView:
    """What was found when somebody last looked."""
    return finding.search(house).view(house)


@get("/api/settings/doors", guards=SETTINGS, tags=TAGS)
async def every_door(house: NamedDependency[House]) -> DoorsView:
    """Doors, their locks, and locks that sources see and that are on no door."""
    return doors.view(house)


@post("/api/settings/doors", guards=WRITES, tags=TAGS, status_code=200)
async def bind(
    request: Request[Who, Any, Any],
    house: NamedDependency[House],
    data: JSONBody[list[Binding]],
    since: FromQuery[str] = "",
) -> None:
    """Put locks onto doors. The service starts over to take it."""
    await changing.change(house, request.user, doors.binding(house, data), name="locks-bound", since=since)


def _wanted(data: SourceWanted) -> sources.Wanted:
    """What a program describes, checked as a form is."""
    kind = kinds.kind(data.kind)
    known = {one.name for one in kind.inputs}
    for name in data.settings:
        if name not in known:
            raise UsageError(f"{data.kind} has no setting {name!r}", todo=f"It has: {', '.join(sorted(known))}.")
    secrets = {one.name for one in kind.inputs if one.shape == "secret"}
    given = {name: Secret(str(value)) for name, value in data.settings.items() if name in secrets and value}
    values = {name: data.settings.get(name) for name in known - secrets}
    return sources.Wanted(kind, values, given)


HANDLERS = (
    *(every, home, service, retention, listing, add, change, test, remove),
    *(discover, discovered, every_door, bind),
)
