"""Audits again on a schedule, and soon after something happened that a practice depends on; tells what got worse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from nightlatch.audit.drift import compare
from nightlatch.audit.run import audited
from nightlatch.configuration.read import Configuration
from nightlatch.errors import NightlatchError
from nightlatch.guard.detections.interface import Noticed
from nightlatch.model.document import Audit, FindingDocument
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
        self._audits = audits
        self._env = env
        self._now = now
        self._every_s = every_s
        self._apart_s = min(apart_s, every_s)
        self._told = told
        self._running = running
        self._wanted = asyncio.Event()
        self.last: Audit | None = None
        self.failed = ""
        """Why the last one could not be made; nothing when it could."""

    def event(self, _index: int, event: Event) -> None:
        """Audit soon if this changes what practices judge."""
        if event.kind in AFTER or (event.kind == "outcome" and event.name.startswith("set_parameter")):
            self._wanted.set()

    def want(self) -> None:
        """Audit soon."""
        self._wanted.set()

    async def run(self) -> None:
        """Audit at once, then on the schedule and when wanted, until cancelled."""
        while True:
            await self._once()
            await asyncio.sleep(self._apart_s)
            try:
                async with asyncio.timeout(self._every_s - self._apart_s):
                    await self._wanted.wait()
                    await asyncio.sleep(SETTLE_S)
            except TimeoutError:
                log.debug("audit: on schedule")

    async def _once(self) -> None:
        self._wanted.clear()
        path = str(self._configuration.path)
        try:
            before = await asyncio.to_thread(self._audits.latest, path)
            now = self._now()
            # On a thread that nobody waits for at the end: a source may take long to find out that nobody answers.
            home, made = await apart(
                lambda: audited(self._configuration, now=now, env=self._env, running=self._running)
            )
            await asyncio.to_thread(self._audits.add, path, made)
        except NightlatchError as error:
            # An audit that could not be made is no reason to stop guarding.
            self.failed = str(error)
            log.warning("audit: could not be made", extra=extra(reason=str(error)))
            return
        self.failed = ""
        self.last = made
        log.info("audit: done", extra=extra(score=made.score, coverage=made.coverage))
        await self._told(home, made, worse(before, made) if before is not None else [])


def worse(before: Audit, now: Audit) -> list[Noticed]:
    """What began to fail since an audit, and what failed then and does no more, as notices."""
    changes, at = compare(before, now), micros(now.at)
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
