from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest

from nightlatch.journal.leaves import Entry
from nightlatch.model.event import Event
from nightlatch.web.live import hub as live
from nightlatch.web.live.hub import Hub
from nightlatch.web.signin.who import ROLES, Role, Who


class Journal:
    """A journal in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.read = 0
        self.hub = Hub(
            size=lambda: len(self.events),
            entries=self.entries,
            door_of={"lock:front": "door:front"}.get,  # type: ignore[arg-type]
            severities={"guessing": "high"},
        )

    def entries(self, start: int, end: int) -> Iterator[Entry]:
        self.read += end - start
        return (Entry(index, self.events[index]) for index in range(start, end))

    def happen(self, *events: Event, told: bool = True) -> None:
        first = len(self.events)
        self.events.extend(events)
        for index, event in enumerate(events, first):
            if told:
                self.hub.hear(index, event)


def event(number: int = 0, kind: Any = "unlocked", person: str = "") -> Event:
    return Event(number, kind, "lock:front", person=person, detail="secret detail", raw="raw")


def who(role: Role = "owner", session: str = "s1") -> Who:
    return Who("ana", "Ana", role, ROLES[role], session=session)


class Page:
    """A reader that keeps what it is told."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._stream = stream
        self.entries: list[dict[str, Any]] = []
        self.signals: list[dict[str, Any]] = []
        self.events: list[str] = []
        self.messages = 0
        self.last = -2

    async def take(self) -> bool:
        """One message; False at the end."""
        text = await anext(self._stream, None)
        if text is None:
            return False
        fields = dict(re.findall(r"^(\w+): (.*)$", text.decode(), re.MULTILINE))
        self.last = int(fields.get("id", self.last))
        self.messages += 1
        if "event" in fields:
            self.events.append(fields["event"])
        else:
            data = msgspec.json.decode(fields["data"])
            self.entries += data["entries"]
            self.signals += data["signals"]
        return True

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.entries) < count:
                assert await self.take()

    @property
    def indices(self) -> list[int]:
        return [one["index"] for one in self.entries]


async def test_a_page_is_told_what_happens_from_now_on_with_the_door_and_nothing_of_the_peers_message() -> None:
    journal = Journal()
    journal.happen(event())
    page = Page(journal.hub.stream(who()))
    await page.take()
    assert (page.events, page.last) == (["open"], 0)
    journal.happen(event(5, person="ana"))
    await page.until(1)
    told = {"index": 1, "at": 5, "kind": "unlocked", "about": "lock:front", "door": "door:front", "person": "ana"}
    assert page.entries == [told]
    assert page.last == 1


async def test_who_may_not_read_the_journal_is_told_of_no_person() -> None:
    journal = Journal()
    page = Page(journal.hub.stream(who("viewer")))
    await page.take()
    journal.happen(event(person="ana"), event(kind="act", person="ana"), event(kind="grant"), event(kind="locked"))
    journal.hub.publish("command", "lock:front", {"by": "Ana"}, "log")
    await page.until(2)
    assert [one["kind"] for one in page.entries] == ["unlocked", "locked"]
    assert "ana" not in str(page.entries)
    assert page.signals == []
    assert page.last == 3


async def test_what_may_not_be_told_still_moves_the_place_where_a_page_goes_on() -> None:
    journal = Journal()
    page = Page(journal.hub.stream(who("viewer")))
    await page.take()
    journal.happen(*(event(kind="act", person="ana") for _ in range(2000)), event())
    await page.until(1)
    assert (page.indices, page.messages) == ([2000], 2)


async def test_an_alert_carries_how_bad_it_is_and_what_became_of_it() -> None:
    journal = Journal()
    page = Page(journal.hub.stream(who()))
    await page.take()
    journal.happen(Event(1, "alert", "lock:front", name="guessing", value="raised"))
    await page.until(1)
    assert {name: page.entries[0][name] for name in ("name", "value", "severity")} == {
        "name": "guessing", "value": "raised", "severity": "high",
    }  # fmt: skip


async def test_the_first_is_told_at_once_and_a_flood_in_few_messages() -> None:
    journal = Journal()
    page = Page(journal.hub.stream(who()))
    await page.take()
    loop = asyncio.get_running_loop()
    begun = loop.time()
    journal.happen(event())
    await page.until(1)
    assert loop.time() - begun < 0.03

    async def flood() -> None:
        for number in range(200):
            journal.happen(event(number), event(number))
            await asyncio.sleep(0.002)

    task = asyncio.create_task(flood())
    await page.until(401)
    await task
    assert page.messages < 30
    assert page.indices == list(range(401))


async def test_a_page_that_comes_back_goes_on_where_it_was_from_memory() -> None:
    journal = Journal()
    journal.happen(*(event(number) for number in range(3000)))
    page = Page(journal.hub.stream(who(), 17))
    await page.until(2982)
    assert page.indices == list(range(18, 3000))
    assert journal.read == 0


async def test_what_is_no_more_in_memory_comes_from_the_journal_without_a_hole() -> None:
    journal = Journal()
    journal.happen(*(event(number) for number in range(1234)), told=False)
    page = Page(journal.hub.stream(who("viewer"), 99))
    await page.take()
    journal.happen(*(event(number, person="ana") for number in range(1234, 1300)))
    await page.until(1200)
    assert page.indices == list(range(100, 1300))
    assert "ana" not in str(page.entries)


async def test_a_reader_that_the_ring_leaves_behind_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "RING", 50)
    journal = Journal()
    page = Page(journal.hub.stream(who()))
    await page.take()
    for _ in range(20):
        journal.happen(*(event() for _ in range(40)))
    await page.until(800)
    assert page.indices == list(range(800))
    assert journal.read > 0


async def test_who_missed_too_much_is_told_to_begin_anew() -> None:
    journal = Journal()
    journal.happen(*(event() for _ in range(live.MOST_MISSED + 50)), told=False)
    page = Page(journal.hub.stream(who(), 3))
    await page.take()
    await page.take()
    assert page.events == ["open", "reset"]
    journal.happen(event())
    await page.until(1)
    assert page.indices == [live.MOST_MISSED + 50]


@pytest.mark.parametrize("after", [-1, 10**17, 5])
async def test_a_place_that_never_was_is_the_end(after: int) -> None:
    journal = Journal()
    journal.happen(event())
    page = Page(journal.hub.stream(who(), after))
    await page.take()
    journal.happen(event())
    await page.until(1)
    assert page.indices[-1] == 1


async def test_signals_come_with_the_newest_of_their_thing_alone() -> None:
    journal = Journal()
    page = Page(journal.hub.stream(who()))
    await page.take()
    for step in ("sent", "moving", "thrown"):
        journal.hub.publish("command", "lock:front", {"step": step})
    journal.hub.publish("standing", "lock:back")
    await page.take()
    assert page.signals == [
        {"kind": "command", "about": "lock:front", "data": {"step": "thrown"}},
        {"kind": "standing", "about": "lock:back", "data": None},
    ]
    journal.hub.publish("command", "lock:front", {"step": "jammed"})
    await page.take()
    assert page.signals[-1]["data"] == {"step": "jammed"}


async def test_a_page_is_told_no_signal_from_before_it_came() -> None:
    journal = Journal()
    journal.hub.publish("standing", "lock:front")
    page = Page(journal.hub.stream(who()))
    await page.take()
    journal.happen(event())
    await page.until(1)
    assert page.signals == []


async def test_signals_that_nobody_reads_take_no_room() -> None:
    journal = Journal()
    for number in range(10_000):
        journal.hub.publish("standing", f"lock:{number}")
        journal.happen(event())
    assert len(journal.hub._signals) == live.MOST_SIGNALS
    assert len(journal.hub._indices) < 2 * live.RING


async def test_a_stream_ends_with_its_session_and_no_other_does() -> None:
    journal = Journal()
    mine, other = Page(journal.hub.stream(who())), Page(journal.hub.stream(who(session="s2")))
    await mine.take()
    await other.take()
    task = asyncio.create_task(mine.take())
    await asyncio.sleep(0)
    journal.hub.end("s1")
    await asyncio.wait_for(task, 1)
    assert mine.events == ["open", "over"]
    assert not await mine.take()
    journal.happen(event())
    await other.until(1)
    assert len(journal.hub.readers) == 1


async def test_a_quiet_stream_beats_and_finds_out_that_its_session_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "BEAT_S", 0.05)
    journal, holds = Journal(), [True]

    async def still(_: Who) -> bool:
        return holds[0]

    journal.hub.still = still
    page = Page(journal.hub.stream(who()))
    async with asyncio.timeout(3):
        for _ in range(3):
            await page.take()
        holds[0] = False
        while await page.take():
            pass
    assert page.events[:3] == ["open", "beat", "beat"]
    assert page.events[-1] == "over"
    assert not journal.hub.readers


async def test_who_goes_away_is_forgotten() -> None:
    journal = Journal()
    stream = journal.hub.stream(who())
    await anext(stream)
    task = asyncio.create_task(anext(stream))  # type: ignore[arg-type]
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not journal.hub.readers
