"""From nothing to a first audit, step by step. Each step can be left out, gone back to, and taken up later."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect

from nightlatch.configuration.read import load
from nightlatch.errors import NightlatchError
from nightlatch.model.finding import Severity
from nightlatch.web.errors import NeedsSignIn
from nightlatch.web.firstrun import progress
from nightlatch.web.firstrun.progress import STEPS, Progress, Step
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.posture import asking
from nightlatch.web.settings import changing, doors, finding, general, kinds, sources
from nightlatch.web.settings.general import HomeSettings
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.who import Who, fresh, may

OPEN = {"open": True}
SETTINGS = [may("settings")]
QUESTIONS = 8
"""As many are asked at the most: whoever wants more finds them under Posture."""
WORST = 3
BAD = 400


@get("/first-run", opt=OPEN, include_in_schema=False)
async def begin(
    request: Request[Who | None, Any, Any], house: NamedDependency[House], desk: NamedDependency[Desk]
) -> Response[Any]:
    """Who comes first makes themself the owner; afterwards it goes on where it was left."""
    found = await house.read(lambda: progress.read(house))
    if await desk.none():
        return page(request, house, "firstrun/welcome.html", next="/" if found.done else "/first-run/home", steps=STEPS)
    if request.user is None:
        raise NeedsSignIn
    if not request.user.may("settings"):
        return back("/")
    return back("/first-run/home" if found.done else f"/first-run/{found.at}")


async def _step(
    request: Request[Who, Any, Any], house: House, step: Step, *, status: int = 200, **values: Any
) -> Response[str]:
    await progress.reached(house, step)
    before, after = progress.beside(step)
    common = {"step": step, "steps": STEPS, "before": before, "after": after, "since": changing.since(house)}
    return page(request, house, f"firstrun/{step}.html", status=status, **common, **values)


@get("/first-run/home", guards=SETTINGS, include_in_schema=False)
async def home(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """What the home is called, and its time zone."""
    return await _home(request, house, general.home(house), None)


async def _home(
    request: Request[Who, Any, Any], house: House, settings: HomeSettings, problem: NightlatchError | None
) -> Response[str]:
    zones = [(name, name.replace("_", " ")) for name in general.zones()]
    status = 200 if problem is None else BAD
    return await _step(request, house, "home", status=status, settings=settings, zones=zones, problem=problem)


@post("/first-run/home", guards=[*SETTINGS, fresh], include_in_schema=False)
async def set_home(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[Any]:
    """Keep that, and begin to look for hubs meanwhile."""
    form = await request.form()
    before = general.home(house)
    wanted = HomeSettings(str(form.get("name") or "").strip(), str(form.get("timezone") or ""), before.profile)
    try:
        make = general.set_home(house, wanted)
        if wanted != before:
            since = str(form.get("since") or "")
            await changing.change(house, request.user, make, name="home-changed", since=since)
    except NightlatchError as error:
        return await _home(request, house, wanted, error)
    if not house.configuration.tables.sources:
        finding.search(house).start(house)
    return changing.taken(house, "/first-run/find") if wanted != before else back("/first-run/find")


@get("/first-run/find", guards=SETTINGS, include_in_schema=False)
async def find(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """Hubs and routers: what was found, and all that can be added."""
    return await _step(
        request,
        house,
        "find",
        search=finding.search(house).view(house),
        added=sources.views(house),
        kinds=kinds.kinds().values(),
        groups=kinds.GROUPS,
    )


@get("/first-run/doors", guards=SETTINGS, include_in_schema=False)
async def bind(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """The locks that the hubs see, and the doors that they are on."""
    view = doors.view(house)
    return await _step(request, house, "doors", view=view, sources=sources.views(house), waits=not view.asked)


@get("/first-run/questions", guards=SETTINGS, include_in_schema=False)
async def questions(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """What only a person can tell: what settles most first."""
    audit = house.service.auditor.last
    found = await house.read(lambda: asking.questions(load(house.configuration.path), audit))
    return await _step(
        request,
        house,
        "questions",
        questions=found.first[:QUESTIONS],
        labels=found.labels,
        entered=asking.entered,
        today=house.today().astimezone(house.zone).date(),
        waits=audit is None,
    )


@get("/first-run/audit", guards=SETTINGS, include_in_schema=False)
async def result(request: Request[Who, Any, Any], house: NamedDependency[House]) -> Response[str]:
    """The first audit: how it goes, and what it found."""
    auditor = house.service.auditor
    waits = auditor.last is None or auditor.due
    audit = auditor.last
    order = list(Severity)
    found = [one for one in audit.findings if one.open] if audit is not None else []
    worst = sorted(found, key=lambda one: (order.index(one.severity), -one.weight))
    return await _step(
        request,
        house,
        "audit",
        audit=audit,
        failed=auditor.failed,
        open=len(found),
        worst=worst[:WORST],
        unknown=sum(one.verdict.value == "unknown" for one in audit.findings) if audit is not None else 0,
        waits=waits and not auditor.failed,
        sources=sources.views(house),
    )


@get("/api/first-run", guards=SETTINGS, tags=["settings"])
async def standing(house: NamedDependency[House]) -> Progress:
    """How far the first run went."""
    return await house.read(lambda: progress.read(house))


@post("/first-run/done", guards=SETTINGS, include_in_schema=False)
async def done(house: NamedDependency[House]) -> Redirect:
    """It is over: from now on the first page is the home."""
    await house.alone(lambda: progress.write(house.folder, Progress("home", done=True)))
    return back("/")


HANDLERS = (begin, home, set_home, find, bind, questions, result, standing, done)
