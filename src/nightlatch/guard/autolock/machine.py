"""Decides for one door whether it must be locked now. Pure: what is known and the time go in, what to do comes out.

The decision is made anew from the lock's standing every time, so that lost, late and repeated messages
change nothing but the standing, and a restart goes on where it was: the delay runs from when door and
bolt came to be as they are, which the standing remembers.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from nightlatch.guard.autolock.settings import Rule
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.localtime import LocalTime
from nightlatch.guard.standing import Standing
from nightlatch.model.command import Outcome
from nightlatch.model.finding import Severity
from nightlatch.text import count, span

SECOND = 1_000_000
OVERDUE = 300 * SECOND
"""How long after its time a door that could not be locked raises an alert."""
ITSELF = 20 * SECOND
"""How much longer the lock's own auto-relock may take than it was set to, before Nightlatch locks."""
DETECTION = "autolock"
"""What its notices are filed under."""


class Phase(StrEnum):
    """Where a door is on its way to being locked."""

    LOCKED = "locked"
    WAITING = "waiting"
    LOCKING = "locking"
    OPEN = "open"
    HELD = "held"
    PAUSED = "paused"
    GAVE_UP = "gave_up"
    UNKNOWN = "unknown"


class Step(msgspec.Struct, frozen=True):
    """What to do now: lock if `lock`, look again at `wake` (µs; 0: only when something changes)."""

    phase: Phase
    why: str
    wake: int = 0
    lock: bool = False
    due: int = 0
    """When it will be locked if nothing changes, µs; 0: not foreseen."""


class Memory(msgspec.Struct, omit_defaults=True):
    """What survives a restart beside the lock's standing. It names no person."""

    paused_until: int = 0
    tries: int = 0
    tried_at: int = 0
    gave_up: bool = False
    ahead: int = 0
    """A time that lay ahead because the clock was set back, and since when, by the new clock, it counts."""
    ahead_since: int = 0
    raised: list[str] = []
    """Keys of alerts that are open."""
    relock_s: int | None = None
    """What the lock's own auto-relock was set to."""
    relock_tried_at: int = 0


class Machine:
    """One door."""

    def __init__(self, rule: Rule, memory: Memory | None = None) -> None:
        self.rule = rule
        self.memory = memory or Memory()
        self._local = LocalTime(rule.zone)
        self._begun = 0

    def look(self, standing: Standing, now: int) -> Step:
        """What to do with the lock as it stands. Looking twice changes nothing."""
        memory, rule = self.memory, self.rule
        memory.tried_at = min(memory.tried_at, now)
        if standing.bolt == "thrown" and not standing.stale(standing.bolt_at, now):
            memory.tries, memory.gave_up = 0, False
            return Step(Phase.LOCKED, "the bolt is thrown")
        if standing.door == "open" or (memory.tries and memory.tried_at < standing.door_since <= now):
            # Somebody uses the door, or did, however quickly: it gets its whole delay again.
            memory.tries, memory.gave_up = 0, False
        if memory.paused_until > now:
            return Step(Phase.PAUSED, "the owner paused it", memory.paused_until)
        if self.held(now):
            return Step(Phase.HELD, "it stays unlocked at these hours")
        if standing.bolt == "thrown":
            return Step(Phase.UNKNOWN, f"where the bolt is: {standing.stale(standing.bolt_at, now)}")
        if standing.door == "open":
            return Step(Phase.OPEN, "the door is open")
        begun = self._counted(max(standing.bolt_since, standing.door_since), now)
        due = begun + self.delay(standing, now)
        if why := self._unsure(standing, now):
            return Step(Phase.UNKNOWN, why, due + OVERDUE if due + OVERDUE > now else 0)
        if memory.gave_up:
            return Step(Phase.GAVE_UP, "it could not be locked, and an alert was raised")
        if memory.tries:
            due = memory.tried_at + rule.retry_after
        if now < due:
            return Step(Phase.WAITING, "closed and unlocked", due, due=due)
        return Step(Phase.LOCKING, f"closed and unlocked for {span(now - begun)}", lock=True, due=due)

    def _unsure(self, standing: Standing, now: int) -> str:
        """Why it must not be locked because something is not known; nothing when all is known."""
        if why := standing.stale(standing.bolt_at, now):
            return f"where the bolt is: {why}"
        if standing.bolt == "unknown":
            return "where the bolt is was never reported"
        if standing.door is None:
            return "" if self.rule.without_sensor else "nothing tells whether the door is closed"
        if standing.door == "unknown":
            return "the door's sensor does not say whether it is closed"
        if why := standing.stale(standing.door_at, now):
            return f"whether the door is closed: {why}"
        return ""

    def _counted(self, since: int, now: int) -> int:
        """Since when a delay counts: a time ahead was told before the clock was set back, and counts from now."""
        memory = self.memory
        if since <= now:
            return since
        if memory.ahead != since or memory.ahead_since > now:
            memory.ahead, memory.ahead_since = since, now
        return memory.ahead_since

    def delay(self, standing: Standing, now: int) -> int:
        """How long the door may be unlocked by these hours; longer where the lock is to do it by itself."""
        rule = self.rule
        delay = rule.night_after if _within(rule.night, self._local, now) else rule.after
        if delay == rule.after and self.by_itself(standing):
            delay += ITSELF
        return delay

    def held(self, now: int) -> bool:
        """Whether the door stays unlocked at this hour."""
        return any(_within(hours, self._local, now) for hours in self.rule.hold_open)

    # The lock's own auto-relock

    def own_relock(self, standing: Standing) -> str:
        """Why the lock's own auto-relock is not used; nothing when it is."""
        if self.rule.prefer != "lock":
            return "Nightlatch locks"
        if standing.relock_s is None:
            return "the lock tells of no auto-relock of its own"
        if not (standing.own_sensor and standing.door is not None) and not self.rule.without_sensor:
            return "the lock has no door sensor of its own, and could lock an open door"
        return ""

    def by_itself(self, standing: Standing) -> bool:
        """Whether the lock is set to lock by itself as wanted."""
        return not self.own_relock(standing) and standing.relock_s == self.rule.after // SECOND

    def wanted_relock(self, now: int) -> int:
        """What the lock's own auto-relock should be set to now, s; 0: off."""
        return 0 if self.memory.paused_until > now or self.held(now) else self.rule.after // SECOND

    # What came of it

    def tried(self, outcome: Outcome, now: int) -> None:
        """Note how an attempt to lock ended."""
        memory = self.memory
        if outcome.ending == "evidence":
            memory.tries = 0
            return
        memory.tries += 1
        memory.tried_at = now
        memory.gave_up = memory.tries > self.rule.retries

    def notices(self, standing: Standing, step: Step, now: int, name: str) -> list[Noticed]:
        """Alerts that begin or end with this step, each once; `name` is what people call the lock."""
        open_now: dict[str, tuple[Severity, str]] = {}
        if self.memory.gave_up:
            tries = count(self.memory.tries, "attempt")
            open_now["gave_up"] = (Severity.HIGH, f"{name} could not be locked in {tries}. {_bolt(standing)}")
        self._begun = min(self._begun or now, now)
        since = max(standing.bolt_since, standing.door_since) or self._begun
        due = self._counted(since, now) + self.delay(standing, now)
        if step.phase is Phase.UNKNOWN and standing.bolt != "thrown" and now >= due + OVERDUE:
            what = f"{name} should have locked itself and did not: {step.why}."
            if not standing.heard:
                what = f"{name} cannot lock itself: nothing was ever heard of it. Is it bound to a lock of a hub?"
            open_now["overdue"] = (Severity.MEDIUM, what)
        if self._drifted(standing, now):
            what = f"{name} was set to lock itself after {self.memory.relock_s} s, and now says {standing.relock_s} s."
            open_now["drift"] = (Severity.MEDIUM, what)
        return self.raise_(open_now, ("gave_up", "overdue", "drift"), now)

    def raise_(self, open_now: dict[str, tuple[Severity, str]], keys: tuple[str, ...], now: int) -> list[Noticed]:
        """Notices for what of these keys began or ended."""
        memory, found = self.memory, []
        for key in keys:
            if key in open_now and key not in memory.raised:
                severity, what = open_now[key]
                memory.raised = [*memory.raised, key]
                found.append(Noticed(DETECTION, self.rule.lock, now, severity, what, key))
            elif key not in open_now and key in memory.raised:
                memory.raised = [one for one in memory.raised if one != key]
                found.append(Noticed(DETECTION, self.rule.lock, now, key=key, over=True))
        return found

    def _drifted(self, standing: Standing, now: int) -> bool:
        memory = self.memory
        return (
            not self.own_relock(standing)
            and standing.connected
            and memory.relock_s is not None
            and memory.relock_s == self.wanted_relock(now)
            and standing.relock_s != memory.relock_s
        )


def _within(hours: tuple[int, int], local: LocalTime, now: int) -> bool:
    begin, end = hours
    minute = local.minute(now) % 1440
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def _bolt(standing: Standing) -> str:
    return f"The bolt is {standing.bolt}." if standing.bolt != "unknown" else "Where the bolt is is not known."
