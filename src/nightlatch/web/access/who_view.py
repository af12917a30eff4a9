"""Who can open what, at an instant: the doors where something is wrong first, a page of them at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from weakref import WeakKeyDictionary

import msgspec

from nightlatch.access.looking import entrances, meant
from nightlatch.access.schedules import moment_words
from nightlatch.access.schedules.wall import DAY, MINUTE, wall
from nightlatch.access.who import Entrance, Opener
from nightlatch.model.event import instant, micros
from nightlatch.web.access.past import Past
from nightlatch.web.access.typed import Page, paged
from nightlatch.web.errors import Refused
from nightlatch.web.house import House
from nightlatch.web.texts import _

SIZE = 12
"""Doors of one page."""
SHOWN = 12
"""Ways to open one door that are shown, unless that door alone is asked for."""
LOUDEST = 40
"""Of those that are exposed or foreign."""
STEP = 15 * MINUTE
STEPS = 7 * 24 * 4
"""Of the slider, to either side of now."""
LOUD = ("exposed", "foreign")
_pasts: WeakKeyDictionary[House, Past] = WeakKeyDictionary()


class Door(msgspec.Struct, frozen=True):
    """A door, or a lock without one, with who can open it."""

    about: str
    name: str
    loud: int
    """Codes on it that should be gone, or that no grant explains."""
    people: int
    """People and codes that open it; keys, apps and accounts are not counted."""
    openers: tuple[Opener, ...]
    more: int
    """Ways to open it that are not listed here."""
    unknown: tuple[str, ...]
    """What could not be told, in sentences."""


class WhoView(msgspec.Struct, frozen=True):
    """Who can open what. Instants are µs since 1970."""

    at: int
    now: int
    when: Literal["past", "now", "future"]
    in_words: str
    begins: int
    """From when on the past can be told; of an instant before it there are no doors here."""
    steps: int
    """How many quarters of an hour `at` is from now."""
    loud: int
    """Codes that should be gone, or that no grant explains, at the doors of this page."""
    doors: tuple[Door, ...]
    everywhere: tuple[str, ...]
    """What could not be told at any of these doors."""
    page: Page


def past_of(house: House) -> Past:
    """The home's past; the same for everybody who asks."""
    if house not in _pasts:
        _pasts[house] = Past(house.service.journal, house.zone)
    return _pasts[house]


def asked_at(text: str, house: House, now: int) -> int:
    """The instant that is asked for: an ISO time at home, or nothing for now. Refused beyond seven days."""
    if not text:
        return now
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(_("this is no time"), where=_("Time"), todo=_("Write it as 2026-12-01T12:00.")) from None
    at = micros(local.replace(tzinfo=house.zone) if local.tzinfo is None else local)
    if abs(at - now) > STEPS * STEP + STEP:
        raise Refused(
            _("only the last seven days and the next seven are shown here"),
            where=_("Time"),
            todo=_("Choose a time in between, or look into the journal."),
        )
    return at if abs(at - now) >= MINUTE else now


async def who_view(house: House, at: int, now: int, *, door: str = "", search: str = "", number: int = 1) -> WhoView:
    """Who can open the doors of a page at an instant, or one door, or those whose names have a text in them."""
    access = house.service.access
    loud = {one.lock for one in access.lines() if one.state in LOUD and not one.kept}
    past = past_of(house)

    def look() -> WhoView:
        settings, records = house.configuration, access.records
        names = access.register.names
        begins = past.begins(now)
        every = meant(settings, records, door) if at >= begins else {}
        words = search.casefold()
        # Where something is wrong first; otherwise in the order of the configuration.
        ordered = sorted(
            (about for about in every if words in names.get(about, about).casefold()),
            key=lambda about: loud.isdisjoint(every[about]),
        )
        page, rows = paged(len(ordered), number, SIZE)
        chosen = {about: every[about] for about in ordered[rows]}
        found = entrances(settings, records, chosen, at, now, past=past.at, register=access.register) if chosen else []
        everywhere = [one for one in found[0].unknown if all(one in other.unknown for other in found)] if found else []
        doors = tuple(_door(one, everywhere if len(found) > 1 else [], whole=bool(door)) for one in found)
        return WhoView(
            at,
            now,
            "past" if at < now else "future" if at > now else "now",
            moment_words(at, house.zone),
            begins,
            round((at - now) / STEP),
            sum(one.loud for one in doors),
            doors,
            tuple(everywhere) if len(found) > 1 else (),
            page,
        )

    return await house.read(look)


def _door(one: Entrance, everywhere: list[str], *, whole: bool) -> Door:
    loud = sum(opener.state in LOUD for opener in one.openers)
    people = {opener.person or f"{opener.who}/{opener.slot}" for opener in one.openers if opener.slot or opener.person}
    most = len(one.openers) if whole else max(SHOWN, min(loud, LOUDEST))
    unknown = tuple(text for text in one.unknown if text not in everywhere)
    openers = one.openers[:most]
    return Door(one.about, one.name, loud, len(people), openers, len(one.openers) - len(openers), unknown)


def local_text(at: int, house: House) -> str:
    """An instant as a field of date and time has it."""
    return f"{wall(house.zone).local(at):%Y-%m-%dT%H:%M}"


def bounds(house: House) -> tuple[str, str]:
    """The first and last instant that the field takes."""
    today = instant(house.now())
    days = timedelta(microseconds=7 * DAY)
    return local_text(micros(today - days), house), local_text(micros(today + days), house)
