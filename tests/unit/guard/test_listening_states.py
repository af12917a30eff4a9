"""Over every order of connecting, losing, repeating, delaying and restarting: the listener's view is the home's,
the journal alone gives the same view again, and nothing is told that did not happen.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import hypothesis.strategies as st
import msgspec
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nightlatch.errors import SourceError
from nightlatch.guard.backoff import Backoff
from nightlatch.guard.listening import Listener
from nightlatch.guard.remembering import recall
from nightlatch.guard.resolving import Resolver
from nightlatch.guard.standing import Standing
from nightlatch.model.event import Event, Kind, State
from tests.unit.guard.simulating import Kept
from tests.unit.guard.telling import Told

LOCK = "lock:zwavejs:3"
SECOND = 1_000_000
BEGIN = 1_790_000_000 * SECOND
SHOWN = ("bolt", "door", "battery", "keypad_disabled", "security", "relock_s")
SINCE = ("bolt_since", "door_since")


class Listening(RuleBasedStateMachine):
    """One lock behind one hub, told of by a connection that breaks."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.now = BEGIN
        self.true: dict[str, Any] = {
            "bolt": "thrown",
            "door": "closed",
            "battery": 80,
            "keypad_disabled": False,
            "security": "s0",
            "relock_s": 0,
            "codes": {1: "a", 2: "b"},
        }
        self.happened: Counter[tuple[str, int]] = Counter()
        """What happened since it was last heard in order, by kind and slot."""
        self.late: list[Event] = []
        self.intake = Kept()
        self.snapshot = b""
        self.kept_at = 0
        self.plug = Told("zwavejs", "zwavejs")
        self.start()

    def start(self, snapshot: bytes = b"", since: list[Event] | None = None) -> None:
        self.plug.said = asyncio.Queue()
        self.plug.states = [self.state()]
        self.listener = Listener(
            [self.plug], self.intake, clock=lambda: self.now, sleep=lambda _: asyncio.sleep(0), backoff=Backoff()
        )
        if snapshot:
            self.listener.restore(snapshot, since or [])
        self.task = self.loop.create_task(self.listener.run())
        self.settle()

    def settle(self) -> None:
        async def turn() -> None:
            for _ in range(12):
                await asyncio.sleep(0)

        self.loop.run_until_complete(turn())

    def teardown(self) -> None:
        self.task.cancel()
        self.loop.run_until_complete(asyncio.gather(self.task, return_exceptions=True))
        self.loop.close()

    def state(self) -> State:
        fields = {key: value for key, value in self.true.items() if key != "codes"}
        return State(LOCK, at=self.now, reachable=True, codes=dict(self.true["codes"]), **fields)

    @property
    def up(self) -> bool:
        return self.plug.up

    @property
    def standing(self) -> Standing:
        return self.listener.states[LOCK]

    def happen(self, kind: Kind, late: bool, again: bool, **fields: Any) -> None:
        """Something happens at the lock: told at once, or late; once, or twice; or lost with the connection."""
        self.now += SECOND
        event = Event(self.now, kind, LOCK, told=self.now, **fields)
        if not self.up:
            self.happened[kind, event.slot] += 1
            return
        if late and kind in ("locked", "unlocked", "jammed", "door_opened", "door_closed"):
            self.late.append(event)
            return
        for one in [event] * (1 + again):
            self.plug.said.put_nowait(one)
        self.settle()

    @rule(bolt=st.sampled_from(("thrown", "retracted", "jammed")), late=st.booleans(), again=st.booleans())
    def the_bolt_moves(self, bolt: str, late: bool, again: bool) -> None:
        if bolt != self.true["bolt"] and not self.late:
            self.true["bolt"] = bolt
            kinds: dict[str, Kind] = {"thrown": "locked", "retracted": "unlocked", "jammed": "jammed"}
            self.happen(kinds[bolt], late, again)

    @rule(late=st.booleans(), again=st.booleans())
    def the_door_moves(self, late: bool, again: bool) -> None:
        if not self.late:
            self.true["door"] = "open" if self.true["door"] == "closed" else "closed"
            self.happen("door_opened" if self.true["door"] == "open" else "door_closed", late, again)

    @precondition(lambda self: self.late and self.up)
    @rule(followed=st.booleans())
    def what_was_late_arrives(self, followed: bool) -> None:
        """Alone, or after something newer of the same kind that overtook it: then it moves nothing back."""
        if followed:
            kind = self.late[0].kind
            if kind.startswith("door"):
                self.true["door"] = "open" if self.true["door"] == "closed" else "closed"
                newer: Kind = "door_opened" if self.true["door"] == "open" else "door_closed"
            else:
                self.true["bolt"] = "thrown" if self.true["bolt"] != "thrown" else "retracted"
                newer = "locked" if self.true["bolt"] == "thrown" else "unlocked"
            self.now += SECOND
            self.plug.said.put_nowait(Event(self.now, newer, LOCK, told=self.now))
        for event in self.late:
            self.plug.said.put_nowait(msgspec.structs.replace(event, at=self.now))
        self.late.clear()
        self.settle()

    @rule(battery=st.integers(0, 100), again=st.booleans())
    def the_battery_drains(self, battery: int, again: bool) -> None:
        if battery != self.true["battery"]:
            self.true["battery"] = battery
            self.happen("battery", False, again, value=battery)

    @rule(again=st.booleans())
    def the_keypad_is_switched(self, again: bool) -> None:
        self.true["keypad_disabled"] = not self.true["keypad_disabled"]
        self.happen("keypad_disabled" if self.true["keypad_disabled"] else "keypad_enabled", False, again)

    @rule(slot=st.integers(1, 4), again=st.booleans())
    def a_code_comes_or_goes(self, slot: int, again: bool) -> None:
        codes = self.true["codes"]
        if slot in codes:
            del codes[slot]
            self.happen("code_removed", False, again, slot=slot)
        else:
            codes[slot] = "new"
            self.happen("code_added", False, again, slot=slot)

    @rule(value=st.sampled_from((0, 30, 60)))
    def a_setting_changes(self, value: int) -> None:
        if value != self.true["relock_s"]:
            self.true["relock_s"] = value
            self.happen("parameter_changed", False, False, name="auto_relock_s", value=value)

    @precondition(lambda self: self.up)
    @rule()
    def the_hub_is_lost(self) -> None:
        self.plug.up = False
        self.happened.clear()
        for event in self.late:
            self.happened[event.kind, event.slot] += 1
        self.late.clear()
        self.plug.said.put_nowait(SourceError("broke"))
        self.settle()
        assert not self.standing.connected

    @precondition(lambda self: not self.up)
    @rule(seconds=st.integers(0, 10_000))
    def the_hub_is_back(self, seconds: int) -> None:
        self.now += seconds * SECOND
        told = len(self.intake.events)
        self.plug.states = [self.state()]
        self.plug.up = True
        self.settle()
        self.only_what_happened(self.intake.events[told:])

    @precondition(lambda self: self.up)
    @rule(kept=st.booleans(), seconds=st.integers(0, 10_000))
    def nightlatch_is_killed_and_starts_again(self, kept: bool, seconds: int) -> None:
        if kept or not self.snapshot:
            self.snapshot, self.kept_at = self.listener.snapshot(), len(self.intake.events)
        self.task.cancel()
        self.loop.run_until_complete(asyncio.gather(self.task, return_exceptions=True))
        self.happened.clear()
        for event in self.late:
            self.happened[event.kind, event.slot] += 1
        self.late.clear()
        self.now += seconds * SECOND
        told = len(self.intake.events)
        self.start(self.snapshot, self.intake.events[self.kept_at :])
        self.only_what_happened(self.intake.events[told:])
        assert "gap" in [event.kind for event in self.intake.events[told:]]

    def only_what_happened(self, told: list[Event]) -> None:
        for event in told:
            if event.resync:
                kind: Kind = event.kind
                if kind == "code_changed":
                    # One that went and came again while nobody listened looks changed.
                    kind = "code_added"
                assert self.happened[kind, event.slot], f"{event.kind} was told, and did not happen"
                assert event.since <= self.now

    @invariant()
    def the_view_is_the_home_s(self) -> None:
        if self.up and not self.late:
            assert {name: getattr(self.standing, name) for name in SHOWN} == {name: self.true[name] for name in SHOWN}
            assert set(self.standing.codes or ()) == set(self.true["codes"])

    @invariant()
    def the_journal_alone_gives_the_same_view(self) -> None:
        if not self.snapshot:
            self.snapshot, self.kept_at = self.listener.snapshot(), len(self.intake.events)
        (again,) = recall(self.snapshot, self.intake.events[self.kept_at :], Resolver()).standings
        for name in (*SHOWN, *SINCE):
            assert getattr(again, name) == getattr(self.standing, name), name
        assert set(again.codes or ()) == set(self.standing.codes or ())


TestListening = Listening.TestCase
TestListening.settings = settings(stateful_step_count=30)
