"""Audits again on a schedule, and soon after something happened that a practice depends on; tells what got worse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType

import msgspec

from nightlatch.audit.drift import compare
from nightlatch.audit.repairs import Repair
from nightlatch.audit.run import Audited, audited
from nightlatch.configuration.read import Configuration, load
from nightlatch.errors import ConfigurationError, NightlatchError
from nightlatch.guard.detections.interface import Noticed
from nightlatch.model.document import Audit, Changes, FindingDocument
from nightlatch.model.event import Event, micros
from nightlatch.model.home import Home
from nightlatch.plugs import Plug
from nightlatch.reading.threads import apart
from nightlatch.service.logs import extra
from nightlatch.store.audits import Audits

log = logging.getLogger(__name__)

AFTER = frozenset(
    (
        "parameter_changed",
        "code_added",
        "code_changed",
        "code_removed",
        "security_changed",
        "join_opened",
        "join_closed",
        "verified",
        "key_rotated",
    )
)
"""Kinds of events that change a fact of which some practice judges."""
SETTLE_S = 10.0
"""How long to wait after such an event: what changes seldom changes alone."""
NAMED = frozenset(("door", "lock", "hub", "router"))
"""Things whose names alerts may hold."""
DETECTION = "posture"
"""What its alerts are filed under."""

Told = Callable[[Home, Audit, list[Noticed]], Awaitable[None]]


class Auditor:
    """Runs audits in a thread, one at a time, keeps each, and hands on what got worse or better."""

    def __init__(
        self,
        configuration: Configuration,
        audits: Audits,
        *,
        env: Mapping[str, str],
        now: Callable[[], datetime],
        every_s: float,
        apart_s: float,
        told: Told,
        running: Mapping[str, Plug] = MappingProxyType({}),
    ) -> None:
        self._configuration = configuration
        self.audits = audits
        """Those that were kept."""
        self._env = env
        self._now = now
        self._every_s = every_s
        self._apart_s = min(apart_s, every_s)
        self._told = told
        self._running = running
        self._wanted: float | None = None
        """Since when something calls for an audit, on the loop's clock."""
        self._asked = False
        self._woken = asyncio.Event()
        self.last: Audit | None = None
        self.before: Audit | None = None
        """The one before the last; until one was made, the newest that was kept."""
        self.changes: Changes | None = None
        """From the one before to the last."""
        self.repairs: Sequence[Repair] = ()
        """What Nightlatch can put right by itself of what the last one found."""
        self.since: datetime | None = None
        """When the audit that is being made began; None: none is being made."""
        self.failed = ""
        """Why the last one could not be made; nothing when it could."""
        self.unread = ""
        """Why newer answers and waivers could not be read for it; nothing when they could."""

    def event(self, _index: int, event: Event) -> None:
        """Audit soon if this changes what practices judge."""
        if event.kind in AFTER or (event.kind == "outcome" and event.name.startswith("set_parameter")):
            if self._wanted is None:
                self._wanted = asyncio.get_running_loop().time()
            self._woken.set()

    def want(self) -> None:
        """Audit at once, as somebody asks for it: after the one that is being made, if one is."""
        self._asked = True
        self._woken.set()

    @property
    def due(self) -> bool:
        """Whether an audit is being made, or is about to begin because somebody asked."""
        return self.since is not None or self._asked

    @property
    def known(self) -> Audit | None:
        """The newest audit, of this service or of one before it."""
        return self.last or self.before

    async def run(self) -> None:
        """Audit at once, then on the schedule and when wanted, until cancelled."""
        while True:
            await self._once()
            await self._rest()

    async def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not self._asked:
            due = begun + self._every_s
            if self._wanted is not None:
                # What changes seldom changes alone; and each audit costs hubs and locks something.
                due = min(due, max(begun + self._apart_s, self._wanted + SETTLE_S))
            left = due - loop.time()
            if left <= 0:
                return
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._woken.wait()

    async def _once(self) -> None:
        self._wanted, self._asked = None, False
        self.since = self._now()
        try:
            await self._audit(self.since)
        except NightlatchError as error:
            # An audit that could not be made is no reason to stop guarding.
            self.failed = str(error)
            log.warning("audit: could not be made", extra=extra(reason=str(error)))
        finally:
            self.since = None

    async def _audit(self, now: datetime) -> None:
        path = str(self._configuration.path)
        before = await asyncio.to_thread(self.audits.latest, path)
        if self.before is None:
            self.before = before
        # On a thread that nobody waits for at the end: a source may take long to find out that nobody answers.
        made = await apart(lambda: self._made(now))
        await asyncio.to_thread(self.audits.add, path, made.audit)
        self.failed = ""
        self.last, self.before, self.repairs = made.audit, before, made.repairs
        self.changes = compare(before, made.audit) if before is not None else None
        self.since = None
        log.info("audit: done", extra=extra(score=made.audit.score, coverage=made.audit.coverage))
        await self._told(made.home, made.audit, worse(self.changes, made.audit) if self.changes is not None else [])

    def _made(self, now: datetime) -> Audited:
        return audited(self._reread(), now=now, env=self._env, running=self._running)

    def _reread(self) -> Configuration:
        """What the service runs with, and what the owner answered and waived since it began."""
        used = self._configuration
        try:
            newer = load(used.path)
        except ConfigurationError as error:
            self.unread = str(error)
            log.warning("audit: judged without newer answers: %s", error)
            return used
        self.unread = ""
        tables = msgspec.structs.replace(used.tables, answers=newer.tables.answers, waivers=newer.tables.waivers)
        return Configuration(tables, used.path, newer.lines)


def worse(changes: Changes, now: Audit) -> list[Noticed]:
    """What began to fail since an audit, and what failed then and does no more, as notices."""
    at = micros(now.at)
    found = [_notice(finding, at, over=False) for finding in changes.newly_failing]
    return found + [_notice(finding, at, over=True) for finding in (*changes.fixed, *changes.gone)]


def _notice(finding: FindingDocument, at: int, *, over: bool) -> Noticed:
    # A message may go anywhere: people and the home are not called by their names there.
    which = f" ({finding.label})" if finding.subject.partition(":")[0] in NAMED else ""
    return Noticed(
        DETECTION,
        finding.subject,
        at,
        finding.severity,
        f"{finding.title}: {'so again' if over else 'no longer so'}{which}.",
        key=f"{finding.practice}/{finding.check}",
        over=over,
    )
