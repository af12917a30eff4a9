"""One open connection to a Z-Wave JS server: states, events and commands of all its locks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from msgspec import Struct, field

from nightlatch.catalogue import Catalogue
from nightlatch.ecosystems._feed import opening
from nightlatch.ecosystems._zwavejs.asking import Budget, Report, read_bolt
from nightlatch.ecosystems._zwavejs.codes import Digest
from nightlatch.ecosystems._zwavejs.commands import Commander
from nightlatch.ecosystems._zwavejs.conversation import WAITING, Conversation
from nightlatch.ecosystems._zwavejs.credentials import change
from nightlatch.ecosystems._zwavejs.happenings import Happening, Told
from nightlatch.ecosystems._zwavejs.joining import close
from nightlatch.ecosystems._zwavejs.messages import ControllerState, Listening, Node, State, decoded
from nightlatch.ecosystems._zwavejs.server import Refused, Server
from nightlatch.ecosystems._zwavejs.slots import Habits
from nightlatch.ecosystems._zwavejs.story import Story
from nightlatch.ecosystems.interface import Heard, Link, Taken
from nightlatch.errors import NightlatchError
from nightlatch.model.command import CloseJoin, Command, LockDoor, Outcome, UnlockDoor
from nightlatch.model.event import Event, Kind
from nightlatch.model.evidence import Ref

FRESH_S = 5.0
"""How long events wait for the locks' own answers after connecting; a state that comes later follows."""
READ_S = 15.0
HOLD_S = 1.0
"""How long a bolt that moved waits for the notification that says by whom."""
CHECK_S = 10.0
COMMAND_S = 28.0

_INCLUDING = 1
_UNRESPONSIVE, _RADIO_JAMMED = 1, 2
_DRIVER_FAILED = "ZW0100"


class Memory(Struct):
    """What outlives a connection: by node how often it was asked, what it told of slots not read since, its habits."""

    budgets: dict[int, Budget] = field(default_factory=dict)
    unread: dict[int, dict[int, bool]] = field(default_factory=dict)
    habits: dict[int, Habits] = field(default_factory=dict)
    joining: bool = False
    """The hub lets new devices join."""


class Names(Struct, frozen=True):
    """What the things of this hub are called: the ecosystem's id, the hub, and each lock by its node."""

    source: str
    hub: Ref
    lock: Callable[[int], Ref]


class ZwaveLink(Link):
    """`running` subscribes; `hear` then asks each lock where its bolt is, and gives what has been told since."""

    def __init__(
        self,
        server: Server,
        names: Names,
        memory: Memory,
        *,
        catalogue: Catalogue,
        digest: Digest,
        clock: Callable[[], int],
    ) -> None:
        self._names = names
        self._memory = memory
        self._catalogue = catalogue
        self._digest = digest
        self._clock = clock
        self._conversation = Conversation(server.peer, self._take)
        self._stories: dict[int, Story] = {}
        self._begun = False
        self._own_node: int | None = None
        self._commanders: dict[int, Commander] = {}
        self._early: list[Told] = []
        self._held: dict[int, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Subscribed and read while this is open."""
        async with self._conversation.reading(self._check):
            try:
                try:
                    listening: Listening = await self._conversation.ask("start_listening", Listening)
                except Refused as refused:
                    self._conversation.fail(f"does not let us listen ({refused.name})", "Look at its log.")
                self._begin(listening.state)
                yield
            finally:
                for timer in self._held.values():
                    timer.cancel()
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    async def hear(self) -> AsyncIterator[Heard]:
        """As Link says."""
        stories = tuple(self._stories.values())
        reads = [self._work(self._first_read(story)) for story in stories]
        if reads:
            await asyncio.wait(reads, timeout=FRESH_S)
        states = [story.state() for story in stories]
        for story, read in zip(stories, reads, strict=True):
            story.given, story.settled = True, read.done()
        late = [heard for heard in self._conversation.so_far() if isinstance(heard, Event)]
        for heard in opening(states, late):
            yield heard
        try:
            while True:
                yield await self._conversation.next()
        except NightlatchError:
            for story in self._stories.values():
                for event in story.settle():
                    yield event
            raise

    async def command(self, command: Command) -> Outcome:
        """As Link says."""
        return await (self._close(command) if isinstance(command, CloseJoin) else self._do(command))

    async def move(self, command: LockDoor | UnlockDoor, taken: Taken) -> Outcome:
        """As Link says: a lock that supports Supervision says itself that it is at it."""
        return await self._do(command, taken)

    async def _do(self, command: Command, taken: Taken | None = None) -> Outcome:
        node = next((node for node in self._stories if self._names.lock(node) == command.about), None)
        if node is None:
            return Outcome("refused", f"this hub has no lock {command.about.key}")
        try:
            async with asyncio.timeout(COMMAND_S):
                return await self._commanders[node].do(command, taken)
        except TimeoutError:
            return Outcome("unknown", f"it did not end within {COMMAND_S:.0f} s", f"node {node}")

    async def _close(self, command: CloseJoin) -> Outcome:
        if command.about != self._names.hub:
            return Outcome("refused", f"this is not the hub {command.about.key}")
        try:
            async with asyncio.timeout(COMMAND_S):
                return await close(self._conversation, self._clock)
        except TimeoutError:
            return Outcome("unknown", f"it did not end within {COMMAND_S:.0f} s", "controller")

    def _begin(self, state: State) -> None:
        self._stand(state.controller.status)
        self._own_node = state.controller.ownNodeId
        joining = state.controller.inclusionState == _INCLUDING
        if joining or self._memory.joining:
            self._memory.joining = joining
            kind: Kind = "join_opened" if joining else "join_closed"
            about = str(self._names.hub)
            self._conversation.put(Event(self._clock(), kind, about, self._names.source, resync=True))
        self._begun = True
        for node in state.nodes:
            if node.is_lock:
                self._add(node)
        early, self._early = self._early, []
        for told in early:
            self._meant(told)

    def _add(self, node: Node) -> Story:
        story = Story(
            node,
            self._names.lock(node.nodeId),
            self._names.source,
            model=self._catalogue.zwave(*node.ids) if node.ids is not None else None,
            digest=self._digest,
            unread=self._memory.unread.setdefault(node.nodeId, {}),
        )
        self._stories[node.nodeId] = story
        habits = self._memory.habits.setdefault(node.nodeId, Habits())
        habits.own_node = self._own_node
        self._commanders[node.nodeId] = Commander(self._conversation, story, self._clock, habits)
        return story

    def _take(self, happening: Happening, text: bytes) -> None:
        told = Told(happening, text, self._clock())
        if self._begun:
            self._meant(told)
        elif len(self._early) < WAITING:
            self._early.append(told)
        else:
            self._conversation.fail("tells events and does not answer", "Is it overloaded?")

    def _meant(self, told: Told) -> None:
        match told.happening.source:
            case "node":
                self._of_a_node(told)
            case "controller":
                self._of_the_controller(told)
            case "driver":
                if told.happening.event == "driver ready":
                    self._conversation.fail("restarted its driver", "Nothing is to be done when it was meant.")
                if _DRIVER_FAILED in told.happening.error:
                    self._stand(_UNRESPONSIVE)

    def _of_a_node(self, told: Told) -> None:
        story = self._stories.get(told.happening.nodeId)
        if story is None:
            node = decoded(told.happening.nodeState, Node) if told.happening.event == "ready" else None
            if node is not None and node.is_lock:
                story = self._add(node)
                story.given = story.settled = True
                self._conversation.put(story.state())
            return
        for heard in story.take(told):
            self._conversation.put(heard)
            self._commanders[told.happening.nodeId].stirred.set()
        self._commanders[told.happening.nodeId].hear(told)
        changed = change(told)
        if changed is not None:
            kind, slot, detail = changed
            about = str(self._names.lock(told.happening.nodeId))
            self._conversation.put(
                Event(told.at, kind, about, self._names.source, slot=slot, detail=detail, raw=told.raw)
            )
        if (story.waiting is not None or story.doubt) and told.happening.nodeId not in self._held:
            loop = asyncio.get_running_loop()
            self._held[told.happening.nodeId] = loop.call_later(HOLD_S, self._held_long_enough, story)

    def _of_the_controller(self, told: Told) -> None:
        match told.happening.event:
            case "inclusion started":
                self._join(True, told)
            case "inclusion stopped" | "inclusion failed":
                self._join(False, told)
            case "inclusion state changed":
                self._join(told.happening.state == _INCLUDING, told)
            case "status changed":
                self._stand(told.happening.status)
                if told.happening.status == _RADIO_JAMMED:
                    detail = "the controller cannot send: its radio is jammed"
                    self._tell("tamper", self._names.hub, told, detail)
            case "node removed":
                node = decoded(told.happening.node, Node)
                if node is not None and self._stories.pop(node.nodeId, None) is not None:
                    about = self._names.lock(node.nodeId)
                    self._tell("offline", about, told, "it was removed from the hub")

    def _join(self, joining: bool, told: Told) -> None:
        if joining != self._memory.joining:
            self._memory.joining = joining
            self._tell("join_opened" if joining else "join_closed", self._names.hub, told)

    def _tell(self, kind: Kind, about: Ref, told: Told, detail: str = "") -> None:
        self._conversation.put(Event(told.at, kind, str(about), self._names.source, detail=detail, raw=told.raw))

    def _stand(self, status: int | None) -> None:
        if status == _UNRESPONSIVE:
            self._conversation.fail("gets no answer from its controller stick", "Is it plugged in? Look at its log.")

    async def _check(self) -> None:
        """After a silence: is the server still there, and its stick."""
        try:
            found: ControllerState = await self._conversation.ask("controller.get_state", ControllerState, CHECK_S)
        except Refused:
            return
        self._stand(found.state.status)

    # Asking a lock

    def _work(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _held_long_enough(self, story: Story) -> None:
        del self._held[story.node.nodeId]
        for event in story.settle():
            self._conversation.put(event)
        if story.doubt:
            self._work(self._read_again(story))

    async def _first_read(self, story: Story) -> None:
        """Its state, as it says itself; told later by itself when it answers late."""
        report = await self._report(story)
        story.learned(report, self._clock())
        if story.given:
            story.settled = True
            if report.bolt is not None:
                self._conversation.put(story.state())

    async def _read_again(self, story: Story) -> None:
        report = await self._report(story)
        at = self._clock()
        for heard in story.read(report.bolt, at) if report.bolt is not None else story.assumed(at):
            self._conversation.put(heard)
        for event in story.settle():
            self._conversation.put(event)

    async def _report(self, story: Story) -> Report:
        """What a lock says of bolt and door; nothing when it is dead, was asked too often, or does not answer."""
        budget = self._memory.budgets.setdefault(story.node.nodeId, Budget())
        if story.dead or not budget.spend(time.monotonic()):
            return Report()
        try:
            return await read_bolt(self._conversation, story.node, READ_S)
        except (Refused, NightlatchError):
            return Report()
