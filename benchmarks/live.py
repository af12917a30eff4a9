"""The event stream under load: `python -m benchmarks.live [READERS [SLOW [RATE [SECONDS]]]]`.

The real service with its pages runs in a process of its own; every reader has a connection. Slow ones take a few
kB a second, are dropped, and come back for what they missed. Pages are asked for meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.figures import Figure, Target
from nightlatch.configuration.read import parse
from nightlatch.model.event import Event
from nightlatch.plugs import wall
from nightlatch.service.folder import held, prepare
from nightlatch.service.opening import running
from nightlatch.service.service import Service
from nightlatch.web.app import application
from nightlatch.web.house import opened
from nightlatch.web.signin.desk import Desk
from nightlatch.web.signin.who import ROLES, Who

HOME = """
[home]
name = "Elm"
[service]
port = 0
[[doors]]
id = "front"
name = "Front door"
[[locks]]
id = "front"
name = "Front lock"
door = "front"
"""
GROUP = "200 open pages, a tenth of them slow and a tenth halting, 1,000 events a second for a minute"
LATE, MISSED = "from an event to an open page, 95 of 100", "holes, and pages that did not catch up"
LATE_MS = 300
NOTES = ("From an event to an open page: until its reader has it, where that reads on; other readers share the cores.",)
KINDS = ("unlocked", "door_opened", "door_closed", "locked")
LIMIT = 60.0
"""Seconds after the flood until everybody must have everything."""
SLOW_S, SLOW_BYTES = 0.5, 2_000
"""How a slow reader reads."""
HALT_S, READS_S = 10.0, 15.0
"""For how long one that halts reads nothing, and reads in between."""


async def owner(_: Any) -> Who:
    """Whoever asks is the owner."""
    return Who("ana", "Ana", "owner", ROLES["owner"], session="s", csrf="c", fresh=True)


@asynccontextmanager
async def pages(service: Service) -> AsyncIterator[Any]:
    """The application, without the sign-in."""
    async with opened(service) as house:
        desk = Desk(house)

        async def holds(_: Who) -> bool:
            return True

        house.live.still = holds
        yield application(house, desk, owner)


async def serve(folder: Path) -> None:
    """Serve until the input ends; each line of it, "RATE SECONDS", has so many events happen."""
    prepare(folder)
    text = await asyncio.to_thread(sys.stdin.readline)
    with held(folder):
        async with running(parse(HOME, folder / "nightlatch.toml"), folder, env={}) as service:
            service.application = pages
            stop = asyncio.Event()
            task = asyncio.create_task(service.run(stop))
            while not service.standing and not task.done():  # noqa: ASYNC110  # it has no event of its own
                await asyncio.sleep(0.05)
            print(service.reporter.address.rpartition(":")[2], flush=True)
            while text := (await asyncio.to_thread(sys.stdin.readline)).strip():
                rate, seconds = (float(word) for word in text.split())
                print(await happen(service, rate, seconds), flush=True)
            stop.set()
            await task


async def happen(service: Service, rate: float, seconds: float) -> int:
    """Have that many events a second written; the index of the last one."""
    begun, number, last = time.perf_counter(), 0, service.pipeline.size - 1
    while (passed := time.perf_counter() - begun) < seconds:
        futures = []
        while number < passed * rate:
            futures.append(await service.intake.accept(Event(wall(), KINDS[number % 4], "lock:front")))
            number += 1
        if futures:
            last = await futures[-1]
        await asyncio.sleep(0.002)
    return last


class Reader:
    """One open page: it knows what it has, and comes back where it was."""

    def __init__(self, port: int, *, slow: bool = False, halts: bool = False) -> None:
        self._port = port
        self.halts = halts
        self.slow = slow
        self._late = slow or halts
        self.first = self.last = -1
        self._reads = time.monotonic() + READS_S / 2
        self.holes = self.dropped = self.resets = self.messages = 0
        self.late: list[float] = []
        """ms from the event to here."""

    async def run(self) -> None:
        """Read until cancelled."""
        while True:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._read()
            self.dropped += 1
            await asyncio.sleep(0.5)

    async def _read(self) -> None:
        peer = socket.socket()
        peer.setblocking(False)
        if self.slow or self.halts:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        await asyncio.get_running_loop().sock_connect(peer, ("127.0.0.1", self._port))
        reader, writer = await asyncio.open_connection(sock=peer, limit=16_384 if self.slow or self.halts else 2**20)
        again = f"Last-Event-ID: {self.last}\r\n" if self.first >= 0 else ""
        writer.write(f"GET /live HTTP/1.1\r\nHost: localhost\r\n{again}\r\n".encode())
        held = b""
        try:
            while data := await reader.read(SLOW_BYTES if self.slow else 2**18):
                held += data
                *whole, held = held.split(b"\n\n")
                for message in whole:
                    self._take(message)
                if self.slow:
                    await asyncio.sleep(SLOW_S)
                elif self.halts and time.monotonic() > self._reads:
                    await asyncio.sleep(HALT_S)
                    self._reads = time.monotonic() + READS_S
        finally:
            writer.close()

    def _take(self, message: bytes) -> None:
        id_ = re.search(rb"^id: (-?\d+)", message, re.MULTILINE)
        if b"event: reset" in message:
            self.resets += 1
        if id_ is None:
            return
        last, count = int(id_[1]), message.count(b'{"index":')
        if count:
            first = re.search(rb'\{"index":(\d+),"at":(\d+)', message)
            assert first is not None
            self.messages += 1
            if self.first < 0:
                self.first = int(first[1])
            elif int(first[1]) != self.last + 1 or last - int(first[1]) + 1 != count:
                self.holes += 1
            if not self._late:
                # The first of a message waited longest.
                self.late.append((wall() - int(first[2])) / 1000)
        self.last = last


class Found(msgspec.Struct, frozen=True):
    """How it went."""

    readers: int
    slow: int
    events: int
    rate: float
    seconds: float
    holes: int
    dropped: int
    """How often slow readers were dropped."""
    dropped_fast: int
    resets: int
    """How often one had missed too much, and was told to begin anew."""
    halting: int
    """Readers that halt now and then, and read fast in between."""
    dropped_halting: int
    resets_halting: int
    behind: int
    """Readers that did not have everything in the end."""
    stream_p50_ms: float
    stream_p95_ms: float
    page_p50_ms: float
    page_p95_ms: float
    pages: int
    memory_start_mib: float
    memory_peak_mib: float
    memory_end_mib: float


def memory(process: Process) -> float:
    """MiB that a process holds."""
    text = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+)", text)[0]) / 1024


async def page(port: int) -> float:
    """How long a page takes (ms)."""
    begun = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /more HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    text = await reader.read()
    writer.close()
    assert text.startswith(b"HTTP/1.1 200 "), text[:200]
    return (time.perf_counter() - begun) * 1000


def part(values: list[float], share: float) -> float:
    """The value below which this share of them is."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


async def flood(folder: Path, readers: int, slow: int, rate: float, seconds: float) -> Found:
    """Have events flow to that many readers, of whom some are slow."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.live", "--serve", str(folder), stdin=PIPE, stdout=PIPE, stderr=None
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    port = int(await process.stdout.readline())
    everybody = [Reader(port, slow=number < slow, halts=slow <= number < 2 * slow) for number in range(readers)]
    tasks = [asyncio.create_task(one.run()) for one in everybody]
    await asyncio.sleep(1 + readers / 200)
    took: list[float] = []
    resident = [memory(process)]
    try:
        process.stdin.write(f"{rate} {seconds}\n".encode())
        answer = asyncio.create_task(process.stdout.readline())
        while not answer.done():
            took.append(await page(port))
            resident.append(memory(process))
            await asyncio.sleep(0.2)
        last = int(await answer)
        for one in everybody:
            one.slow = one.halts = False
        end = time.perf_counter() + LIMIT
        while any(one.last < last for one in everybody) and time.perf_counter() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        first = max(one.first for one in everybody)
        late = [ms for one in everybody for ms in one.late]
        return Found(
            readers, slow, last - first + 1, rate, seconds,
            holes=sum(one.holes for one in everybody),
            dropped=sum(one.dropped for one in everybody[:slow]),
            dropped_fast=sum(one.dropped for one in everybody[2 * slow :]),
            halting=slow,
            dropped_halting=sum(one.dropped for one in everybody[slow : 2 * slow]),
            resets_halting=sum(one.resets for one in everybody[slow : 2 * slow]),
            resets=sum(one.resets for one in everybody),
            behind=sum(one.last < last for one in everybody),
            stream_p50_ms=round(part(late, 0.5), 1), stream_p95_ms=round(part(late, 0.95), 1),
            page_p50_ms=round(part(took, 0.5), 1), page_p95_ms=round(part(took, 0.95), 1), pages=len(took),
            memory_start_mib=round(resident[0], 1), memory_peak_mib=round(max(resident), 1),
            memory_end_mib=round(memory(process), 1),
        )  # fmt: skip
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        process.stdin.close()
        await process.wait()


def measure(quick: bool) -> list[Figure]:
    """Many open pages while events flow; a smoke run when `quick`."""
    found = _flooded(*((10, 1, 50, 2) if quick else (200, 20, 1000, 60)))
    late = (found.stream_p50_ms, found.stream_p95_ms)
    return [
        Figure(GROUP, LATE, "ms", (late[1],)),
        Figure(GROUP, "from an event to an open page, half of them", "ms", (late[0],)),
        Figure(GROUP, "a page asked for meanwhile, 95 of 100", "ms", (found.page_p95_ms,)),
        Figure(GROUP, MISSED, "", (found.holes + found.behind,)),
        Figure(GROUP, "memory at its most", "MiB", (found.memory_peak_mib,)),
    ]


def targets(figures: Sequence[Figure]) -> list[Target]:
    """Events are on the screen at once, and nobody misses any for good."""
    named = {one.name: one.median for one in figures if one.group == GROUP}
    late, missed = named[LATE], named[MISSED]
    return [
        Target("an event on an open page, p95", f"under {LATE_MS} ms", f"{late:.0f} ms", late < LATE_MS),
        Target("open pages that missed something for good", "0", f"{missed:.0f}", missed == 0),
    ]


def _flooded(readers: float, slow: float, rate: float, seconds: float) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(flood(Path(folder) / "state", int(readers), int(slow), rate, seconds))


def main() -> None:
    """Measure, and print what was found."""
    if sys.argv[1:2] == ["--serve"]:
        asyncio.run(serve(Path(sys.argv[2])))
        return
    given = [float(word) for word in sys.argv[1:]]
    readers, slow, rate, seconds = [*given, *(200, 20, 1000, 60)[len(given) :]]
    found = _flooded(readers, slow, rate, seconds)
    print(json.dumps(msgspec.to_builtins(found), indent=1))


if __name__ == "__main__":
    main()
