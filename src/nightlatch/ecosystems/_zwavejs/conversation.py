"""A Z-Wave JS server that is listened to all the time: answers go to who asked, everything else is heard."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

import msgspec

from nightlatch.ecosystems._websocket import Peer, Silent
from nightlatch.ecosystems._zwavejs.happenings import Happening, Message
from nightlatch.ecosystems._zwavejs.server import ANSWER_S, NAME, Refused
from nightlatch.ecosystems.interface import Heard
from nightlatch.errors import SourceError
from nightlatch.reading import structured
from nightlatch.tasks import end

T = TypeVar("T")
Take = Callable[[Happening, bytes], None]

WAITING = 2000
"""Events that were heard and not yet read; when there are more, nothing is read from the server."""
SLOW_S = 20.0
"""How long that may last: after it, what comes is lost, and the connection is given up with that said."""
MAX_EVENT = 1024 * 1024
"""Bytes of a message that nobody asked for. The largest is a node's whole state, of some 100 kB."""
STRANGE = 100
"""Messages in a row that cannot be understood before the server is taken for something else."""
SILENT_AFTER_S = 30.0
"""Without a word for so long, the server is asked something."""

_decode = msgspec.json.Decoder(Message).decode


class Lost(SourceError):
    """The connection broke after a question was sent and before its answer came."""


class Conversation:
    """One task reads the server. `take` is given each event with its text, and puts what it means with `put`."""

    def __init__(self, peer: Peer, take: Take) -> None:
        self.peer = peer
        self._take = take
        self._numbers = itertools.count(1)
        self._asked: dict[str, asyncio.Future[Message]] = {}
        self._heard: deque[Heard] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._ended: Exception | None = None
        self._messages = 0

    @asynccontextmanager
    async def reading(self, check: Callable[[], Any]) -> AsyncIterator[None]:
        """Reads while this is open. After a silence it awaits `check()`, which asks and raises what is wrong."""
        tasks = [asyncio.create_task(self._ending(work)) for work in (self._read(), self._watch(check))]
        try:
            yield
        finally:
            for task in tasks:
                await end(task)

    def put(self, heard: Heard) -> None:
        """What `next` gives, in this order."""
        self._heard.append(heard)
        self._news.set()

    async def next(self) -> Heard:
        """What was heard next. Raises what ended the conversation, once everything heard before was given."""
        while not self._heard:
            if self._ended is not None:
                raise self._ended
            self._news.clear()
            await self._news.wait()
        heard = self._heard.popleft()
        if len(self._heard) < WAITING // 2:
            self._room.set()
        return heard

    def so_far(self) -> list[Heard]:
        """What was heard and not given yet, in order; `next` goes on behind it."""
        heard = list(self._heard)
        self._heard.clear()
        self._room.set()
        return heard

    async def ask(self, command: str, type: type[T], seconds: float = ANSWER_S, **arguments: Any) -> T:  # noqa: A002
        """The result of a command.

        Refused when the server says no, Silent when it says nothing, Lost when the connection breaks
        meanwhile, and what ended the conversation when it has ended before.
        """
        if self._ended is not None:
            raise self._ended
        number = f"n{next(self._numbers)}"
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked[number] = future
        try:
            async with asyncio.timeout(seconds):
                await self.peer.send({"messageId": number, "command": command, **arguments})
                message = await future
        except TimeoutError:
            raise Silent(
                f"the {NAME} did not answer within {seconds:g} s", where=self.peer.where, todo="Is it overloaded?"
            ) from None
        finally:
            del self._asked[number]
        if not message.success:
            raise Refused(message.zwaveErrorCodeName or message.errorCode)
        result: T = structured.json(bytes(message.result), type, where=f"{self.peer.where} ({command})")
        return result

    def fail(self, what: str, todo: str) -> NoReturn:
        """Raise the SourceError that the server did `what`."""
        self.peer.fail(what, todo)

    async def _ending(self, work: Any) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001  # raised again by `next` and `ask`, a defect as itself
            self._ended = self._ended or error
            self._news.set()
            for future in self._asked.values():
                if not future.done():
                    what = error.what if isinstance(error, SourceError) else f"the {NAME} sent something else"
                    future.set_exception(Lost(what, where=self.peer.where))

    async def _read(self) -> None:
        strange = 0
        while True:
            text = await self.peer.text()
            self._messages += 1
            try:
                message = _decode(text)
            except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
                message = Message()
            if len(text) > MAX_EVENT and message.messageId not in self._asked:
                self.fail(f"sent a message of {len(text)} bytes unasked", f"Is this the address of a {NAME}?")
            if message.event is None and not message.messageId:
                strange += 1
                if strange > STRANGE:
                    self.fail("sends what makes no sense", f"Is this the address of a {NAME}?")
                continue
            strange = 0
            if message.event is not None:
                self._take(message.event, text)
                if len(self._heard) >= WAITING:
                    await self._wait_for_room()
            elif (future := self._asked.get(message.messageId)) is not None and not future.done():
                future.set_result(message)

    async def _wait_for_room(self) -> None:
        self._room.clear()
        try:
            async with asyncio.timeout(SLOW_S):
                await self._room.wait()
        except TimeoutError:
            self.fail(
                f"told more than {WAITING} events that could not be taken within {SLOW_S:.0f} s",
                "Is this machine overloaded, or a device flooding the network?",
            )

    async def _watch(self, check: Callable[[], Any]) -> None:
        while True:
            before = self._messages
            await asyncio.sleep(SILENT_AFTER_S)
            if self._messages == before:
                await check()
