"""Commands to one lock, each ending in what the lock itself says afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Literal

import msgspec
from msgspec import Raw

from nightlatch.catalogue import Parameter, Role
from nightlatch.catalogue.parameters import settable_parameters
from nightlatch.ecosystems._websocket import Silent
from nightlatch.ecosystems._zwavejs import parameters
from nightlatch.ecosystems._zwavejs.asker import Asker
from nightlatch.ecosystems._zwavejs.asking import call, read_bolt
from nightlatch.ecosystems._zwavejs.conversation import Conversation, Lost
from nightlatch.ecosystems._zwavejs.credentials import Credentials
from nightlatch.ecosystems._zwavejs.happenings import Told
from nightlatch.ecosystems._zwavejs.messages import (
    CONFIGURATION,
    DOOR_LOCK,
    LOCK,
    NOTIFICATION,
    USER_CODE,
    USER_CREDENTIAL,
    decoded,
)
from nightlatch.ecosystems._zwavejs.notifications import ACCESS_CONTROL
from nightlatch.ecosystems._zwavejs.server import Refused
from nightlatch.ecosystems._zwavejs.slots import Habits
from nightlatch.ecosystems._zwavejs.story import Story
from nightlatch.ecosystems._zwavejs.usercodes import UserCodes
from nightlatch.ecosystems._zwavejs.work import HeardOfCodes
from nightlatch.ecosystems.interface import Taken
from nightlatch.model.command import (
    ClearCode,
    Command,
    LockDoor,
    Outcome,
    ReadCodes,
    SetCode,
    SetParameter,
    UnlockDoor,
)
from nightlatch.model.event import Bolt
from nightlatch.model.lock import Lock

SEND_S = 10.0
READ_S = 8.0
CODES_S = 25.0
"""A command about codes: many messages to the lock, and none begun that could not end in time."""
PAUSES_S = (0.2, 1.5, 3.0, 5.0)
"""Before each look at the bolt: a motor takes seconds, and each look costs battery. What it reports ends a pause."""

SECURED, UNSECURED = 255, 0
_FAIL = 2
_REFUSALS = (0, _FAIL)
_MASTER = "master_code_readable_over_zwave"
_UNHEARD = ("Controller_", "Transport_", "Security2CC_", "SecurityCC_")
"""How the names of errors begin that tell of the radio and not of the lock: what became of the command is not known."""

_ROLES: dict[str, Role] = {
    Lock.wrong_code_limit.name: Role.WRONG_CODE_LIMIT,
    Lock.wrong_code_lockout_s.name: Role.WRONG_CODE_LOCKOUT,
    Lock.tamper_alarm.name: Role.ALARM_MODE,
    Lock.one_touch.name: Role.ONE_TOUCH,
    Lock.auto_relock_s.name: Role.AUTO_RELOCK,
}


class Supervision(msgspec.Struct, frozen=True):
    """What a lock that supports Supervision says of a command: 255 done, 1 at it, 2 failed, 0 cannot."""

    status: int | None = None


class Impossible(Exception):
    """The setting cannot be made; the text says why."""


class Write(msgspec.Struct, frozen=True):
    """A value for a parameter, or for its bits."""

    parameter: Parameter
    value: int


class Commander:
    """Commands one lock, one command after another. `stirred` is set whenever the lock told something."""

    def __init__(
        self, conversation: Conversation, story: Story, clock: Callable[[], int], habits: Habits | None = None
    ) -> None:
        self.stirred = asyncio.Event()
        self._habits = habits if habits is not None else Habits()
        self._heard = HeardOfCodes()
        self._conversation = conversation
        self._story = story
        self._clock = clock
        self._one = asyncio.Lock()

    async def do(self, command: Command, taken: Taken | None = None) -> Outcome:
        """How it ended. SourceError when the connection was gone before anything was sent."""
        until = time.monotonic() + CODES_S
        async with self._one:
            match command:
                case LockDoor():
                    return await self._move("thrown", taken)
                case UnlockDoor():
                    return await self._move("retracted", taken)
                case SetParameter():
                    return await self._set_parameter(command.name, command.value)
                case SetCode() | ClearCode() | ReadCodes():
                    return await self._codes(command, Asker(self._conversation, self._story.node, until))
            return Outcome("refused", "a lock cannot be commanded that", self._at, why="unsupported")

    @property
    def _at(self) -> str:
        return f"node {self._story.node.nodeId}"

    def hear(self, told: Told) -> None:
        """What the lock tells by itself may say why it does not do what it was commanded."""
        args = told.args
        if told.happening.event == "notification" and args.type == ACCESS_CONTROL:
            self._heard.told(args.event)
        elif args.commandClass == NOTIFICATION and args.propertyKey == "Keypad state":
            self._heard.told(decoded(args.newValue, int) or 0)

    async def _codes(self, command: SetCode | ClearCode | ReadCodes, asker: Asker) -> Outcome:
        node, model = self._story.node, self._story.model
        if USER_CREDENTIAL in node.supports:
            return await Credentials(asker, self._habits, self._heard, self._clock).do(command)
        if USER_CODE in node.supports:
            has_master = model is not None and model.fact(_MASTER) is not None
            return await UserCodes(asker, self._habits, self._heard, self._clock, has_master=has_master).do(command)
        return Outcome("refused", "the lock has no codes that its hub could set", self._at, why="unsupported")

    # The bolt

    async def _move(self, wanted: Bolt, taken: Taken | None) -> Outcome:
        begun = self._clock()
        self._story.commanded(wanted, begun)
        locks = wanted == "thrown"
        if DOOR_LOCK in self._story.node.supports:
            said = await self._send(DOOR_LOCK, SECURED if locks else UNSECURED)
        else:
            said = await self._send(LOCK, locks)
        if isinstance(said, Outcome):
            return said
        if taken is not None and said not in _REFUSALS:
            taken("hub" if said is None else "lock")
        last: Bolt | None = None
        for pause in PAUSES_S:
            self.stirred.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self.stirred.wait()
            bolt = await self._read_bolt()
            if bolt == wanted:
                return Outcome("evidence", f"bolt {bolt}", f"{self._at}, {self._report}", self._clock())
            last = bolt or last
            if bolt is not None and self._story.jammed_at >= begun:
                return Outcome("refused", "the bolt jammed", f"{self._at}, Lock state", self._clock())
            if bolt is not None and said == _FAIL:
                break
        if last is not None:
            word = "the lock refused: " if said == _FAIL else ""
            return Outcome("refused", f"{word}its bolt is {last}", f"{self._at}, {self._report}", self._clock())
        return Outcome("unknown", "the lock does not tell where its bolt is", self._at)

    @property
    def _report(self) -> str:
        node = self._story.node
        return "Door Lock boltStatus" if node.value(DOOR_LOCK, "boltStatus") is not None else "Door Lock currentMode"

    async def _read_bolt(self) -> Bolt | None:
        try:
            return (await read_bolt(self._conversation, self._story.node, READ_S)).bolt
        except (Refused, Silent, Lost):
            return None

    async def _send(self, command_class: int, argument: Any) -> int | Outcome | None:
        """What the lock says at once (None: nothing, it does not supervise), or how the command ended already."""
        try:
            said = await call(
                self._conversation,
                self._story.node,
                command_class,
                "set",
                argument,
                seconds=SEND_S,
                type=Supervision,
            )
        except Refused as refused:
            ending: Literal["unknown", "refused"] = "unknown" if refused.name.startswith(_UNHEARD) else "refused"
            what = "the lock was not reached" if ending == "unknown" else "the hub refused"
            return Outcome(ending, f"{what} ({refused.name})", self._at)
        except (Silent, Lost) as error:
            return Outcome("unknown", error.what, self._at)
        return said.status if said is not None else None

    # Settings

    async def _set_parameter(self, name: str, value: int) -> Outcome:
        try:
            writes = tuple(self._writes(name, value))
        except Impossible as why:
            return Outcome("refused", str(why), self._at)
        outcome = Outcome("refused", f"{name} needs nothing to be set", self._at)
        for write in writes:
            outcome = await self._write(write)
            if outcome.ending != "evidence":
                break
        return outcome

    def _writes(self, name: str, value: int) -> Iterator[Write]:
        """What must be written. Nothing that the catalogue does not map to this setting, or that resets the lock."""
        role = _ROLES.get(name)
        if role is None:
            raise Impossible(f"{name} is not a setting that can be set (these can: {', '.join(sorted(_ROLES))})")
        found = self._parameter(role)
        if role is Role.AUTO_RELOCK:
            yield from self._relock(found, value)
        elif found is None:
            raise Impossible(f"the catalogue knows no parameter of this model that sets {name}")
        elif role is Role.ALARM_MODE:
            yield Write(found, _option(found, "tamper") if value else 0)
        elif role is Role.ONE_TOUCH:
            yield Write(found, _on(found) if value else 0)
        else:
            yield Write(found, _within(found, value))

    def _relock(self, switch: Parameter | None, seconds: int) -> Iterator[Write]:
        time = self._parameter(Role.AUTO_RELOCK_TIME)
        counts = switch is not None and not (switch.options and len(switch.options) > 1)
        if switch is not None and counts:
            yield Write(switch, _within(switch, seconds))
        elif seconds == 0:
            if switch is not None:
                yield Write(switch, 0)
            elif time is not None:
                yield Write(time, _within(time, 0))
            else:
                raise Impossible("the catalogue knows no parameter of this model for its own relock")
        elif time is None:
            raise Impossible("this model's own relock has no delay that can be set")
        else:
            yield Write(time, _within(time, seconds))
            if switch is not None:
                yield Write(switch, _on(switch))

    def _parameter(self, role: Role) -> Parameter | None:
        """The settable parameter of that role that the driver lists for this lock."""
        model, node = self._story.model, self._story.node
        if model is None or model.entry is None:
            raise Impossible("the catalogue does not know what the parameters of this model mean")
        for one in settable_parameters(model.entry):
            if one.role is role and node.value(CONFIGURATION, one.number, one.bits) is not None:
                return one
        return None

    async def _write(self, write: Write) -> Outcome:
        parameter = write.parameter
        where = f"{self._at}, parameter {parameter.name} ({parameter.label})"
        options = {"parameter": parameter.number, "value": write.value}
        if parameter.bits is not None:
            options["bitMask"] = parameter.bits
        said = await self._send(CONFIGURATION, options)
        if isinstance(said, Outcome):
            return msgspec.structs.replace(said, where=where)
        try:
            raw = await call(
                self._conversation, self._story.node, CONFIGURATION, "get", parameter.number, seconds=READ_S, type=Raw
            )
        except (Refused, Silent, Lost):
            raw = None
        whole = decoded(raw, int)
        if whole is None:
            return Outcome("unknown", "the lock did not answer when its setting was read back", where)
        cached = self._story.node.value(CONFIGURATION, parameter.number, parameter.bits)
        size = cached.metadata.valueSize if cached is not None else None
        now = parameters.part(parameter, whole, size if size in (1, 2, 4) else 1)
        if now == write.value:
            return Outcome("evidence", f"{parameter.label} is {now}", where, self._clock())
        word = "the lock refused: " if said == _FAIL else ""
        return Outcome("refused", f"{word}{parameter.label} is {now}", where, self._clock())


def _within(parameter: Parameter, value: int) -> int:
    low, high = parameter.min, parameter.max
    if (low is not None and value < low) or (high is not None and value > high):
        raise Impossible(f"{parameter.label} takes {low} to {high}{f' {parameter.unit}' if parameter.unit else ''}")
    if parameter.options and low is None and str(value) not in parameter.options:
        raise Impossible(f"{parameter.label} takes {', '.join(parameter.options)}")
    return value


def _on(parameter: Parameter) -> int:
    values = [int(value) for value in parameter.options if value != "0"]
    if len(values) != 1:
        raise Impossible(f"{parameter.label} has more than on and off")
    return values[0]


def _option(parameter: Parameter, word: str) -> int:
    for value, label in parameter.options.items():
        if word in label.casefold():
            return int(value)
    raise Impossible(f"{parameter.label} has no choice for it")
