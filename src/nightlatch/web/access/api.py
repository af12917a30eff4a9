"""Access for programs: the structs that the pages show. No answer holds a PIN, nor a calendar's address."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from nightlatch.access import giving
from nightlatch.access.deciding import role_of
from nightlatch.access.register import Register
from nightlatch.access.registrar import Changed, Registrar
from nightlatch.access.schedules import check
from nightlatch.errors import UsageError
from nightlatch.model.access import Always, Feed, Grant, Schedule
from nightlatch.web.access.asking import new_id
from nightlatch.web.access.feeds_pages import FeedRow, feed_rows
from nightlatch.web.access.grants_pages import which_of
from nightlatch.web.access.grants_view import listed_grants
from nightlatch.web.access.locks_pages import names_of
from nightlatch.web.access.locks_view import LockRow, Sync, line_rows, lock_rows, sync
from nightlatch.web.access.meaning import GrantRow, Meaning, meaning, row
from nightlatch.web.access.people_pages import somebody
from nightlatch.web.access.people_view import LineRow, PersonRow, PersonView, people_found, person_row
from nightlatch.web.access.typed import Ask
from nightlatch.web.access.who_view import WhoView, asked_at, who_view
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.signin.who import fresh, may
from nightlatch.web.texts import _

TAGS = ["Access"]
Limit = Annotated[int, QueryParameter(ge=1, le=500, description="How many rows at most.")]


class Wanted(msgspec.Struct, forbid_unknown_fields=True):
    """A grant as it is to be. Instants are µs since 1970; 0: none."""

    to: Annotated[str, msgspec.Meta(max_length=100)]
    """"person:ana" or "group:family"."""
    doors: Annotated[list[Annotated[str, msgspec.Meta(max_length=100)]], msgspec.Meta(max_length=1000)]
    """"door:front", "lock:shed", or "*" for every door, later ones too."""
    schedule: Schedule = Always()
    starts: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0
    ends: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0
    uses: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    reason: Annotated[str, msgspec.Meta(max_length=200)] = ""

    def grant(self, register: Register, now: int, by: str) -> Grant:
        """The grant; UsageError names what cannot be."""
        return Grant(
            "", register.to(self.to), register.doors(self.doors), self.schedule, self.starts, self.ends,
            uses=self.uses, reason=self.reason, by=by, made=now,
        )  # fmt: skip


class NewPerson(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody to be added."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    role: str = "guest"
    groups: list[str] = []


class OtherPerson(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be other about somebody; what is not given stays."""

    name: str | None = None
    role: str | None = None
    groups: list[str] | None = None


@get("/api/who", guards=[may("log")], tags=TAGS)
async def api_who(
    house: NamedDependency[House], at: FromQuery[str] = "", door: FromQuery[str] = "", number: FromQuery[int] = 1
) -> WhoView:
    """Who can open what, now or `at` another time within seven days (ISO, at home). Doors with trouble come first.

    A page has 12 doors; `number` is which page. `door` asks for one door with every way to open it.
    """
    now = house.now()
    return await who_view(house, asked_at(at, house, now), now, door=door, number=number)


@get("/api/people", guards=[may("log")], tags=TAGS)
async def api_people(
    house: NamedDependency[House], q: FromQuery[str] = "", limit: Limit = 100, before: FromQuery[str] = ""
) -> list[PersonRow]:
    """People by name backwards from `before` (an id; nothing: from the end); `q` is a part of their name."""
    register, now = house.service.access.register, house.now()
    found = await house.read(lambda: people_found(register, q))
    ids = [one.id for one in found]
    end = ids.index(before) if before in ids else len(ids)
    return [person_row(register, one, now) for one in reversed(found[max(0, end - limit) : end])]


@get("/api/people/{id_:str}", guards=[may("log")], tags=TAGS)
async def api_person(house: NamedDependency[House], id_: FromPath[str]) -> PersonView:
    """Somebody, with their grants, codes and where these are."""
    return await somebody(house, id_)


@post("/api/people", guards=[may("access"), fresh], tags=TAGS)
async def api_add_person(request: Ask, house: NamedDependency[House], data: JSONBody[NewPerson]) -> PersonRow:
    """Add somebody. They get at once what is granted to their groups."""

    def made(registrar: Registrar, now: int) -> Changed:
        id_ = new_id(data.name, registrar.register())
        return registrar.add_person(id_, data.name, role_of(data.role), data.groups, now)

    changed = await house.change(made)
    await house.act(request.user, "add-person", "home", changed.people[0].id)
    return person_row(house.service.access.register, changed.people[0], house.now())


@patch("/api/people/{id_:str}", guards=[may("access"), fresh], tags=TAGS)
async def api_change_person(
    request: Ask, house: NamedDependency[House], id_: FromPath[str], data: JSONBody[OtherPerson]
) -> PersonRow:
    """Change somebody's name, role or groups."""
    before = (await somebody(house, id_)).person

    def made(registrar: Registrar, now: int) -> Changed:
        groups = before.groups if data.groups is None else tuple(data.groups)
        leave = [one for one in before.groups if one not in groups]
        role = role_of(data.role) if data.role is not None else None
        return registrar.change_person(id_, now, name=data.name, role=role, join=groups, leave=leave)

    changed = await house.change(made)
    await house.act(request.user, "change-person", "home", id_)
    return person_row(house.service.access.register, changed.people[0], house.now())


@delete("/api/people/{id_:str}", guards=[may("access"), fresh], tags=TAGS, status_code=HTTP_200_OK)
async def api_remove_person(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> list[str]:
    """End every grant and code of somebody. The answer: the locks on which their code is not proven gone yet."""
    await somebody(house, id_)
    changed = await house.change(lambda registrar, now: registrar.remove_person(id_, now))
    await house.act(request.user, "remove-person", "home", id_)
    return list(changed.waiting)


@get("/api/grants", guards=[may("log")], tags=TAGS)
async def api_grants(
    house: NamedDependency[House],
    show: FromQuery[str] = "live",
    q: FromQuery[str] = "",
    limit: Limit = 100,
    before: FromQuery[str] = "",
) -> list[GrantRow]:
    """Grants, those made last first; older ones than `before` (an id). `show`: live, open, later, ended, all."""
    register, now = house.service.access.register, house.now()
    which = which_of(show)
    found = await house.read(lambda: listed_grants(register, which, q, now))
    ids = [one.id for one in found]
    begin = ids.index(before) + 1 if before in ids else 0
    return [row(one, register, now) for one in found[begin : begin + limit]]


@post("/api/grants/preview", guards=[may("access")], tags=TAGS, status_code=HTTP_200_OK)
async def api_preview(request: Ask, house: NamedDependency[House], data: JSONBody[Wanted]) -> Meaning:
    """What a grant would mean: words, next times, what happens with the hub down, what gets wider. Nothing is kept."""
    access, configuration, now = house.service.access, house.configuration, house.now()
    register = access.register
    wanted = data.grant(register, now, request.user.name)
    return await house.read(
        lambda: meaning(_checked(wanted, register), None, register, giving.able(configuration, access.records), now)
    )


@post("/api/grants", guards=[may("access"), fresh], tags=TAGS)
async def api_give(request: Ask, house: NamedDependency[House], data: JSONBody[Wanted]) -> GrantRow:
    """Give leave. Whoever has no code that the doors' locks take gets one."""

    def made(registrar: Registrar, now: int) -> Changed:
        return registrar.add_grant(data.grant(registrar.register(), now, request.user.name), now)

    changed = await house.change(made)
    await house.act(request.user, "add-grant", "home", changed.grants[0].id)
    return row(changed.grants[0], house.service.access.register, house.now())


@delete("/api/grants/{id_:str}", guards=[may("access"), fresh], tags=TAGS, status_code=HTTP_200_OK)
async def api_end_grant(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> GrantRow:
    """End a grant now. Its codes are taken off the locks, and each is proven gone: see /api/ledger."""
    if id_ not in house.service.access.register.grants:
        raise NotFound(_("there is no grant %(id)s", id=id_))
    changed = await house.change(lambda registrar, now: registrar.end_grant(id_, now))
    await house.act(request.user, "end-grant", "home", id_)
    return row(changed.grants[0], house.service.access.register, house.now())


@get("/api/ledger", guards=[may("log")], tags=TAGS)
async def api_ledger(
    house: NamedDependency[House], lock: FromQuery[str] = "", limit: Limit = 100, before: FromQuery[int] = 0
) -> list[LineRow]:
    """Codes on locks, exposed and foreign ones first; `lock` as "front". `before`: so many rows are left out."""
    access = house.service.access
    lines = [one for one in access.lines() if not lock or one.lock == f"lock:{lock}"]
    rows = await house.read(lambda: line_rows(access.register, lines))
    begin = max(0, before)
    return rows[begin : begin + limit]


@get("/api/ledger/locks", guards=[may("log")], tags=TAGS)
async def api_locks(house: NamedDependency[House], limit: Limit = 100, before: FromQuery[int] = 0) -> list[LockRow]:
    """Every lock with how many codes are on it, those with trouble first. `before`: so many rows are left out."""
    access = house.service.access
    rows = lock_rows(access.register, access.lines(), names_of(house))
    begin = max(0, before)
    return rows[begin : begin + limit]


@get("/api/feeds", guards=[may("log")], tags=TAGS)
async def api_feeds(house: NamedDependency[House]) -> list[FeedRow]:
    """The calendars that are followed, without their addresses."""
    return feed_rows(house.service.access.register, house.now())


@delete("/api/feeds/{id_:str}", guards=[may("access"), fresh], tags=TAGS, status_code=HTTP_200_OK)
async def api_remove_feed(request: Ask, house: NamedDependency[House], id_: FromPath[str]) -> list[FeedRow]:
    """Follow a calendar no more. What it granted stays until it ends. The answer: the calendars that are left."""
    feeds: dict[str, Feed] = dict(house.service.access.register.feeds)
    if id_ not in feeds:
        raise NotFound(_("there is no calendar %(id)s", id=id_))
    await house.change(lambda registrar, now: registrar.remove_feed(id_, now))
    await house.act(request.user, "remove-feed", "home", id_)
    return feed_rows(house.service.access.register, house.now())


@get("/api/sync", guards=[may("log")], tags=TAGS)
async def api_sync(house: NamedDependency[House], since: FromQuery[int] = 0, limit: Limit = 100) -> Sync:
    """What is to be done at the locks, and what was done after the first `since` steps."""
    access = house.service.access
    return sync(access.progress(max(0, since)), access.register, limit)


@post("/api/sync", guards=[may("access"), fresh], tags=TAGS, status_code=HTTP_200_OK)
async def api_sync_now(request: Ask, house: NamedDependency[House], limit: Limit = 100) -> Sync:
    """Look at once at what is to be done at the locks. Nightlatch does so by itself all the time."""
    access = house.service.access
    access.renew()
    await house.act(request.user, "sync")
    return sync(access.progress(access.progress(0).number), access.register, limit)


def _checked(grant: Grant, register: Register) -> Grant:
    try:
        check(grant.schedule, register.zone)
    except ValueError as error:
        raise UsageError(str(error), where="schedule") from None
    return grant
