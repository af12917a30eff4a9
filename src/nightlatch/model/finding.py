"""A finding: one check of one practice, judged for one thing, with its evidence and the next step."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

import msgspec

from nightlatch.model.command import Command
from nightlatch.model.evidence import Fact, Ref


class Verdict(StrEnum):
    """What a check found. Unknown is never a pass and never a fail."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Severity(StrEnum):
    """How much a failed check matters."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


SEVERITY_WEIGHT = {Severity.CRITICAL: 8, Severity.HIGH: 4, Severity.MEDIUM: 2, Severity.LOW: 1}


class Section(StrEnum):
    """The seven sections of the guide, in its order."""

    DEVICE_SELECTION = "device-selection"
    SETUP = "setup"
    NETWORK = "network"
    PHYSICAL = "physical"
    MAINTENANCE = "maintenance"
    PRIVACY = "privacy"
    EMERGENCY = "emergency"


SECTION_TITLES = {
    Section.DEVICE_SELECTION: "Device selection",
    Section.SETUP: "Set-up and configuration",
    Section.NETWORK: "Network security",
    Section.PHYSICAL: "Physical protection and installation",
    Section.MAINTENANCE: "Firmware and maintenance",
    Section.PRIVACY: "Privacy",
    Section.EMERGENCY: "Emergency planning",
}


class Fix(msgspec.Struct, frozen=True, gc=False):
    """The next step, tailored, for people; and, where Nightlatch can do all of it and prove it, how."""

    summary: str
    steps: tuple[str, ...] = ()
    does: tuple[Command, ...] = ()

    @property
    def automatic(self) -> bool:
        """Whether Nightlatch can do it itself, and read back that it is done."""
        return bool(self.does)


class Waiver(msgspec.Struct, frozen=True):
    """The owner accepts the findings of a practice for a subject, for a reason, until a day (inclusive)."""

    practice: str
    subject: str
    reason: str
    until: date
    check: str = ""
    expired: bool = False


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One check judged for one subject."""

    practice: str
    check: str
    section: Section
    subject: Ref
    verdict: Verdict
    severity: Severity
    title: str
    """What the check wants, as a statement that is true when it passes."""
    summary: str
    """What was found, in one sentence."""
    why: str
    weight: float = 0.0
    """The check's severity weight, split over its applicable subjects; 0 when not applicable."""
    evidence: tuple[Fact[Any], ...] = ()
    stale: tuple[Fact[Any], ...] = ()
    """Answers that no longer count, because they are too old."""
    settled_by: str = ""
    fix: Fix | None = None
    standards: tuple[str, ...] = ()
    waiver: Waiver | None = None

    @property
    def contradicts(self) -> tuple[Fact[Any], ...]:
        """What weaker or older evidence said differently of the same facts."""
        return tuple(other for fact in self.evidence for other in fact.others)

    @property
    def waived(self) -> bool:
        """The owner accepted it, and the waiver has not ended."""
        return self.waiver is not None and not self.waiver.expired

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies it from one audit to the next."""
        return (self.practice, self.check, str(self.subject))
