"""How the simulated home is made up: its table of the configuration."""

from __future__ import annotations

import re

import msgspec

from nightlatch.ecosystems._simulated.faults import Fault
from nightlatch.plugs import Settings

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
MOST_LOCKS = 50_000
MOST_SLOTS = 250


class CodeRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a simulated lock keeps to about codes; the fields are those of `model.command.Rules`.

    Without `duplicates` it refuses a code that another slot has. `tells_creators`: it tells which
    controller put a code there. Only a lock without `reads_each` lists its codes when it is asked once.
    """

    slots: int = 30
    shortest: int = 4
    longest: int = 8
    gives_codes: bool = True
    reports_changes: bool = True
    reports_use: bool = True
    year_days: int = 0
    week_days: int = 0
    days_together: bool = False
    master: bool = False
    reads_each: bool = True
    duplicates: bool = False
    tells_creators: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.slots <= MOST_SLOTS:
            raise ValueError(f"slots must be from 1 to {MOST_SLOTS}")
        if not 1 <= self.shortest <= self.longest:
            raise ValueError("shortest must be 1 or more, and longest not below it")
        if self.year_days < 0 or self.week_days < 0:
            raise ValueError("year_days and week_days must not be below 0")


class Plan(Settings, frozen=True):
    """`[[sources]] kind = "simulated"`.

    `seed` decides everything that chance would. `pace` is how many seconds of the people's day pass
    in one: 720 is a day in two minutes; what happens at a door takes its natural time at any pace.
    `starts` is the time of day it begins at. Every door has a lock of the same id; those in
    `without_sensor` tell nothing of the door. Person n, counted from 1, has the code in slot n of
    every lock. `locks` are more locks that nobody comes to, for load. `faults` happen at their time
    of the first day. `answer_s` is how long a lock takes to do what it is told. `codes` is what every
    lock keeps to about codes, but for the doors in `codes_at`.
    """

    seed: int = 1
    pace: float = 1.0
    starts: str = "06:00"
    doors: tuple[str, ...] = ("front",)
    without_sensor: tuple[str, ...] = ()
    people: int = 2
    locks: int = 0
    faults: tuple[Fault, ...] = ()
    answer_s: float = 0.3
    codes: CodeRules = CodeRules()
    codes_at: dict[str, CodeRules] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.pace <= 0 or self.answer_s < 0 or self.people < 0:
            raise ValueError("pace must be above 0, answer_s and people not below")
        if not 0 <= self.locks <= MOST_LOCKS:
            raise ValueError(f"locks must be from 0 to {MOST_LOCKS}")
        if not self.doors and self.people:
            raise ValueError("people need a door")
        for door in self.codes_at:
            if door not in self.doors:
                raise ValueError(f"codes_at names {door!r}, which is none of the doors")
        minutes(self.starts)
        for fault in self.faults:
            minutes(fault.at)
            lock = getattr(fault, "lock", "")
            if lock and lock not in self.doors:
                raise ValueError(f"a fault names {lock!r}, which is none of the doors")


def minutes(text: str) -> int:
    """`18:30` as minutes since midnight; ValueError when it is no time."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no time of day: write it as 18:30")
    return int(match[1]) * 60 + int(match[2])
