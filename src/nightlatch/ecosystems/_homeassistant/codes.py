"""Codes of locks that Home Assistant alone speaks to.

Of a Z-Wave lock they are read from the lock itself: Home Assistant passes a User Code Get on, by its WebSocket's
`zwave_js/invoke_cc_api`, which returns the answer, or, where it is older and does not know that, by the service of
the same name: then the report is heard as updates of both values of the slot (`zwave_js.value_updated`; seen with
2024.3.3). A write changes one of the two, and only a report of the lock both.

Of a Zigbee lock (ZHA) Home Assistant gives no code back: a write is acknowledged, and no more.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from nightlatch.catalogue.lookup import Catalogue
from nightlatch.catalogue.structs import ZwaveModel
from nightlatch.ecosystems._homeassistant.live import NAME
from nightlatch.ecosystems._homeassistant.locks import Known
from nightlatch.ecosystems._raw import error_code
from nightlatch.ecosystems._websocket import Silent
from nightlatch.errors import NightlatchError
from nightlatch.model.command import ClearCode, Outcome, ReadCodes, Rules, SetCode, Slot
from nightlatch.reading import structured
from nightlatch.secrets import Secret

if TYPE_CHECKING:
    from nightlatch.ecosystems._homeassistant.link import HomeAssistantLink, Said

CodeCommand = SetCode | ClearCode | ReadCodes

CODES_S = 25.0
"""How long a command about codes may take, waiting for the one before it included."""
REPORT_S = 5.0
"""How long after the question a report may come."""
SETTLE_S = 0.2
"""How long a newer report may follow: one that was under way already."""
USER_CODE = 99
MOST_SLOTS = 254
"""As its manual has it (zwave_js.clear_lock_usercode)."""
_STATUS, _CODE = "userIdStatus", "userCode"
_WRITES: Mapping[str, tuple[str, str, str]] = {
    "zwave_js": ("set_lock_usercode", "clear_lock_usercode", "usercode"),
    "zha": ("set_lock_user_code", "clear_lock_user_code", "user_code"),
}
"""The services of an integration that set and clear, and what they call the code."""
Status = Literal["empty", "used", "disabled", "unknown"]
_STATUSES: Mapping[int, Status] = {0: "empty", 1: "used", 2: "disabled", 3: "used", 4: "used"}
"""User ID status of the User Code command class; 3 and 4 are messaging and passage mode."""
_NO_SUCH_SLOT = 254
_DENIED = "unauthorized"
_UNKNOWN_COMMAND = "unknown_command"
_WRONG = ("not_found", "invalid_format", "not_supported")
"""It knows no such service, or no such argument of it."""
_PIN = re.compile(r"[0-9]{1,16}")
_IDS = re.compile(r"[0-9]{1,10}-[0-9]{1,5}-([0-9]{1,5}):([0-9]{1,5}):([0-9]{1,5})")
"""Among the identifiers of a Z-Wave device: home, node, and the ids of maker, product type and product."""


class Reported(msgspec.Struct, frozen=True):
    """What a lock reported of a slot (`endpoint.invoke_cc_api` of the User Code command class)."""

    status: int | None = msgspec.field(default=None, name=_STATUS)
    code: Any = msgspec.field(default=None, name=_CODE)


class _Trigger(msgspec.Struct, frozen=True):
    property: str = ""
    current_value_raw: Any = None


class _Variables(msgspec.Struct, frozen=True):
    trigger: _Trigger = _Trigger()


class _Fired(msgspec.Struct, frozen=True):
    variables: _Variables = _Variables()


class NotDone(Exception):
    """It was refused, or not answered; `outcome` says so."""

    def __init__(self, ending: Literal["refused", "unknown"], what: str, why: Any = "") -> None:
        super().__init__()
        self.outcome = Outcome(ending, what, why=why)


def slot_of(slot: int, said: Reported) -> Slot:
    """A slot as the lock reported it. A code that is masked or of other signs is only known to be there."""
    if said.status == _NO_SUCH_SLOT:
        raise NotDone("refused", "the lock has no such slot", "slot")
    status: Status = _STATUSES.get(said.status if said.status is not None else -1, "unknown")
    given = status in ("used", "disabled") and isinstance(said.code, str) and _PIN.fullmatch(said.code) is not None
    proof: Literal["value", "presence"] = "value" if given or status == "empty" else "presence"
    return Slot(slot, status, proof, Secret(said.code) if given else None)


class Codes:
    """The commands of one link about codes."""

    def __init__(self, link: HomeAssistantLink, clock: Callable[[], int]) -> None:
        self._link = link
        self._clock = clock
        self._catalogue = Catalogue()
        self._turns: dict[str, asyncio.Lock] = {}
        self.returns = True
        """Home Assistant may know the command that returns what a lock answers."""

    async def carry_out(self, lock: Known, command: CodeCommand) -> Outcome:
        """Do it, and read back where that can be; within CODES_S."""
        if lock.integration not in _WRITES:
            what = f"{NAME} manages no codes by its integration {lock.integration or 'for this lock'}"
            return Outcome("refused", what, why="unsupported")
        if isinstance(command, SetCode) and command.limits:
            return Outcome("refused", f"{NAME} sets no schedules of this lock", why="limits")
        most = (self._slots(lock) or MOST_SLOTS) if lock.integration == "zwave_js" else 0xFFFF
        wanted = command.slots if isinstance(command, ReadCodes) else (command.slot,)
        if any(not 1 <= slot <= most for slot in wanted):
            return Outcome("refused", "the lock has no such slot", why="slot")
        talk = _Talk(self, self._link, lock)
        try:
            async with asyncio.timeout(CODES_S), self._turns.setdefault(lock.entity_id, asyncio.Lock()):
                outcome = await self._run(talk, command)
        except TimeoutError:
            outcome = Outcome("unknown", f"the lock did not answer within {CODES_S:g} s")
        except NotDone as no:
            outcome = no.outcome
        except Silent as error:
            outcome = Outcome("unknown", error.what)
        except NightlatchError as error:
            outcome = Outcome("unknown", f"it was sent, and then {error.what}")
        return msgspec.structs.replace(outcome, sent=talk.sent)

    async def _run(self, talk: _Talk, command: CodeCommand) -> Outcome:
        if talk.lock.integration == "zha":
            return await self._acknowledged(talk, command)
        match command:
            case SetCode():
                return await self._set(talk, command)
            case ClearCode():
                return await self._clear(talk, command.slot)
            case ReadCodes(slots=()):
                return await self._rules(talk)
            case ReadCodes():
                read = tuple([await talk.read(slot) for slot in command.slots])
                return self._evidence(talk, "the slots were read", *read)

    async def _acknowledged(self, talk: _Talk, command: CodeCommand) -> Outcome:
        """ZHA: nothing is read back."""
        if isinstance(command, ReadCodes):
            return Outcome("refused", f"{NAME} gives back no code of a lock on ZHA", why="unsupported")
        await talk.write(command.slot, command.code if isinstance(command, SetCode) else None)
        slot = Slot(command.slot, "used" if isinstance(command, SetCode) else "empty", "acknowledged")
        what = f"{NAME} took it, and gives back no code of a lock on ZHA"
        return Outcome("unknown", what, f"call_service of {talk.lock.entity_id}", slots=(slot,))

    async def _clear(self, talk: _Talk, slot: int) -> Outcome:
        await talk.write(slot)
        said = await talk.read(slot)
        if said.status == "empty":
            return self._evidence(talk, f"the lock tells that slot {slot} is empty", said)
        return self._undone(talk, said, f"slot {slot} still holds a code")

    async def _set(self, talk: _Talk, command: SetCode) -> Outcome:
        """A presence proves a code only in a slot that was empty right before: others are emptied first."""
        slot, code = command.slot, command.code.reveal()
        if not (_PIN.fullmatch(code) and len(code) >= 4):
            return Outcome("refused", f"{NAME} takes codes of 4 to 16 digits", why="invalid")
        first = await talk.read(slot)
        if first.status == "used" and first.code == command.code:
            return self._evidence(talk, f"slot {slot} holds the code already", first)
        if first.status != "empty" and first.code is None:
            emptied = await self._clear(talk, slot)
            if emptied.ending != "evidence":
                return emptied
        await talk.write(slot, command.code)
        said = await talk.read(slot)
        if said.status == "used" and said.code in (None, command.code):
            by = "gave the code back" if said.code else "tells that a code is there, which was empty before"
            return self._evidence(talk, f"of slot {slot} the lock {by}", said)
        held = {"empty": "is empty", "used": "holds another code"}.get(said.status, f"is {said.status}")
        return self._undone(talk, said, f"slot {slot} {held}")

    def _evidence(self, talk: _Talk, what: str, *read: Slot) -> Outcome:
        return Outcome("evidence", what, talk.where, self._clock(), slots=read)

    def _undone(self, talk: _Talk, said: Slot, how: str) -> Outcome:
        what = f"the lock answered and did not do it: {how}"
        return Outcome("refused", what, talk.where, self._clock(), "unheeded", (said,))

    async def _rules(self, talk: _Talk) -> Outcome:
        """How many codes it holds, by the lock's own word or by the catalogue; of other rules nothing is told."""
        told = await talk.count()
        slots = told if told is not None else self._slots(talk.lock)
        if slots is None:
            what = f"how many codes the lock holds is told neither by this {NAME} nor by the catalogue"
            return Outcome("unknown", f"{what}: update {NAME}, or connect the Z-Wave server itself")
        rules = Rules(slots=min(slots, MOST_SLOTS), shortest=4, gives_codes=True, reports_use=True)
        return Outcome("evidence", f"{rules.slots} slots", talk.where, self._clock(), rules=rules)

    def _slots(self, lock: Known) -> int | None:
        """How many codes a Z-Wave lock of this model holds, where the catalogue knows."""
        for pair in lock.device.identifiers if lock.device is not None else ():
            ids = _IDS.fullmatch(str(pair[-1])) if pair else None
            known = self._catalogue.zwave(*map(int, ids.groups())) if ids else None
            if known is not None and isinstance(known.entry, ZwaveModel):
                return known.entry.code_slots
        return None


class _Talk:
    """The questions and answers of one command."""

    def __init__(self, codes: Codes, link: HomeAssistantLink, lock: Known) -> None:
        self.lock = lock
        self.sent = 0
        self.where = f"{lock.entity_id}, User Code report"
        self._codes = codes
        self._link = link

    async def write(self, slot: int, code: Secret | None = None) -> None:
        """Call the integration's service that sets or clears a slot; it ends before the lock has done it."""
        setting, clearing, name = _WRITES[self.lock.integration]
        data: dict[str, Any] = {"code_slot": slot, **({name: code.reveal()} if code is not None else {})}
        await self._service(self.lock.integration, setting if code is not None else clearing, data, slot)

    async def read(self, slot: int) -> Slot:
        """A slot, as the lock reports it when it is asked now."""
        result = await self._returned("get", slot)
        if result is None:
            return await self._heard(slot)
        if result == b"null":
            raise NotDone("unknown", f"the lock did not answer when asked for slot {slot}")
        return slot_of(slot, structured.json(result, Reported, where=self.where))

    async def count(self) -> int | None:
        """How many codes the lock holds, as it tells; None: Home Assistant cannot ask, or it did not answer."""
        result = await self._returned("getUsersCount")
        counted: int | None = structured.json(result or b"null", int | None, where=self.where)
        return counted if counted is not None and counted > 0 else None

    async def _returned(self, method: str, *parameters: int) -> bytes | None:
        """What a method of User Code gave back, as JSON; None: this Home Assistant does not give it back."""
        if not self._codes.returns or self.lock.device is None:
            return None
        asked = {"command_class": USER_CODE, "method_name": method, "parameters": parameters, "wait_for_result": True}
        said = await self._link.ask("zwave_js/invoke_cc_api", CODES_S, device_id=self.lock.device.id, **asked)
        if said.error.get("code") == _UNKNOWN_COMMAND:
            self._codes.returns = False
            return None
        self.sent += 1
        if not said.success:
            raise _refused(said, *parameters)
        return bytes(said.result)

    async def _heard(self, slot: int) -> Slot:
        """Listen to both values of the slot, and have the lock report them."""
        told: dict[str, Any] = {}
        news = asyncio.Event()

        def take(event: bytes) -> None:
            fired: _Fired = structured.json(event, _Fired, where=self.where)
            told[fired.variables.trigger.property] = fired.variables.trigger.current_value_raw
            news.set()

        async with AsyncExitStack() as stack:
            for name in (_STATUS, _CODE):
                value = {"command_class": USER_CODE, "property": name, "property_key": slot}
                trigger = {"platform": "zwave_js.value_updated", "entity_id": self.lock.entity_id, **value}
                said = await stack.enter_async_context(self._link.triggered(take, trigger))
                if not said.success:
                    raise _refused(said, slot)
            asked = {"command_class": USER_CODE, "method_name": "get", "parameters": [slot]}
            await self._service("zwave_js", "invoke_cc_api", asked, slot)
            with suppress(TimeoutError):
                async with asyncio.timeout(REPORT_S):
                    while not {_STATUS, _CODE} <= told.keys():
                        news.clear()
                        await news.wait()
                    await asyncio.sleep(SETTLE_S)
        if not {_STATUS, _CODE} <= told.keys():
            raise NotDone("unknown", f"the lock did not answer when asked for slot {slot}")
        return slot_of(slot, msgspec.convert({**told}, Reported, strict=False))

    async def _service(self, domain: str, service: str, data: dict[str, Any], slot: int) -> None:
        self.sent += 1
        target = {"entity_id": self.lock.entity_id}
        said = await self._link.ask(
            "call_service", CODES_S, domain=domain, service=service, service_data=data, target=target
        )
        if not said.success:
            raise _refused(said, slot)


def _refused(said: Said, slot: int = 0) -> NotDone:
    """Why Home Assistant did not pass it on. Its words may hold anything, and only what they say of slots is kept."""
    code = error_code(said.error.get("code"))
    if f"code slot {slot} not found" in str(said.error.get("message")):
        return NotDone("refused", "the lock has no such slot", "slot")
    if code == _DENIED:
        return NotDone("refused", f"{NAME} refused it: the token's user may not command codes", "denied")
    if code in _WRONG:
        return NotDone("refused", f"{NAME} refused it ({code})", "unsupported")
    return NotDone("unknown", f"{NAME} did not get through to the lock ({code}); its log says why")
