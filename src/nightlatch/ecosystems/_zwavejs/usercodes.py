"""Codes of a lock that keeps them in numbered slots (User Code, versions 1 and 2).

What is in a slot is what the lock answers when it is asked for it; the driver's memory is never looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from nightlatch.ecosystems._zwavejs import clock
from nightlatch.ecosystems._zwavejs import limits as _limits
from nightlatch.ecosystems._zwavejs.asker import Asker, HubRefused, Unheard
from nightlatch.ecosystems._zwavejs.limits import Impossible, Schedules
from nightlatch.ecosystems._zwavejs.messages import USER_CODE, UserCode, decoded
from nightlatch.ecosystems._zwavejs.scheduling import Scheduling
from nightlatch.ecosystems._zwavejs.slots import (
    ADMIN_SLOT,
    DISABLED,
    ENABLED,
    MASTER_SLOT,
    Habits,
    admin_slot,
    reports,
    slot_of,
    unfit,
)
from nightlatch.ecosystems._zwavejs.state import Reported
from nightlatch.ecosystems._zwavejs.work import INVALID, HeardOfCodes, Refusal, Work, no_such_slot
from nightlatch.model.command import ClearCode, Outcome, Rules, SetCode, Slot
from nightlatch.secrets import Secret

_FAIL, _CANNOT = 2, 0
_VERSION_2 = 2
_LAST = {1: 255, 2: 65_535}
"""The last slot that the commands of a version can name."""
_INVALID = "Argument_Invalid"


class Capabilities(Struct, frozen=True):
    """What a lock of version 2 says that it can (getCapabilities)."""

    supportsAdminCode: bool = False
    supportedUserIDStatuses: tuple[int, ...] = ()


class Supervised(Struct, frozen=True):
    """What a lock that supports Supervision says of a command: 255 done, 1 at it, 2 failed, 0 cannot."""

    status: int | None = None


class UserCodes(Work):
    """One command's worth of work on the slots of one lock."""

    def __init__(
        self, asker: Asker, habits: Habits, heard: HeardOfCodes, clock: Callable[[], int], *, has_master: bool
    ) -> None:
        super().__init__(asker, habits, heard, clock)
        self._has_master = has_master
        self._version = asker.node.supports.get(USER_CODE, 1)
        self._last = _LAST[min(max(self._version, 1), _VERSION_2)]
        self._schedules = Scheduling(asker, habits)

    # Reading

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
        room = await self._schedules.room() if clock.readable(self._asker) else _limits.NO_ROOM
        tells = reports(await self._asker.hub("node.get_supported_notification_events", Reported))
        together = _limits.days_together(room)
        self._rules = Rules(
            max(0, min(slots, self._last)),
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
        return Outcome("evidence", f"it has {slots} slots", "code slots", self._clock())

    async def _look_at(self, slot: int) -> Slot:
        if slot == ADMIN_SLOT and self._version >= _VERSION_2:
            return await self._look_at_admin()
        if not 0 < slot <= self._last:
            self._read[slot] = Slot(slot, "unknown", "none")
            return self._read[slot]
        found = slot_of(slot, await self._asker.read(USER_CODE, "get", UserCode, slot))
        self._read[slot] = found
        if found.status in ("used", "disabled"):
            self._habits.gives = found.code is not None
        return found

    async def _look_at_admin(self) -> Slot:
        try:
            found = admin_slot(await self._asker.invoke(USER_CODE, "getAdminCode"))
        except HubRefused:
            # The lock of version 2 has none.
            found = Slot(ADMIN_SLOT, "unknown", "none", form="master")
        if found is None:
            raise Unheard("the lock did not answer")
        self._read[ADMIN_SLOT] = found
        return found

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
            wanted = _limits.schedules(command.limits, command.zone, await self._schedules.room())
            await self._check_clock(command.zone)
        except Impossible as why:
            raise Refusal(Outcome("refused", str(why), why="limits")) from None
        return wanted

    async def _check_clock(self, zone: str) -> None:
        now, habits = self._clock(), self._habits
        if habits.clock_zone == zone and 0 <= now - habits.clock_right < clock.TRUSTED_US:
            return
        what = await clock.wrong(self._asker, _limits.zone_of(zone), now)
        if what:
            raise Impossible(what)
        habits.clock_right, habits.clock_zone = now, zone

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
        if not 0 < slot <= self._last:
            raise Refusal(no_such_slot(slot))

    async def _existing(self, slot: int) -> Slot:
        found = await self._look_at(slot)
        if found.status == "unknown":
            raise Refusal(no_such_slot(slot))
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
            if refused.name == INVALID:
                # So the driver says of a slot that the lock does not have, and of a code that it cannot take.
                await self._existing(slot)
            raise
        failed = said is not None and said.status in (_FAIL, _CANNOT)
        if not await self._looks(slot, fits, failed=failed):
            raise Refusal(self._why(slot, failed=failed))
