"""The foreign codes of one lock, and what the owner says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nightlatch.access import ledger
from nightlatch.access.reconciler.owner import Owner
from nightlatch.model.access import Decision, Entry
from nightlatch.model.command import Slot


class Strangers:
    """Those of one lock."""

    def __init__(self, lock: str, owner: Owner) -> None:
        self._lock, self._owner = lock, owner

    def wanted(self, line: Entry, now: int, within: int) -> Entry:
        """A foreign line as the owner wants it by now. It changes nothing by itself: see `settle`."""
        if (decision := self._owner.decision(self._lock, line.slot)) is not None:
            after = ledger.decided(line, decision, now, within)
            if after is not None:
                return after
        if line.state != "foreign":
            return line
        if self._owner.leaves(self._lock) and line.form != "master":
            # A master code is changed at the keypad, and never cleared.
            return ledger.removed(line, now, within, "the lock is given up")
        return ledger.explained(line, self._owner.explained(self._lock, line.slot))

    def settle(self, lines: Iterable[Entry]) -> Iterator[int]:
        """The lines are written down, and what was decided is done; these slots are to be read before anything else.

        A code is taken over, and is removed, as it is read then: another may have come into its place meanwhile.
        """
        there = {line.slot: line for line in lines if not line.credential}
        for slot, line in there.items():
            decision = self._owner.decision(self._lock, slot)
            if decision is None:
                continue
            if decision.does == "take" and line.since == decision.since and line.kept:
                yield slot
                continue
            if line.state == "removing":
                yield slot
            self._owner.done(decision)

    def to_take(self, line: Entry) -> Decision | None:
        """What was decided of a line that is to become somebody's credential once its code is read."""
        decision = self._owner.decision(self._lock, line.slot)
        return decision if decision is not None and decision.does == "take" and line.kept else None

    async def take(self, lines: dict[ledger.Key, Entry], told: Iterable[Slot]) -> list[ledger.Key]:
        """Make codes that were read somebody's credential, where the owner wants it so; the lines that are no more.

        `lines` are those that the reading changed or confirmed: what is taken over has its new line there.
        """
        gone: list[ledger.Key] = []
        for slot in told:
            key = (self._lock, "", slot.slot)
            line = lines.get(key)
            if line is None or slot.proof not in ledger.PROVES or (decision := self.to_take(line)) is None:
                continue
            credential = await self._owner.take(line, decision, slot.code) if slot.code is not None else ""
            if credential:
                del lines[key]
                claimed = ledger.claimed(line, credential, decision.person)
                lines[ledger.key(claimed)] = claimed
                gone.append(key)
            self._owner.done(decision)
        return gone
