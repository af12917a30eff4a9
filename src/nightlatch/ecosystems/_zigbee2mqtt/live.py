"""Listens to a running bridge: what it publishes of itself, and the state of each lock, asked for once.

A second connection, without user and password, only listens: does the broker let it in, and what does it
get to see? It publishes nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import msgspec

from nightlatch.ecosystems import _mqtt
from nightlatch.ecosystems._mqtt import Broker, Heard, Inbox
from nightlatch.ecosystems._zigbee2mqtt.devices import MOST_LOCKS, Device
from nightlatch.errors import ReadError, SourceError
from nightlatch.reading import structured
from nightlatch.secrets import Secret
from nightlatch.text import suggest

BRIDGE_SECONDS = 8.0
"""How long the bridge's retained messages may take to arrive."""
LOCK_SECONDS = 6.0
"""How long the locks may take to answer, all together."""
PROBE_SECONDS = 1.0
"""How long the probe waits for a message once the locks have answered."""


class Coordinator(msgspec.Struct, frozen=True):
    """The stick: its type, address and firmware."""

    ieee_address: str = ""
    type: str = ""
    meta: dict[str, Any] = {}


class Library(msgspec.Struct, frozen=True):
    """A part with a version."""

    version: str = ""


class Machine(msgspec.Struct, frozen=True):
    """What it runs on."""

    node_version: str = ""


class Info(msgspec.Struct, frozen=True):
    """`bridge/info`."""

    version: str
    permit_join: bool
    config: dict[str, Any]
    coordinator: Coordinator = Coordinator()
    zigbee_herdsman: Library = Library()
    zigbee_herdsman_converters: Library = Library()
    os: Machine = Machine()

    def parts(self) -> tuple[str, ...]:
        """Versions of the parts, as "zigbee-herdsman 10.9.2"."""
        named = (
            (f"coordinator {self.coordinator.type}".strip(), str(self.coordinator.meta.get("revision", ""))),
            ("zigbee-herdsman", self.zigbee_herdsman.version),
            ("zigbee-herdsman-converters", self.zigbee_herdsman_converters.version),
            ("node", self.os.node_version.removeprefix("v")),
        )
        return tuple(f"{name} {version}" for name, version in named if version)


class Probe(msgspec.Struct, frozen=True):
    """What a client without user and password met: let in or not (None: cannot be told, with the reason).

    `seen` are the topics about locks that it received.
    """

    admitted: bool | None
    seen: tuple[str, ...] = ()
    reason: str = ""


class Bridge(msgspec.Struct, frozen=True):
    """All that was heard. `states` and `available` are by friendly name."""

    broker: Broker
    base: str
    info: Info
    locks: tuple[Device, ...]
    states: Mapping[str, Heard]
    available: Mapping[str, bool]
    probe: Probe


async def listen(broker: Broker, username: str | None, password: Secret | None, base: str) -> Bridge:
    """Everything that is to be heard. SourceError or ReadError when the broker or the bridge fails."""
    async with _mqtt.connect(broker, username, password) as inbox, contextlib.AsyncExitStack() as stack:
        info, locks = await _bridge(inbox, base)
        names = [lock.friendly_name for lock in locks if is_topic(lock.friendly_name)]
        about = [topic for name in names for topic in (f"{base}/{name}", f"{base}/{name}/availability")]
        if about:
            await inbox.subscribe(*about)
        # The probe listens before the locks are asked, so that it can see the questions and the answers.
        watcher = _Watcher(broker, [f"{base}/{name}{end}" for name in names for end in ("", "/get", "/set")])
        await watcher.enter(stack)
        for name in names:
            await inbox.ask(f"{base}/{name}/get", b'{"state": ""}')
        await inbox.until(lambda: all(_is_fresh(inbox, f"{base}/{name}") for name in names), LOCK_SECONDS)
        probe = await watcher.result()
        states = {name: inbox.newest[f"{base}/{name}"] for name in names if f"{base}/{name}" in inbox.newest}
        online = {name: says(inbox.newest.get(f"{base}/{name}/availability"), "online") for name in names}
        available = {name: value for name, value in online.items() if value is not None}
    return Bridge(broker, base, info, locks, states, available, probe)


async def _bridge(inbox: Inbox, base: str) -> tuple[Info, tuple[Device, ...]]:
    """The bridge's account of itself and of its locks; both messages are retained."""
    state, info, devices = (f"{base}/bridge/{name}" for name in ("state", "info", "devices"))
    await inbox.subscribe(state, info, devices, "+/bridge/state")
    heard = inbox.newest
    await inbox.until(lambda: {state, info, devices} <= heard.keys(), BRIDGE_SECONDS)
    return understood(heard, inbox.broker, base)


def understood(heard: Mapping[str, Heard], broker: Broker, base: str) -> tuple[Info, tuple[Device, ...]]:
    """What the bridge's retained messages say of itself and of its locks. SourceError when it does not run."""
    state, info, devices = (f"{base}/bridge/{name}" for name in ("state", "info", "devices"))
    if says(heard.get(state), "online") is False:
        raise SourceError("Zigbee2MQTT is not running", where=state, todo="Start it, and try again.")
    if not {info, devices} <= heard.keys():
        others = [topic.removesuffix("/bridge/state") for topic in heard if topic not in (state, info, devices)]
        raise SourceError(
            f"nothing was published on {info} within {BRIDGE_SECONDS:g} s",
            where=str(broker),
            todo=suggest(base, others)
            or (f"Set base_topic to {others[0]!r}?" if others else "")
            or "Check base_topic, that Zigbee2MQTT runs, and that this account may read its topics.",
        )
    about: Info = structured.json(heard[info].payload, Info, where=info)
    return about, locks_of(heard[devices].payload, devices)


def locks_of(payload: bytes, where: str) -> tuple[Device, ...]:
    """The locks among the devices of `bridge/devices`. ReadError when it is no such list."""
    found: list[Device] = structured.json(payload, list[Device], where=where)
    return tuple(device for device in found if device.is_lock)[:MOST_LOCKS]


class _Watcher:
    """The client without user and password."""

    def __init__(self, broker: Broker, topics: list[str]) -> None:
        self._broker = broker
        self._topics = topics
        self._inbox: Inbox | None = None
        self._probe = Probe(None, reason="the broker was not asked")

    async def enter(self, stack: contextlib.AsyncExitStack) -> None:
        """Connect and listen; a failure is an answer too."""
        try:
            self._inbox = await stack.enter_async_context(_mqtt.connect(self._broker))
            self._probe = Probe(True)
            if self._topics:
                await self._inbox.subscribe(*self._topics)
        except _mqtt.Refused:
            self._probe = Probe(False)
        except (SourceError, ReadError) as error:
            if self._inbox is None:
                self._probe = Probe(None, reason=f"a second connection to the broker failed: {error.what}")

    async def result(self) -> Probe:
        """What it met, after giving the last messages a moment to arrive."""
        if self._inbox is None or not self._topics:
            return self._probe
        seen = self._inbox.newest
        try:
            await self._inbox.until(lambda: bool(seen), PROBE_SECONDS)
        except (SourceError, ReadError):
            return Probe(True)
        # Whoever sees a question to a lock sees every order to it as well: both are of the same kind.
        return Probe(True, tuple(sorted(seen, key=lambda topic: (not topic.endswith(("/get", "/set")), topic))))


def _is_fresh(inbox: Inbox, topic: str) -> bool:
    return topic in inbox.newest and not inbox.newest[topic].retained


def is_topic(name: str) -> bool:
    """Whether a device's friendly name can be part of a topic."""
    return 0 < len(name.encode()) < 1000 and not any(sign in name for sign in "+#\0")


def says(heard: Heard | None, word: str) -> bool | None:
    """Whether a message is `{"state": word}` or, as up to 2023, the word alone; None for no message."""
    return None if heard is None else heard.payload == word.encode() or f'"{word}"'.encode() in heard.payload
