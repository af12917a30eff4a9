"""One command about codes at one lock, from its first message to its outcome."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace

from nightlatch.ecosystems._zwavejs.asker import Asker, HubRefused, Unheard
from nightlatch.ecosystems._zwavejs.notifications import DUPLICATE_CODE, KEYPAD_BUSY
from nightlatch.ecosystems._zwavejs.slots import Habits
from nightlatch.model.command import ClearCode, Outcome, ReadCodes, Rules, SetCode, Slot
from nightlatch.text import count

LOOKS_S = (0.0, 1.0, 3.0)
"""Before each look at a slot that was written: a lock may take its time to store a code."""
WORD_S = 0.3
"""How long a notification that says why may be behind the refusal itself."""
SPARE_S = 1.5
"""A read that is not begun with less time than this left is not begun."""

INVALID = "Argument_Invalid"
_OLD = ("unknown_command", "invalid_params_passed_to_command")
WORDS = {"empty": "empty", "used": "in use", "disabled": "disabled", "unknown": "not there"}


class Refusal(Exception):  # how a command ended, and no error
    """The command ends here, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.what)
        self.outcome = outcome


class HeardOfCodes:
    """What the lock tells by itself while it is commanded: why it takes no code."""

    def __init__(self) -> None:
        self.duplicate = False
        self.busy = False
        self._news = asyncio.Event()

    def begin(self) -> None:
        """A command is sent: what was told before is not about it."""
        self.duplicate = self.busy = False
        self._news.clear()

    def told(self, event: int) -> None:
        """A notification of Access Control came, as an event or as a state."""
        if event in (DUPLICATE_CODE, KEYPAD_BUSY):
            self.duplicate = self.duplicate or event == DUPLICATE_CODE
            self.busy = self.busy or event == KEYPAD_BUSY
            self._news.set()

    async def wait(self, seconds: float) -> None:
        """A pause, ended by the lock's own word on why it did not do it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()


class Work(ABC):
    """The work of one command on the slots of one lock; `_read` is what the lock said of them."""

    def __init__(self, asker: Asker, habits: Habits, heard: HeardOfCodes, clock: Callable[[], int]) -> None:
        self._asker = asker
        self._habits = habits
        self._heard = heard
        self._clock = clock
        self._read: dict[int, Slot] = {}
        self._rules: Rules | None = None
        self._was_empty: set[int] = set()
        """Slots that were empty just before: what is in one now was put there by this command."""

    async def do(self, command: SetCode | ClearCode | ReadCodes) -> Outcome:
        """How it ended, with what was read of slots and how many messages were sent."""
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
            outcome = _by_hub(refused)
        at = f"node {self._asker.node.nodeId}"
        where = f"{at}, {outcome.where}" if outcome.where else at
        slots = tuple(slot for _, slot in sorted(self._read.items()))
        return replace(outcome, where=where, slots=slots, rules=self._rules, sent=self._asker.sent)

    async def _list(self, command: ReadCodes) -> Outcome:
        if not command.slots:
            return await self._keeps_to()
        for slot in command.slots:
            if self._asker.seconds_left < SPARE_S:
                what = f"there was time for {len(self._read)} of {len(command.slots)} slots"
                return Outcome("unknown", what, "code slots")
            await self._look_at(slot)
        return Outcome("evidence", f"{count(len(self._read), 'slot')} read", "code slots", self._clock())

    def _proven(self, slot: int) -> Outcome:
        now = self._read[slot]
        if now.status == "empty":
            what = "the slot is empty"
        elif now.proof == "value":
            what = "the code was read back"
        else:
            what = "the slot is in use; the lock hides the digits"
        return Outcome("evidence", what, f"code slot {slot}", self._clock())

    async def _looks(self, slot: int, fits: Callable[[Slot], bool], *, failed: bool) -> bool:
        """Whether the slot comes to be as wanted. Unheard when the lock was not heard at last."""
        silence: Unheard | None = None
        for pause in (WORD_S,) if failed else LOOKS_S:
            await self._heard.wait(pause)
            try:
                now = await self._look_at(slot)
            except Unheard as why:
                silence = why
                continue
            silence = None
            if fits(now):
                return True
            if self._heard.duplicate or self._heard.busy:
                break
        if silence is not None:
            raise silence
        return False

    def _why(self, slot: int, *, failed: bool) -> Outcome:
        """Why the slot is not as wanted."""
        where = f"code slot {slot}"
        if self._heard.duplicate:
            return Outcome("refused", "the lock has this code already", where, why="duplicate")
        if self._heard.busy:
            return Outcome("unknown", "somebody is at the lock's keypad", where)
        now = self._read[slot]
        if now.status == "unknown":
            return no_such_slot(slot)
        if now.status == "used" and now.code is None and not self._habits.gives:
            return Outcome("unknown", "the lock hides its codes, and does not show which one is in the slot", where)
        if failed:
            return Outcome("refused", f"the lock refused: slot {slot} is {WORDS[now.status]}", where)
        return Outcome("refused", f"the lock did not do it: slot {slot} is {WORDS[now.status]}", where, why="unheeded")

    @abstractmethod
    async def _set(self, command: SetCode) -> Outcome: ...

    @abstractmethod
    async def _clear(self, command: ClearCode) -> Outcome: ...

    @abstractmethod
    async def _keeps_to(self) -> Outcome: ...

    @abstractmethod
    async def _look_at(self, slot: int) -> Slot: ...


def no_such_slot(slot: int) -> Outcome:
    """The lock has no slot of that number."""
    return Outcome("refused", f"there is no slot {slot}", f"code slot {slot}", why="slot")


def _by_hub(refused: HubRefused) -> Outcome:
    if refused.name == INVALID:
        return Outcome("refused", str(refused), why="invalid")
    if refused.name in _OLD:
        return Outcome("refused", f"{refused}; it may be too old for it", why="unsupported")
    return Outcome("refused", str(refused), why="denied")
