"""Pages of the settings that are no sources and no doors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from nightlatch.configuration.edit import Editor
from nightlatch.errors import NightlatchError, UsageError
from nightlatch.secrets import Secret
from nightlatch.web.house import House
from nightlatch.web.pages import page
from nightlatch.web.settings import backups, changing, doors, general, privacy, sources
from nightlatch.web.settings.general import EntitiesSettings, HomeSettings, ServiceSettings
from nightlatch.web.signin.forms import in_person
from nightlatch.web.signin.who import Who, fresh, may
from nightlatch.web.texts import _

SETTINGS = [may("settings")]
WRITES = [may("settings"), fresh]
BAD = 400
PASSPHRASE = 1024


@get("/settings", guards=SETTINGS, include_in_schema=False)
async def overview(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """Every part of the settings, with how it stands."""
    return page(
        request,
        house,
        "settings/overview.html",
        settings=general.home(house),
        sources=sources.views(house),
        doors=doors.view(house),
        backup=backups.view(house),
        privacy=privacy.view(house),
        running=general.running(house),
        entities=general.entities(house),
        by_hand=general.by_hand(house),
    )


@get("/settings/home", guards=SETTINGS, include_in_schema=False)
async def home(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """Name, time zone, and what is judged."""
    return _home(request, house, general.home(house))


@post("/settings/home", guards=WRITES, include_in_schema=False)
async def set_home(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[Any]:
    """Change them."""
    form = await request.form()
    profile = str(form.get("profile_file") or "").strip() or str(form.get("profile") or "full")
    wanted = HomeSettings(str(form.get("name") or ""), str(form.get("timezone") or ""), profile)
    try:
        await changed(request, house, general.set_home(house, wanted), "home-changed")
    except NightlatchError as error:
        return _home(request, house, wanted, error)
    return changing.taken(house, "/settings/home")


def _home(
    request: Request[Who, Any, Any], house: House, settings: HomeSettings, problem: NightlatchError | None = None
) -> Response[str]:
    zones = [(name, name.replace("_", " ")) for name in general.zones()]
    values = {"settings": settings, "zones": zones, "profiles": general.PROFILES}
    return _shown(request, house, "settings/home.html", problem, **values)


async def changed(
    request: Request[Who, Any, Any], house: House, make: Callable[[Editor], None], name: str, detail: str = ""
) -> None:
    """Change the file as the form on a page says, if it is still the file that the page showed."""
    since = str((await request.form()).get("since") or "")
    await changing.change(house, request.user, make, name=name, since=since, detail=detail)


def _shown(
    request: Request[Who, Any, Any], house: House, template: str, problem: NightlatchError | None, **values: Any
) -> Response[str]:
    status = 200 if problem is None else BAD
    return page(request, house, template, status=status, since=changing.since(house), problem=problem, **values)


@get("/settings/service", guards=SETTINGS, include_in_schema=False)
async def service(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """The service: address, intervals, version."""
    values = {"settings": general.service(house), "running": general.running(house)}
    return _shown(request, house, "settings/service.html", None, **values)


@post("/settings/service", guards=WRITES, include_in_schema=False)
async def set_service(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[Any]:
    """Change the intervals."""
    form = await request.form()
    try:
        hours = [_number(form, field) for field in ("audit_every_hours", "verify_every_hours")]
        await changed(request, house, general.set_service(ServiceSettings(*hours)), "service-changed")
    except NightlatchError as error:
        values = {"settings": general.service(house), "running": general.running(house)}
        return _shown(request, house, "settings/service.html", error, **values)
    return changing.taken(house, "/settings/service")


def _number(form: Any, field: str) -> float:
    try:
        return float(str(form.get(field)))
    except ValueError:
        raise UsageError(_("%(field)s: this is no number", field=field)) from None


@get("/settings/entities", guards=SETTINGS, include_in_schema=False)
async def entities(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """What Home Assistant shows of Nightlatch."""
    return _shown(request, house, "settings/entities.html", None, settings=general.entities(house))


@post("/settings/entities", guards=WRITES, include_in_schema=False)
async def set_entities(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[Any]:
    """Change it."""
    form = await request.form()
    typed = {key: str(form.get(key) or "").strip() for key in ("url", "username", "discovery_prefix", "topic")}
    before = general.entities(house)
    wanted = EntitiesSettings(
        form.get("on") == "yes",
        typed["url"],
        typed["username"],
        before.has_password,
        typed["discovery_prefix"] or "homeassistant",
        typed["topic"] or "nightlatch",
    )
    raw = str(form.get("password") or "")
    try:
        made = await house.alone(lambda: general.set_entities(house, wanted, Secret(raw) if raw else None))
        await changed(request, house, made, "entities-changed")
    except NightlatchError as error:
        return _shown(request, house, "settings/entities.html", error, settings=wanted)
    return changing.taken(house, "/settings/entities")


@get("/settings/privacy", guards=SETTINGS, include_in_schema=False)
async def private(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """What is kept, for how long, and erasing a person."""
    return await _private(request, house)


async def _private(
    request: Request[Who, Any, Any], house: House, problem: NightlatchError | None = None
) -> Response[str]:
    view, people = await house.read(lambda: (privacy.view(house), privacy.people(house)))
    return _shown(request, house, "settings/privacy.html", problem, view=view, people=people)


@post("/settings/privacy", guards=WRITES, include_in_schema=False)
async def set_private(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[Any]:
    """Change for how long contents are kept."""
    form = await request.form()
    try:
        days = int(_number(form, "retention_days")) if form.get("forever") != "yes" else 0
        await changed(request, house, privacy.keep_for(days), "retention-changed", str(days))
    except NightlatchError as error:
        return await _private(request, house, error)
    return changing.taken(house, "/settings/privacy")


@get("/settings/privacy/erase/{person:str}", guards=SETTINGS, include_in_schema=False)
async def erasing(request: Request[Who, Any, Any], house: NamedDependency[House], person: FromPath[str]) -> Any:
    """What would go with somebody."""
    preview = await house.read(lambda: privacy.preview(house, person))
    return _shown(request, house, "settings/erase.html", None, preview=preview)


@post("/settings/privacy/erase/{person:str}", guards=[*WRITES, in_person], include_in_schema=False)
async def erase(request: Request[Who, Any, Any], house: NamedDependency[House], person: FromPath[str]) -> Any:
    """Erase them for good, and show what proves it."""
    form = await request.form()
    typed = str(form.get("name") or "")
    preview = await house.read(lambda: privacy.preview(house, person))
    try:
        result = await house.alone(lambda: privacy.erase(house, person, typed))
    except NightlatchError as error:
        return _shown(request, house, "settings/erase.html", error, preview=preview)
    house.heard()
    # Without whom: the journal says only that somebody was erased, and who did it.
    await house.act(request.user, "erase")
    return _shown(request, house, "settings/erased.html", None, result=result)


@get("/settings/backup", guards=SETTINGS, include_in_schema=False)
async def backup(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """Make a backup, and how one is put back."""
    return _shown(request, house, "settings/backup.html", None, view=backups.view(house))


# In person: a backup holds every code, which a token may never have.
@post("/settings/backup", guards=[*WRITES, in_person], include_in_schema=False)
async def make_backup(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Any:
    """The backup as a download."""
    form = await request.form()
    first, second = (str(form.get(field) or "")[:PASSPHRASE] for field in ("passphrase", "again"))
    try:
        words = await house.read(lambda: backups.passphrase(first, second))
    except NightlatchError as error:
        return _shown(request, house, "settings/backup.html", error, view=backups.view(house))
    await house.act(request.user, "backup")
    headers = {"Content-Disposition": f'attachment; filename="{backups.name(house)}"'}
    return Stream(backups.stream(house, words), media_type="application/octet-stream", headers=headers, status_code=200)


@get("/settings/about", guards=SETTINGS, include_in_schema=False)
async def about(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """Version, licence, and the libraries that it is made with."""
    values = {"running": general.running(house), "licences": await house.read(general.licences)}
    return _shown(request, house, "settings/about.html", None, **values)


HANDLERS = (
    *(overview, home, set_home, service, set_service, entities, set_entities),
    *(private, set_private, erasing, erase, backup, make_backup, about),
)
