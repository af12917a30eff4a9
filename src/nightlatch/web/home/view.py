"""The home at a glance: one answer, what needs somebody, the doors, and the posture with what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from nightlatch.emergency.battery import Forecast
from nightlatch.text import listed
from nightlatch.web.home.doors import WEEK, DoorView, Look, door_view, look, places
from nightlatch.web.house import House
from nightlatch.web.kept.posture import Posture
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _, ngettext

Tone = Literal["good", "warn", "bad", "info", "mute"]


class Need(msgspec.Struct, frozen=True):
    """One thing that somebody should see to."""

    tone: Tone
    text: str
    to: str
    """The page where that is done."""
    detail: str = ""


class Answer(msgspec.Struct, frozen=True):
    """The home in one line, and what stands behind it."""

    text: str
    tone: Tone
    detail: str
    needs: tuple[Need, ...]


class HomeView(msgspec.Struct, frozen=True):
    """The first page."""

    name: str
    at: int
    """µs since 1970."""
    answer: Answer
    doors: tuple[DoorView, ...]
    posture: Posture | None
    """None before the first audit."""


async def home_view(house: House, who: Who) -> HomeView:
    """The home as it is now."""
    seen = await look(house, who)
    doors = tuple(door_view(seen, place) for place in places(house))
    return HomeView(house.name, seen.now, _answer(seen, doors), doors, await house.postures.now())


async def answer_view(house: House, who: Who) -> Answer:
    """The answer alone."""
    seen = await look(house, who)
    return _answer(seen, [door_view(seen, place) for place in places(house)])


def _answer(seen: Look, doors: Sequence[DoorView]) -> Answer:
    needs = tuple(sorted(_needs(seen, doors), key=lambda need: ("bad", "warn", "info").index(need.tone)))
    standing = _standing(doors)
    if not doors:
        return Answer(_("No door is set up yet"), "info", "", needs)
    if needs:
        text = ngettext("%(count)s thing needs you", "%(count)s things need you", len(needs))
        return Answer(text, "bad" if needs[0].tone == "bad" else "warn", standing, needs)
    loose = [door for door in doors if door.state != "secured"]
    if not loose:
        return Answer(_("All secure"), "good", standing, ())
    if len(loose) == 1:
        words = _("open") if loose[0].state == "open" else _("unlocked")
        return Answer(_("%(door)s is %(state)s", door=loose[0].name, state=words), "warn", standing, ())
    text = ngettext("%(count)s door is not locked", "%(count)s doors are not locked", len(loose))
    return Answer(text, "warn", standing, ())


def _standing(doors: Sequence[DoorView]) -> str:
    """How the doors stand, in a sentence."""
    words = {
        "secured": ("%(count)s door is secured", "%(count)s doors are secured"),
        "unlocked": ("%(count)s is unlocked", "%(count)s are unlocked"),
        "open": ("%(count)s is open", "%(count)s are open"),
        "jammed": ("%(count)s is jammed", "%(count)s are jammed"),
        "unknown": ("of %(count)s it is not known", "of %(count)s it is not known"),
    }
    if doors and all(door.state == "secured" for door in doors):
        return ngettext(
            "The door is closed and its bolt thrown, freshly reported",
            "All %(count)s doors are closed and their bolts thrown, freshly reported",
            len(doors),
        )
    counts = {state: sum(door.state == state for door in doors) for state in words}
    told = [ngettext(one, many, counts[state]) for state, (one, many) in words.items() if counts[state]]
    return ", ".join(told)


def _needs(seen: Look, doors: Sequence[DoorView]) -> Iterator[Need]:
    yield from _codes(doors)
    yield from _at_doors(doors)
    house = seen.house
    for line in house.service.reporter.troubles():
        thing, _colon, why = line.partition(": ")
        yield _trouble(thing, why) if why else Need("warn", line[:1].upper() + line[1:], "/settings")
    if alerts := house.open_alerts():
        yield Need("warn", ngettext("%(count)s alert is open", "%(count)s alerts are open", alerts), "/alerts")
    for door in doors:
        for lock in door.locks:
            if lock.battery.tone == "bad" or (lock.battery.tone == "warn" and _soon(lock.battery.forecast)):
                text = _("The battery of %(lock)s is at %(charge)s %%", lock=lock.name, charge=lock.battery.percent)
                yield Need("warn", text, "/emergency", lock.battery.left)


def _soon(forecast: Forecast) -> bool:
    return forecast.days is not None and forecast.days <= 2 * WEEK


def _codes(doors: Sequence[DoorView]) -> Iterator[Need]:
    exposed = [door for door in doors if door.opens.exposed]
    if exposed:
        text = ngettext(
            "%(count)s code that should be gone may still open a door",
            "%(count)s codes that should be gone may still open doors",
            sum(door.opens.exposed for door in exposed),
        )
        yield Need("bad", text, "/access", listed([door.name for door in exposed]))
    foreign = [door for door in doors if door.opens.foreign]
    if foreign:
        text = ngettext(
            "%(count)s code is on a lock that nobody explained",
            "%(count)s codes are on locks that nobody explained",
            sum(door.opens.foreign for door in foreign),
        )
        yield Need("bad", text, "/access", listed([door.name for door in foreign]))


def _at_doors(doors: Sequence[DoorView]) -> Iterator[Need]:
    for door in doors:
        if door.state == "jammed":
            yield Need("bad", _("The bolt of %(door)s is jammed", door=door.name), f"/doors/{door.id}")
    unknown = [door for door in doors if door.state == "unknown"]
    if len(unknown) == 1:
        text = _("Whether %(door)s is secured is not known", door=unknown[0].name)
        yield Need("warn", text, f"/doors/{unknown[0].id}", unknown[0].why)
    elif unknown:
        text = _("Whether %(count)s doors are secured is not known", count=len(unknown))
        yield Need("warn", text, "#doors", listed([door.name for door in unknown]))


_TROUBLES = {"journal": "/journal", "alerts": "/alerts", "access": "/access", "audit": "/posture"}


def _trouble(thing: str, why: str) -> Need:
    to = _TROUBLES.get(thing, "/settings")
    if thing == "journal":
        return Need("bad", _("The journal needs a look"), to, why)
    if thing in _TROUBLES:
        return Need("warn", _("Something is wrong with %(part)s", part=_(thing)), to, why)
    return Need("warn", _("The connection “%(id)s” does not work", id=thing), to, why)
