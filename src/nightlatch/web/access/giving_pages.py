"""Giving leave, in three steps: who, which doors and when, what it means. What was chosen is in the address.

So nothing is lost by going back, or by showing once more who one is.
"""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from nightlatch.access import giving
from nightlatch.access.registrar import Changed, Registrar
from nightlatch.errors import UsageError
from nightlatch.model.access import Grant
from nightlatch.web.access import asking
from nightlatch.web.access.meaning import Meaning, mark_of, meaning
from nightlatch.web.access.people_view import candidates
from nightlatch.web.access.typed import Ask, Typed
from nightlatch.web.errors import NotFound, described
from nightlatch.web.house import House
from nightlatch.web.kept.once import FIELD, new_once
from nightlatch.web.pages import back, page
from nightlatch.web.signin.who import may
from nightlatch.web.texts import _

NEW = "/access/grants/new"


@get(NEW, guards=[may("access")], include_in_schema=False)
async def new(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """The three steps of a new grant."""
    return await _step(request, house, Typed.asked(request), NEW, None)


@get("/access/grants/{id_:str}/change", guards=[may("access")], include_in_schema=False)
async def change(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """The same steps, of a grant that is there."""
    before = _present(house, id_)
    typed = Typed.asked(request)
    if not typed.one("to"):
        typed = asking.filled(before, house.zone).having(was=mark_of(before), step="2")
    return await _step(request, house, typed, f"/access/grants/{id_}/change", before)


@post(NEW, guards=[may("access")], include_in_schema=False)
async def give(request: Ask, house: NamedDependency[House]) -> Response[str] | Redirect:
    """Keep a new grant, with whom it is to where they are new."""
    typed = await Typed.sent(request)
    if (again := _again(request, typed, NEW)) is not None:
        return again

    def make(registrar: Registrar, now: int) -> Changed:
        register = registrar.register()
        person = asking.someone(typed, register)
        if person is not None:
            typed_to = typed.having(to=f"person:{person.id}")
            wanted = asking.grant_of(typed_to, register.having([person]), now)
            registrar.add_person(person.id, person.name, person.role, (), now)
        else:
            wanted = asking.grant_of(typed, register, now)
        return registrar.add_grant(msgspec.structs.replace(wanted, by=request.user.name), now)

    def made(registrar: Registrar, now: int) -> tuple[Changed, bool]:
        return house.once.do(request.user.id, typed.one(FIELD), lambda: make(registrar, now))

    try:
        changed, new = await house.change(made)
    except UsageError as error:
        return await _step(request, house, typed.having(step="2"), NEW, None, error=error)
    grant = changed.grants[0]
    if new:
        await house.act(request.user, "add-grant", "home", grant.id)
    return back(_after(grant))


@post("/access/grants/{id_:str}/change", guards=[may("access")], include_in_schema=False)
async def keep(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str] | Redirect:
    """Change a grant that nobody changed meanwhile."""
    before, typed, path = _present(house, id_), await Typed.sent(request), f"/access/grants/{id_}/change"
    if (again := _again(request, typed, path)) is not None:
        return again

    def made(registrar: Registrar, now: int) -> Changed:
        register = registrar.register()
        current = register.grant(id_)
        if mark_of(current) != typed.one("was"):
            raise UsageError(
                _("somebody else changed this grant meanwhile"),
                todo=_("It is now: %(grant)s Look at your change once more.", grant=giving.head(current, register)),
            )
        wanted = asking.grant_of(typed, register, now, before=current)
        return registrar.change_grant(wanted, now, seen=current)

    try:
        changed = await house.change(made)
    except UsageError as error:
        current = house.service.access.register.grants.get(id_, before)
        return await _step(request, house, typed.having(step="2", was=mark_of(current)), path, current, error=error)
    await house.act(request.user, "change-grant", "home", id_)
    return back(_after(changed.grants[0]))


def _present(house: House, id_: str) -> Grant:
    grants = house.service.access.register.grants
    if id_ not in grants:
        raise NotFound(_("there is no grant %(id)s", id=id_))
    return grants[id_]


def _again(request: Ask, typed: Typed, path: str) -> Redirect | None:
    """To showing who one is, and from there to where one was; None where that was done lately."""
    if request.user.fresh:
        return None
    there = f"{path}?{typed.query(step='3')}"
    return back(f"/sign-in/again?next={quote(there, safe='')}")


def _after(grant: Grant) -> str:
    kind, _colon, name = grant.to.partition(":")
    return f"/access/people/{name}?saved={grant.id}" if kind == "person" else f"/access/grants/{grant.id}?saved=1"


async def _step(
    request: Ask,
    house: House,
    typed: Typed,
    path: str,
    before: Grant | None,
    *,
    error: UsageError | None = None,
) -> Response[str]:
    register, now, configuration = house.service.access.register, house.now(), house.configuration
    if typed.one("pick"):
        typed = asking.picked(typed, typed.one("pick"), register.zone, now).having(step="2")
    step = typed.one("step", "2" if typed.one("to") else "1")
    shown: Meaning | None = None
    whom = ""
    try:
        if step in ("2", "3"):
            person = asking.someone(typed, register)
            known = register.having([person]) if person is not None else register
            to = f"person:{person.id}" if person is not None else typed.one("to")
            if not to:
                raise UsageError(_("nobody is chosen"), where=_("Who"), todo=_("Choose somebody, or add a new guest."))
            whom = known.whom(known.to(to))
            if step == "3":
                wanted = asking.grant_of(typed.having(to=to), known, now, before=before)
                records = house.service.access.records
                shown = await house.read(
                    lambda: meaning(wanted, before, known, giving.able(configuration, records), now)
                )
                if not shown.openings:
                    raise UsageError(
                        _("it would open nothing: no time of it lies ahead"), todo=_("See its days and its end.")
                    )
    except UsageError as found:
        error = error or found
        step = "2" if (whom and before is None) or before is not None else "1"
    return page(
        request,
        house,
        "access/give.html",
        status=200 if error is None else 400,
        problem=described(error)[0] if error is not None else None,
        typed=typed,
        step=step,
        once=new_once(),
        at=path,
        before=before,
        sentence=giving.head(before, register) if before is not None else "",
        whom=whom,
        meaning=shown,
        people=candidates(register, typed.one("q")),
        groups=list(register.groups),
        doors=asking.doors_to_choose(register, typed.many("doors")),
        picks=asking.PICKS,
        days=asking.DAYS,
        all_of_it=before is None or asking.keeps_schedule(before),
    )
