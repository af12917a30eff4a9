"""Hubs that hang, shout, restart and flap, clocks that are set back: each is told, and mended without a person."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from aiohttp.test_utils import unused_port

from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems._zwavejs import conversation
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.ecosystems.zwavejs import ZwaveJs
from nightlatch.guard.autolock.driver import AutoLock
from nightlatch.guard.autolock.settings import Rule
from nightlatch.guard.backoff import Backoff
from nightlatch.guard.detections.registry import defaults
from nightlatch.guard.engine import Engine
from nightlatch.guard.household import Household
from nightlatch.guard.listening import Listener
from nightlatch.journal.intake import Intake
from nightlatch.journal.journal import Journal
from nightlatch.journal.verify import verify
from nightlatch.plugs import Context, wall
from nightlatch.secrets import Fingerprinter
from tests.unit.ecosystems.fake_zwavejs import FakeServer, served
from tests.unit.ecosystems.zwavejs_link import LOCKED, UNLOCKED, door
from tests.unit.guard.simulating import NAMES, QUICK, Kept, listening, simulated, until

SECOND = 1_000_000
LOCK = "lock:zwavejs:3"
SOON_S = 1.0
"""Within how many seconds another hub's event is written, whatever the faulty one does."""


def zwave(url: str) -> ZwaveJs:
    return ZwaveJs(ZwaveJs.Settings(url=url), Context("zwavejs", "zwavejs", datetime.now(UTC), Fingerprinter()))


class Wire:
    """A TCP connection between Nightlatch and a hub that can be left open and carry nothing."""

    def __init__(self) -> None:
        self.carries = asyncio.Event()
        self.carries.set()
        self.tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def to(self, url: str) -> AsyncIterator[str]:
        host, port = url.removeprefix("ws://").split(":")

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection(host, int(port))
            for source, sink in ((reader, back), (there, writer)):
                task = asyncio.create_task(self._pump(source, sink))
                self.tasks.add(task)

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        try:
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self.carries.wait()
                sink.write(data)
                await sink.drain()
        sink.close()


async def hears_soon(plug: Simulated, intake: Kept) -> None:
    """Another hub's event is written soon."""
    before, begun = len(intake.of("wrong_code")), wall()
    plug.house.order(faults.WrongCodes(lock="front", times=1))
    await until(lambda: len(intake.of("wrong_code")) > before)
    assert (wall() - begun) / 1e6 < SOON_S


async def test_a_half_open_connection_is_found_out_told_and_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "SILENT_AFTER_S", 0.2)
    monkeypatch.setattr(conversation, "SLOW_S", 0.3)
    server, wire, other, intake = FakeServer(door()), Wire(), simulated(), Kept()
    server.operation = LOCKED
    async with served(server) as straight, wire.to(straight) as url, listening(zwave(url), other, intake=intake) as now:
        await until(lambda: LOCK in now.states and now.states[LOCK].bolt_at)
        wire.carries.clear()
        silent = wall()
        server.operation = UNLOCKED
        await hears_soon(other, intake)
        await until(lambda: intake.of("disconnected"), 15)
        assert not now.states[LOCK].connected
        assert now.states[LOCK].secured(wall()).answer is None
        await hears_soon(other, intake)
        wire.carries.set()
        await until(lambda: intake.of("unlocked"), 30)
        (gap,) = intake.of("gap")
        assert gap.source == "zwavejs"
        assert gap.since <= silent + SECOND
        assert intake.of("unlocked")[0].resync


async def test_a_peer_that_sends_frames_of_10_mb_harms_neither_itself_nor_another_for_long() -> None:
    server, other, intake = FakeServer(door()), simulated(), Kept()
    server.operation = LOCKED
    junk = [
        "x" * 10_000_000,
        '{"type": "event", "event": {"source": "node", "nodeId": 3, "event": "' + "y" * 10_000_000 + '"}}',
        '{"type": "event", "event": ' + "[" * 5_000_000 + "]" * 5_000_000 + "}",
        "x" * 17_000_000,
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with served(server) as url, listening(zwave(url), other, intake=intake) as now:
        for frame in junk:
            await until(lambda: now.connected["zwavejs"] and now.states.get(LOCK) and now.states[LOCK].connected, 20)
            with suppress(ConnectionError):
                await server.send(frame)
            await hears_soon(other, intake)
        await until(lambda: now.connected["zwavejs"] and now.states[LOCK].connected, 20)
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown_mib < 300
    assert not [event for event in intake.events if len(repr(event)) > 100_000]
    assert len(intake.of("gap")) == len(intake.of("disconnected")) >= 1


async def test_a_hub_that_restarts_is_found_again_with_what_changed_meanwhile() -> None:
    from aiohttp import web
    from aiohttp.test_utils import TestServer

    server, other, intake, port = FakeServer(door()), simulated(), Kept(), unused_port()
    server.operation = LOCKED

    async def accept(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await server(socket)
        return socket

    async def start() -> TestServer:
        application = web.Application()
        application.router.add_get("/", accept)
        made = TestServer(application, port=port)
        await made.start_server()
        return made

    running = await start()
    async with listening(zwave(f"ws://127.0.0.1:{port}"), other, intake=intake) as now:
        await until(lambda: LOCK in now.states and now.states[LOCK].bolt_at)
        for socket in server.sockets:
            await socket.close()
        await running.close()
        await until(lambda: not now.connected["zwavejs"])
        server.operation = UNLOCKED
        await hears_soon(other, intake)
        running = await start()
        await until(lambda: intake.of("unlocked"), 20)
        for socket in server.sockets:
            await socket.close()
    await running.close()
    about = [event.kind for event in intake.events if event.source == "zwavejs"]
    assert about[:4] == ["connected", "disconnected", "connected", "gap"]
    assert [(event.about, event.resync) for event in intake.of("unlocked")] == [(LOCK, True)]


async def test_a_flapping_hub_loses_nothing_that_it_told_and_every_gap_is_in_the_journal(tmp_path: Path) -> None:
    plug, journal = simulated(), Journal.open(tmp_path)
    house = plug.house
    told = 0
    try:
        async with Intake(journal) as intake, listening(plug, intake=intake) as listener:
            for number in range(40):
                await until(lambda: listener.connected["simulated"] and len(listener.states) == 2)
                # Told to a connection that is up: it must be in the journal whatever comes after.
                if house._ears:
                    house.tell("lock:simulated:front", "tamper", value=number)
                    told += 1
                    await asyncio.sleep(0.002)
                house.order(faults.HubLost(seconds=0.01))
                await until(lambda: not listener.connected["simulated"])
            await until(lambda: listener.connected["simulated"])
            await until(lambda: listener.waiting == 0 and intake.waiting == 0)
        events = [entry.event for entry in journal.entries() if entry.event is not None]
        kinds = [event.kind for event in events]
        assert kinds.count("tamper") == told > 30
        assert kinds.count("disconnected") == 40
        assert kinds.count("gap") == 40
        assert not [event for event in events if event.resync], "nothing changed, and nothing may be told to have"
        assert verify(journal).sound
    finally:
        journal.close()


class Set:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.by = 0

    def __call__(self) -> int:
        return wall() + self.by


async def test_an_hour_that_the_clock_goes_back_stops_no_event_no_lock_and_no_detection() -> None:
    clock, intake = Set(), Kept()
    plug = simulated()  # the home's own time goes on as it did
    household = Household(names={"lock:front": "Front door lock"})
    listener = Listener([plug], intake, clock=clock, resolver=NAMES, chance=Random(1), backoff=QUICK)
    rule = Rule("lock:front", UTC, after=SECOND // 2, night_after=SECOND // 2)
    autolock = AutoLock([rule], listener, intake, clock=clock, notice=lambda _: None, household=household)
    tasks = [asyncio.create_task(listener.run()), asyncio.create_task(autolock.run())]
    try:
        front = plug.house.locks["front"]
        await until(lambda: "lock:front" in listener.states)
        plug.house.unlock(front, "thumb")
        await until(lambda: intake.of("unlocked"))
        clock.by = -3600 * SECOND
        await until(lambda: front.thrown, 3)
        plug.house.order(faults.HubLost(seconds=0.05))
        plug.house.unlock(front, "thumb")
        await until(lambda: intake.of("gap"))
        await until(lambda: [one for one in intake.of("unlocked") if one.resync])
        await until(lambda: front.thrown, 3)
        assert all(event.since <= event.at for event in intake.of("gap"))
        assert listener.states["lock:front"].secured(clock()).answer is True
        engine = Engine(defaults(), household)
        for number in range(6):
            plug.house.tell("lock:simulated:front", "wrong_code", value=number)
        await until(lambda: len(intake.of("wrong_code")) == 6)
        noticed = engine.feed(intake.events)
        assert "repeated-wrong-codes" in {one.detection for one in noticed}
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert plug.house.into_open == []


async def test_a_hub_that_never_answers_costs_the_others_nothing() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            await reader.read()

    server = await asyncio.start_server(deaf, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    other, intake = simulated(), Kept()
    async with listening(zwave(f"ws://127.0.0.1:{port}"), other, intake=intake) as now:
        await until(lambda: now.states)
        for _ in range(5):
            await hears_soon(other, intake)
    server.close()


def test_the_waits_of_a_hub_that_is_gone_for_a_day_are_bounded() -> None:
    chance, backoff, waited, attempt = Random(1), Backoff(), 0.0, 0
    while waited < 86_400:
        waited += backoff.wait(attempt, chance.random())
        attempt += 1
    assert 86_400 / 60 < attempt < 86_400 / 30 + 20
