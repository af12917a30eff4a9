"""Codes of a lock behind Zigbee2MQTT: written, removed, and read back from the lock itself.

What Zigbee2MQTT publishes of `users` is its memory, to which each answer of a lock is added: every message about
the lock says it all again. So a question carries a mark of its own, in a field that the radio does not send, and
Zigbee2MQTT's log repeats it once the lock has answered that very question (`zclcommand` with `logging`); the state
that the answer made comes before. Where the log cannot be heard, only a slot that is seen to change is proven.

A PIN is written by `zclcommand` too: when a lock does not answer a `pin_code`, Zigbee2MQTT logs the whole of it, PIN
included; of a `zclcommand` it logs what `log_payload` says. And what a sleeping lock did not answer Zigbee2MQTT keeps
for as long as a day, to send it again when the lock is heard: a code long given up would come back. With the policy
`immediate` it does not (zigbee-herdsman 10.9, `Endpoint.sendRequest`).

No limits are written: Zigbee2MQTT passes on no answer about schedules, and a limit that cannot be proven is none.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.structs import ZigbeeModel
from nightlatch.ecosystems._zigbee2mqtt import doorlock
from nightlatch.ecosystems._zigbee2mqtt import settings as z2m
from nightlatch.ecosystems._zigbee2mqtt.doorlock import CLUSTER, LONGEST, MARK, SHORTEST, SLOTS, TAGS, Failed
from nightlatch.ecosystems._zigbee2mqtt.replies import Replies, following
from nightlatch.ecosystems._zigbee2mqtt.watch import Watch
from nightlatch.errors import SourceError
from nightlatch.model.command import ClearCode, Outcome, ReadCodes, Rules, SetCode, Slot

if TYPE_CHECKING:
    from nightlatch.ecosystems._zigbee2mqtt.link import Zigbee2MqttLink

CODE_SECONDS = 24.0
"""How long a command about codes may take."""
_OPTIONS = {"sendPolicy": "immediate", "timeout": 7700}
"""In ms: as long as the parent of a sleeping device keeps a message for it. A second attempt follows, 19 s in all."""
STATE_SECONDS = 0.5
"""How long after the log says that the lock answered its answer may come."""
DEAF_SECONDS = 2.0
"""Without the log: how long a slot that is told as before may still be told otherwise."""
CONVERTERS = 23
"""The first zigbee-herdsman-converters whose `zclcommand` logs when asked (23.0.0, February 2025)."""
_LEVELS = ("info", "debug")

CodeCommand = SetCode | ClearCode | ReadCodes


class Codes:
    """The commands of one link about codes."""

    def __init__(self, link: Zigbee2MqttLink, log: str) -> None:
        self._link = link
        self._log = log
        self._catalogue = Catalogue()
        self._rules: dict[str, Rules] = {}
        """By IEEE address, once they were read."""
        self._asking: dict[frozenset[str], asyncio.Lock] = {}

    async def carry_out(self, watch: Watch, command: CodeCommand, turn: asyncio.Lock, *, log: bool) -> Outcome:
        """Do it, read back, and tell; within CODE_SECONDS. `log`: Zigbee2MQTT's log is heard.

        `turn` is the lock's, not taken yet: between the slots that it reads a long reading gives way to others.
        """
        if (refusal := self._refusal(watch, command)) is not None:
            return refusal
        with self._link.replies(self._link.topic(watch), self._log) as replies:
            talk = _Talk(self._link, watch, replies, confirms=log and self._logs)
            try:
                if isinstance(command, ReadCodes) and command.slots:
                    outcome = await self._read(talk, command.slots, turn)
                else:
                    async with talk.taking(turn):
                        outcome = await self._alone(watch, talk, command)
            except TimeoutError:
                outcome = Outcome("unknown", "not sent: an order before it is still being followed")
            except SourceError as error:
                outcome = Outcome("unknown", f"the broker did not confirm the order: {error.what}", error.where)
            return msgspec.structs.replace(outcome, sent=talk.sent)

    def _refusal(self, watch: Watch, command: CodeCommand) -> Outcome | None:
        """Why it is not even sent."""
        exposes = {one.name for one in watch.device.definition.exposes} if watch.device.definition else set()
        if "pin_code" not in exposes:
            where = f"{self._link.base}/bridge/devices"
            return Outcome("refused", "Zigbee2MQTT knows of no codes of this lock", where, why="unsupported")
        if not self._speaks:
            what = "this Zigbee2MQTT is too old to prove what it does with codes: update it (2.1.3 or newer)"
            return Outcome("refused", what, f"{self._link.base}/bridge/info", why="unsupported")
        rules = self._rules.get(watch.device.ieee_address)
        wanted = command.slots if isinstance(command, ReadCodes) else (command.slot,)
        if any(slot < 1 or slot > (rules.slots if rules else 0xFFFE) for slot in wanted):
            return Outcome("refused", "the lock has no such slot", why="slot")
        if not isinstance(command, SetCode):
            return None
        if command.limits:
            what = "Zigbee2MQTT gives back no schedule of a lock, so that none could be proven"
            return Outcome("refused", what, why="limits")
        code, digits = command.code.reveal(), len(command.code)
        if not (code.isascii() and code.isdecimal() and digits <= 16):
            return Outcome("refused", "a code for a Zigbee lock is of digits, at most 16", why="invalid")
        if rules and not (rules.shortest or 0) <= digits <= (rules.longest or digits):
            what = f"the lock takes codes of {rules.shortest or 1} to {rules.longest} digits, not of {digits}"
            return Outcome("refused", what, why="invalid")
        return None

    @property
    def _speaks(self) -> bool:
        major = self._link.info.zigbee_herdsman_converters.version.partition(".")[0]
        return major.isdecimal() and int(major[:6]) >= CONVERTERS

    @property
    def _logs(self) -> bool:
        """Zigbee2MQTT writes into its log what it has done; without it set, it does."""
        return z2m.get(self._link.info.config, "advanced.log_level") in (None, *_LEVELS)

    async def _alone(self, watch: Watch, talk: _Talk, command: CodeCommand) -> Outcome:
        match command:
            case SetCode():
                return await self._set(talk, command)
            case ClearCode():
                return await self._clear(talk, command.slot)
            case ReadCodes():
                return await self._told(watch, talk)

    async def _read(self, talk: _Talk, slots: tuple[int, ...], turn: asyncio.Lock) -> Outcome:
        read: list[Slot] = []
        for slot in slots:
            try:
                async with talk.taking(turn):
                    said = await talk.read(slot)
            except TimeoutError:
                return Outcome("unknown", f"{len(read)} of {len(slots)} slots were read in time", slots=tuple(read))
            if isinstance(said, Failed):
                return _failed(said, f"slot {slot} was not read", tuple(read))
            read.append(said)
        if all(one.proof in ("presence", "value") for one in read):
            return Outcome("evidence", "the slots were read", talk.topic, talk.at, slots=tuple(read))
        return _unheard(*read)

    async def _clear(self, talk: _Talk, slot: int) -> Outcome:
        mark = await talk.write("clearPinCode", slot)
        said = await talk.read(slot)
        if isinstance(said, Failed):
            return _failed(said, f"whether slot {slot} is empty was not read")
        if said.proof == "assumed":
            return _unheard(said)
        if said.status == "empty":
            what = f"the lock tells that slot {slot} is empty"
            return Outcome("evidence", what, f"{talk.topic}, users.{slot}", talk.at, slots=(said,))
        return _undone(talk, mark, said, f"slot {slot} still holds a code")

    async def _set(self, talk: _Talk, command: SetCode) -> Outcome:
        """A presence proves a code only in a slot that was empty right before: others are emptied first."""
        slot, where = command.slot, f"{talk.topic}, users.{command.slot}"
        # Asked before anything is sent: what a sleeping lock is sent waits for it, long after we have given up.
        first = await talk.read(slot)
        if isinstance(first, Failed):
            return _failed(first, "nothing was written")
        if first.proof == "assumed":
            return _unheard(first)
        if first.code == command.code and first.status == "used":
            return Outcome("evidence", f"slot {slot} holds the code already", where, talk.at, slots=(first,))
        if first.status != "empty" and first.code is None:
            emptied = await self._clear(talk, slot)
            if emptied.ending != "evidence":
                return emptied
        mark = await talk.write("setPinCode", slot, userstatus=1, usertype=0, pincodevalue=command.code.reveal())
        said = await talk.read(slot)
        if isinstance(said, Failed):
            return _failed(said, f"whether slot {slot} holds the code was not read")
        if said.proof == "assumed":
            return _unheard(said)
        if said.status == "used" and said.code in (None, command.code):
            by = "gave the code back" if said.code else "tells that a code is there, which was empty before"
            return Outcome("evidence", f"of slot {slot} the lock {by}", where, talk.at, slots=(said,))
        held = {"empty": "is empty", "used": "holds another code"}.get(said.status, f"is {said.status}")
        return _undone(talk, mark, said, f"slot {slot} {held}")

    async def _told(self, watch: Watch, talk: _Talk) -> Outcome:
        """The lock's rules. What it does not tell of them the catalogue may know."""
        place = list(self._link.locks).index(watch.device.ieee_address) if talk.confirms else 0
        tag = TAGS[place % len(TAGS)]
        told: dict[str, int] = {}
        async with self._asking.setdefault(tag, asyncio.Lock()):
            read = await talk.attributes(doorlock.RULES, tag) if talk.confirms else Failed("read")
            if isinstance(read, Failed) and read.status == "UNSUPPORTED_ATTRIBUTE":
                for name in doorlock.RULES:
                    one = await talk.attributes((name,), tag)
                    if isinstance(one, Failed) and not one.status:
                        return _failed(one, "its rules were not read")
                    told |= one if not isinstance(one, Failed) else {}
            elif not isinstance(read, Failed):
                told |= read
            elif talk.confirms and not read.status:
                return _failed(read, "its rules were not read")
        definition = watch.device.definition
        known = self._catalogue.zigbee(definition.model) if definition else None
        entry = known.entry if known else None
        slots = told.get(SLOTS, entry.code_slots if isinstance(entry, ZigbeeModel) else None)
        if slots is None:
            return Outcome("unknown", "how many codes the lock holds is told neither by it nor by the catalogue")
        rules = Rules(
            slots=max(
                slots - 1, 0
            ),  # they count from 0, and what is called slot here is the number that the lock tells
            shortest=told.get(SHORTEST),
            longest=told.get(LONGEST),
            gives_codes=z2m.exposes_pins(self._link.info.config, watch.device.ieee_address, watch.device.friendly_name),
            reports_changes=watch.tells_of_codes,
            reports_use=any(one.name == "action_user" for one in definition.exposes) if definition else False,
        )
        self._rules[watch.device.ieee_address] = rules
        return Outcome("evidence", f"{rules.slots} slots", talk.topic, talk.at, rules=rules)


class _Talk:
    """The questions and answers of one command. `at`: when the newest answer came, µs since 1970."""

    def __init__(self, link: Zigbee2MqttLink, watch: Watch, replies: Replies, *, confirms: bool) -> None:
        self.topic = link.topic(watch)
        self.confirms = confirms
        """The log tells when the lock has answered."""
        self.sent = 0
        self.at = 0
        self._link = link
        self._watch = watch
        self._replies = replies
        self._written: dict[str, Failed | None] = {}
        """By mark, with what the log has said that failed of it."""
        self._until = asyncio.get_running_loop().time() + CODE_SECONDS

    @asynccontextmanager
    async def taking(self, turn: asyncio.Lock) -> AsyncIterator[None]:
        """Have the lock to oneself; TimeoutError when the order before takes too long."""
        async with asyncio.timeout_at(self._until):
            await turn.acquire()
        try:
            yield
        finally:
            turn.release()

    async def write(self, command: str, slot: int, **fields: object) -> str:
        """Send a command that changes a slot; its mark, for `failed`."""
        mark = await self._send(command, {"userid": slot, **fields}, logging=False)
        self._written[mark] = None
        return mark

    def failed(self, mark: str) -> Failed | None:
        """What the log has said by now of a written command that failed."""
        return self._written[mark]

    async def read(self, slot: int) -> Slot | Failed:
        """Ask the lock for a slot. `assumed`: Zigbee2MQTT told it, and whether the lock did is not known."""
        while not self._replies.empty():  # what came before the question answers it not
            self._heard((earlier.line if (earlier := self._replies.get_nowait()) else ""), "")
        before, live = doorlock.entry(self._watch.content, slot), self._watch.live
        mark = await self._send("getPinCode", {"userid": slot}, logging=True)
        newest: Any = None
        until, answered = self._until, False
        while (reply := await following(self._replies, until - self._now(), lambda _: True)) is not None:
            if reply.message is not None and not reply.message.kept:
                said = doorlock.entry(reply.message.content, slot)
                if said is None:
                    continue
                newest, self.at = said, reply.message.at
                if answered or (not self.confirms and live and said != before):
                    return doorlock.slot_of(slot, said, before, "presence")
                until = until if self.confirms else min(until, self._now() + DEAF_SECONDS)
            elif reply.line and (failed := self._heard(reply.line, mark)) is not None:
                return failed
            elif reply.line and doorlock.bears(reply.line, mark) and doorlock.answered(reply.line):
                if newest is not None:
                    return doorlock.slot_of(slot, newest, before, "presence")
                answered, until = True, min(until, self._now() + STATE_SECONDS)
        return doorlock.slot_of(slot, newest, before, "assumed") if newest is not None else Failed("getPinCode")

    async def attributes(self, names: tuple[str, ...], tag: frozenset[str]) -> dict[str, int] | Failed:
        """Read attributes of the lock: those of them that it told as numbers."""
        self.sent += 1
        await self._publish({"read": {"cluster": CLUSTER, "attributes": [*names, *sorted(tag)], "options": _OPTIONS}})
        while (reply := await following(self._replies, self._until - self._now(), lambda _: True)) is not None:
            if not reply.line:
                continue
            if (told := doorlock.told(reply.line, tag)) is not None:
                self.at = self._link.now()
                return dict(told)
            failed = doorlock.failure(reply.line, self._watch.device.friendly_name)
            if failed is not None and failed.what == "read":
                return failed
        return Failed("read")

    def _heard(self, line: str, mark: str) -> Failed | None:
        """Keep what a line says that failed; and give it, where it is the question with this mark."""
        failed = doorlock.failure(line, self._watch.device.friendly_name)
        if failed is None:
            return None
        if doorlock.bears(line, mark):
            return failed
        for written in self._written:
            if doorlock.bears(line, written):
                self._written[written] = failed
        return None

    async def _send(self, command: str, payload: dict[str, object], *, logging: bool) -> str:
        mark = secrets.token_hex(4)
        seen = {"userid": payload["userid"], MARK: mark}
        order = {"cluster": CLUSTER, "command": command, "payload": {**payload, MARK: mark}, "log_payload": seen}
        self.sent += 1
        # A default response that declines is an error with `check_status` only; 1 is a command of the cluster.
        how = {"frametype": 1, "check_status": True, "logging": logging, "options": _OPTIONS}
        await self._publish({"zclcommand": {**order, **how}})
        return mark

    async def _publish(self, order: object) -> None:
        await self._link.session.publish(f"{self.topic}/set", msgspec.json.encode(order))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _failed(failed: Failed, what: str, slots: tuple[Slot, ...] = ()) -> Outcome:
    """A question that got no answer, or no as an answer."""
    if failed.status:
        said = f"the lock declined (status {failed.status}): {what}"
        return Outcome("refused", said, why=doorlock.why(failed.status), slots=slots)
    return Outcome("unknown", f"the lock did not answer: {what}", slots=slots)


def _undone(talk: _Talk, mark: str, said: Slot, how: str) -> Outcome:
    """What was read shows that what was written was not done."""
    failed = talk.failed(mark)
    if failed is not None:
        return msgspec.structs.replace(_failed(failed, how, (said,)), at=talk.at)
    what = f"the lock answered and did not do it: {how}"
    return Outcome("refused", what, f"{talk.topic}, users.{said.slot}", talk.at, "unheeded", (said,))


def _unheard(*read: Slot) -> Outcome:
    """Zigbee2MQTT told a slot as before, and nothing says that the lock did so now."""
    what = (
        "Zigbee2MQTT told what it remembers, and only its log shows whether the lock said so now: "
        "set its log_level to info, and let this account read bridge/logging"
    )
    return Outcome("unknown", what, slots=read)
