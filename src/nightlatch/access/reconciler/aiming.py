"""What the lines of a lock become by what is wanted by now, by the owner's word, and by the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from nightlatch.access import ledger
from nightlatch.access.reconciler.chooser import GOING, GONE, went_at
from nightlatch.access.reconciler.strangers import Strangers
from nightlatch.model.access import OPENS, Entry

if TYPE_CHECKING:
    from nightlatch.access.wanting import Blocked, Want

ABSENT_KEPT = 30 * 86_400_000_000
"""For how long (µs) a line that is proven gone stays in the ledger; the journal has it for as long as it keeps any."""


class Aims(msgspec.Struct, frozen=True):
    """All that lines follow at one moment. Times are µs."""

    lock: str
    wants: Mapping[str, Want]
    blocked: Mapping[str, Blocked]
    strangers: Strangers
    opened: Mapping[int, int]
    """When slots last opened the door."""
    now: int
    within: int
    """For how long a code that is to go may still be there before its door counts as exposed."""

    def lines(self, before: Mapping[ledger.Key, Entry]) -> tuple[dict[ledger.Key, Entry], list[ledger.Key]]:
        """The lines that become others, and those that are no longer kept."""
        after: dict[ledger.Key, Entry] = {}
        gone: list[ledger.Key] = []
        for key, line in before.items():
            opens = line.slot in self.opened and line.state in OPENS
            aimed = self._aimed(ledger.used(line, self.opened[line.slot]) if opens else line)
            if aimed is None:
                gone.append(key)
            elif aimed is not line:
                after[key] = aimed
        for credential, want in self.wants.items():
            key = (self.lock, credential, 0)
            if key not in before and (fresh := ledger.aim(None, want, self.now, self.within)) is not None:
                after[key] = fresh
        for credential, why in self.blocked.items():
            key = (self.lock, credential, 0)
            was = after.get(key) or before.get(key) or Entry(self.lock, credential, since=self.now, person=why.person)
            if was.state not in OPENS and (held := ledger.blocked(was, why.reason, self.now)) is not was:
                after[key] = held
        return after, gone

    def _aimed(self, line: Entry) -> Entry | None:
        """A line as it is to be by now; None: it is no longer kept."""
        if line.state == "absent" and (not line.credential or not line.seen or self.now - line.since > ABSENT_KEPT):
            return None
        if line.state in GOING and line.due > self.now + self.within:
            # The clock was set back: the deadline is still as far away as it was meant to be.
            line = msgspec.structs.replace(line, due=self.now + self.within)
        if line.credential:
            want = self.wants.get(line.credential)
            if line.credential in self.blocked and line.state not in OPENS:
                return line
            if line.state in GONE and went_at(line) > self.now:
                want = None
            aimed = ledger.aim(line, want, self.now, self.within)
            if aimed is None:
                return None
            line = aimed
        else:
            line = self.strangers.wanted(line, self.now, self.within)
        return ledger.overdue(line, self.now)
