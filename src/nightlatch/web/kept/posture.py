"""How well the home is set up, and what changed since the audit before."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec

from nightlatch.audit.drift import compare
from nightlatch.model.document import Audit
from nightlatch.model.event import micros
from nightlatch.service.service import Service
from nightlatch.store.audits import Audits

MOST = 3
"""Titles of each change that are told."""


class Change(msgspec.Struct, frozen=True):
    """Findings that changed in one way."""

    name: str
    count: int
    titles: tuple[str, ...]


class Posture(msgspec.Struct, frozen=True):
    """The last audit in short. `score` 0 to 100 and `coverage` 0 to 1, None where nothing applies."""

    at: int
    score: float | None
    coverage: float | None
    open: int
    """Findings that fail and are not waived."""
    worst: str = ""
    """What to do first."""
    before: float | None = None
    """The score of the audit before."""
    before_at: int = 0
    changes: tuple[Change, ...] = ()


class Postures:
    """The newest one, worked out once for each audit."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: Posture | None = None

    async def now(self) -> Posture | None:
        """By the last audit of this run; None before there is one."""
        audit = self._service.auditor.last
        if audit is None:
            return None
        if self._known is None or self._known.at != micros(audit.at):
            self._known = await asyncio.to_thread(self._look, audit)
        return self._known

    def _look(self, audit: Audit) -> Posture:
        service = self._service
        audits = Audits(service.access.records.engine)
        before = audits.latest(str(service.configuration.path), audit.at - timedelta(microseconds=1))
        return _posture(audit, before)


def _posture(audit: Audit, before: Audit | None) -> Posture:
    first = audit.first(1)
    found = Posture(
        micros(audit.at),
        audit.score,
        audit.coverage,
        sum(finding.open for finding in audit.findings),
        (first[0].fix.summary if first[0].fix else first[0].title) if first else "",
    )
    if before is None:
        return found
    changes = compare(before, audit)
    return msgspec.structs.replace(
        found,
        before=before.score,
        before_at=micros(before.at),
        changes=tuple(
            Change(name, len(findings), tuple(dict.fromkeys(one.title for one in findings))[:MOST])
            for name, findings in changes.named()
            if findings
        ),
    )
