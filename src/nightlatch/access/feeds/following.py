"""Reads each feed now and then, and makes its stays people and grants."""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from nightlatch.access.feeds.fetching import Fetched, fetch
from nightlatch.access.feeds.reading import Booking, Reading, read
from nightlatch.access.feeds.renewing import LATELY, Known, Renewal, renewed
from nightlatch.access.register import Register
from nightlatch.access.registrar import Registrar
from nightlatch.access.schedules.wall import MINUTE, SECOND, wall
from nightlatch.access.schedules.wording import MONTHS
from nightlatch.errors import NightlatchError, SourceError
from nightlatch.guard.backoff import Backoff
from nightlatch.model.access import Feed, Grant
from nightlatch.model.event import Event, micros
from nightlatch.secrets import Secret
from nightlatch.text import count

EVERY = 30 * MINUTE
LOOK_S = 1.0
"""How often it is looked whether a feed was added or changed."""
PATIENCE = Backoff(first_s=60, cap_s=6 * 3600)

log = logging.getLogger(__name__)


class _State(msgspec.Struct):
    """What is remembered of a feed while this runs."""

    feed: Feed
    """As the owner wants it: another one is read anew."""
    address: Secret = Secret("")
    due: int = 0
    failures: int = 0
    fetched: Fetched = Fetched(None)
    """How to ask for what is new."""
    reading: Reading | None = None
    """The last good one."""
    missing: frozenset[str] = frozenset()
    told: str = ""
    """What was told last of its trouble, and of what it keeps."""


class Feeds:
    """The loop that follows every feed. `clock` gives the time; `tell` takes events; `chance` is from 0 to 1."""

    def __init__(
        self,
        registrar: Registrar,
        *,
        clock: Callable[[], datetime],
        tell: Callable[[Event], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._registrar = registrar
        self._clock = clock
        self._tell = tell
        self._chance = chance
        self._states: dict[str, _State] = {}

    async def run(self) -> None:
        """Follow the feeds until it is cancelled."""
        while True:
            try:
                # Before the look: what is changed while it lasts is looked at anew.
                version = await asyncio.to_thread(self._registrar.records.version)
                await self._idle(await self.look(), version)
            except NightlatchError as error:
                # The database or journal cannot be used right now; the parts that keep them tell of it.
                log.error("feeds: %s", error)
                await asyncio.sleep(MINUTE / SECOND)

    async def _idle(self, wait: float, version: int) -> None:
        """Wait so many seconds, or until something of access is no longer as it was at `version`."""
        until = asyncio.get_running_loop().time() + wait
        while (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(left, LOOK_S))
            if await asyncio.to_thread(self._registrar.records.version) != version:
                return

    async def look(self) -> float:
        """Read every feed that is due; seconds until the next one is, a minute at most."""
        now = self._now()
        register = await asyncio.to_thread(self._registrar.register)
        self._states = {feed.id: self._state(feed) for feed in register.feeds.values()}
        for feed in register.feeds.values():
            if self._states[feed.id].due <= now or not feed.tried:
                await self.read(feed, register)
        await asyncio.to_thread(self._take_leave, register, now)
        soonest = min((state.due for state in self._states.values()), default=now + MINUTE)
        return min(max(soonest - self._now(), SECOND), MINUTE) / SECOND

    async def read(self, feed: Feed, register: Register) -> None:
        """Read one feed now, and grant or end what that tells. What cannot be done is told by an event."""
        state = self._states[feed.id] = self._state(feed)
        now = self._now()
        try:
            address = await asyncio.to_thread(self._registrar.vault.address, feed.id)
            if address != state.address:
                state.address, state.fetched, state.reading = address, Fetched(None), None
            fetched = await fetch(address, state.fetched.tag, state.fetched.modified)
            if fetched.content is not None:
                state.reading = await asyncio.to_thread(read, fetched.content, feed, register.zone, now)
                state.fetched = fetched
            await asyncio.to_thread(self._renew, feed, state, now)
        except NightlatchError as error:
            await self._put_off(feed, state, error.what, now)
            return
        except Exception as error:  # noqa: BLE001  # the boundary where a defect at one calendar must not end the rest
            # Without the exception's text, which might hold what was being read.
            log.debug("feed %s broke\n%s", feed.id, "".join(traceback.format_tb(error.__traceback__)))
            what = f"reading it broke ({type(error).__name__}), which is a defect: please report it"
            await self._put_off(feed, state, what, now)
            return
        state.failures = 0
        state.due = now + round(EVERY * (0.9 + self._chance() / 5))
        await asyncio.to_thread(self._note, feed, now, "")

    def _state(self, feed: Feed) -> _State:
        wanted = msgspec.structs.replace(feed, read=0, tried=0, trouble="")
        state = self._states.get(feed.id)
        return state if state is not None and state.feed == wanted else _State(wanted)

    def _renew(self, feed: Feed, state: _State, now: int) -> None:
        """Do what a good reading says. Each step leaves what the next reading can go on from."""
        reading = state.reading
        if reading is None:
            state.fetched = Fetched(None)
            raise SourceError("says that nothing changed, though it was not read before")
        # By now, and not as before the calendar was asked: its owner may have changed something meanwhile.
        register = self._registrar.register()
        if feed.id not in register.feeds:
            return
        grants = [one for one in register.grants.values() if one.feed == feed.id]
        for one in grants:
            # Its booking was taken from it, and then something broke off.
            if not one.booking and not one.ended:
                self._registrar.end_grant(one.id, now)
        renewal = renewed(known(grants), reading, state.missing, now)
        state.missing = renewal.missing
        by_id = {one.id: one for one in grants}
        for stay, booking in renewal.moved:
            self._move(by_id[stay.grant], stay.booking, booking, now)
        for stay in renewal.cancelled:
            grant = by_id[stay.grant]
            if grant.ends and grant.ends <= now:
                continue
            # Without its booking it is none that the owner ended: the same entry can come back.
            self._registrar.change_grant(msgspec.structs.replace(grant, booking=""), now)
            self._registrar.end_grant(grant.id, now)
        for booking in renewal.new:
            self._welcome(feed, booking, now)
        self._tell_of(feed, state, renewal, reading, now)

    def _welcome(self, feed: Feed, booking: Booking, now: int) -> None:
        """A guest, and their grant. A guest whose grant could not be made the last time is there already."""
        register = self._registrar.register()
        if any(one.feed == feed.id and one.booking == told(booking) for one in register.grants.values()):
            return
        id_, number = f"{feed.id}-{booking.key[:12]}", 1
        while id_ in register.people and (register.people[id_].ended or _granted(register, id_)):
            number += 1
            id_ = f"{feed.id}-{booking.key[:12]}-{number}"
        if id_ not in register.people:
            self._registrar.add_person(id_, booking.name or guest_of(booking, register), "guest", (), now)
        grant = Grant(
            "",
            f"person:{id_}",
            feed.doors,
            starts=booking.begins,
            ends=booking.ends,
            reason=f"a stay in the calendar {feed.name or feed.id}",
            by="calendar",
            feed=feed.id,
            booking=told(booking),
        )
        self._registrar.add_grant(grant, now)

    def _move(self, grant: Grant, before: Booking, after: Booking, now: int) -> None:
        """Other times. What the owner changed by hand stays, as long as the calendar says nothing else of it."""
        starts = after.begins if after.begins != before.begins else grant.starts
        ends = after.ends if after.ends != before.ends else grant.ends
        if ends and starts >= ends:
            starts, ends = after.begins, after.ends
        if not ends or ends > now:
            moved = msgspec.structs.replace(grant, starts=starts, ends=ends, booking=told(after))
            self._registrar.change_grant(moved, now)

    def _take_leave(self, register: Register, now: int) -> None:
        """Remove guests whose stay is over, unless the owner granted them something else."""
        of: dict[str, list[Grant]] = {}
        for grant in register.grants.values():
            of.setdefault(grant.to, []).append(grant)
        for to, grants in of.items():
            person = register.people.get(to.removeprefix("person:"))
            if person is None or person.ended or person.groups or not all(grant.feed for grant in grants):
                continue
            if all(_over(grant) + LATELY <= now for grant in grants if _over(grant)) and all(map(_over, grants)):
                self._registrar.remove_person(person.id, now)

    async def _put_off(self, feed: Feed, state: _State, what: str, now: int) -> None:
        """It could not be read: it is tried again later, and what it granted stays."""
        state.failures += 1
        state.due = now + round(PATIENCE.wait(state.failures - 1, self._chance()) * SECOND)
        await asyncio.to_thread(self._failed, feed, state, what, now)

    def _failed(self, feed: Feed, state: _State, what: str, now: int) -> None:
        log.info("feed %s: %s", feed.id, what)
        self._note(feed, now, what)
        if state.told != what:
            state.told = what
            self._event(feed, "trouble", f"{what}; what it granted before stays as it is", now)

    def _tell_of(self, feed: Feed, state: _State, renewal: Renewal, reading: Reading, now: int) -> None:
        done = [
            count(number, one, many)
            for number, one, many in (
                (len(renewal.new), "new stay", "new stays"),
                (len(renewal.moved), "changed stay", "changed stays"),
                (len(renewal.cancelled), "cancelled stay", "cancelled stays"),
            )
            if number
        ]
        if done:
            self._event(feed, "renewed", ", ".join(done), now)
        held = "; ".join((*renewal.kept, *reading.odd))
        if held and held != state.told:
            self._event(feed, "kept" if renewal.kept else "odd", held, now)
        elif not held and state.told:
            self._event(feed, "well", "it is read again, and nothing is amiss", now)
        state.told = held

    def _event(self, feed: Feed, name: str, detail: str, now: int) -> None:
        self._tell(Event(now, "feed", "home", value=feed.id, name=name, detail=detail))

    def _note(self, feed: Feed, now: int, trouble: str) -> None:
        """Keep when it was read, in what the feed is by now: its owner may have changed it in between."""
        records = self._registrar.records
        with records.writing() as connection:
            for by_now in records.everything(connection)[3]:
                if by_now.id == feed.id:
                    at = by_now.read if trouble else now
                    records.change_within(
                        connection, [msgspec.structs.replace(by_now, read=at, tried=now, trouble=trouble)]
                    )

    def _now(self) -> int:
        return micros(self._clock())


def known(grants: Iterable[Grant]) -> list[Known]:
    """The stays that a feed granted, with what it said of them last."""
    found = []
    for grant in grants:
        key, _, times = grant.booking.partition("@")
        begins, _, ends = times.partition("-")
        if key and begins.isdecimal() and ends.isdecimal():
            found.append(Known(Booking(key, int(begins), int(ends)), grant.id, ended=bool(grant.ended)))
    return found


def told(booking: Booking) -> str:
    """A booking as its grant keeps it: the key, and the times that the calendar told."""
    return f"{booking.key}@{booking.begins}-{booking.ends}"


def guest_of(booking: Booking, register: Register) -> str:
    """What a guest is called whose name the calendar does not tell: "Guest of 24 Dec"."""
    day = wall(register.zone).local(booking.begins)
    return f"Guest of {day.day} {MONTHS[day.month - 1]}"


def _granted(register: Register, person: str) -> bool:
    return any(grant.to == f"person:{person}" for grant in register.grants.values())


def _over(grant: Grant) -> int:
    """When a grant was over; 0: it has no end yet."""
    return min((at for at in (grant.ends, grant.ended) if at), default=0)
