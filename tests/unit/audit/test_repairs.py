"""What Nightlatch can put right by itself: each thing once, the worst first, nothing that was waived."""

from __future__ import annotations

from datetime import date

import msgspec

from nightlatch.audit.repairs import repairs
from nightlatch.model.command import CloseJoin, SetParameter
from nightlatch.model.evidence import Ref
from nightlatch.model.finding import Finding, Fix, Section, Severity, Verdict, Waiver
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from tests.unit.practices.builder import home, make

LOCK, HUB = make(Lock, "front", name="Front lock"), make(Hub, "hub", software="zwave-js")
HOME = home(LOCK, HUB)
RELOCK = SetParameter(LOCK.ref, "auto_relock_s", 30)


def finding(about: Ref, check: str, severity: Severity, fix: Fix | None, verdict: Verdict = Verdict.FAIL) -> Finding:
    return Finding("practice", check, Section.SETUP, about, verdict, severity, "title", "summary", "why", fix=fix)


def test_a_fix_that_two_findings_share_is_done_once_and_the_worst_comes_first() -> None:
    found = repairs(
        HOME,
        [
            finding(LOCK.ref, "one", Severity.LOW, Fix("Lock it.", does=(RELOCK,))),
            finding(HUB.ref, "two", Severity.MEDIUM, Fix("Close it.", does=(CloseJoin(HUB.ref),))),
            finding(LOCK.ref, "three", Severity.HIGH, Fix("Lock it.", does=(RELOCK,))),
        ],
    )
    assert [(one.name, one.severity, one.closes) for one in found] == [
        ("Front lock", Severity.HIGH, ("practice/one", "practice/three")),
        ("Z-Wave JS", Severity.MEDIUM, ("practice/two",)),
    ]


def test_what_is_waived_not_known_or_only_for_hands_is_left() -> None:
    does = Fix("Lock it.", does=(RELOCK,))
    waived = msgspec.structs.replace(
        finding(LOCK.ref, "one", Severity.HIGH, does),
        waiver=Waiver("practice", "lock:front", "the dog", date(2999, 1, 1)),
    )
    unknown = finding(LOCK.ref, "two", Severity.HIGH, does, Verdict.UNKNOWN)
    by_hand = finding(LOCK.ref, "three", Severity.HIGH, Fix("Screw it on."))
    assert repairs(HOME, [waived, unknown, by_hand, finding(LOCK.ref, "four", Severity.HIGH, None)]) == []
