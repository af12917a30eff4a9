"""Puts codes on a Matter lock and takes them off. Each command ends in what the lock itself then shows.

A code that is to work at set times only gets a user that may do nothing, then its schedules, which are read back, and
its PIN last: at no moment can it open outside its times.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from nightlatch.ecosystems._matter import codes, schedules
from nightlatch.ecosystems._matter import lock as _lock
from nightlatch.ecosystems._matter.attributes import Attributes
from nightlatch.ecosystems._matter.codes import PIN, Credential, Talk
from nightlatch.ecosystems._matter.server import Declined, Refused
from nightlatch.ecosystems._matter.users import ENABLED, User
from nightlatch.ecosystems._matter.watch import Watch
from nightlatch.ecosystems._websocket import Silent
from nightlatch.errors import ReadError, SourceError
from nightlatch.model.command import ClearCode, Limit, Outcome, ReadCodes, Rules, SetCode, Slot, Why
from nightlatch.text import count

if TYPE_CHECKING:
    from nightlatch.ecosystems._matter.link import MatterLink

TOTAL_S = 22.0
"""How long one command may take, all its messages together."""
_ADD = 0
_SCHEDULE_RESTRICTED = 8
"""What a lock may make of a user type when a schedule is set; with schedules of one kind it means the same."""
_SUCCESS, _DUPLICATE, _OCCUPIED, _INVALID, _EXHAUSTED = 0, 2, 3, 0x85, 0x89
"""DlStatus."""
_WHY: Mapping[int, tuple[Why, str]] = {
    _DUPLICATE: ("duplicate", "the lock holds this code already"),
    _OCCUPIED: ("slot", "the lock says that the slot is taken"),
    _INVALID: ("invalid", "the lock does not take such a code"),
    _EXHAUSTED: ("full", "the lock has no room for another code"),
}
_STATUSES: Mapping[str, int] = {"InvalidCommand": _INVALID, "ResourceExhausted": _EXHAUSTED}
_MEANS: Mapping[str, Why] = {
    "UnsupportedAccess": "denied",
    "AccessRestricted": "denied",
    "UnsupportedCommand": "unsupported",
    "UnsupportedCluster": "unsupported",
}


class _Set(msgspec.Struct, frozen=True, rename="camel"):
    """SetCredentialResponse."""

    status: int
    next_credential_index: int | None = None


class Coding:
    """One command about codes of one lock."""

    def __init__(self, link: MatterLink, watch: Watch, clock: Callable[[], int]) -> None:
        self._talk = Talk(link, watch)
        self._watch = watch
        self._clock = clock
        self._learn(watch.attributes)

    async def carry_out(self, command: SetCode | ClearCode | ReadCodes) -> Outcome:
        """Do it and read back, within 30 s."""
        try:
            async with asyncio.timeout(TOTAL_S):
                match command:
                    case SetCode():
                        return await self._set(command)
                    case ClearCode():
                        return await self._clear(command)
                    case ReadCodes():
                        return await self._read(command)
        except TimeoutError:
            return self._end("unknown", f"the lock did not answer within {TOTAL_S:g} s")
        except Declined as error:
            return self._declined(error)
        except (Refused, Silent, ReadError) as error:
            return self._end("unknown", error.what, error.where)
        except SourceError as error:
            return self._end("unknown", f"the connection ended before the lock had answered: {error.what}", error.where)

    # Reading

    def _learn(self, attributes: Attributes) -> None:
        """Who the lock's controllers are."""
        self._own = _lock.own_fabric(attributes)
        self._fabrics = _lock.fabrics(attributes) or {}

    async def _meet(self, *users: User) -> None:
        """Ask the lock who its controllers are, if it names one that the server's copy does not know."""
        if any(codes.hands(user) - self._fabrics.keys() for user in users):
            self._learn(await self._talk.controllers())

    async def _read(self, command: ReadCodes) -> Outcome:
        if command.slots:
            users = {index: await self._talk.user(index) for index in command.slots}
            await self._meet(*users.values())
            rules = self._rules()
        else:
            attributes = await self._talk.attributes()
            self._learn(attributes)
            users = await self._talk.users()
            master = any(codes.is_master(user) for user in users.values())
            timely = not codes.wrong_time(attributes, self._clock())
            rules = codes.rules(attributes, self._watch.endpoint, master=master, timely=timely)
        if rules is None:
            return self._unsupported()
        found = tuple(self._slot(index, user) for index, user in users.items())
        words = f"{count(len(found), 'slot')} read"
        return msgspec.structs.replace(self._end("evidence", words, "GetUser", slots=found), rules=rules)

    # Taking off

    async def _clear(self, command: ClearCode) -> Outcome:
        rules = self._rules()
        if rules is None:
            return self._unsupported()
        if not 1 <= command.slot <= rules.slots:
            return self._no_slot(rules)
        user = await self._talk.user(command.slot)
        if codes.occupied(user) and (left := await self._emptied(command.slot, user)) is not None:
            return left
        slots = (Slot(command.slot, "empty", "value", limits=()),)
        return self._end("evidence", f"slot {command.slot} is empty", f"GetUser {command.slot}", slots=slots)

    async def _emptied(self, slot: int, user: User) -> Outcome | None:
        """Take a user off with all that is theirs; None once the lock shows that it is gone."""
        await self._talk.ask(Any, "ClearUser", userIndex=slot)
        after = await self._talk.user(slot)
        if codes.occupied(after):
            words = f"the lock said yes, and slot {slot} is still in use"
            return self._end("refused", words, f"GetUser {slot}", why="unheeded", slots=(self._slot(slot, after),))
        for held in user.credentials or ():
            if held.credential_type != PIN:
                continue
            # Never only by the list of users: the PIN itself has to be gone.
            if (await self._talk.pin(held.credential_index)).credential_exists:
                words = f"the lock said yes, and still has PIN {held.credential_index} of slot {slot}"
                where = f"GetCredentialStatus {held.credential_index}"
                return self._end("refused", words, where, why="unheeded", slots=(Slot(slot, "used", "presence"),))
        return None

    # Putting on

    async def _set(self, command: SetCode) -> Outcome:
        rules = self._rules()
        if rules is None:
            return self._unsupported()
        if not 1 <= command.slot <= rules.slots:
            return self._no_slot(rules)
        length, fits = len(command.code), (rules.shortest or 1, rules.longest or 255)
        if not fits[0] <= length <= fits[1] or not command.code.reveal().isdecimal():
            return self._end("refused", f"the lock takes codes of {fits[0]} to {fits[1]} digits", why="invalid")
        try:
            plan = schedules.plan(command.limits, command.zone, rules)
        except schedules.Unkeepable as error:
            return self._end("refused", str(error), why="limits")
        if plan.kind is not None and (wrong := await self._wrong_time(command.zone)):
            return self._end("refused", wrong, why="limits")
        before = await self._talk.user(command.slot)
        if codes.occupied(before):
            await self._meet(before)
            if (kept := self._kept(command.slot, before)) is not None:
                return kept
            if (left := await self._emptied(command.slot, before)) is not None:
                return left
        await self._talk.ask(
            Any,
            "SetUser",
            operationType=_ADD,
            userIndex=command.slot,
            userName=None,
            userUniqueID=None,
            userStatus=ENABLED,
            userType=plan.user_type,
            credentialRule=None,
        )
        try:
            outcome = await self._fill(command, plan, rules)
        except Declined as error:
            outcome = self._declined(error)
        return outcome if outcome.ending == "evidence" else await self._taken_off(command.slot, outcome)

    async def _wrong_time(self, zone: str) -> str:
        """What is wrong with the lock's clock, by which it would keep a code to its times."""
        clock = await self._talk.clock()
        return codes.wrong_time(clock, self._clock(), zone) if clock is not None else ""

    def _kept(self, slot: int, user: User) -> Outcome | None:
        """Why what is in the slot is not written over: it is another's, or more than a PIN."""
        found = self._slot(slot, user)
        if codes.foreign(user, self._own) is not False:
            words = f"what is in slot {slot} was put there by {found.creator or 'nobody knows whom'}"
        elif any(held.credential_type != PIN for held in user.credentials or ()):
            words = f"the user in slot {slot} has more than a PIN"
        else:
            return None
        return self._end("refused", words, f"GetUser {slot}", why="slot", slots=(found,))

    async def _fill(self, command: SetCode, plan: schedules.Plan, rules: Rules) -> Outcome:
        """Give a new user its schedules and, once these are proven, its PIN."""
        if plan.kind is not None and not await self._scheduled(command.slot, plan, plan.kind, rules):
            return self._end("refused", "the lock does not show the schedules that it was told to keep", why="limits")
        number = await self._free(command.slot)
        if number is None:
            return self._end("refused", "the lock has no room for another PIN", why="full")
        answer: _Set = await self._talk.ask(
            _Set,
            "SetCredential",
            operationType=_ADD,
            credential={"credentialType": PIN, "credentialIndex": number},
            credentialData=b64encode(command.code.reveal().encode()).decode(),
            userIndex=command.slot,
            userStatus=None,
            userType=None,
        )
        if answer.status != _SUCCESS:
            why, words = _WHY.get(answer.status, ("", f"the lock did not take the code (status {answer.status})"))
            return self._end("refused", words, "SetCredential", why=why)
        return await self._proof(command, plan, number)

    async def _scheduled(self, slot: int, plan: schedules.Plan, kind: schedules.Kind, rules: Rules) -> bool:
        """Set the schedules; whether the lock shows them, no other of theirs, and a user who is held to them."""
        key = "yearDayIndex" if kind == "YearDay" else "weekDayIndex"
        for index, schedule in enumerate(plan.schedules, 1):
            try:
                await self._talk.ask(Any, f"Set{kind}Schedule", userIndex=slot, **{key: index}, **schedule)
            except Declined:
                return False
        for index in range(1, (rules.year_days if kind == "YearDay" else rules.week_days) + 1):
            told = await self._talk.ask(dict[str, Any], f"Get{kind}Schedule", userIndex=slot, **{key: index})
            wanted = plan.schedules[index - 1] if index <= len(plan.schedules) else None
            if not schedules.matches(told, wanted):
                return False
        user = await self._talk.user(slot)
        return user.user_type in (plan.user_type, _SCHEDULE_RESTRICTED)

    async def _free(self, slot: int) -> int | None:
        """A number for a new PIN: the slot's own where it is free, else the first that is; None when all are taken."""
        most = codes.pins(self._watch.attributes, self._watch.endpoint)
        if slot <= most and not (await self._talk.pin(slot)).credential_exists:
            return slot
        number = 1
        while number <= most:
            pin: Credential = await self._talk.pin(number)
            if not pin.credential_exists:
                return number
            following = pin.next_credential_index
            if following is not None and following <= number:
                raise ReadError(f"the lock lists PIN {following} after PIN {number}")
            number += 1
            if following != number:
                break  # nobody has the one after it
        return number if number <= most else None

    async def _proof(self, command: SetCode, plan: schedules.Plan, number: int) -> Outcome:
        """What the lock shows of the slot now."""
        slot = command.slot
        user, pin = await self._talk.user(slot), await self._talk.pin(number)
        held = any(one.credential_type == PIN and one.credential_index == number for one in user.credentials or ())
        where = f"GetUser {slot}, GetCredentialStatus {number}"
        if not held or not pin.credential_exists or pin.user_index not in (None, slot) or user.user_status != ENABLED:
            words = f"the lock said yes, and does not show the code in slot {slot}"
            return self._end("refused", words, where, why="unheeded")
        types = (plan.user_type,) if plan.kind is None else (plan.user_type, _SCHEDULE_RESTRICTED)
        if user.user_type not in types:
            words = f"the lock made another kind of user of slot {slot} (userType {user.user_type})"
            return self._end("refused", words, where, why="limits")
        found = self._slot(slot, user, command.limits)
        return self._end("evidence", f"slot {slot} has a code", where, slots=(found,))

    async def _taken_off(self, slot: int, outcome: Outcome) -> Outcome:
        """Take off what could not be put there whole, and say how that ended."""
        try:
            user = await self._talk.user(slot)
            left = await self._emptied(slot, user) if codes.occupied(user) else None
        except (Refused, Silent, ReadError) as error:
            return self._end("unknown", f"{outcome.what}; it could not be taken off again: {error.what}", error.where)
        if left is not None:
            words = f"{outcome.what}; it could not be taken off again: {left.what}"
            return self._end("unknown", words, left.where, slots=left.slots)
        slots = (Slot(slot, "empty", "value", limits=()),)
        return msgspec.structs.replace(outcome, slots=slots, sent=self._talk.sent)

    # How it ends

    def _rules(self) -> Rules | None:
        return codes.rules(self._watch.attributes, self._watch.endpoint)

    def _slot(self, index: int, user: User, limits: tuple[Limit, ...] | None = None) -> Slot:
        return codes.slot(index, user, self._own, self._fabrics, limits)

    def _unsupported(self) -> Outcome:
        return self._end("refused", "the lock has no users with PINs in Matter", why="unsupported")

    def _no_slot(self, rules: Rules) -> Outcome:
        return self._end("refused", f"the lock has slots 1 to {rules.slots}", why="slot")

    def _declined(self, error: Declined) -> Outcome:
        status = error.cluster if error.cluster is not None else _STATUSES.get(error.status, 1)
        why: Why = _MEANS.get(error.status) or _WHY.get(status, ("", ""))[0]
        return self._end("refused", error.what, error.where, why=why)

    def _end(
        self,
        ending: Literal["evidence", "refused", "unknown"],
        what: str,
        where: str = "",
        *,
        why: Why = "",
        slots: tuple[Slot, ...] = (),
    ) -> Outcome:
        return Outcome(ending, what, where, self._clock(), why, slots, sent=self._talk.sent)
