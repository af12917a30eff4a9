"""The live connection to Home Assistant: what it subscribes to, what it hears, and commands with their evidence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from yarl import URL

from nightlatch.ecosystems import _calls
from nightlatch.ecosystems._calls import Calls
from nightlatch.ecosystems._homeassistant import live, locks, watch
from nightlatch.ecosystems._homeassistant.changes import Changes, Fired
from nightlatch.ecosystems._homeassistant.codes import Codes
from nightlatch.ecosystems._homeassistant.live import ANSWER_S, NAME
from nightlatch.ecosystems._homeassistant.locks import Known
from nightlatch.ecosystems._homeassistant.messages import Device, Entity, Source, State
from nightlatch.ecosystems._homeassistant.watch import Role, Watch, Watched
from nightlatch.ecosystems._raw import error_code
from nightlatch.ecosystems._websocket import Peer, Silent
from nightlatch.ecosystems.interface import Heard, Link, Taken
from nightlatch.errors import NightlatchError, ReadError
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
from nightlatch.model.event import Event
from nightlatch.model.lock import Lock
from nightlatch.plugs import Plug
from nightlatch.reading import structured
from nightlatch.secrets import Secret
from nightlatch.tasks import end

COMMAND_S = 25.0
"""How long a lock may take until Home Assistant shows its new state."""
START_S = 60.0
"""How long a starting Home Assistant is waited for: before, its integrations show no state."""
SETTLE_S = 1.0
"""After a change of the entity registry, how long until it is read anew: changes come in groups."""
HOLD_S = 0.5
"""How long a change waits for the integration to say who: its event and the new state come apart."""
_TELL_WHO = {"zwave_js": watch.ZWAVE, "zha": watch.ZHA, "matter": ""}
"""Integrations that say who a moment before or after the state, and the event that says it (Matter: `changed_by`)."""
_ECHO = frozenset(("zwave_js",))
"""Integrations whose state follows a command that the lock acknowledged, also when its bolt jams (zwave-js 15.29)."""
LONGEST_ID = 255
"""Characters of an entity's id in Home Assistant."""
_BOLT_WORDS = {"thrown": "locked", "retracted": "unlocked"}
_REGISTRY = "entity_registry_updated"
_CLASSES: Mapping[str, tuple[str, Role]] = {
    "battery": ("sensor", "battery"),
    "door": ("binary_sensor", "door"),
    "opening": ("binary_sensor", "door"),
    "garage_door": ("binary_sensor", "door"),
    "tamper": ("binary_sensor", "tamper"),
}
_REASONS = {
    "unauthorized": "the token's user may not command it",
    "not_found": "it knows no such service",
    "service_validation_error": "it holds the command for wrong, as for a lock that wants a code",
}


class Said(msgspec.Struct, frozen=True):
    """Anything that Home Assistant sends after sign-in."""

    type: str
    id: int | None = None
    success: bool = False
    result: msgspec.Raw = msgspec.Raw(b"null")
    event: msgspec.Raw = msgspec.Raw(b"null")
    error: dict[str, Any] = {}


class _Running(msgspec.Struct, frozen=True):
    state: str = "RUNNING"


class HomeAssistantLink(Link):
    """One signed-in connection. `plug` names its locks."""

    def __init__(self, plug: Plug, peer: Peer) -> None:
        self._plug = plug
        self._peer = peer
        self._calls: Calls[Said] = Calls(peer, Said, key=_key, take=self._take, clock=plug.context.clock)
        self._sent = 0
        self._watch = Watch(plug.context.id, ())
        self._known: dict[str, Known] = {}
        self._subscribed: int | None = None
        self._events: dict[str, int] = {}
        self._begun = asyncio.Event()
        self._outdated = asyncio.Event()
        self._waits: dict[str, list[_Wait]] = {}
        self._triggers: dict[int, Callable[[bytes], None]] = {}
        self._codes = Codes(self, plug.context.clock)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[HomeAssistantLink]:
        """Reads for as long as it is open."""
        async with self._calls.reading():
            yield self

    async def hear(self) -> AsyncIterator[Heard]:
        """The States, then what happens."""
        await self._running()
        await self._subscribe()
        renewing = asyncio.create_task(self._renew())
        try:
            async for heard in self._calls.feed.take():
                yield heard
        finally:
            await end(renewing)

    async def command(self, command: Command) -> Outcome:
        """Call the service, and believe nothing but a state that the lock's entity takes afterwards."""
        return await self._do(command)

    async def move(self, command: LockDoor | UnlockDoor, taken: Taken) -> Outcome:
        """The same; a service call that ended well was passed on."""
        return await self._do(command, taken)

    async def _do(self, command: Command, taken: Taken | None = None) -> Outcome:
        if isinstance(command, SetParameter):
            return Outcome("refused", f"{NAME} cannot set this; use its hub")
        self._calls.check()
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_S / 4):
                await self._begun.wait()
        known = self._known.get(str(command.about))
        if known is None:
            still = "" if self._begun.is_set() else ", or does not show it yet"
            return Outcome("refused", f"{NAME} has no such lock{still}")
        if isinstance(command, SetCode | ClearCode | ReadCodes):
            return await self._codes.carry_out(known, command)
        if not isinstance(command, LockDoor | UnlockDoor):
            return Outcome("refused", f"{NAME} cannot do this; use its hub", why="unsupported")
        if (refusal := self._refusal(known)) is not None:
            return refusal
        return await self._commanded(known.entity_id, "lock" if isinstance(command, LockDoor) else "unlock", taken)

    def _refusal(self, known: Known) -> Outcome | None:
        """Why a command is not sent at all."""
        lock = self._watch.locks[known.entity_id].known
        where = f"state of {known.entity_id}"
        if lock.state in ("", "unavailable"):
            return Outcome("refused", f"{NAME} cannot reach the lock, and passes no command on to it", where)
        if lock.attributes.get("code_format") is not None and not (known.entity and known.entity.has_default_code):
            what = f"{NAME} wants a code to operate it, which Nightlatch does not keep: set a default code in {NAME}"
            return Outcome("refused", what, where)
        return None

    async def _commanded(self, entity_id: str, service: str, taken: Taken | None) -> Outcome:
        lock = self._watch.locks[entity_id].known
        before, assumed = lock.state, lock.attributes.get("assumed_state") is True
        echoes = self._watch.locks[entity_id].watched.echoes
        wait = _Wait(entity_id, f"{service}ed", assumed=assumed, echoes=echoes)
        self._waits.setdefault(entity_id, []).append(wait)
        target = {"entity_id": entity_id}
        until = asyncio.get_running_loop().time() + COMMAND_S
        call = asyncio.create_task(
            self.ask("call_service", COMMAND_S, domain="lock", service=service, target=target), name="call_service"
        )
        try:
            await asyncio.wait((call, wait.outcome), return_when=asyncio.FIRST_COMPLETED)
            if not wait.outcome.done() and (refused := _refused(await call)) is not None:
                return refused
            if taken is not None and not wait.outcome.done():
                taken("hub")
            if await self._calls.until(wait.outcome, until - asyncio.get_running_loop().time()):
                return wait.outcome.result()
            self._calls.check()
        except Silent:
            # The service has not ended yet, and the lock has not moved: that is all that is known.
            pass
        except NightlatchError as error:
            return Outcome("unknown", f"it was sent, and then {error.what}")
        finally:
            await end(call)
            self._waits[entity_id].remove(wait)
        if assumed:
            return Outcome("unknown", f"{NAME} only assumes the state of this lock, which never reports")
        if wait.echoed:
            what = f"{NAME} shows {wait.wanted}, which follows the command; the lock did not report its bolt"
            return Outcome("unknown", what, f"state of {entity_id}")
        said = f"; it showed {before} before" if before == wait.wanted else ""
        return Outcome("unknown", f"no new state was reported within {COMMAND_S:g} s{said}", f"state of {entity_id}")

    async def _running(self) -> None:
        """Return once Home Assistant has started, or has taken too long for it."""
        for _ in range(int(START_S)):
            said = await self.ask("get_config")
            running: _Running = self._decoded(said, _Running, "get_config")
            if running.state not in ("NOT_RUNNING", "STARTING"):
                return
            await asyncio.sleep(1)

    async def _renew(self) -> None:
        """Subscribe anew each time the locks have become others."""
        try:
            while True:
                await self._outdated.wait()
                await asyncio.sleep(SETTLE_S)
                self._outdated.clear()
                await self._subscribe()
        except NightlatchError as error:
            self._calls.feed.fail(error)

    async def _subscribe(self) -> None:
        """Find the locks and subscribe to them and to what their devices' other entities show."""
        entities: list[Entity] = await self._asked(list[Entity], "config/entity_registry/list")
        devices: list[Device] = await self._asked(list[Device], "config/device_registry/list")
        sources: dict[str, Source] = await self._asked(dict[str, Source], "entity/source")
        states = {one.entity_id: one for one in await self._asked(list[State], "get_states")}
        found = [one for one in locks.known(entities, devices, states, sources) if len(one.entity_id) <= LONGEST_ID]
        former, self._subscribed = self._subscribed, None
        self._begun.clear()
        if former is not None:
            await self.ask("unsubscribe_events", subscription=former)
        refs = {one.entity_id: str(self._plug.ref(Lock, one.entity_id)) for one in found}
        self._known = {refs[one.entity_id]: one for one in found}
        self._watch = Watch(
            self._plug.context.id, [_watched(refs[one.entity_id], one, states, entities) for one in found]
        )
        if found:
            # An empty list would subscribe to every entity of the home.
            self._subscribed = self._sent + 1
            await self.ask("subscribe_entities", entity_ids=self._watch.entities)
        else:
            self._begun.set()
        integrations = {one.integration for one in found}
        told = {_TELL_WHO[name] for name in integrations if _TELL_WHO.get(name)}
        for event_type in (_REGISTRY, watch.AUTOMATION, *watch.VOICE, *sorted(told)):
            if event_type not in self._events:
                # Only administrators may hear most of these; without them it is not known who, but still what.
                await self.ask("subscribe_events", event_type=event_type)
                self._events[event_type] = self._sent

    def _take(self, said: Said, at: int) -> Iterable[Heard]:
        """What follows from a message that is no answer; one that makes no sense costs itself only."""
        heard: list[Heard] = []
        with suppress(ReadError):
            if said.type == "event" and said.id == self._subscribed:
                changes: Changes = structured.json(bytes(said.event), Changes, where=self._peer.where)
                heard += self._changed(changes, at)
            elif said.type == "event" and said.id in self._triggers:
                self._triggers[said.id](bytes(said.event))
            elif said.type == "event" and said.id in self._events.values():
                fired: Fired = structured.json(bytes(said.event), Fired, where=self._peer.where)
                if fired.event_type == _REGISTRY:
                    self._registry(fired.data)
                told = list(self._watch.fired(fired, at))
                self._reported(told, at)
                heard += told
        while self._watch.holding:
            asyncio.get_running_loop().call_later(HOLD_S, self._late, self._watch, self._watch.holding.pop())
        return heard

    def _late(self, watching: Watch, event: Event) -> None:
        """Nobody said who: it is told without."""
        self._calls.feed.put(*watching.late(event))

    def _changed(self, changes: Changes, at: int) -> Iterator[Heard]:
        if not self._begun.is_set():
            yield from self._watch.begin(changes, at)
            self._begun.set()
            return
        yield from self._watch.changed(changes, at)
        for entity_id, waits in self._waits.items():
            difference = changes.c.get(entity_id)
            if entity_id in changes.r or (difference is not None and difference.new.s is not None):
                for wait in waits:
                    wait.report("" if difference is None else difference.new.s or "", at)

    def _reported(self, told: Iterable[Heard], at: int) -> None:
        """What an integration's event says of a bolt, for the commands that wait for it."""
        for one in told:
            known = self._known.get(one.about)
            word = one.kind if isinstance(one, Event) else _BOLT_WORDS.get(one.bolt or "")
            if known is not None and word in ("locked", "unlocked", "jammed"):
                for wait in self._waits.get(known.entity_id, ()):
                    wait.report(word, at, by_lock=True)

    def _registry(self, data: Mapping[str, Any]) -> None:
        """An entity was made, removed or renamed: the locks may be others now."""
        entity_id, changes = data.get("entity_id"), data.get("changes")
        changed = {*changes} if isinstance(changes, dict) else set()
        if data.get("action") == "update" and not changed & {"entity_id", "device_id", "disabled_by"}:
            return
        if not isinstance(entity_id, str):
            return
        old = data.get("old_entity_id")
        if any(str(one).startswith("lock.") or one in self._watch.entities for one in (entity_id, old)):
            self._outdated.set()

    async def _asked(self, answer: Any, command: str) -> Any:
        said = await self.ask(command)
        if not said.success:
            code = error_code(said.error.get("code"))
            self._peer.fail(f"refused {command} ({code})", "Make a long-lived access token of another user.")
        return self._decoded(said, answer, command)

    def _decoded(self, said: Said, answer: Any, command: str) -> Any:
        return structured.json(bytes(said.result), answer, where=f"{self._peer.where} ({command})")

    @asynccontextmanager
    async def triggered(self, take: Callable[[bytes], None], trigger: Mapping[str, Any]) -> AsyncIterator[Said]:
        """Give each event of a trigger to `take`, for as long as this is open; Home Assistant's answer to it."""
        number = self._sent + 1
        self._triggers[number] = take
        try:
            said = await self.ask("subscribe_trigger", trigger=trigger)
            yield said
            if said.success:
                await self.ask("unsubscribe_events", subscription=number)
        finally:
            del self._triggers[number]

    async def ask(self, command: str, seconds: float = ANSWER_S, **arguments: Any) -> Said:
        """The answer to a command, whatever it says."""
        self._sent += 1
        return await self._calls.ask(self._sent, {"id": self._sent, "type": command, **arguments}, seconds)


class _Wait:
    """What becomes of one command: a state of its lock settles it."""

    def __init__(self, entity_id: str, wanted: str, *, assumed: bool, echoes: bool) -> None:
        self.wanted = wanted
        self.echoed = False
        """The wanted state was shown, and is no proof."""
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._where = f"state of {entity_id}"
        self._assumed = assumed
        self._echoes = echoes

    def report(self, state: str, at: int, *, by_lock: bool = False) -> None:
        """A new state of the lock, after the command was sent; nothing: Home Assistant removed the entity."""
        if self.outcome.done() or self._assumed:
            return
        if self._echoes and not by_lock and state == self.wanted:
            self.echoed = True
            return
        bolt = {"locked": "bolt thrown", "unlocked": "bolt retracted", "open": "bolt retracted"}.get(state)
        if state == self.wanted or (state == "open" and self.wanted == "unlocked"):
            self.outcome.set_result(Outcome("evidence", str(bolt), self._where, at))
        elif state == "jammed":
            self.outcome.set_result(Outcome("refused", "the bolt jammed", self._where, at))
        elif bolt is not None:
            self.outcome.set_result(Outcome("refused", f"the lock reported {state} instead", self._where, at))
        elif state in ("", "unavailable"):
            self.outcome.set_result(Outcome("unknown", f"{NAME} lost the lock before it reported", self._where, at))


@asynccontextmanager
async def connect(plug: Plug, url: URL, token: Secret) -> AsyncIterator[Link]:
    """A signed-in connection; SourceError says why there is none."""
    async with (
        live.signed_in(url, token, heartbeat=_calls.HEARTBEAT_S) as (peer, _),
        HomeAssistantLink(plug, peer).open() as link,
    ):
        yield link


def _key(said: Said) -> int | None:
    return said.id if said.type in ("result", "pong") else None


def _refused(said: Said) -> Outcome | None:
    if said.success:
        return None
    # The words of an integration may hold anything.
    code = error_code(said.error.get("code"))
    return Outcome("refused", f"{NAME} refused it ({code}): {_REASONS.get(code, 'its log says why')}", "call_service")


def _watched(about: str, one: Known, states: Mapping[str, State], entities: Iterable[Entity]) -> Watched:
    """The lock with the sensors of its device, where the device is a lock and nothing more."""
    device = one.device.id if one.device is not None and one.alone else ""
    sensors: dict[Role, str] = {}
    for each in sorted(entities, key=lambda each: each.entity_id) if device else ():
        if each.device_id != device or each.disabled_by or each.entity_id not in states:
            continue
        domain, role = _CLASSES.get(states[each.entity_id].text("device_class") or "", ("", "battery"))
        if each.entity_id.partition(".")[0] == domain:
            sensors.setdefault(role, each.entity_id)
    return Watched(about, one.entity_id, device, one.integration in _TELL_WHO, sensors, one.integration in _ECHO)
