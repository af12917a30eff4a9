"""One door as pages and programs see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from nightlatch.access.who import Opener
from nightlatch.emergency.battery import Forecast
from nightlatch.guard.autolock.driver import DoorView as Relock
from nightlatch.guard.standing import Standing
from nightlatch.journal.leaves import Entry
from nightlatch.model.event import micros
from nightlatch.report.entries import Names
from nightlatch.report.sentences import sentence, tone
from nightlatch.service.reporting import security
from nightlatch.web.errors import NotFound
from nightlatch.web.house import House
from nightlatch.web.kept.commands import Progress
from nightlatch.web.kept.openers import Opens, opens
from nightlatch.web.signin.who import Who
from nightlatch.web.texts import _, ngettext

State = Literal["secured", "unlocked", "open", "jammed", "unknown"]
_WORST: tuple[State, ...] = ("jammed", "open", "unlocked", "unknown", "secured")
LOW, FLAT = 20, 10
"""Charges, in %, from which a battery is shown as low, and as about to fail."""
WEEK = 7


class Charge(msgspec.Struct, frozen=True):
    """A lock's battery. `percent` None: the lock has not told it."""

    percent: int | None
    left: str
    """How long it lasts, in words; or why that is not known."""
    tone: Literal["good", "warn", "bad", "mute"]
    forecast: Forecast


class AutoLock(msgspec.Struct, frozen=True):
    """What the auto-lock of a lock is about to do."""

    phase: str
    text: str
    due: int = 0
    """When it will lock, µs since 1970; 0: not foreseen."""
    paused_until: int = 0


class LockView(msgspec.Struct, frozen=True):
    """A lock of a door. Instants are µs since 1970; 0: not known."""

    id: str
    """"lock:front"."""
    name: str
    state: State
    why: str
    since: int
    """Since when it is so; where it is unknown, when the lock was last heard."""
    connected: bool
    reachable: bool | None
    battery: Charge
    autolock: AutoLock | None
    progress: Progress | None
    """A command that goes on, or ended a short while ago."""
    door_open: bool = False


class Happening(msgspec.Struct, frozen=True):
    """Something that happened at a door."""

    at: int
    kind: str
    text: str
    tone: str


class DoorView(msgspec.Struct, frozen=True):
    """A door with its locks, or a lock without a door."""

    id: str
    """As in its page's path."""
    about: str
    """"door:front", "lock:shed"."""
    name: str
    state: State
    """As its worst lock stands."""
    why: str
    since: int
    locks: tuple[LockView, ...]
    opens: Opens
    last: Happening | None
    bound: bool = True
    """Whether nightlatch.toml names it."""

    @property
    def things(self) -> str:
        """What its page listens to."""
        return " ".join((self.about, *(lock.id for lock in self.locks)))


class Place(msgspec.Struct, frozen=True):
    """A door, and the locks on it, by their names in events."""

    id: str
    about: str
    locks: tuple[str, ...]
    bound: bool = True


class Look(msgspec.Struct, frozen=True):
    """What every door of one page is shown by."""

    house: House
    now: int
    who: Who
    names: Names
    relocks: Mapping[str, Relock]
    openers: Mapping[str, tuple[Opener, ...]]


async def look(house: House, who: Who) -> Look:
    """Gather it once for all doors."""
    now, service = house.now(), house.service
    people = {id_: person.name for id_, person in service.access.register.people.items()}
    relocks = {one.lock: one for one in service.autolock.view()}
    return Look(house, now, who, Names(house.configuration, people), relocks, await house.openers.now(now))


def places(house: House) -> list[Place]:
    """Every door with a lock as nightlatch.toml has them, then locks without a door, then those it does not name."""
    tables, states, door_of = house.configuration.tables, house.service.listener.states, house.service.household.door_of
    doors: dict[str, list[str]] = {f"door:{door.id}": [] for door in tables.doors}
    for lock in tables.locks:
        about = f"lock:{lock.id}"
        doors.setdefault(f"door:{lock.door}" if lock.door else about, []).append(about)
    for about in states:
        if not any(about in locks for locks in doors.values()):
            doors.setdefault(door_of.get(about, about), []).append(about)
    known = {f"lock:{lock.id}" for lock in tables.locks}
    return [
        Place(_id(about, doors), about, tuple(locks), any(lock in known for lock in locks))
        for about, locks in doors.items()
        if locks
    ]


def _id(about: str, doors: Mapping[str, object]) -> str:
    kind, _, key = about.partition(":")
    key = key.replace("/", "~")
    return f"lock~{key}" if kind == "lock" and f"door:{key}" in doors else key


def place(house: House, id_: str) -> Place:
    """The door of that id; NotFound."""
    found = next((one for one in places(house) if one.id == id_), None)
    if found is None:
        raise NotFound(_("there is no door “%(id)s”", id=id_[:60]))
    return found


def door_view(seen: Look, place: Place) -> DoorView:
    """A door as it is now."""
    house = seen.house
    locks = tuple(_lock(seen, lock) for lock in place.locks)
    worst = min(locks, key=lambda lock: _WORST.index(lock.state))
    named = seen.who.may("log")
    last = house.lately.last((place.about, *place.locks))
    found = tuple(one for lock in place.locks for one in seen.openers.get(lock, ()))
    return DoorView(
        place.id,
        place.about,
        house.service.household.name(place.about),
        worst.state,
        worst.why,
        worst.since,
        locks,
        opens(found, named=named),
        happening(seen, last) if last is not None else None,
        place.bound,
    )


def history(seen: Look, place: Place, since: int) -> list[Happening]:
    """What happened at a door since an instant, newest first, as far as it is remembered."""
    entries: Iterable[Entry] = seen.house.lately.happened((place.about, *place.locks))
    if not seen.who.may("log"):
        entries = (entry for entry in entries if entry.event is not None and entry.event.kind != "act")
    return [happening(seen, entry) for entry in entries if entry.event is not None and entry.event.at >= since]


def happening(seen: Look, entry: Entry) -> Happening:
    """An entry in words; without the person for who may not read the journal, or whom nobody knows any more."""
    event = entry.event
    assert event is not None  # noqa: S101  # only such are remembered
    if event.person and (not seen.who.may("log") or event.person not in seen.house.service.access.register.people):
        entry = Entry(entry.index, msgspec.structs.replace(event, person="", slot=0))
    return Happening(event.at, event.kind, sentence(entry, seen.names, seen.house.zone), tone(entry))


def _lock(seen: Look, lock: str) -> LockView:
    house, now = seen.house, seen.now
    service = house.service
    standing = service.listener.states.get(lock)
    progress = house.commands.progress(lock)
    if progress is not None and not seen.who.may("log"):
        progress = msgspec.structs.replace(progress, by="")
    stood = standing or Standing(lock)
    secured = stood.secured(now)
    state = security(stood, secured.answer)
    why = secured.reason
    if standing is None:
        why = _("no hub has told of this lock yet")
    elif state == "open":
        why = _("the door is open, and %(bolt)s", bolt=secured.reason) if stood.bolt != "thrown" else secured.reason
    return LockView(
        lock,
        service.household.name(lock),
        state,
        why,
        _since(stood, state),
        stood.connected,
        stood.reachable,
        charge(stood.battery, house.lately.battery(lock, now)),
        _autolock(seen.relocks.get(lock)),
        progress,
        stood.door == "open",
    )


def _since(standing: Standing, state: State) -> int:
    if state == "unknown":
        return standing.heard
    if state == "open":
        return standing.door_since
    return max(standing.bolt_since, standing.door_since) if state == "secured" else standing.bolt_since


def charge(percent: int | None, forecast: Forecast) -> Charge:
    """A battery with its forecast in words."""
    if percent is None:
        return Charge(None, _("the lock does not tell its charge"), "mute", forecast)
    tone: Literal["good", "warn", "bad"] = "good"
    short = forecast.days is not None and forecast.days <= 2 * WEEK
    if percent <= FLAT:
        tone = "bad"
    elif percent <= LOW or short:
        tone = "warn"
    return Charge(percent, left(forecast), tone, forecast)


def left(forecast: Forecast) -> str:
    """How long a battery lasts, in words."""
    days, least, most = forecast.days, forecast.least, forecast.most
    if days is None or least is None:
        return _("no forecast yet: %(why)s", why=forecast.why)
    if days < 1:
        return _("change it now")
    if days < 2 * WEEK:
        about = ngettext("about %(count)s day left", "about %(count)s days left", round(days))
        unit = 1
    else:
        about = ngettext("about %(count)s week left", "about %(count)s weeks left", round(days / WEEK))
        unit = WEEK
    low = round(least / unit)
    if most is None:
        return _("%(about)s (%(low)s or more)", about=about, low=low)
    high = round(most / unit)
    return about if low == high else _("%(about)s (between %(low)s and %(high)s)", about=about, low=low, high=high)


def _autolock(relock: Relock | None) -> AutoLock | None:
    if relock is None:
        return None
    due = micros(relock.due) if relock.due is not None else 0
    paused = micros(relock.paused_until) if relock.paused_until is not None else 0
    return AutoLock(relock.phase, relock.why, due, paused)
