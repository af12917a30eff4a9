"""Codes that no grant explains: what is known of one, and what its owner says of it."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from nightlatch.access import deciding
from nightlatch.access.deciding import Choice
from nightlatch.access.registrar import Registrar
from nightlatch.access.schedules.wall import DAY
from nightlatch.access.strange import Strange
from nightlatch.errors import UsageError
from nightlatch.web.access.asking import NEW, new_id
from nightlatch.web.access.people_view import candidates
from nightlatch.web.access.typed import Ask, Typed
from nightlatch.web.errors import NotFound, described
from nightlatch.web.house import House
from nightlatch.web.numbers import Number
from nightlatch.web.pages import back, page
from nightlatch.web.signin.who import fresh, may
from nightlatch.web.texts import _

LATELY = 30 * DAY
"""So far back the last use of a code is looked for."""


async def stranger(house: House, lock: str, slot: int) -> Strange:
    """The unexplained code in a slot of a lock; NotFound where there is none any more."""
    configuration, journal = house.configuration, house.service.journal
    records = house.service.access.records
    since = house.now() - LATELY
    found = await house.read(lambda: deciding.found(configuration, records, [f"lock:{lock}"], journal, since))
    one = next((one for one in found if one.slot == slot), None)
    if one is None:
        raise NotFound(_("no unexplained code is in slot %(slot)s any more", slot=slot))
    return one


@get("/access/strangers/{lock:str}/{slot:int}", guards=[may("access")], include_in_schema=False)
async def ask(
    request: Ask, house: NamedDependency[House], lock: FromPath[str], slot: Number, q: FromQuery[str] = ""
) -> Response[str]:
    """What is known of it, and what can be done about it."""
    one = await stranger(house, lock, slot)
    return _page(request, house, one, Typed({"q": [q]}))


@post("/access/strangers/{lock:str}/{slot:int}", guards=[may("access"), fresh], include_in_schema=False)
async def decide(
    request: Ask, house: NamedDependency[House], lock: FromPath[str], slot: Number
) -> Response[str] | Redirect:
    """Keep it, take it over, or have it taken off."""
    one, typed = await stranger(house, lock, slot), await Typed.sent(request)
    try:
        if typed.one("since") != str(one.line.since):
            raise UsageError(_("another code is in this slot by now"), todo=_("Look at it again."))
        choice = _choice(typed, house)

        def decided(registrar: Registrar, now: int) -> None:
            deciding.decide(registrar, [(one, choice)], now)

        await house.change(decided)
    except UsageError as error:
        return _page(request, house, one, typed, error)
    await house.act(
        request.user,
        {"keep": "keep-code", "take": "take-code", "remove": "remove-code"}[choice.does],
        one.line.lock,
        f"slot {slot}",
    )
    return back(f"/access/locks/{lock}?decided={slot}")


def _choice(typed: Typed, house: House) -> Choice:
    does, to = typed.one("does"), typed.one("to")
    if does == "remove":
        return Choice("remove")
    if does == "name":
        return Choice("keep", name=typed.one("name"))
    if does not in ("keep", "take") or not to:
        raise UsageError(_("nothing is chosen"), todo=_("Say whose it is, name it, or have it taken off."))
    if to == NEW:
        name = typed.one("new_name")
        if not name:
            raise UsageError(_("the person has no name yet"), where=_("Name"))
        return Choice("keep", new_id(name, house.service.access.register), name, new=True)
    person = to.removeprefix("person:")
    return Choice("take" if does == "take" else "keep", person)


def _page(request: Ask, house: House, one: Strange, typed: Typed, error: UsageError | None = None) -> Response[str]:
    register = house.service.access.register
    return page(
        request,
        house,
        "access/stranger.html",
        status=400 if error is not None else 200,
        problem=described(error)[0] if error is not None else None,
        one=one,
        lock=one.line.lock.partition(":")[2],
        told=one.told(house.zone),
        people=candidates(register, typed.one("q")),
        typed=typed,
    )
