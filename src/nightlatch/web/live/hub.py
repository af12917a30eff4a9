"""What happens, as every open page is told it: entries of the journal by their index, and signals beside them.

Nobody has a queue of their own. A reader is a place in one ring of encoded entries that all share, so that two
hundred readers, slow ones among them, take the memory of one; who falls behind the ring goes on from the journal.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec

from nightlatch.journal.leaves import Entry
from nightlatch.model.event import Event
from nightlatch.web.signin.who import Who

RING = 8_192
"""Entries that are kept for readers to take; a second or more of the worst flood."""
AT_ONCE = 500
"""Entries of one message."""
MOST_MISSED = 10_000
"""Who missed more than the ring and these is told to begin anew."""
GAP_S, GAP_EACH_S = 0.05, 0.001
"""Least time between two messages, and what each reader adds to it: a flood must leave time for pages."""
BEAT_S = 15.0
MOST_SIGNALS = 512
RETRY_MS = 2_000
PERSONAL = frozenset(("act", "credential", "feed", "grant", "ledger", "person"))
"""Kinds that tell of people: not told to who may not read the journal."""


class Told(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """An entry, as pages are told it."""

    index: int
    at: int
    """µs since 1970."""
    kind: str
    about: str
    door: str = ""
    """The door of the lock that it is about."""
    name: str = ""
    """The detection, the command."""
    value: str | int = ""
    """What became of an alert or a command."""
    severity: str = ""
    """An alert's."""
    person: str = ""
    """Whose credential it was, by id."""


class Signal(msgspec.Struct, frozen=True, gc=False):
    """Something beside the journal: that a lock may stand otherwise, how far a command has come."""

    kind: str
    about: str
    data: Any = None


class Reader:
    """One who reads: where, and what they may see."""

    def __init__(self, who: Who, after: int, signal: int) -> None:
        self.who = who
        self.log = who.may("log")
        self.after = after
        """The index of the last entry that was sent."""
        self.signal = signal
        self.over = False


encode = msgspec.json.Encoder().encode
Still = Callable[[Who], Awaitable[bool]]
"""Whether a session or token still holds."""


async def holds(_: Who) -> bool:
    """They hold as long as nobody says otherwise."""
    return True


class Hub:
    """Hears every entry on the event loop, and has any number of readers.

    `size`: how many entries the journal is known to have; `entries` reads some of them, in a thread; `door_of` names
    a lock's door; `severities` those of alerts, by detection.
    """

    def __init__(
        self,
        *,
        size: Callable[[], int],
        entries: Callable[[int, int], Iterable[Entry]],
        door_of: Callable[[str], str] = lambda _: "",
        severities: Mapping[str, str] | None = None,
        still: Still = holds,
    ) -> None:
        self._size = size
        self._entries = entries
        self._door_of = door_of
        self._severities = severities or {}
        self.still = still
        self._indices: list[int] = []
        self._whole: list[bytes] = []
        self._short: list[bytes] = []
        self._signals: OrderedDict[tuple[str, str], tuple[int, Literal["see", "log"], bytes]] = OrderedDict()
        self._signal = 0
        self.readers: set[Reader] = set()
        self._waiting: asyncio.Future[None] | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._beating: asyncio.TimerHandle | None = None
        self._beats = 0
        self._ticked = float("-inf")
        self._made: dict[tuple[int, int, bool], tuple[bytes, int]] = {}

    # What it is told

    @property
    def position(self) -> int:
        """The index of the newest entry; -1 while there is none."""
        return self._size() - 1

    def hear(self, index: int, event: Event) -> None:
        """Take an entry of the journal."""
        whole, short = self._encoded(index, event)
        self._indices.append(index)
        self._whole.append(whole)
        self._short.append(short)
        if len(self._indices) >= 2 * RING:
            for one in (self._indices, self._whole, self._short):
                del one[:RING]
        self._wake()

    def publish(self, kind: str, about: str, data: Any = None, scope: Literal["see", "log"] = "see") -> None:
        """Tell what is no entry. Of the same kind and thing only the newest may arrive; `data` goes out as JSON."""
        self._signal += 1
        self._signals[kind, about] = (self._signal, scope, encode(Signal(kind, about, data)))
        self._signals.move_to_end((kind, about))
        if len(self._signals) > MOST_SIGNALS:
            self._signals.popitem(last=False)
        self._wake()

    def end(self, session: str) -> None:
        """End the streams of a session or token that holds no longer."""
        for reader in self.readers:
            if reader.who.session == session:
                reader.over = True
        self._tick()

    # What readers get

    async def stream(self, who: Who, after: int | None = None) -> AsyncIterator[bytes]:
        """Everything after the entry `after` (None: from now on), as server-sent events, until the session ends."""
        reader = Reader(who, self.position if after is None else min(after, self.position), self._signal)
        self.readers.add(reader)
        self._beat_on()
        beats = self._beats
        try:
            yield b"retry: %d\nid: %d\nevent: open\ndata: %d\n\n" % (RETRY_MS, reader.after, reader.after)
            while not reader.over:
                if (message := await self._next(reader)) is not None:
                    yield message
                    continue
                if beats != self._beats:
                    beats = self._beats
                    if not await self.still(who):
                        break
                    yield b"event: beat\ndata: %d\n\n" % reader.after
                    continue
                await self._something()
            yield b"event: over\ndata: session\n\n"
        finally:
            self.readers.discard(reader)

    async def _next(self, reader: Reader) -> bytes | None:
        begin = self._indices[0] if self._indices else self._size()
        missed = begin - reader.after - 1
        if missed > MOST_MISSED:
            reader.after, reader.signal = self.position, self._signal
            return b"id: %d\nevent: reset\ndata: %d\n\n" % (reader.after, reader.after)
        if missed > 0:
            first, last = reader.after + 1, min(begin, reader.after + 1 + AT_ONCE)
            found = await asyncio.to_thread(self._read, first, last, log=reader.log)
            reader.after = last - 1
            return _message(found, [], last - 1)
        return self._from_ring(reader)

    def _read(self, first: int, last: int, *, log: bool) -> list[bytes]:
        made = [self._encoded(one.index, one.event) for one in self._entries(first, last) if one.event is not None]
        return [text for whole, short in made if (text := whole if log else short)]

    def _from_ring(self, reader: Reader) -> bytes | None:
        while True:
            key = (reader.after, reader.signal, reader.log)
            if key not in self._made:
                self._made[key] = self._make(*key)
            message, after = self._made[key]
            moved = after > reader.after
            reader.after = after
            if message:
                # Signals go with the newest entries: none is told before what it rests on.
                reader.signal = self._signal if after >= self._last else reader.signal
                return message
            if not moved:
                return None

    @property
    def _last(self) -> int:
        return self._indices[-1] if self._indices else self._size() - 1

    def _make(self, after: int, signal: int, log: bool) -> tuple[bytes, int]:  # a key of the cache
        place = bisect_left(self._indices, after + 1)
        texts = (self._whole if log else self._short)[place : place + AT_ONCE]
        newest = self._indices[place + len(texts) - 1] if texts else after
        signals: list[bytes] = []
        if newest >= self._last:
            for number, scope, text in reversed(self._signals.values()):
                if number <= signal:
                    break
                if log or scope == "see":
                    signals.append(text)
        told = [text for text in texts if text]
        return _message(told, signals[::-1], newest) if told or signals else b"", newest

    def _encoded(self, index: int, event: Event) -> tuple[bytes, bytes]:
        """As it is told to who may read the journal, and to who may not: nothing, where it is of people."""
        said = event.kind in ("alert", "command", "outcome")
        whole = Told(
            index, event.at, event.kind, event.about,
            door=self._door_of(event.about),
            name=event.name if said else "",
            value=event.value if said else "",
            severity=self._severities.get(event.name, "") if event.kind == "alert" else "",
            person=event.person,
        )  # fmt: skip
        text = encode(whole)
        if event.kind in PERSONAL or event.about.startswith("person:"):
            return text, b""
        return text, encode(msgspec.structs.replace(whole, person="")) if event.person else text

    # When

    def _wake(self) -> None:
        """Tell readers at once, or as soon as the last time is long enough ago."""
        if self._ticking is not None or not self.readers:
            return
        loop = asyncio.get_running_loop()
        gap = GAP_S + GAP_EACH_S * len(self.readers)
        # Not within this call: entries come in groups, and a group is one message.
        self._ticking = loop.call_at(max(loop.time(), self._ticked + gap), self._tick)

    def _tick(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
            self._ticked = asyncio.get_running_loop().time()
        self._made.clear()
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def _something(self) -> None:
        """Wait until there may be something new."""
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().create_future()
        # One for all: who stops to wait must not take it away from the others.
        await asyncio.shield(self._waiting)

    def _beat_on(self) -> None:
        if self._beating is None:
            self._beating = asyncio.get_running_loop().call_later(BEAT_S, self._beat)

    def _beat(self) -> None:
        self._beating = None
        self._beats += 1
        self._tick()
        if self.readers:
            self._beat_on()


def _message(entries: Iterable[bytes], signals: Iterable[bytes], last: int) -> bytes:
    return b'id: %d\ndata: {"entries":[%b],"signals":[%b]}\n\n' % (last, b",".join(entries), b",".join(signals))
