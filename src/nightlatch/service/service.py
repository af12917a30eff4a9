"""A running Nightlatch: every part made, wired to the others, started, and stopped in good order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from litestar.types import ControllerRouterHandler

from nightlatch.configuration.plugs import make
from nightlatch.configuration.read import Configuration
from nightlatch.ecosystems.interface import Live
from nightlatch.errors import JournalError, NightlatchError, StoreError
from nightlatch.guard.alerts.alerts import Alerts
from nightlatch.guard.alerts.rules import read_rules
from nightlatch.guard.alerts.sending import Apprise
from nightlatch.guard.autolock.control import SNAPSHOT
from nightlatch.guard.autolock.driver import AutoLock
from nightlatch.guard.autolock.settings import rules
from nightlatch.guard.detections.interface import Noticed
from nightlatch.guard.detections.registry import configured
from nightlatch.guard.engine import Engine
from nightlatch.guard.entities.configured import publisher
from nightlatch.guard.known import household
from nightlatch.guard.listening import Listener
from nightlatch.guard.resolving import Resolver
from nightlatch.journal import publisher as publishing
from nightlatch.journal import serving, witnessing
from nightlatch.journal.intake import Intake
from nightlatch.journal.journal import Journal
from nightlatch.journal.storage import Damaged
from nightlatch.journal.witnesses import interface as witnesses
from nightlatch.model.document import Audit
from nightlatch.model.event import Event
from nightlatch.model.home import Home, SourceState
from nightlatch.plugs import wall as clock
from nightlatch.service import control, http
from nightlatch.service.accessing import Access
from nightlatch.service.again import again, first
from nightlatch.service.clock import ClockWatch, wall
from nightlatch.service.logs import extra
from nightlatch.service.memory import Memory, Part
from nightlatch.service.metrics import Metrics
from nightlatch.service.notify import Notifier
from nightlatch.service.pipeline import Hear, Pipeline
from nightlatch.service.reauditing import Auditor
from nightlatch.service.repairing import Repairer
from nightlatch.service.reporting import Parts, Reporter
from nightlatch.service.showing import picture
from nightlatch.service.tls import Tls
from nightlatch.service.upkeep import Upkeep
from nightlatch.service.verbs import verbs
from nightlatch.store.access import AccessRecords
from nightlatch.store.alerts import AlertRecords
from nightlatch.store.audits import Audits
from nightlatch.store.database import Broken
from nightlatch.store.snapshots import Snapshot, Snapshots

log = logging.getLogger(__name__)
heard = logging.getLogger("nightlatch.events")
"""What happens, line by line."""

LOOK_S = 1.0
"""How often time is looked at: due detections, the wall clock, the watchdog."""
STILL_S = 10.0
"""After how long without a look this machine slept, or was stopped: the look is due every second."""
FIRST_S = 5.0
ROOM_S = 0.2
DISK_S = 2.0
"""How long somebody's act waits to be on disk; it does not, while the disk is full."""
REMEMBER_S = 60.0
"""How often what the parts must remember is written down; a crash replays at most this much."""


QUIET = frozenset(("battery", "online", "delivery", "audited", "alert"))
"""Kinds of events that are logged with --debug only."""


class Service:
    """The parts of a running Nightlatch."""

    def __init__(
        self,
        configuration: Configuration,
        folder: Path,
        *,
        env: Mapping[str, str],
        journal: Journal,
        database: sa.Engine,
        home: Home,
    ) -> None:
        tables, now = configuration.tables, wall()
        self.configuration = configuration
        self.folder = folder
        self.env = env
        self.journal = journal
        self._home = home
        self._known = False
        """Whether the household is as access is now."""
        self.household = household(configuration, home)
        self.metrics = Metrics()
        self.broken = False
        """Whether the journal cannot be written any more, whatever room there is."""
        self.reload: Callable[[], None] = lambda: log.warning("nothing reloads this service")
        """Asked to read the configuration again; the process that runs the service sets it."""
        self.application: http.Application = http.plain
        """Makes what is served over HTTP; the process that runs the service sets it."""
        self.greet: Callable[[str], None] = lambda _: None
        """Told once where it is served over HTTP."""
        self.port = tables.service.port
        """Where it answers over HTTP; before it does, where it is to (0: anywhere)."""
        self.tls = Tls(configuration, folder, wall)
        self._watchers: list[Hear] = []
        self.standing = False
        """Whether it came to stand guard."""
        self._notifier = Notifier(env)
        self._clock_watch = ClockWatch()
        self._steps: deque[Event] = deque()
        snapshots = Snapshots(database)
        made = make(configuration, now=now, env=env)
        self.live = live = {plug.context.id: plug for plug in made if isinstance(plug, Live) and plug.connects}
        self.intake = Intake(journal, self._committed, self._journal_trouble)
        self.listener = Listener(list(live.values()), self, clock=clock, resolver=Resolver.of(home))
        self.alerts = Alerts(
            AlertRecords(database),
            read_rules(configuration, env),
            self.household,
            journal.sealer,
            carrier=Apprise(),
            tell=self.tell,
            clock=clock,
        )
        self.access = Access(
            configuration,
            folder,
            AccessRecords(database),
            self.listener,
            env=env,
            clock=self._now,
            tell=self.intake.accept,
            journal=journal,
            changed=self._access_changed,
        )
        remembered = snapshots.get(SNAPSHOT)
        self.autolock = AutoLock(
            rules(configuration),
            self.listener,
            self.intake,
            clock=self._now,
            notice=self._take,
            household=self.household,
            keep=lambda state: snapshots.put(SNAPSHOT, Snapshot(journal.size, state)),
            snapshot=remembered.state if remembered is not None else b"",
        )
        self.auditor = Auditor(
            configuration,
            Audits(database),
            env=env,
            now=wall,
            every_s=tables.service.audit_every_hours * 3600,
            apart_s=tables.service.audit_apart_minutes * 60,
            told=self._audited,
            running=live,
        )
        self.repairer = Repairer(self.listener, self.access, clock=clock, ended=self.auditor.want)
        self.upkeep = Upkeep(
            journal,
            self.tell,
            wall,
            every_s=tables.service.verify_every_hours * 3600,
            retention_days=tables.journal.retention_days,
            damaged=self._damaged,
        )
        self.witnesses = publishing.Publisher(journal, witnesses.make(configuration, env=env), self.intake.put, wall)
        self.entities = publisher(configuration, env)
        self.pipeline = Pipeline(
            lambda: Engine(configured(configuration), self.household),
            self.alerts,
            self.metrics,
            clock=clock,
            hearers=[self.auditor.event, self._report, self.access.heard, self._watched],
            entries=journal.entries,
        )
        parts = Parts(
            home=tables.home.name,
            kinds={id_: plug.kind for id_, plug in live.items()},
            failed=tuple(one for one in made if isinstance(one, SourceState)),
            journal=journal,
            intake=self.intake,
            listener=self.listener,
            pipeline=self.pipeline,
            alerts=self.alerts,
            auditor=self.auditor,
            upkeep=self.upkeep,
            metrics=self.metrics,
            autolock=self.autolock,
            access=self.access,
        )
        self.reporter = Reporter(parts, clock)
        self.reporter.household = self.household
        self.reporter.tls = self.tls
        self._memory = Memory(
            snapshots,
            journal,
            [
                Part("detections", self.pipeline.snapshot, self.pipeline.restore),
                Part("listener", self.listener.snapshot, self.listener.restore),
            ],
        )

    async def run(self, stop: asyncio.Event, left: Sequence[Event] = ()) -> None:
        """Stand guard until `stop` is set. Whatever part ends before, with an error, ends all of it.

        `left`: events that a service before this one could not write.
        """
        self.pipeline.size = await asyncio.to_thread(self._memory.restore)
        self.pipeline.remind()
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self.intake)
            await stack.enter_async_context(control.serve(self.folder, verbs(self)))
            table = self.configuration.tables.service
            await asyncio.to_thread(self.tls.begin)
            application = await stack.enter_async_context(self.application(self))
            serving = http.serve(
                application, table.host, self.port, names=(*table.names, *self.tls.names), secure=self.tls.context
            )
            self.port = await stack.enter_async_context(serving)
            self.reporter.address = self.tls.address(self.port)
            for event in left:
                await self.tell(event)
            await self.tell(Event(clock(), "started", "home"))
            log.info("standing guard", extra=extra(address=self.reporter.address, folder=str(self.folder)))
            self._notifier.ready()
            self.greet(self.reporter.address)
            self.standing = True
            await self._until(stop)
            await self._tell_or_log(Event(clock(), "stopped", "home"))
            await asyncio.gather(self.witnesses.finish(), self._remember())

    @property
    def home(self) -> Home:
        """The home as the newest audit of this run found it; as it was declared, until one was made."""
        return self._home

    def routes(self) -> Sequence[ControllerRouterHandler]:
        """What is answered over HTTP whoever asks: programs that watch, and journals that this one witnesses."""
        keys = witnessing.cosigned(self.configuration)
        witness = [serving.router(witnessing.Witnessing(self.folder, keys, wall))] if keys else []
        return [*http.watched(self.metrics, self.reporter.troubles, self.reporter.refresh), *witness]

    def watch(self, hear: Hear) -> None:
        """Have entries of the journal told to one more, after every part of the service has heard them."""
        self._watchers.append(hear)

    async def _until(self, stop: asyncio.Event) -> None:
        """Run every part until `stop` is set."""
        lesser = [
            ("access", self.access.run),
            ("upkeep of access", self.access.keep_house),
            ("auditor", self.auditor.run),
            ("repairs", self.repairer.run),
            ("upkeep", self.upkeep.run),
            ("witnesses", self.witnesses.run),
            ("remembering", self._keep),
            ("certificate", self.tls.run),
            *([("entities", self.entities.run)] if self.entities is not None else []),
        ]
        parts: Sequence[tuple[str, Coroutine[Any, Any, None]]] = [
            ("listener", self.listener.run()),
            ("alerts", self.alerts.run()),
            ("autolock", self.autolock.run()),
            ("looking", self._look()),
            *((name, again(name, run, self.pipeline.tell_broken)) for name, run in lesser),
        ]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(run, name=name) for name, run in parts]
                await stop.wait()
                for task in tasks:
                    task.cancel()
        except BaseExceptionGroup as errors:
            known = errors.subgroup(NightlatchError)
            raise first(known or errors) from None

    async def _look(self) -> None:
        """Let time pass for whatever has no event of its own."""
        while True:
            self._now()
            while self._steps:
                await self._tell_or_log(self._steps.popleft())
                self.alerts.refresh()
            self.catch_up()
            self.know()
            self.pipeline.advance(clock())
            if self.entities is not None:
                self.entities.show(picture(self))
            self._notifier.alive()
            await asyncio.sleep(LOOK_S)

    def _now(self) -> int:
        """The time, for what acts on locks by it: that the clock was set is known first. µs since 1970."""
        step = self._clock_watch.look()
        if self._clock_watch.away_s > STILL_S:
            log.warning("this machine stood still for %.0f s", self._clock_watch.away_s)
            self.listener.slept()
        if step is not None:
            self._steps.append(step)
            self.listener.stepped(step.at - step.since)
            self.upkeep.stepped()
        return clock()

    def catch_up(self) -> None:
        """Hear what commands of this machine wrote into the journal."""
        try:
            self.pipeline.catch_up(self.journal.size)
        except JournalError as error:
            self.reporter.trouble(error)

    async def _keep(self) -> None:
        # The first soon: how every lock stood when its hub was first heard is in no event.
        await asyncio.sleep(FIRST_S)
        while True:
            await self._remember()
            await asyncio.sleep(REMEMBER_S)

    async def _remember(self) -> None:
        """Write down what the parts remember."""
        taken, size = self._memory.take(), self.pipeline.size
        try:
            await asyncio.to_thread(self._memory.keep, taken, size)
        except StoreError as error:
            # The journal holds all of it: what is lost is the time to hear it again.
            log.warning("what the parts remember cannot be written: %s", error)
            if isinstance(error, Broken):
                self._damaged()

    # What the parts tell each other

    async def accept(self, event: Event) -> asyncio.Future[int]:
        """Take an event of a hub into the journal, with whose credential it was once that is known."""
        if event.slot:
            self.know()
        person = self.household.person(event)
        if person != event.person:
            event = msgspec.structs.replace(event, person=person)
        return await self.intake.accept(event)

    async def tell(self, event: Event) -> None:
        """Have an event written; while the disk is full the service goes on guarding and does not wait for it."""
        await self.intake.accept(event)

    async def keep(self, event: Event) -> None:
        """Have an event on disk before this returns; after a while it is left to be written as by `tell`."""
        await asyncio.wait((await self.intake.accept(event),), timeout=DISK_S)

    async def _tell_or_log(self, event: Event) -> None:
        """The same for who cannot wait for room, when more events wait for the disk than memory takes."""
        try:
            async with asyncio.timeout(ROOM_S):
                await self.tell(event)
        except TimeoutError:
            log.error("journal: no room for %s", event.kind)

    def _access_changed(self) -> None:
        self._known = False

    def know(self) -> None:
        """Have every part know whose codes are where, if that changed."""
        if self._known:
            return
        self._known = True
        self.household = household(self.configuration, self._home, self.access.given())
        for part in (self.pipeline.engine, self.alerts, self.autolock, self.reporter):
            part.household = self.household

    def _committed(self, batch: Sequence[tuple[int, Event]]) -> None:
        self.pipeline.committed(batch)

    def _take(self, noticed: Sequence[Noticed]) -> None:
        self.pipeline.take(noticed)

    def _report(self, _index: int, event: Event) -> None:
        self.reporter.hear(event)
        heard.log(
            logging.DEBUG if event.kind in QUIET else logging.INFO,
            "%s %s",
            event.about,
            event.kind,
            extra=extra(**{name: value for name in ("by", "value", "name") if (value := getattr(event, name))}),
        )

    def _watched(self, index: int, event: Event) -> None:
        for hear in self._watchers:
            hear(index, event)

    def _journal_trouble(self, error: JournalError | None) -> None:
        self.reporter.trouble(error)
        if error is not None:
            log.error("journal: %s", error)
            if error is self.journal.changed:
                self.upkeep.want()  # which finds what was kept of it, and raises the alert
            if isinstance(error, Damaged):
                self.broken = True
                self._damaged()
        else:
            log.info("journal: can be written again")

    def _damaged(self) -> None:
        """Start over: what is damaged is set aside then."""
        self.reload()

    async def _audited(self, home: Home, audit: Audit, noticed: list[Noticed]) -> None:
        """Take the names, codes and needs of the newest audit, and tell what got worse."""
        self._home, self._known = home, False
        self.know()
        self.autolock.home = home
        self.access.audited(audit)
        self.listener.resolve(Resolver.of(home))
        self._take(noticed)
        score = "" if audit.score is None else round(audit.score)
        await self.tell(Event(clock(), "audited", "home", value=score))
