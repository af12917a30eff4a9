"""Codes of a lock that keeps them in numbered slots (User Code, versions 1 and 2).

What is in a slot is what the lock answers when it is asked for it; the driver's memory is never looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from nightlatch.ecosystems._zwavejs import limits as _limits
from nightlatch.ecosystems._zwavejs.asker import Asker, HubRefused, Unheard
from nightlatch.ecosystems._zwavejs.limits import Impossible, Schedules
from nightlatch.ecosystems._zwavejs.messages import USER_CODE, UserCode, decoded
from nightlatch.ecosystems._zwavejs.notifications import DUPLICATE_CODE, KEYPAD_BUSY
from nightlatch.ecosystems._zwavejs.scheduling import Scheduling
from nightlatch.ecosystems._zwavejs.slots import (
    ADMIN_SLOT,
    DISABLED,
    ENABLED,
    MASTER_SLOT,
    Habits,
    Refusal,
    admin_slot,
    reports,
    slot_of,
    unfit,
)
from nightlatch.ecosystems._zwavejs.state import Reported
from nightlatch.model.command import ClearCode, Outcome, ReadCodes, Rules, SetCode, Slot
from nightlatch.secrets import Secret

LOOKS_S = (0.0, 1.0, 3.0)
"""Before each look at a slot that was written: a lock may take its time to store a code."""
WORD_S = 0.3
"""How long a notification that says why may be behind the refusal itself."""
SPARE_S = 1.5
"""A read that is not begun with less time than this left is not begun."""

_FAIL, _CANNOT = 2, 0
_VERSION_2 = 2
_LAST = 255
_INVALID = "Argument_Invalid"
_WORDS = {"empty": "empty", "used": "in use", "disabled": "disabled", "unknown": "not there"}


class Capabilities(Struct, frozen=True):
    """What a lock of version 2 says that it can (getCapabilities)."""

    supportsAdminCode: bool = False
    supportedUserIDStatuses: tuple[int, ...] = ()


class Supervised(Struct, frozen=True):
    """What a lock that supports Supervision says of a command: 255 done, 1 at it, 2 failed, 0 cannot."""

    status: int | None = None


class HeardOfCodes:
    """What the lock tells by itself while it is commanded: why it takes no code."""

    def __init__(self) -> None:
        self.duplicate = False
        self.busy = False
        self.news = asyncio.Event()

    def begin(self) -> None:
        """A command is sent: what was told before is not about it."""
        self.duplicate = self.busy = False
        self.news.clear()

    def told(self, event: int) -> None:
        """A notification of Access Control came."""
        if event in (DUPLICATE_CODE, KEYPAD_BUSY):
            self.duplicate = self.duplicate or event == DUPLICATE_CODE
            self.busy = self.busy or event == KEYPAD_BUSY
            self.news.set()


class UserCodes:
    """One command's worth of work on the slots of one lock."""

    def __init__(
        self, asker: Asker, habits: Habits, heard: HeardOfCodes, clock: Callable[[], int], *, has_master: bool
    ) -> None:
        self._asker = asker
        self._habits = habits
        self._heard = heard
        self._clock = clock
        self._has_master = has_master
        self._version = asker.node.supports.get(USER_CODE, 1)
        self._schedules = Scheduling(asker, habits)
        self._read: dict[int, Slot] = {}
        self._rules: Rules | None = None
        self._was_empty: set[int] = set()
        """Slots that were empty just before: what is in one now was put there by this command."""

    async def do(self, command: SetCode | ClearCode | ReadCodes) -> Outcome:
        """How it ended, with what was read of slots and how many messages were sent."""
        at = f"node {self._asker.node.nodeId}"
        try:
            match command:
                case SetCode():
                    outcome = await self._set(command)
                case ClearCode():
                    outcome = await self._clear(command)
                case ReadCodes():
                    outcome = await self._list(command)
        except Refusal as refusal:
            outcome = refusal.outcome
        except Unheard as why:
            outcome = Outcome("unknown", str(why))
        except HubRefused as refused:
            outcome = Outcome("refused", str(refused), why="invalid" if refused.name == _INVALID else "denied")
        where = f"{at}, {outcome.where}" if outcome.where else at
        slots = tuple(slot for _, slot in sorted(self._read.items()))
        return replace(outcome, where=where, slots=slots, rules=self._rules, sent=self._asker.sent)

    # Reading

    async def _list(self, command: ReadCodes) -> Outcome:
        if not command.slots:
            return await self._keeps_to()
        for slot in command.slots:
            if self._asker.seconds_left < SPARE_S:
                read = len(self._read)
                return Outcome("unknown", f"there was time for {read} of {len(command.slots)} slots", "user code slots")
            if slot == ADMIN_SLOT:
                await self._look_at_admin()
            elif 0 < slot <= _LAST:
                await self._look_at(slot)
            else:
                self._read[slot] = Slot(slot, "unknown", "none")
        return Outcome("evidence", f"{len(self._read)} slots read", "user code slots", self._clock())

    async def _keeps_to(self) -> Outcome:
        slots = await self._asker.read(USER_CODE, "getUsersCount", int)
        master = False
        if self._version >= _VERSION_2:
            able = await self._asker.read(USER_CODE, "getCapabilities", Capabilities)
            self._habits.parks = DISABLED in able.supportedUserIDStatuses
            master = able.supportsAdminCode
            if master:
                await self._look_at_admin()
        elif self._has_master and slots < MASTER_SLOT:
            master = (await self._look_at(MASTER_SLOT)).status != "unknown"
        room = await self._schedules.room()
        tells = reports(await self._asker.hub("node.get_supported_notification_events", Reported))
        together = _limits.days_together(room)
        self._rules = Rules(
            max(0, slots),
            shortest=None,
            longest=None,
            gives_codes=self._habits.gives is not False,
            reports_changes=tells.changes,
            reports_use=tells.use,
            year_days=room.of("YearDay"),
            week_days=room.of("DailyRepeating") if together else room.of("WeekDay"),
            days_together=together,
            master=master,
        )
        return Outcome("evidence", f"it has {slots} slots", "user code slots", self._clock())

    async def _look_at(self, slot: int) -> Slot:
        found = slot_of(slot, await self._asker.read(USER_CODE, "get", UserCode, slot))
        self._read[slot] = found
        if found.status in ("used", "disabled"):
            self._habits.gives = found.code is not None
        return found

    async def _look_at_admin(self) -> None:
        found = admin_slot(await self._asker.invoke(USER_CODE, "getAdminCode"))
        if found is None:
            raise Unheard("the lock did not answer")
        self._read[ADMIN_SLOT] = found

    # Writing

    async def _set(self, command: SetCode) -> Outcome:
        self._writable(command.slot)
        why = unfit(command.code)
        if why:
            raise Refusal(Outcome("refused", why, why="invalid"))
        wanted = await self._wanted(command)
        if wanted is None and self._habits.gives:
            return await self._set_unlimited(command)
        before = await self._existing(command.slot)
        if before.status == "empty":
            self._was_empty.add(command.slot)
        elif before.code is None:
            # It hides its codes: only an empty slot that is then in use shows that this one was stored.
            await self._emptied(command.slot)
            before = self._read[command.slot]
        if wanted is not None:
            return await self._set_limited(command, wanted, before)
        return await self._set_unlimited(command)

    async def _set_unlimited(self, command: SetCode) -> Outcome:
        await self._put(command.slot, command.code, ENABLED)
        await self._schedules.off(command.slot)
        self._read[command.slot] = replace(self._read[command.slot], limits=())
        return self._proven(command.slot)

    async def _wanted(self, command: SetCode) -> Schedules | None:
        if not command.limits:
            return None
        if not self._schedules.supported:
            raise Refusal(Outcome("refused", "the lock keeps no schedules", why="limits"))
        if self._habits.loses_limits and not self._habits.parks:
            raise Refusal(Outcome("refused", "the lock loses a code's schedules when it is set", why="limits"))
        try:
            return _limits.schedules(command.limits, command.zone, await self._schedules.room())
        except Impossible as why:
            raise Refusal(Outcome("refused", str(why), why="limits")) from None

    async def _set_limited(self, command: SetCode, wanted: Schedules, before: Slot) -> Outcome:
        """The code can open only once its schedules are proven: it waits disabled, or they wait in an empty slot."""
        slot = command.slot
        if before.status == "used" and before.code == command.code and await self._schedules.holds(slot, wanted):
            self._read[slot] = replace(before, limits=command.limits)
            return self._proven(slot)
        parks = await self._parks()
        if parks:
            await self._put(slot, command.code, DISABLED)
        elif before.status != "empty":
            await self._emptied(slot)
        try:
            await self._schedules.write(slot, wanted)
            if not await self._schedules.holds(slot, wanted):
                raise Refusal(Outcome("refused", "the lock did not keep the schedules", "schedules", why="limits"))
            await self._put(slot, command.code, ENABLED)
            if not await self._schedules.holds(slot, wanted):
                self._habits.loses_limits = True
                raise Refusal(Outcome("refused", "the lock lost the schedules again", "schedules", why="limits"))
        except (Refusal, Unheard, HubRefused) as why:
            await self._take_off(slot, why)
        self._read[slot] = replace(self._read[slot], limits=command.limits)
        return self._proven(slot)

    async def _take_off(self, slot: int, why: Exception) -> None:
        """A code whose limits could not be proven leaves the lock; raises what says how that ended."""
        what = why.outcome if isinstance(why, Refusal) else Outcome("unknown", str(why))
        if isinstance(why, HubRefused):
            what = Outcome("refused", str(why), why="limits")
        try:
            await self._emptied(slot)
        except (Refusal, Unheard, HubRefused) as also:
            still = f"{what.what}; and the code could not be proven off the lock again: {also}"
            raise Refusal(Outcome("unknown", still, "schedules")) from None
        raise Refusal(replace(what, what=f"{what.what}; the code was taken off again"))

    async def _parks(self) -> bool:
        if self._habits.parks is None:
            able = Capabilities()
            if self._version >= _VERSION_2:
                able = await self._asker.read(USER_CODE, "getCapabilities", Capabilities)
            self._habits.parks = DISABLED in able.supportedUserIDStatuses
        return self._habits.parks

    async def _clear(self, command: ClearCode) -> Outcome:
        self._writable(command.slot)
        await self._emptied(command.slot)
        with suppress(Unheard, HubRefused):
            # Schedules of an empty slot open nothing, and the next code's are written anew.
            await self._schedules.off(command.slot)
        return self._proven(command.slot)

    def _writable(self, slot: int) -> None:
        # Slot 0 stands for all of them in the command that empties one.
        if slot == ADMIN_SLOT or (self._has_master and slot == MASTER_SLOT):
            raise Refusal(Outcome("refused", f"slot {slot} is the master code, which is never written", why="slot"))
        if not 0 < slot <= _LAST:
            raise Refusal(Outcome("refused", f"there is no slot {slot}", why="slot"))

    async def _existing(self, slot: int) -> Slot:
        found = await self._look_at(slot)
        if found.status == "unknown":
            raise Refusal(Outcome("refused", f"there is no slot {slot}", f"user code slot {slot}", why="slot"))
        return found

    async def _put(self, slot: int, code: Secret, status: int) -> None:
        """The code is in the slot, by the lock's own word. Refusal where it is not."""
        wanted = "used" if status == ENABLED else "disabled"

        def fits(now: Slot) -> bool:
            return now.status == wanted and (now.code == code if now.code is not None else slot in self._was_empty)

        await self._write(slot, fits, "set", slot, status, code.reveal())

    async def _emptied(self, slot: int) -> None:
        await self._write(slot, lambda now: now.status == "empty", "clear", slot)
        self._was_empty.add(slot)

    async def _write(self, slot: int, fits: Callable[[Slot], bool], method: str, *arguments: object) -> None:
        self._heard.begin()
        try:
            said = decoded(await self._asker.invoke(USER_CODE, method, *arguments), Supervised)
        except HubRefused as refused:
            if refused.name == _INVALID:
                # So the driver says of a slot that the lock does not have, and of a code that it cannot take.
                await self._existing(slot)
            raise
        failed = said is not None and said.status in (_FAIL, _CANNOT)
        silence: Unheard | None = None
        for pause in (WORD_S,) if failed else LOOKS_S:
            await self._wait(pause)
            try:
                now = await self._look_at(slot)
            except Unheard as why:
                silence = why
                continue
            silence = None
            if fits(now):
                return
            if self._heard.duplicate or self._heard.busy:
                break
        if silence is not None:
            raise silence
        raise Refusal(self._why(slot, failed))

    async def _wait(self, seconds: float) -> None:
        """A pause, ended by the lock's own word on why it did not do it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._heard.news.wait()

    def _why(self, slot: int, failed: bool) -> Outcome:
        where = f"user code slot {slot}"
        if self._heard.duplicate:
            return Outcome("refused", "the lock has this code already", where, why="duplicate")
        if self._heard.busy:
            return Outcome("unknown", "somebody is at the lock's keypad", where)
        now = self._read[slot]
        if now.status == "unknown":
            return Outcome("refused", f"there is no slot {slot}", where, why="slot")
        if now.status == "used" and now.code is None and not self._habits.gives:
            return Outcome("unknown", "the lock hides its codes, and does not show which one is in the slot", where)
        if failed:
            return Outcome("refused", f"the lock refused: slot {slot} is {_WORDS[now.status]}", where)
        return Outcome("refused", f"the lock did not do it: slot {slot} is {_WORDS[now.status]}", where, why="unheeded")

    def _proven(self, slot: int) -> Outcome:
        now = self._read[slot]
        if now.status == "empty":
            what = "the slot is empty"
        elif now.proof == "value":
            what = "the code was read back"
        else:
            what = "the slot is in use; the lock hides the digits"
        return Outcome("evidence", what, f"user code slot {slot}", self._clock())
