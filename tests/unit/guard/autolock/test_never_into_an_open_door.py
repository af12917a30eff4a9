"""Whatever the order of messages, clocks and restarts: no bolt is driven into a door that was heard to be open."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import msgspec
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from nightlatch.guard import standing as _standing
from nightlatch.guard.autolock.machine import Machine, Memory
from nightlatch.guard.autolock.settings import Rule
from nightlatch.guard.standing import Standing
from nightlatch.model.command import Outcome
from nightlatch.model.event import Event, Kind, State, micros

SECOND = 1_000_000
BEFORE_DST_ENDS = micros(datetime(2026, 10, 24, 23, 30, tzinfo=UTC))
BEFORE_DST_BEGINS = micros(datetime(2026, 3, 29, 0, 30, tzinfo=UTC))
LATE = st.sampled_from((0, 0, 0, 1, 5, 20))
LOCK = "lock:front"


class Home(RuleBasedStateMachine):
    """A door, a lock and a hub, whose messages come late, twice and out of order."""

    def __init__(self) -> None:
        super().__init__()
        self.true = BEFORE_DST_ENDS
        self.offset = 0
        self.open = False
        self.thrown = True
        self.jams = False
        self.connected = False
        self.standing = Standing(LOCK)
        self.machine = Machine(
            Rule(
                LOCK,
                ZoneInfo("Europe/Berlin"),
                after=60 * SECOND,
                night_after=20 * SECOND,
                night=(60, 180),
                retries=2,
                retry_after=10 * SECOND,
            )
        )
        self.in_flight: list[tuple[int, int, Event]] = []
        self.number = 0
        self.newest: tuple[int, bool] = (0, True)
        """The newest word on the door that was delivered: when it was true, and whether the door was open."""
        self.reconnect()

    @property
    def now(self) -> int:
        return self.true + self.offset

    def send(self, kind: Kind, late: int, again: int | None) -> None:
        if not self.connected:
            return
        event = Event(0, kind, LOCK, told=self.true)
        for delay in (late, again):
            if delay is not None:
                self.number += 1
                heapq.heappush(self.in_flight, (self.true + delay * SECOND, self.number, event))

    def look(self) -> None:
        step = self.machine.look(self.standing, self.now)
        self.machine.notices(self.standing, step, self.now, "Front door")
        if not step.lock:
            return
        assert self.connected, "a lock was commanded while its hub was away"
        assert not self.newest[1], "the bolt was driven into a door that was heard to be open"
        if not self.in_flight:
            assert not self.open, "the bolt was driven into an open door"
        if self.jams:
            self.thrown = False
            self.machine.tried(Outcome("refused", "the bolt jammed"), self.now)
            self.standing = _standing.after(self.standing, Event(self.now, "jammed", LOCK, told=self.true))
        else:
            self.thrown = True
            self.machine.tried(Outcome("evidence", "bolt thrown"), self.now)
            self.standing = _standing.after(self.standing, Event(self.now, "locked", LOCK, told=self.true))

    @rule(seconds=st.sampled_from((0, 1, 3, 9, 11, 19, 21, 59, 61, 400, 3600)))
    def time_passes(self, seconds: int) -> None:
        until = self.true + seconds * SECOND
        while self.in_flight and self.in_flight[0][0] <= until:
            self.true, _, event = heapq.heappop(self.in_flight)
            if event.kind.startswith("door"):
                self.newest = max(self.newest, (event.told, event.kind == "door_opened"))
            self.standing = _standing.after(self.standing, msgspec.structs.replace(event, at=self.now))
            self.look()
        self.true = until
        self.look()

    @rule(late=LATE, again=st.none() | LATE)
    def somebody_opens_or_shuts_the_door(self, late: int, again: int | None) -> None:
        self.true += 1
        if not self.open and self.thrown:
            self.thrown = False
            self.send("unlocked", late, again)
        self.open = not self.open
        self.send("door_opened" if self.open else "door_closed", late, again)
        self.time_passes(0)

    @rule(late=LATE, again=st.none() | LATE)
    def somebody_turns_the_bolt(self, late: int, again: int | None) -> None:
        if not self.open:
            self.true += 1
            self.thrown = not self.thrown
            self.send("locked" if self.thrown else "unlocked", late, again)
        self.time_passes(0)

    @rule(lates=st.lists(LATE, min_size=1, max_size=4))
    def people_pass_one_after_the_other(self, lates: list[int]) -> None:
        for late in lates:
            self.somebody_opens_or_shuts_the_door(late, None)

    @rule()
    def the_bolt_begins_or_ends_to_jam(self) -> None:
        self.jams = not self.jams

    @rule(hours=st.sampled_from((-1, 1, -24, 24)))
    def the_clock_is_set(self, hours: int) -> None:
        self.offset += hours * 3600 * SECOND
        self.look()

    @rule()
    def summer_time_comes(self) -> None:
        self.offset = BEFORE_DST_BEGINS - self.true
        self.look()

    @precondition(lambda self: self.connected)
    @rule()
    def the_hub_is_lost(self) -> None:
        self.connected = False
        self.in_flight.clear()
        self.standing = msgspec.structs.replace(self.standing, connected=False)
        self.look()

    @precondition(lambda self: not self.connected)
    @rule()
    def reconnect(self) -> None:
        self.connected = True
        self.newest = (self.true, self.open)
        state = State(
            LOCK,
            at=self.now,
            bolt="thrown" if self.thrown else "retracted",
            door="open" if self.open else "closed",
            reachable=True,
        )
        before = msgspec.structs.replace(self.standing, connected=True)
        self.standing = _standing.told(before, state, self.now)
        self.look()

    @rule()
    def nightlatch_is_killed_and_starts_again(self) -> None:
        memory = msgspec.json.decode(msgspec.json.encode(self.machine.memory), type=Memory)
        standing = msgspec.json.decode(msgspec.json.encode(self.standing), type=Standing)
        self.machine = Machine(self.machine.rule, memory)
        self.standing = msgspec.structs.replace(standing, connected=False)
        self.in_flight.clear()
        self.connected = False
        self.look()
        self.reconnect()

    @rule(minutes=st.integers(1, 200))
    def the_owner_pauses_it(self, minutes: int) -> None:
        self.machine.memory.paused_until = self.now + minutes * 60 * SECOND


TestNeverIntoAnOpenDoor = Home.TestCase
TestNeverIntoAnOpenDoor.settings = settings(stateful_step_count=40)
