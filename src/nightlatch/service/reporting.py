"""How the service fares, for `nightlatch status`, for /ready and for Prometheus: gathered from its parts when asked."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from nightlatch import __version__
from nightlatch.errors import JournalError
from nightlatch.guard.alerts.alerts import Alerts
from nightlatch.guard.autolock.driver import AutoLock
from nightlatch.guard.autolock.machine import Phase
from nightlatch.guard.household import Household
from nightlatch.guard.listening import Listener
from nightlatch.guard.standing import Standing
from nightlatch.journal.intake import Intake
from nightlatch.journal.journal import Journal
from nightlatch.model.access import LEDGER_STATES
from nightlatch.model.event import Event, instant
from nightlatch.model.finding import Severity
from nightlatch.model.home import SourceState
from nightlatch.service.accessing import Access
from nightlatch.service.metrics import Metrics
from nightlatch.service.pipeline import Pipeline
from nightlatch.service.reauditing import Auditor
from nightlatch.service.status import (
    AuditStatus,
    EcosystemStatus,
    JournalStatus,
    LockStatus,
    Security,
    Status,
)
from nightlatch.service.tls import Tls
from nightlatch.service.upkeep import Upkeep


class Parts(msgspec.Struct, frozen=True):
    """The parts that are asked."""

    home: str
    kinds: dict[str, str]
    """The kind of each ecosystem, by id."""
    failed: tuple[SourceState, ...]
    """Ecosystems that could not even be made."""
    journal: Journal
    intake: Intake
    listener: Listener
    pipeline: Pipeline
    alerts: Alerts
    auditor: Auditor
    upkeep: Upkeep
    metrics: Metrics
    autolock: AutoLock
    access: Access


class Reporter:
    """Answers how the service fares."""

    def __init__(self, parts: Parts, clock: Callable[[], int]) -> None:
        self._parts = parts
        self._clock = clock
        self.started = clock()
        """When, µs since 1970: another run of the service has another."""
        self._hubs: dict[str, Event] = {}
        self._journal_trouble = ""
        self.last: dict[str, Event] = {}
        """The last event of each lock."""
        self.household = Household()
        self.address = ""
        self.tls: Tls | None = None

    def hear(self, event: Event) -> None:
        """Remember since when each ecosystem is connected or is not, and why."""
        if event.kind in ("connected", "disconnected"):
            self._hubs[event.source] = event
        elif event.about in self._parts.listener.states:
            self.last[event.about] = event

    def trouble(self, error: JournalError | None) -> None:
        """The journal cannot be written, or can again."""
        self._journal_trouble = str(error) if error is not None else ""

    def troubles(self) -> list[str]:
        """Why the service is not all that it should be."""
        parts = self._parts
        found = [f"{state.id}: {state.reason}" for state in parts.failed]
        for id_, connected in parts.listener.connected.items():
            if not connected:
                event = self._hubs.get(id_)
                why = event.detail if event is not None and event.kind == "disconnected" else "not connected yet"
                found.append(f"{id_}: {why}")
        if self._journal_trouble:
            found.append(f"journal: {self._journal_trouble}")
        if parts.upkeep.intact is False:
            found.append(f"journal: not intact: {parts.upkeep.problem}")
        elif parts.upkeep.problem:
            found.append(f"journal: could not be verified: {parts.upkeep.problem}")
        if parts.alerts.behind:
            found.append("alerts: the database cannot be written")
        if parts.access.trouble:
            found.append(f"access: {parts.access.trouble}")
        if parts.auditor.failed:
            found.append(f"audit: {parts.auditor.failed}")
        if self.tls is not None and self.tls.problem:
            found.append(self.tls.problem)
        if parts.pipeline.broke:
            found.append(parts.pipeline.broke)
        return found

    def status(self) -> Status:
        """All of it, for people."""
        parts = self._parts
        alerts = Counter(str(row.severity.value) for row in parts.alerts.open())
        autolock = {view.lock: view.why for view in parts.autolock.view() if view.phase != Phase.LOCKED}
        return Status(
            version=__version__,
            process=os.getpid(),
            started=instant(self.started),
            home=parts.home,
            troubles=tuple(self.troubles()),
            ecosystems=tuple(self._ecosystem(id_, up) for id_, up in parts.listener.connected.items()),
            locks=tuple(self._lock(standing, autolock) for _, standing in sorted(parts.listener.states.items())),
            journal=JournalStatus(
                parts.journal.size, parts.upkeep.verified_at, parts.upkeep.intact, self._journal_trouble
            ),
            alerts={severity.value: alerts[severity.value] for severity in Severity if alerts[severity.value]},
            audit=self._audit(),
            address=self.address,
            timezone=str(self.household.zone),
        )

    def refresh(self) -> None:
        """Bring the figures for Prometheus up to date."""
        parts, metrics = self._parts, self._parts.metrics
        metrics.entries.set(parts.pipeline.size)
        metrics.waiting.set(parts.intake.waiting + parts.listener.waiting)
        for id_, up in parts.listener.connected.items():
            metrics.connected.labels(id_).set(up)
        now = self._clock()
        for lock, standing in parts.listener.states.items():
            answer = standing.secured(now).answer
            metrics.secured.labels(lock).set(-1 if answer is None else answer)
            if standing.battery is not None:
                metrics.battery.labels(lock).set(standing.battery)
        alerts = Counter(row.severity for row in parts.alerts.open())
        for severity in Severity:
            metrics.alerts.labels(severity.value).set(alerts[severity])
        lines = Counter(one.state for one in parts.access.lines())
        for state in LEDGER_STATES:
            metrics.codes.labels(state).set(lines[state])
        if parts.auditor.last is not None and parts.auditor.last.score is not None:
            metrics.score.set(parts.auditor.last.score)
        metrics.intact.set(-1 if parts.upkeep.intact is None else parts.upkeep.intact)

    def _ecosystem(self, id_: str, up: bool) -> EcosystemStatus:
        event = self._hubs.get(id_)
        since: datetime | None = event.instant if event is not None else None
        problem = event.detail if event is not None and not up else ""
        return EcosystemStatus(id_, self._parts.kinds[id_], up, since, problem)

    def _lock(self, standing: Standing, autolock: Mapping[str, str]) -> LockStatus:
        house = self.household
        secured = standing.secured(self._clock())
        door = house.door_of.get(standing.about, "")
        return LockStatus(
            standing.about,
            house.name(standing.about),
            house.name(door) if door else "",
            security(standing, secured.answer),
            secured.reason,
            standing.battery,
            standing.reachable,
            autolock.get(standing.about, ""),
        )

    def _audit(self) -> AuditStatus | None:
        audit = self._parts.auditor.last
        if audit is None:
            return None
        failing = sum(finding.open for finding in audit.findings)
        return AuditStatus(audit.at, audit.score, audit.coverage, failing, self._parts.auditor.failed)


def security(standing: Standing, secured: bool | None) -> Security:
    """One word for how a door stands."""
    if secured is None:
        return "unknown"
    if secured:
        return "secured"
    if standing.door == "open":
        return "open"
    return "jammed" if standing.bolt == "jammed" else "unlocked"
