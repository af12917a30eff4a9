"""`python -m benchmarks.soak`: many simulated locks and events for a long time, through everything that hears them.

Listener, journal (every event durable), detections and alerts run as in the service. What is measured: events
that were told and are not in the journal (must be none), memory along the way, and the time from when an event
was due at its lock to its alert being on disk. A late event counts from when it was due, not from when a busy
process got round to telling it.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import quantiles

import msgspec

from benchmarks.figures import machine
from nightlatch.configuration.read import parse
from nightlatch.ecosystems._simulated import faults
from nightlatch.ecosystems.simulated import Simulated
from nightlatch.guard.alerts.alerts import Alerts
from nightlatch.guard.alerts.render import Message
from nightlatch.guard.alerts.rules import Channel, read_rules
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.detections.registry import defaults
from nightlatch.guard.engine import Engine
from nightlatch.guard.household import Household
from nightlatch.guard.listening import Listener
from nightlatch.journal.intake import Intake
from nightlatch.journal.journal import Journal
from nightlatch.model.event import Event
from nightlatch.plugs import Context, wall
from nightlatch.secrets import Fingerprinter
from nightlatch.service.metrics import Metrics
from nightlatch.service.pipeline import Pipeline
from nightlatch.store.alerts import AlertRecords
from nightlatch.store.database import connect

CONFIGURATION = """\
[home]
name = "Many locks"
[[alerts.channels]]
id = "phone"
url = "env:URL"
"""
REST_S = 2.0
"""Seconds that everything on its way may take once nothing new comes."""
P99_MS = 250.0


class Soak(msgspec.Struct, frozen=True):
    """What came of it. Memory in MiB, times in ms."""

    machine: str
    seconds: float
    locks: int
    told: int
    journalled: int
    lost: int
    twice: int
    per_second: float
    alerts: int
    messages: int
    alert_p50: float
    alert_p99: float
    alert_max: float
    memory_start: float
    memory_middle: float
    memory_end: float
    memory: list[float]
    """Every tenth of the time."""
    journal_mb: float
    cpu_share: float
    """Of one core."""

    @property
    def met(self) -> bool:
        """Nothing lost, and 99 of 100 alerts in time."""
        return not self.lost and not self.twice and self.alert_p99 <= P99_MS


class _Post:
    """A channel that takes everything at once."""

    def __init__(self) -> None:
        self.sent = 0

    async def send(self, channel: Channel, message: Message) -> str:
        del channel, message
        self.sent += 1
        return ""


class _Timed(Alerts):
    """Alerts that say how long each took since its event was due."""

    due: dict[tuple[str, int], int]
    took: list[int]

    def take(self, noticed: Sequence[Noticed]) -> None:
        """As Alerts, and note the time."""
        super().take(noticed)
        now = wall()
        self.took += [now - self.due.pop((one.about, one.at)) for one in noticed if (one.about, one.at) in self.due]


def memory_mib() -> float:
    """How much memory this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


async def soak(seconds: float, locks: int, rate: float, folder: Path) -> Soak:
    """Run it in an empty folder."""
    configuration = parse(CONFIGURATION, Path("nightlatch.toml"))
    context = Context("simulated", "simulated", datetime.now(UTC), Fingerprinter())
    plug = Simulated(Simulated.Settings(doors=(), people=0, locks=locks), context)
    household = Household(locks=tuple(lock.about for lock in plug.house.locks.values()))
    journal, database, post = Journal.open(folder), connect(folder), _Post()
    try:
        intake: Intake

        async def tell(event: Event) -> None:
            await intake.accept(event)

        rules = read_rules(configuration, {"URL": "json://127.0.0.1:1"})
        alerts = _Timed(AlertRecords(database), rules, household, journal.sealer, carrier=post, tell=tell, clock=wall)
        alerts.due, alerts.took = {}, []
        pipeline = Pipeline(
            lambda: Engine(defaults(), household), alerts, Metrics(), clock=wall, hearers=[], entries=journal.entries
        )

        def committed(batch: Sequence[tuple[int, Event]]) -> None:
            alerts.due.update({(event.about, event.at): event.told for _, event in batch if event.kind == "tamper"})
            pipeline.committed(batch)
            alerts.due.clear()

        intake = Intake(journal, committed)
        listener = Listener([plug], intake, clock=wall, chance=Random(1))
        memory: list[float] = []
        async with intake:
            tasks = [asyncio.create_task(one) for one in (listener.run(), alerts.run(), _advance(pipeline))]
            while len(listener.states) < locks:  # noqa: ASYNC110  # no event tells of the last one
                await asyncio.sleep(0.05)
            began, cpu = time.monotonic(), time.process_time()
            plug.house.order(faults.Flood(per_second=rate, seconds=seconds))
            for _ in range(10):
                memory.append(memory_mib())
                await asyncio.sleep(seconds / 10)
            took, used = time.monotonic() - began, time.process_time() - cpu
            memory.append(memory_mib())
            await asyncio.sleep(REST_S)
            for task in tasks:
                if task.done():
                    task.result()
                task.cancel()
            for task in tasks:
                with suppress(asyncio.CancelledError):
                    await task
        if pipeline.broke:
            raise RuntimeError(pipeline.broke)
        found = _numbers(journal)
        told = plug.house.told
        percentiles = quantiles(alerts.took, n=100) if len(alerts.took) > 1 else [0.0] * 99
        return Soak(
            machine(),
            seconds,
            locks,
            told,
            sum(found.values()),
            lost=len(set(range(told)) - set(found)),
            twice=sum(number > 1 for number in found.values()),
            per_second=told / took,
            alerts=len(alerts.took),
            messages=post.sent,
            alert_p50=percentiles[49] / 1e3,
            alert_p99=percentiles[98] / 1e3,
            alert_max=max(alerts.took, default=0) / 1e3,
            memory_start=memory[1],
            memory_middle=memory[5],
            memory_end=memory[-1],
            memory=memory,
            journal_mb=_size(folder) / 1e6,
            cpu_share=used / took,
        )
    finally:
        database.dispose()
        journal.close()


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.name.startswith("journal"))


async def _advance(pipeline: Pipeline) -> None:
    """Let time pass for the detections, as the service does."""
    while True:
        await asyncio.sleep(1.0)
        pipeline.advance(wall())


def _numbers(journal: Journal) -> Counter[int]:
    """How often each number that the flood gave its events is in the journal."""
    return Counter(
        int(entry.event.value)
        for entry in journal.entries()
        if entry.event is not None and entry.event.kind in ("locked", "unlocked", "tamper")
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """0: everything met; 1: something was lost or came too late."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--locks", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=1000.0, help="events a second")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="nightlatch-soak-") as folder:
        found = asyncio.run(soak(options.seconds, options.locks, options.rate, Path(folder)))
    if options.format == "json":
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
    else:
        for name, value in msgspec.structs.asdict(found).items():
            if name not in ("machine", "memory"):
                print(f"{name:<14} {value:,.1f}" if isinstance(value, float) else f"{name:<14} {value:,}")
        print(f"{'memory':<14} {' '.join(f'{one:.0f}' for one in found.memory)} MiB")
        print("met" if found.met else "NOT MET")
    return 0 if found.met else 1


if __name__ == "__main__":
    sys.exit(main())
