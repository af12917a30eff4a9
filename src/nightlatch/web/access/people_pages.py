"""The pages of people: who they are, what they have leave to, and where their codes are."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from nightlatch.access import giving
from nightlatch.access.deciding import role_of
from nightlatch.access.registrar import Changed, Registrar
from nightlatch.errors import UsageError
from nightlatch.model.access import ROLES
from nightlatch.web.access.asking import new_id
from nightlatch.web.access.meaning import mark_of
from nightlatch.web.access.people_view import PersonView, people_found, person_row, person_view
from nightlatch.web.access.typed import Ask, Typed, number, paged
from nightlatch.web.errors import NotFound, described
from nightlatch.web.house import House
from nightlatch.web.kept.once import FIELD, new_once
from nightlatch.web.pages import back, page
from nightlatch.web.signin.who import fresh, may
from nightlatch.web.texts import _

SIZE = 50


async def somebody(house: House, id_: str) -> PersonView:
    """Somebody by id, with all that is theirs; NotFound where there is nobody."""
    access, now = house.service.access, house.now()
    register = access.register
    if id_ not in register.people:
        raise NotFound(_("there is nobody %(id)s", id=id_))
    lines = [one for one in access.lines() if one.person == id_]
    return await house.read(lambda: person_view(register, id_, lines, now))


@get("/access/people", guards=[may("log")], include_in_schema=False)
async def people(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """Everybody, a page at a time, or those whose name has a text in it."""
    typed, register, now = Typed.asked(request), house.service.access.register, house.now()
    found = await house.read(lambda: people_found(register, typed.one("q"), typed.one("group")))
    at, rows = paged(len(found), number(typed.one("number"), other=1), SIZE)
    return page(
        request, house, "access/people.html", typed=typed, at=at, groups=list(register.groups),
        rows=[person_row(register, one, now) for one in found[rows]],
    )  # fmt: skip


@get("/access/people/new", guards=[may("access"), fresh], include_in_schema=False)
async def new(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """Somebody new."""
    return _form(request, house, Typed.asked(request))


@post("/access/people/new", guards=[may("access"), fresh], include_in_schema=False)
async def add(request: Ask, house: NamedDependency[House]) -> Response[str] | Redirect:
    """Add them, once what they get by their groups was seen."""
    typed, register, now = await Typed.sent(request), house.service.access.register, house.now()
    name, groups = typed.one("name"), _groups(typed)
    wider = giving.joining(name, groups, register, now)
    if not name or (wider and not typed.one("sure")):
        missing = UsageError(_("they have no name yet"), where=_("Name")) if not name else None
        return _form(request, house, typed, error=missing, wider=wider)

    def make(registrar: Registrar, at: int) -> Changed:
        id_ = new_id(name, registrar.register())
        return registrar.add_person(id_, name, role_of(typed.one("role", "guest")), groups, at)

    def made(registrar: Registrar, at: int) -> tuple[Changed, bool]:
        return house.once.do(request.user.id, typed.one(FIELD), lambda: make(registrar, at))

    try:
        changed, first = await house.change(made)
    except UsageError as error:
        return _form(request, house, typed, error=error, wider=wider)
    person = changed.people[0].id
    if first:
        await house.act(request.user, "add-person", "home", person)
    return back(f"/access/people/{person}")


@get("/access/people/{id_:str}", guards=[may("log")], include_in_schema=False)
async def person(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """Somebody."""
    typed = Typed.asked(request)
    return page(request, house, "access/person.html", view=await somebody(house, id_), saved=typed.one("saved"))


@get("/access/people/{id_:str}/locks", guards=[may("log")], include_in_schema=False)
async def person_locks(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """Where somebody's codes are, as it changes."""
    return page(request, house, "access/person_locks.html", view=await somebody(house, id_))


@get("/access/people/{id_:str}/change", guards=[may("access"), fresh], include_in_schema=False)
async def change_form(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """Somebody's name, role and groups."""
    view = await somebody(house, id_)
    fields: dict[str, list[str]] = {
        "name": [view.person.name],
        "role": [view.person.role],
        "groups": [", ".join(view.person.groups)],
    }
    return _form(request, house, Typed(fields), id_=id_)


@post("/access/people/{id_:str}/change", guards=[may("access"), fresh], include_in_schema=False)
async def change(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str] | Redirect:
    """Change them, once what they get by new groups was seen."""
    typed, register = await Typed.sent(request), house.service.access.register
    before = (await somebody(house, id_)).person
    groups = _groups(typed)
    wider = giving.joining(before.name, [one for one in groups if one not in before.groups], register, house.now())
    if wider and not typed.one("sure"):
        return _form(request, house, typed, id_=id_, wider=wider)

    def made(registrar: Registrar, at: int) -> Changed:
        if mark_of(registrar.register().person(id_)) != typed.one("was"):
            raise UsageError(
                _("somebody else changed this person meanwhile"),
                todo=_("Look at your change once more: keeping it takes the place of theirs."),
            )
        leave = [one for one in before.groups if one not in groups]
        role = role_of(typed.one("role", before.role))
        return registrar.change_person(id_, at, name=typed.one("name") or None, role=role, join=groups, leave=leave)

    try:
        await house.change(made)
    except UsageError as error:
        return _form(request, house, typed, id_=id_, error=error)
    await house.act(request.user, "change-person", "home", id_)
    return back(f"/access/people/{id_}?saved=changed")


@get("/access/people/{id_:str}/remove", guards=[may("access"), fresh], include_in_schema=False)
async def remove_ask(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Response[str]:
    """What ends when somebody is removed."""
    return page(request, house, "access/person_remove.html", view=await somebody(house, id_))


@post("/access/people/{id_:str}/remove", guards=[may("access"), fresh], include_in_schema=False)
async def remove(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> Redirect:
    """End all that is theirs."""
    changed = await house.change(lambda registrar, at: registrar.remove_person(id_, at))
    await house.act(request.user, "remove-person", "home", id_)
    return back("/access/people" if changed.gone else f"/access/people/{id_}")


def _groups(typed: Typed) -> list[str]:
    return [one for one in typed.one("groups").replace(",", " ").split() if one]


def _form(
    request: Ask,
    house: House,
    typed: Typed,
    *,
    id_: str = "",
    error: UsageError | None = None,
    wider: list[str] | None = None,
) -> Response[str]:
    register = house.service.access.register
    return page(
        request,
        house,
        "access/person_form.html",
        once=new_once(),
        was=typed.one("was") if wider else mark_of(register.people[id_]) if id_ else "",
        status=200 if error is None else 400,
        problem=described(error)[0] if error is not None else None,
        typed=typed,
        id_=id_,
        roles=ROLES,
        groups=list(register.groups),
        wider=wider or [],
    )
