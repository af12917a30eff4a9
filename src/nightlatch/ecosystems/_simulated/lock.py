"""One simulated lock: its bolt, its door, and the codes that it keeps. It tells nobody anything by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from random import Random
from zoneinfo import ZoneInfo

import msgspec

from nightlatch.ecosystems._simulated.plan import CodeRules
from nightlatch.model.command import Form, Limit, Rules, Why, YearDay
from nightlatch.model.event import State, instant
from nightlatch.secrets import Secret

HUB, KEYPAD = "the hub", "the keypad"
"""Who put a code on a lock."""
MASTER_SLOT = 251
"""Where a lock with a master code lists it: beside its slots, as some models do."""
DIGITS = 6


class Kept(msgspec.Struct, frozen=True):
    """What a lock has in one slot. A tag has no code."""

    code: Secret | None
    limits: tuple[Limit, ...] = ()
    zone: str = "UTC"
    form: Form = "pin"
    enabled: bool = True
    creator: str = HUB
    name: str = ""

    def works(self, at: int) -> bool:
        """Whether the lock takes it at this time of its clock, µs since 1970."""
        if not self.enabled:
            return False
        return not self.limits or any(_holds(limit, at, self.zone) for limit in self.limits)


class SimulatedLock:
    """One lock with its door: what is true, and what it was ordered to get wrong."""

    def __init__(self, id: str, about: str, *, sensor: bool, charge: float, keeps: CodeRules) -> None:  # noqa: A002
        self.id = id
        self.about = about
        self.sensor = sensor
        self.thrown = True
        self.jammed = False
        self.open = False
        self.passing = 0
        """How many people hold the door open."""
        self.charge = charge
        self.dead = False
        self.keypad_disabled = False
        self.security = "s2_access_control"
        self.relock_s = 0
        self.relock_at = 0
        self.keeps = keeps
        self.codes: dict[int, Kept] = {}
        """What is in its slots: the truth, whatever anybody heard of it."""
        self.listed: dict[int, str] = {}
        """What its hub remembers of the slots: a digest that tells a change, by what was told or read."""
        self.master = pin(f"{id}/master") if keeps.master else None
        self.told_at = 0
        """When it last reported the bolt, µs."""
        self.jams = self.unheeded = 0
        self.refusals: list[Why] = []
        """Why it says no to the next commands, one each."""
        self.drops: list[bool] = []
        """Of the next commands that the link drops: whether the lock still does each."""
        self.slow_s = 0.0
        self._turns: dict[int, int] = {}
        """How often each slot was written."""

    @property
    def rules(self) -> Rules:
        """What it says that it keeps to."""
        keeps = self.keeps
        return Rules(
            slots=keeps.slots,
            shortest=keeps.shortest,
            longest=keeps.longest,
            gives_codes=keeps.gives_codes,
            reports_changes=keeps.reports_changes,
            reports_use=keeps.reports_use,
            year_days=keeps.year_days,
            week_days=keeps.week_days,
            days_together=keeps.days_together,
            master=keeps.master,
            reads_each=keeps.reads_each,
        )

    def put(self, slot: int, kept: Kept | None, *, told: bool) -> None:
        """Fill or empty a slot; `told`: its hub comes to know of it."""
        if kept is None:
            self.codes.pop(slot, None)
        else:
            self.codes[slot] = kept
            self._turns[slot] = self._turns.get(slot, 0) + 1
        if told:
            self.known(slot)

    def known(self, slot: int) -> None:
        """The hub learns what is in a slot."""
        if slot in self.codes:
            self.listed[slot] = _digest(f"{self.id}/{slot}/{self._turns[slot]}")
        else:
            self.listed.pop(slot, None)

    def opens(self, code: Secret, at: int) -> int:
        """The slot whose code this is, if the lock takes it at this time; MASTER_SLOT for the master code; else 0."""
        if self.master == code:
            return MASTER_SLOT
        return next((slot for slot, kept in self.codes.items() if kept.code == code and kept.works(at)), 0)

    def refusal(self, *, setting_a_code: bool) -> Why | None:
        """Why it says no to the next command; None when it does not."""
        if not self.refusals or (self.refusals[0] in ("full", "duplicate") and not setting_a_code):
            return None
        return self.refusals.pop(0)

    def state(self) -> State:
        """What the hub tells of it when asked."""
        return State(
            self.about,
            at=0 if self.dead else self.told_at,
            bolt="jammed" if self.jammed else "thrown" if self.thrown else "retracted",
            door=("open" if self.open else "closed") if self.sensor else None,
            battery=round(self.charge),
            reachable=not self.dead,
            keypad_disabled=self.keypad_disabled,
            security=self.security,
            relock_s=self.relock_s,
            codes=dict(self.listed),
        )


def pin(seed: str, taken: Iterable[Secret] = ()) -> Secret:
    """A PIN that chance decides, always the same for the same seed, and none of `taken`."""
    chance = Random(seed)  # noqa: S311  # a simulation: it opens nothing
    used = set(taken)
    while True:
        made = Secret("".join(chance.choice("0123456789") for _ in range(DIGITS)))
        if made not in used:
            return made


def _digest(text: str) -> str:
    # Of the slot's name and a count, never of the code: a digest of six digits could be guessed.
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _holds(limit: Limit, at: int, zone: str) -> bool:
    if isinstance(limit, YearDay):
        return limit.begins <= at < limit.ends
    local: datetime = instant(at).astimezone(ZoneInfo(zone))
    return local.weekday() in limit.days and limit.begins <= local.hour * 60 + local.minute < limit.ends
