"""The open connection to a Zigbee2MQTT: what it publishes of its locks as states and events, and orders to them."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from nightlatch.ecosystems._feed import Feed, opening
from nightlatch.ecosystems._mqtt import Heard as Arrived
from nightlatch.ecosystems._mqtt_session import Session
from nightlatch.ecosystems._raw import redacted
from nightlatch.ecosystems._zigbee2mqtt.devices import Device, hub_ref
from nightlatch.ecosystems._zigbee2mqtt.live import BRIDGE_SECONDS, Info, is_topic, locks_of, says, understood
from nightlatch.ecosystems._zigbee2mqtt.orders import Orders
from nightlatch.ecosystems._zigbee2mqtt.replies import Replies, Reply
from nightlatch.ecosystems._zigbee2mqtt.reports import read
from nightlatch.ecosystems._zigbee2mqtt.watch import Memory, Message, Watch
from nightlatch.ecosystems.interface import Heard, Link
from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.model.command import CloseJoin, Command, Outcome
from nightlatch.model.event import Event, Kind
from nightlatch.model.lock import Lock
from nightlatch.plugs import Plug
from nightlatch.reading import structured

STATES_SECONDS = 5.0
"""How long the locks may take to answer after a connection, before their states are told as far as they are known."""
JOIN_SECONDS = 8.0
"""How long the bridge may take to say that its network is closed."""
AGAIN_SECONDS = 2.0
"""How long the bridge's retained messages may take to arrive when an earlier connection has had them."""
_MOST_EARLY = 20_000
_MOST_BRIDGES = 100
_MOST_REPLIES = 1000
_MOST_CHANGES = 1000
_BRIDGE = ("/bridge/state", "/bridge/info", "/bridge/devices")

Look = Callable[[Arrived, int], None]


class Before:
    """What is remembered from one connection to the next."""

    def __init__(self) -> None:
        self.joining: bool | None = None
        """Whether new devices may join."""
        self.locks: defaultdict[str, Memory] = defaultdict(Memory)
        """By IEEE address."""
        self.bridge: dict[str, Arrived] = {}
        """The last account of the bridge and its devices: a broker that keeps nothing on disk loses them when it
        restarts, and Zigbee2MQTT publishes them once more only when they change (seen with 2.14)."""


class Zigbee2MqttLink(Link):
    """One connection. A task of its own looks at each message, so that orders are answered while nobody hears."""

    def __init__(self, plug: Plug, session: Session, base: str, before: Before) -> None:
        self.session = session
        self.base = base
        self._before = before
        self._plug = plug
        self.now = plug.context.clock
        self.locks: dict[str, Watch] = {}
        """By IEEE address."""
        self.info = Info("", permit_join=False, config={})
        """What the bridge last said of itself, at `_told_at`; `_infos` counts what it said since we know it."""
        self._told_at = self._infos = 0
        self._looks: dict[str, Look] = {}
        """What is done with the messages of each topic."""
        self._bridge: dict[str, Arrived] = {}
        self._early: list[tuple[str, Arrived, int]] = []
        """What the broker kept for us, and sent before the locks were known."""
        self._replies: dict[str, list[Replies]] = {}
        self._changed: asyncio.Queue[tuple[Watch, list[str], list[str]]] = asyncio.Queue()
        """Locks of which other topics are to be listened to, from those to these."""
        self._progress = asyncio.Event()
        self._feed = Feed(str(session.broker))
        self._known = False
        """The locks are known; `_begun`: their states were told."""
        self._begun = False
        self._late: list[Event] = []
        """What was learned before the states are told, in order."""
        self._orders = Orders(self)

    async def hear(self) -> AsyncIterator[Heard]:
        """The states once the locks have answered, what the broker kept for us, then everything as it comes."""
        watches = self.locks.values()
        for watch in watches:
            await self.ask(watch, "state")
        await self._until(lambda: all(one.state.at or one.state.reachable is False for one in watches), STATES_SECONDS)
        self._begun = True
        for heard in opening([watch.state for watch in watches], self._late):
            yield heard
        async for heard in self._feed.take():
            yield heard

    async def command(self, command: Command) -> Outcome:
        """Give the order to the lock and read back what became of it."""
        if (error := self._feed.error) is not None:
            raise SourceError(error.what, where=error.where, todo=error.todo)
        if isinstance(command, CloseJoin):
            return await self._close_join(command)
        for watch in self.locks.values():
            if watch.state.about == str(command.about):
                return await self._orders.carry_out(watch, command)
        return Outcome("refused", "Zigbee2MQTT has no such lock", f"{self.base}/bridge/devices")

    async def _close_join(self, command: CloseJoin) -> Outcome:
        """Close the network; the bridge says so of itself, in a message that comes after."""
        if command.about != hub_ref(self._plug):
            return Outcome("refused", "this is no order to a lock", why="unsupported")
        where, asked = f"{self.base}/bridge/info, permit_join", self._infos
        try:
            await self.session.publish(f"{self.base}/bridge/request/permit_join", b'{"time":0}')
            await self._until(lambda: self._infos > asked and not self.info.permit_join, JOIN_SECONDS)
        except SourceError as error:
            return Outcome("unknown", f"it was sent, and then {error.what}", error.where)
        if self._infos == asked:
            return Outcome("unknown", "Zigbee2MQTT did not tell whether its network is open", where)
        if self.info.permit_join:
            return Outcome("refused", "Zigbee2MQTT reports its network open for new devices", where, self._told_at)
        return Outcome("evidence", "no new device may join", where, self._told_at)

    # What orders use

    def topic(self, watch: Watch) -> str:
        """The topic of a lock."""
        return f"{self.base}/{watch.device.friendly_name}"

    async def ask(self, watch: Watch, name: str) -> None:
        """Have Zigbee2MQTT read a property from the lock itself."""
        await self.session.publish(f"{self.topic(watch)}/get", msgspec.json.encode({name: ""}))

    @contextlib.contextmanager
    def replies(self, *topics: str) -> Iterator[Replies]:
        """Every message on some topics from now on, for as long as this is open."""
        replies: Replies = asyncio.Queue()
        for topic in topics:
            self._replies.setdefault(topic, []).append(replies)
        try:
            yield replies
        finally:
            for topic in topics:
                self._replies[topic].remove(replies)

    def reply(self, topic: str, reply: Reply) -> None:
        """Pass a message on a topic to the orders that wait for it."""
        for waiting in self._replies.get(topic, ()):
            if waiting.qsize() < _MOST_REPLIES:
                waiting.put_nowait(reply)

    def look(self, topic: str, look: Look | None) -> None:
        """What to do from now on with the messages of a topic."""
        if look is not None:
            self._looks[topic] = look
        else:
            self._looks.pop(topic, None)

    def settle(self, watch: Watch) -> None:
        """Look once more at what is known of the lock, now that no order holds anything back."""
        content = {name: value for name, value in watch.content.items() if not name.startswith("action")}
        self._take(watch, self._message(content, self.now()))

    # From the broker

    async def begin(self) -> None:
        """Learn of the bridge and its locks, and listen to these. SourceError or ReadError when it does not run."""
        state, info, devices = (f"{self.base}{end}" for end in _BRIDGE)
        await self.session.subscribe(state, info, devices, "+/bridge/state")
        told = {info, devices}
        seconds = AGAIN_SECONDS if told <= self._before.bridge.keys() else BRIDGE_SECONDS
        await self._until(lambda: {state} | told <= self._bridge.keys(), seconds)
        if says(self._bridge.get(state), "online"):
            self._bridge = {**self._before.bridge, **self._bridge}
        about, locks = understood(self._bridge, self.session.broker, self.base)
        self._before.bridge = {topic: self._bridge[topic] for topic in told}
        self._looks |= {state: self._state, info: self._info, devices: self._devices}
        if about.permit_join or self._before.joining:
            self._joins(about.permit_join, self.now())
        self._before.joining, self.info = about.permit_join, about
        for device in locks:
            self._add(self._new(device))
        self._known = True
        early, self._early = self._early, []
        for topic, arrived, at in early:
            for watch in self.locks.values():
                if topic == self.topic(watch):
                    with contextlib.suppress(ReadError):
                        self._report(watch, arrived, at, kept=True)
        if topics := [topic for watch in self.locks.values() for topic in self._topics(watch)]:
            await self.session.subscribe(*topics)

    async def run(self) -> None:
        """Follow the messages for as long as the connection lasts; what ends it is told to who hears."""
        tasks = [asyncio.create_task(one) for one in (self._read(), self._follow(), self.session.ended())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            for error in outcomes:
                if isinstance(error, NightlatchError):
                    self._feed.fail(error)
            self._feed.fail(SourceError("is read no longer", where=str(self.session.broker)))
            self._wake()
            for error in outcomes:
                if isinstance(error, Exception) and not isinstance(error, NightlatchError):
                    raise error

    async def _read(self) -> None:
        while True:
            for arrival in await self.session.arrivals():
                self._look(arrival.topic, Arrived(arrival.payload, arrival.retained), arrival.at)
            self._wake()

    async def _follow(self) -> None:
        """Listen to locks that join or are renamed, and no longer to those that leave."""
        while True:
            watch, old, new = await self._changed.get()
            if old:
                await self.session.unsubscribe(*old)
            if new:
                await self.session.subscribe(*new)
                await self.ask(watch, "state")

    async def _until(self, done: Callable[[], bool], seconds: float) -> None:
        """Wait until `done()` or until the time is up; the error of the connection when it ends before."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not done() and self._feed.error is None:
                    self._progress.clear()
                    await self._progress.wait()
        if self._feed.error is not None:
            raise self._feed.error

    def _wake(self) -> None:
        self._progress.set()
        if self._feed.error is not None:
            for queues in self._replies.values():
                for waiting in queues:
                    waiting.put_nowait(None)

    def _look(self, topic: str, arrived: Arrived, at: int) -> None:
        look = self._looks.get(topic)
        if look is not None:
            with contextlib.suppress(ReadError):  # one message that makes no sense is passed by
                look(arrived, at)
        elif topic.endswith(_BRIDGE) and len(self._bridge) < _MOST_BRIDGES:
            self._bridge[topic] = arrived
        elif not self._known and len(self._early) < _MOST_EARLY:
            self._early.append((topic, arrived, at))

    def _state(self, arrived: Arrived, _: int) -> None:
        if not arrived.retained and says(arrived, "offline"):
            where = f"{self.base}/bridge/state"
            self._feed.fail(SourceError("Zigbee2MQTT has stopped", where=where, todo="Is it restarting?"))

    def _info(self, arrived: Arrived, at: int) -> None:
        info: Info = structured.json(arrived.payload, Info, where=f"{self.base}/bridge/info")
        self._before.bridge[f"{self.base}/bridge/info"] = arrived
        if info.permit_join is not self._before.joining:
            self._joins(info.permit_join, at)
        self._before.joining, self.info = info.permit_join, info
        if not arrived.retained:
            self._infos, self._told_at = self._infos + 1, at

    def _joins(self, may: bool, at: int) -> None:
        kind: Kind = "join_opened" if may else "join_closed"
        hub, source = str(hub_ref(self._plug)), self._plug.context.id
        self._tell([Event(at, kind, hub, source, resync=not self._begun, raw=redacted({"permit_join": may}))])

    def _devices(self, arrived: Arrived, at: int) -> None:
        topic = f"{self.base}/bridge/devices"
        locks = {one.ieee_address: one for one in locks_of(arrived.payload, topic)}
        self._before.bridge[topic] = arrived
        if self._changed.qsize() > _MOST_CHANGES:
            self._feed.fail(SourceError("its devices change faster than they can be followed", where=topic))
            return
        for address, watch in list(self.locks.items()):
            device = locks.pop(address, None)
            if device is None or device.friendly_name != watch.device.friendly_name:
                old = self._topics(watch)
                for topic in old:
                    self._looks.pop(topic, None)
                del self.locks[address]
                if device is None:
                    self._changed.put_nowait((watch, old, []))
                    self._tell([watch.member(self._message({}, at), joined=False)])
                else:
                    watch.device = device
                    self._add(watch)
                    self._changed.put_nowait((watch, old, self._topics(watch)))
        for device in locks.values():
            watch = self._new(device)
            self._add(watch)
            self._changed.put_nowait((watch, [], self._topics(watch)))
            self._tell([watch.state, watch.member(self._message({}, at), joined=True)])

    def _new(self, device: Device) -> Watch:
        about = str(self._plug.ref(Lock, device.ieee_address))
        return Watch(about, self._plug.context.id, device, self._before.locks[device.ieee_address])

    def _add(self, watch: Watch) -> None:
        self.locks[watch.device.ieee_address] = watch
        for topic, look in zip(self._topics(watch), (self._report, self._availability), strict=False):
            self._looks[topic] = partial(look, watch)

    def _topics(self, watch: Watch) -> list[str]:
        """Where the lock's state and its availability are told; nowhere if its name can be no topic."""
        topic = self.topic(watch)
        return [topic, f"{topic}/availability"] if is_topic(watch.device.friendly_name) else []

    def _report(self, watch: Watch, arrived: Arrived, at: int, *, kept: bool = False) -> None:
        topic = self.topic(watch)
        content: dict[str, Any] = structured.json(arrived.payload, dict[str, Any], where=topic)
        message = self._message(content, at, retained=arrived.retained, kept=kept or arrived.retained)
        before = watch.content
        self._take(watch, message)
        self.reply(topic, Reply(message, before))

    def _availability(self, watch: Watch, arrived: Arrived, at: int) -> None:
        online = says(arrived, "online")
        message = self._message({"availability": "online" if online else "offline"}, at, retained=arrived.retained)
        self._tell(watch.reachable(message, bool(online)))

    def _message(self, content: Mapping[str, Any], at: int, *, retained: bool = False, kept: bool = False) -> Message:
        report = read(content, self._plug.context)
        return Message(report, content, at, kept=kept, retained=retained, resync=not self._begun)

    def _take(self, watch: Watch, message: Message) -> None:
        self._tell(watch.take(message))
        watch.pairing.wait(self._tell)

    def _tell(self, heard: Sequence[Heard]) -> None:
        if self._begun:
            self._feed.put(*heard)
        else:
            self._late += [one for one in heard if isinstance(one, Event)]
