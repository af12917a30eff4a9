"""The pages of the ledger: each lock's codes, what is done to them, reading a lock, and giving one up."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from nightlatch.access.byhand import home_of
from nightlatch.access.registrar import Registrar
from nightlatch.errors import UsageError
from nightlatch.fixes.codes import by_hand
from nightlatch.model.access import OPENS, Entry, Retired
from nightlatch.model.lock import Lock
from nightlatch.store.audits import Audits
from nightlatch.web.access.locks_view import line_rows, lock_rows, sync
from nightlatch.web.access.people_view import LineRow, line_row
from nightlatch.web.access.typed import Ask, Typed, number, paged
from nightlatch.web.errors import NotFound, described
from nightlatch.web.house import House
from nightlatch.web.pages import back, page
from nightlatch.web.signin.who import fresh, may
from nightlatch.web.texts import _

LOCKS, LINES, STEPS = 50, 100, 50


def names_of(house: House) -> dict[str, str]:
    """Every lock of the home, given up or not, by "lock:front"."""
    return {f"lock:{one.id}": one.name or one.id for one in house.configuration.tables.locks}


@get("/access/locks", guards=[may("log")], include_in_schema=False)
async def locks(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """Every lock."""
    typed, access = Typed.asked(request), house.service.access
    words = typed.one("q").casefold()
    every = lock_rows(access.register, access.lines(), names_of(house))
    rows = [one for one in every if words in one.name.casefold()]
    at, shown = paged(len(rows), number(typed.one("number"), other=1), LOCKS)
    return page(request, house, "access/locks.html", rows=rows[shown], at=at, typed=typed)


@get("/access/locks/{lock:str}", guards=[may("log")], include_in_schema=False)
async def lock(request: Ask, house: NamedDependency[House], lock: FromPath[str]) -> Response[str]:
    """A lock's codes."""
    typed, access = Typed.asked(request), house.service.access
    about, name, lines = _lock(house, lock)
    rows = line_rows(access.register, lines, typed.one("q"))
    at, shown = paged(len(rows), number(typed.one("number"), other=1), LINES)
    return page(
        request, house, "access/lock.html", lock=lock, name=name, rows=rows[shown], at=at, typed=typed,
        retired=access.register.retired.get(about), decided=typed.one("decided"), read=typed.one("read"),
    )  # fmt: skip


@post("/access/locks/{lock:str}/read", guards=[may("access"), fresh], include_in_schema=False)
async def read(request: Ask, house: NamedDependency[House], lock: FromPath[str]) -> Redirect:
    """Have the lock read, slot by slot."""
    about, _name, _lines = _lock(house, lock)
    house.service.access.survey([about])
    await house.act(request.user, "read-lock", about)
    return back(f"/access/locks/{lock}?read=1")


@get("/access/sync", guards=[may("log")], include_in_schema=False)
async def progress(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """What is to be done at the locks, and what was."""
    access = house.service.access
    return page(request, house, "access/sync.html", sync=sync(access.progress(0), access.register, STEPS))


@get("/access/sync/part", guards=[may("log")], include_in_schema=False)
async def progress_part(request: Ask, house: NamedDependency[House]) -> Response[str]:
    """The same alone, as it changes."""
    access = house.service.access
    return page(request, house, "access/sync_part.html", sync=sync(access.progress(0), access.register, STEPS))


@post("/access/sync", guards=[may("access"), fresh], include_in_schema=False)
async def sync_now(request: Ask, house: NamedDependency[House]) -> Redirect:
    """Look at once at what is to be done, whatever is being waited for."""
    house.service.access.renew()
    await house.act(request.user, "sync")
    return back("/access/sync")


@get("/access/locks/{lock:str}/retire", guards=[may("access"), fresh], include_in_schema=False)
async def retire_ask(request: Ask, house: NamedDependency[House], lock: FromPath[str]) -> Response[str]:
    """What comes off a lock that is given up."""
    return await _retire(request, house, lock)


@post("/access/locks/{lock:str}/retire", guards=[may("access"), fresh], include_in_schema=False)
async def retire(request: Ask, house: NamedDependency[House], lock: FromPath[str]) -> Response[str] | Redirect:
    """Give it up, where its name was written."""
    typed = await Typed.sent(request)
    about, name, _lines = _lock(house, lock)
    undo, foreign = typed.one("does") == "undo", typed.one("foreign") == "yes"

    def made(registrar: Registrar, now: int) -> list[Retired]:
        if undo:
            return registrar.unretire([about], now)
        return registrar.retire([about], now, foreign=foreign)

    try:
        if not undo and typed.one("name").casefold() != name.casefold():
            raise UsageError(_("that is not its name: nothing was done"), where=_("Name of the lock"))
        await house.change(made)
    except UsageError as error:
        return await _retire(request, house, lock, error)
    if foreign and not undo:
        house.service.access.survey([about])
    await house.act(request.user, "unretire-lock" if undo else "retire-lock", about)
    return back(f"/access/locks/{lock}/retire" if not undo else f"/access/locks/{lock}")


async def _retire(request: Ask, house: House, lock: str, error: UsageError | None = None) -> Response[str]:
    access, configuration = house.service.access, house.configuration
    about, name, lines = _lock(house, lock)
    register = access.register
    retired = register.retired.get(about)
    on_it = [one for one in lines if one.state in OPENS]
    foreign = retired.foreign if retired is not None else True
    going = [one for one in on_it if one.form != "master" and (one.credential or foreign)]

    def steps() -> tuple[str, ...]:
        audit = Audits(access.records.engine).latest(str(configuration.path))
        home = home_of(audit.things, audit.at) if audit is not None else None
        found = home.get(Lock, lock) if home is not None else None
        return by_hand(found, tuple(one.slot for one in going), home) if found is not None and home is not None else ()

    def rows(entries: list[Entry]) -> list[LineRow]:
        return [line_row(register, one) for one in entries]

    return page(
        request, house, "access/retire.html", status=200 if error is None else 400, lock=lock, name=name,
        problem=described(error)[0] if error is not None else None, retired=retired,
        ours=rows([one for one in on_it if one.credential]),
        others=rows([one for one in on_it if not one.credential and one.form != "master"]),
        masters=rows([one for one in on_it if one.form == "master"]), left=rows(going),
        by_hand=await house.read(steps) if retired is not None else (),
    )  # fmt: skip


def _lock(house: House, lock: str) -> tuple[str, str, list[Entry]]:
    """A lock's key, name and lines; NotFound where there is none."""
    about = f"lock:{lock}"
    lines = [one for one in house.service.access.lines() if one.lock == about]
    name = names_of(house).get(about, lock if lines else "")
    if not name:
        raise NotFound(_("there is no lock %(lock)s", lock=lock))
    return about, name, lines
