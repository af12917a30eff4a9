"""What the owner says of foreign codes, as it is kept: what they decided, and what nightlatch.toml explains."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec
import sqlalchemy as sa

from nightlatch.access.changing import fresh_id
from nightlatch.access.reconciler.owner import Owner
from nightlatch.access.register import Register
from nightlatch.errors import NightlatchError, UsageError
from nightlatch.model.access import Credential, Decision, Entry, Retired
from nightlatch.model.event import Event
from nightlatch.secrets import Secret
from nightlatch.store.access import AccessRecords
from nightlatch.text import count

log = logging.getLogger(__name__)

LONGEST_NAME = 100
"""Signs of the name of a code."""


def decision(line: Entry, does: str, now: int, *, name: str = "", person: str = "") -> Decision:
    """What the owner decides of a foreign line, as they saw it: "keep", "take" or "remove"."""
    if line.credential:
        raise UsageError(
            f"the code in slot {line.slot} is managed by Nightlatch", todo="End its grant: nightlatch grant"
        )
    name = name.strip()
    if len(name) > LONGEST_NAME or not name.isprintable() or (does == "keep" and not name and not person):
        raise UsageError(f"a code's name has 1 to {LONGEST_NAME} signs, all of them printable")
    return msgspec.convert(
        {
            "id": f"{line.lock}/{line.slot}",
            "lock": line.lock,
            "slot": line.slot,
            "does": does,
            "since": line.since,
            "mark": line.mark,
            "name": name,
            "person": person,
            "at": now,
        },
        Decision,
    )


class TakesIn(Protocol):
    """What is asked of the vault."""

    def pins(self) -> dict[str, Secret]:
        """Every PIN, by its credential."""

    def keep_within(self, connection: sa.Connection, name: str, secret: Secret) -> None:
        """Seal a secret within a transaction."""


class Kept(Owner):
    """The owner of a running Nightlatch. `renew` reads anew what they said."""

    def __init__(
        self,
        records: AccessRecords,
        vault: TakesIn,
        *,
        clock: Callable[[], int],
        tell: Callable[[Event], Awaitable[object]],
        renewed: Callable[[], None],
        wanted: Callable[[str, str], bool],
        explained: Mapping[tuple[str, int], str],
    ) -> None:
        """`explained` is whose the configuration says that each slot's code is, by lock and slot.

        `renewed` has the plan follow a change; `wanted` tells whether a credential is to be on a lock now.
        """
        self._records, self._vault = records, vault
        self._clock, self._tell = clock, tell
        self._renewed, self._wanted = renewed, wanted
        self._decisions: dict[tuple[str, int], Decision] = {}
        self._explained = explained
        self._retired: dict[str, Retired] = {}
        self._surveyed = set(records.surveyed())

    def renew(self, register: Register) -> set[str]:
        """Take what was decided by now; the locks that it is about."""
        self._decisions = {(one.lock, one.slot): one for one in self._records.decisions()}
        before, self._retired = self._retired, dict(register.retired)
        locks = {lock for lock, _ in (*self._decisions, *self._explained)}
        return locks | (before.keys() ^ self._retired.keys()) | self._retired.keys()

    def decision(self, lock: str, slot: int) -> Decision | None:
        """What they decided of the code in a slot, and was not done yet."""
        return self._decisions.get((lock, slot))

    def done(self, decision: Decision) -> None:
        """It was done, or does not hold: it was about another code."""
        self._decisions.pop((decision.lock, decision.slot), None)
        try:
            self._records.remove(decision)
        except NightlatchError as error:
            # It is taken away the next time: what was done of it is in the ledger, and is done once.
            log.warning("access: %s", error)

    def explained(self, lock: str, slot: int) -> str:
        """The person whom the configuration names for a slot."""
        return self._explained.get((lock, slot), "")

    def leaves(self, lock: str) -> bool:
        """Whether the lock is given up with all that is on it."""
        retired = self._retired.get(lock)
        return retired is not None and retired.foreign

    async def take(self, line: Entry, decision: Decision, code: Secret) -> str:
        """Make a code the person's, in the place of theirs that is as long; nothing where that cannot be.

        It cannot be where it is another person's too, or where they have no leave at this lock now: the
        code would come off it at once.
        """
        now, person = self._clock(), decision.person
        try:
            held = self._records.credentials()
            pins = self._vault.pins()
            same = [one for one in held if not one.ended and one.id in pins and pins[one.id] == code]
            if any(one.person != person for one in same):
                log.warning("access: slot %d of %s is not taken over: it is another's code too", line.slot, line.lock)
                return ""
            if same:
                return same[0].id
            fresh = fresh_id("c", {one.id: one for one in held})
            made = Credential(fresh, person, len(code), now, chosen=True)
            old = [one for one in held if one.person == person and not one.ended and one.digits == len(code)]
            ended = [msgspec.structs.replace(one, ended=now) for one in old]
            with self._records.writing() as connection:
                self._records.change_within(connection, [made, *ended])
                self._vault.keep_within(connection, f"credential:{fresh}", code)
            self._renewed()
            if not self._wanted(line.lock, fresh):
                self._records.change(old, [made], unseal=[f"credential:{fresh}"])
                self._renewed()
                log.warning("access: slot %d of %s is not taken over: no grant is for it", line.slot, line.lock)
                return ""
        except NightlatchError as error:
            log.error("access: slot %d of %s is not taken over: %s", line.slot, line.lock, error)
            return ""
        told = f"added: {count(len(code), 'digit')}, taken over from slot {line.slot} of {line.lock}"
        await self._tell(Event(now, "credential", "home", person=person, value=fresh, name="added", detail=told))
        for one in ended:
            event = Event(now, "credential", "home", person=person, value=one.id, name="ended", detail="ended")
            await self._tell(event)
        return fresh

    def surveyed(self, lock: str) -> bool:
        """Whether the lock was once read whole."""
        return lock in self._surveyed

    def survey_ended(self, lock: str) -> None:
        """It was read whole."""
        self._surveyed.add(lock)
        try:
            self._records.put_surveyed(lock, self._clock())
        except NightlatchError as error:
            log.warning("access: %s", error)
