"""What the lines of a lock become by what was read of its slots; codes that no line explains are foreign."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

import msgspec

from nightlatch.access import ledger
from nightlatch.errors import NightlatchError
from nightlatch.model.access import OPENS, Entry
from nightlatch.model.command import Slot
from nightlatch.secrets import Secret

if TYPE_CHECKING:
    from nightlatch.access.wanting import Want


class Reading(msgspec.Struct, frozen=True):
    """One answer of a lock."""

    lock: str
    before: Mapping[ledger.Key, Entry]
    wants: Mapping[str, Want]
    pin: Callable[[str], Secret]
    mark: Callable[[Secret], str]
    at: int
    """When the lock told it, µs."""
    now: int
    written: int = 0
    """The slot that was written to: its own line is moved on by how the command ended."""
    code: Secret | None = None
    """What was written there; None: it was cleared."""

    def lines(self, told: Mapping[int, Slot], swapped: Collection[int]) -> dict[ledger.Key, Entry]:
        """The lines that become others. `swapped`: slots whose code is said to be another since they were read."""
        after: dict[ledger.Key, Entry] = {}
        explained: set[int] = set()
        for key, line in self.before.items():
            slot = told.get(line.slot) if line.slot and line.state in OPENS else None
            if slot is None:
                continue
            if not line.credential and self._another(line, slot, swapped):
                continue
            read = ledger.read(line, slot, pin_or_none(self.pin, line.credential), self.at, self.now)
            if read.slot and read.state in OPENS:
                explained.add(line.slot)
            if line.slot != self.written and read is not line:
                after[key] = read
        for number, slot in told.items():
            if number in explained or slot.status not in ("used", "disabled") or slot.proof not in ledger.PROVES:
                continue
            if number == self.written and self.code is not None and slot.code in (None, self.code):
                continue
            found = self._unexplained(slot)
            after[ledger.key(found)] = found
        return after

    def _another(self, line: Entry, slot: Slot, swapped: Collection[int]) -> bool:
        """Whether a foreign line's slot holds another code by now: what the owner said of it holds no more."""
        if slot.status not in ("used", "disabled"):
            return False
        if not line.mark or slot.code is None:
            return line.slot in swapped
        mark = self.mark(slot.code)
        return mark != line.mark and mark.partition(":")[0] == line.mark.partition(":")[0]

    def _unexplained(self, slot: Slot) -> Entry:
        """A foreign line, or the line of somebody whose code it is and who is to have it here."""
        found = ledger.foreign(self.lock, slot, self.at, self.now)
        if slot.code is None:
            return found
        for want in self.wants.values():
            line = self.before.get((want.lock, want.credential, 0))
            if (line is None or not line.slot) and pin_or_none(self.pin, want.credential) == slot.code:
                return ledger.claimed(found, want.credential, want.person)
        return msgspec.structs.replace(found, mark=self.mark(slot.code))


def pin_or_none(pin: Callable[[str], Secret], credential: str) -> Secret | None:
    """A PIN, or None where there is none: the code is a foreign one, or its person was erased."""
    if not credential:
        return None
    try:
        return pin(credential)
    except NightlatchError:
        return None
