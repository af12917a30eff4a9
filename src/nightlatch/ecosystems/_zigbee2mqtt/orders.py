"""Orders to a lock behind Zigbee2MQTT, each followed until the lock itself has said what became of it.

A broker that took an order, and a state that Zigbee2MQTT publishes because it was ordered, prove nothing. Evidence
is what the lock answers when it is asked (`/get`) after the order: its `lock_state`, not what `state` may hope for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Literal

import msgspec

from nightlatch.ecosystems._mqtt import Heard as Arrived
from nightlatch.ecosystems._zigbee2mqtt import doorlock
from nightlatch.ecosystems._zigbee2mqtt.codes import Codes
from nightlatch.ecosystems._zigbee2mqtt.replies import ConnectionEnded, Replies, Reply, following
from nightlatch.ecosystems._zigbee2mqtt.reports import RELOCK
from nightlatch.ecosystems._zigbee2mqtt.watch import Watch, answers
from nightlatch.errors import SourceError
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
from nightlatch.reading import structured

if TYPE_CHECKING:
    from nightlatch.ecosystems._zigbee2mqtt.link import Zigbee2MqttLink

MOVE_SECONDS = 3.0
"""How long a bolt may take before the lock is asked where it is; most report it sooner themselves."""
ANSWER_SECONDS = 4.0
"""How long a lock may take to answer; one that sleeps looks for questions every few seconds."""
TURN_SECONDS = 5.0
"""How long an order waits for the one before it to the same lock."""
QUESTIONS = 3
"""How often a lock is asked: a bolt that was seen elsewhere may still be moving."""

_TOLD = (b"failed", b"Invoked ZCL command", b"Read result")
"""What the lines of the log say that orders wait for."""


class _Log(msgspec.Struct, frozen=True):
    """A line of Zigbee2MQTT's log."""

    message: str = ""


class Orders:
    """The orders of one link; those to one lock wait for each other."""

    def __init__(self, link: Zigbee2MqttLink) -> None:
        self._link = link
        self._turns: dict[str, asyncio.Lock] = {}
        self._open: list[Watch] = []
        self._log = f"{link.base}/bridge/logging"
        self._log_is_heard = True
        self._codes = Codes(link, self._log)

    async def carry_out(self, watch: Watch, command: Command) -> Outcome:
        """Give an order, ask the lock, and tell how it stands then; within 30 s."""
        turn = self._turns.setdefault(watch.device.ieee_address, asyncio.Lock())
        if isinstance(command, SetCode | ClearCode | ReadCodes):
            try:
                async with self._failures(watch):
                    return await self._codes.carry_out(watch, command, turn, log=self._log_is_heard)
            except ConnectionEnded:
                return Outcome("unknown", "the connection ended before the lock had answered")
        if not isinstance(command, LockDoor | UnlockDoor | SetParameter):
            return Outcome("refused", "this is no order to a lock", why="unsupported")
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await turn.acquire()
        except TimeoutError:
            return Outcome("unknown", "not sent: an order before it is still being followed")
        try:
            async with self._failures(watch):
                with self._link.replies(self._link.topic(watch)) as replies:
                    if isinstance(command, SetParameter):
                        return await self._set(watch, command, replies)
                    return await self._move(watch, command, replies)
        except ConnectionEnded:
            return Outcome("unknown", "the connection ended before the lock had answered")
        finally:
            turn.release()

    async def _move(self, watch: Watch, command: LockDoor | UnlockDoor, replies: Replies) -> Outcome:
        wanted: Bolt = "thrown" if isinstance(command, LockDoor) else "retracted"
        where = f"{self._link.topic(watch)}/get, lock_state"

        def arrives(reply: Reply) -> bool:
            said = reply.message
            if said is None or said.kept or said.report.bolt != wanted:
                return False
            return stood != wanted or said.report.action is not None

        def answer(reply: Reply) -> bool:
            said = reply.message
            return said is None or (said.report.bolt is not None and answers(said, reply.before))

        stood = watch.state.bolt
        if (failed := await self._send(watch, {"state": "LOCK" if wanted == "thrown" else "UNLOCK"})) is not None:
            return failed
        last: Bolt | None = None
        at = 0
        for _ in range(QUESTIONS):
            moved = await following(replies, MOVE_SECONDS, lambda reply: reply.message is None or arrives(reply))
            if moved is not None and moved.message is None:
                return _failed(moved)
            await self._link.ask(watch, "state")
            reply = await following(replies, ANSWER_SECONDS, answer)
            if reply is None or reply.message is None or reply.message.report.bolt is None:
                continue
            before, last, at = last, reply.message.report.bolt, reply.message.at
            if last == wanted:
                return Outcome("evidence", f"bolt {wanted}", where, at)
            if last == before:  # twice at the same place: it has come to rest there
                break
        if last is not None:
            return Outcome("refused", f"the lock reports its bolt {last}", where, at)
        return Outcome("unknown", "the lock did not answer when asked for its bolt")

    async def _set(self, watch: Watch, command: SetParameter, replies: Replies) -> Outcome:
        names = {one.name for one in watch.device.definition.exposes} if watch.device.definition else set()
        if command.name != "auto_relock_s" or RELOCK not in names:
            return Outcome(
                "refused", f"Zigbee2MQTT cannot set {command.name} of this lock", f"{self._link.base}/bridge/devices"
            )
        if not 0 <= command.value < 2**32:
            return Outcome("refused", f"{RELOCK} is a number of seconds below 2^32")
        where = f"{self._link.topic(watch)}/get, {RELOCK}"
        watch.muted = command.name
        try:
            if (failed := await self._send(watch, {RELOCK: command.value})) is not None:
                return failed
            # Zigbee2MQTT says the new value once it has sent it. Only what comes behind that is the lock's.
            hoped = await following(
                replies, MOVE_SECONDS, lambda reply: reply.message is None or RELOCK in reply.message.content
            )
            if hoped is not None and hoped.message is None:
                return _failed(hoped)
            for _ in range(QUESTIONS):
                await self._link.ask(watch, RELOCK)
                reply = await following(
                    replies,
                    ANSWER_SECONDS,
                    lambda one: one.message is None or answers(one.message, one.before, RELOCK),
                )
                if reply is not None and reply.message is not None and reply.message.report.relock_s is not None:
                    value = reply.message.report.relock_s
                    kept: Literal["evidence", "refused"] = "evidence" if value == command.value else "refused"
                    return Outcome(kept, f"the lock reports {value} s", where, reply.message.at)
            return Outcome("unknown", "the lock did not answer when asked for the setting")
        finally:
            watch.muted = ""
            self._link.settle(watch)

    async def _send(self, watch: Watch, order: Mapping[str, object]) -> Outcome | None:
        """None once the broker has it: that says only that it is on its way."""
        try:
            await self._link.session.publish(f"{self._link.topic(watch)}/set", msgspec.json.encode(order))
        except SourceError as error:
            return Outcome("unknown", f"the broker did not confirm the order: {error.what}", error.where)
        return None

    @asynccontextmanager
    async def _failures(self, watch: Watch) -> AsyncIterator[None]:
        """Listen to Zigbee2MQTT's log, for this lock's failures, while an order is open."""
        first = not self._open
        self._open.append(watch)
        try:
            self._link.look(self._log, self._logged)
            if first:
                try:
                    await self._link.session.subscribe(self._log, qos=0)
                except SourceError:  # an account may not be let to read it: then a failure is silence
                    self._log_is_heard = False
            yield
        finally:
            self._open.remove(watch)
            if not self._open:
                self._link.look(self._log, None)
                with suppress(SourceError):
                    await self._link.session.unsubscribe(self._log)

    def _logged(self, arrived: Arrived, _: int) -> None:
        if not any(words in arrived.payload for words in _TOLD):
            return
        log: _Log = structured.json(arrived.payload, _Log, where=self._log)
        self._link.reply(self._log, Reply(None, line=log.message[: doorlock.LONGEST_LINE]))
        for watch in set(self._open):
            failed = doorlock.failure(log.message, watch.device.friendly_name)
            if failed is not None:
                self._link.reply(self._link.topic(watch), Reply(None, status=failed.status))


def _failed(reply: Reply) -> Outcome:
    """The order itself failed: declined by the lock when it gave a status, else perhaps never heard by it."""
    if reply.status:
        return Outcome("refused", f"the lock declined (status {reply.status})")
    return Outcome("unknown", "Zigbee2MQTT could not reach the lock")
