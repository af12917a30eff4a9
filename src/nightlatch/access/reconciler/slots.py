"""What was read of one lock's slots since the start, and for how long it is believed.

Nothing of it outlives the process: after a restart slots are read anew before anything is written.
Its times are seconds of a clock that is never set (`time.monotonic`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from nightlatch.model.command import Proof, Rules, Slot

FRESH_S = 600.0
"""For how long what was read is believed of a lock that does not tell of changes at its keypad."""
PROVES: frozenset[Proof] = frozenset(("presence", "value"))
NEVER = float("-inf")


class Seen(msgspec.Struct, frozen=True):
    """What one slot was last read to hold, and when."""

    status: Literal["empty", "used", "disabled", "unknown"]
    proof: Proof
    at: float


class Slots:
    """The slots of one lock."""

    def __init__(self) -> None:
        self.rules: Rules | None = None
        self.missed_at = NEVER
        """What was read before this may have changed, and nobody heard."""
        self.asked_at = NEVER
        """Somebody wants to know what is on the lock: what was read before this is read again."""
        self.unsure: set[int] = set()
        """Slots that were written to without anybody knowing what came of it."""
        self._seen: dict[int, Seen] = {}

    def learn(self, rules: Rules | None, slots: Iterable[Slot], now: float, *, listed: bool = False) -> None:
        """Take what a command gave back; `listed`: the whole lock was asked for, so slots it did not name are empty."""
        self.rules = rules or self.rules
        named = {one.slot: one for one in slots}
        if listed and self.rules is not None and not self.rules.reads_each:
            for slot in range(1, self.rules.slots + 1):
                if slot not in named:
                    self._note(slot, Seen("empty", "presence", now))
        for slot, one in named.items():
            self._note(slot, Seen(one.status, one.proof, now))

    def _note(self, slot: int, seen: Seen) -> None:
        self._seen[slot] = seen
        if seen.proof in PROVES and seen.status != "unknown":
            self.unsure.discard(slot)

    def doubt(self, slot: int) -> None:
        """Something may have changed in this slot: it is read before anything is written to it."""
        self.unsure.add(slot)

    def sure(self, slot: int) -> None:
        """What was known of this slot still holds: the write was refused."""
        self.unsure.discard(slot)

    def forget(self, slot: int) -> None:
        """The lock told that this slot changed."""
        self._seen.pop(slot, None)

    def miss(self, now: float) -> None:
        """For some time nobody heard this lock."""
        self.missed_at = now

    def seen_at(self, slot: int) -> float:
        """When a slot was last read, whatever came of it."""
        seen = self._seen.get(slot)
        return NEVER if seen is None else seen.at

    def believed(self, slot: int, now: float) -> Seen | None:
        """What is in a slot as far as that can be relied on now; None: it must be read."""
        seen = self._seen.get(slot)
        if seen is None or slot in self.unsure or seen.at < self.missed_at:
            return None
        if now - seen.at > FRESH_S and not self.tells:
            return None
        return seen

    def asked_in_vain(self, slot: int, now: float) -> bool:
        """Whether the lock was asked lately, and could not tell what is in this slot."""
        seen = self._seen.get(slot)
        return seen is not None and seen.status == "unknown" and 0 <= now - seen.at <= FRESH_S

    def empty(self, slot: int, now: float) -> bool:
        """Whether a slot is known to hold nothing: only then is it taken."""
        seen = self.believed(slot, now)
        return seen is not None and seen.status == "empty" and seen.proof in PROVES

    def unread(self) -> list[int]:
        """The slots that were not read since somebody asked."""
        numbers = range(1, self.rules.slots + 1) if self.rules is not None else range(0)
        return [slot for slot in numbers if self.seen_at(slot) < self.asked_at]

    def whole(self) -> bool:
        """Whether every slot was read since the start."""
        rules = self.rules
        return rules is not None and all(self.seen_at(slot) != NEVER for slot in range(1, rules.slots + 1))

    @property
    def tells(self) -> bool:
        """Whether the lock tells by itself when a code changes."""
        return self.rules is not None and self.rules.reports_changes
