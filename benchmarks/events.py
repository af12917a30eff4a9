"""A guarded home's events, made up: what locks mostly tell, and now and then what is worth telling of."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import msgspec

from nightlatch.guard.household import Holder, Household
from nightlatch.model.event import Event

BEGIN = 1_790_000_000_000_000
"""µs since 1970: a Monday of 2026."""
SECOND = 1_000_000
SLOTS = range(1, 6)
"""The slots that are somebody's, at every lock."""
EXPIRED = ("lock:0", 4)
"""The one credential that ended before the events begin."""
HUB = "hub:zwavejs:controller"

Told = tuple[str, dict[str, Any]]
_RAW = (
    '{"source":"node","event":"value updated","nodeId":%d,"args":{"commandClass":98,"endpoint":0,'
    '"property":"currentMode","newValue":255,"prevValue":0,"propertyName":"currentMode"}}'
)


def household(locks: int) -> Household:
    """So many doors with a lock and five explained codes each; remote and voice unlocking are switched off."""
    numbers = range(locks)
    holders = {}
    for lock in range(locks):
        # A resident of two neighbouring doors, another of this one, and guests with hours of their own.
        holders |= {(f"lock:{lock}", 1): Holder(f"p{lock // 2}"), (f"lock:{lock}", 2): Holder(f"q{lock}")}
        holders |= {(f"lock:{lock}", slot): Holder(f"r{lock}-{slot}", windows=((0, 10_080),)) for slot in SLOTS[2:]}
    holders[EXPIRED] = Holder("p0-4", ends=BEGIN)
    return Household(
        locks=tuple(f"lock:{lock}" for lock in numbers),
        names={f"door:{lock}": f"Door {lock}" for lock in numbers},
        door_of={f"lock:{lock}": f"door:{lock}" for lock in numbers},
        holders=holders,
        remote=False,
        voice=False,
    )


def stream(number: int, locks: int, *, seed: int = 1, per_second: int = 1000, begin: int = BEGIN) -> list[bytes]:
    """So many events from `begin` on as lines of JSON. Each lock goes through what belongs together in turn."""
    chance = random.Random(seed)
    waiting: list[deque[Told]] = [deque() for _ in range(locks)]
    lines, at = [], begin
    for _ in range(number):
        at += SECOND // per_second
        lock = chance.randrange(locks)
        if not waiting[lock]:
            waiting[lock].extend(_happening(chance))
        kind, fields = waiting[lock].popleft()
        about = HUB if kind == "gap" else f"lock:{lock}"
        if kind == "gap":
            fields = {**fields, "since": at - int(fields["value"]) * SECOND}
        raw = _RAW % lock if kind not in ("gap", "verified") else ""
        event = Event(at, kind, about, source="zwavejs", raw=raw, **fields)  # type: ignore[arg-type]
        lines.append(msgspec.json.encode(event))
    return lines


def _happening(chance: random.Random) -> list[Told]:
    """What one lock tells of one thing that happens."""
    dice = chance.random()
    if dice < 0.45:
        return [("battery", {"value": chance.randrange(40, 100)})]
    if dice < 0.75:
        return [("online", {})]
    door: list[Told] = [("door_opened", {}), ("door_closed", {}), ("locked", {"by": "auto"})]
    if dice < 0.88:
        return [("unlocked", {"by": "code", "slot": chance.choice(SLOTS)}), *door]
    if dice < 0.97:
        return [("unlocked", {"by": "thumb"}), *door]
    if dice < 0.985:
        return [("wrong_code", {}), ("unlocked", {"by": "code", "slot": chance.choice(SLOTS)}), *door]
    return chance.choice(_RARE)


_RARE: tuple[list[Told], ...] = (
    [("tamper", {})],
    [("door_forced", {}), ("door_closed", {})],
    [("wrong_code", {})] * 5 + [("keypad_disabled", {}), ("keypad_enabled", {})],
    [("jammed", {}), ("locked", {"by": "auto"})] * 2,
    [("unlocked", {"by": "code", "slot": 9}), ("locked", {"by": "auto"})],
    [("unlocked", {"by": "remote"}), ("locked", {"by": "auto"})],
    [("unlocked", {"by": "voice"}), ("locked", {"by": "auto"})],
    [("code_added", {"slot": 12})],
    [("code_changed", {"slot": 2})],
    [("code_removed", {"slot": 12})],
    [("parameter_changed", {"name": "auto_relock_s", "value": 0})],
    [
        ("security_changed", {"value": "s0", "name": "s2_access_control"}),
        ("security_changed", {"value": "s2_access_control", "name": "s0"}),
    ],
    [("battery", {"value": 9}), ("battery", {"value": 90})],
    [("gap", {"value": 1200})],
    [("gap", {"value": 20})],
    [("offline", {}), ("online", {})],
    [("verified", {"value": "not intact"})],
)
