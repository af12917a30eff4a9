from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from nightlatch.model.evidence import Ref
from nightlatch.model.lock import Lock
from nightlatch.practices.privacy.local_logging import practice
from tests.unit.practices.builder import NOW, fix_of, home, judge, make, verdict

FRONT = Ref("lock", "front")


@pytest.mark.parametrize(
    ("check", "facts", "expected"),
    [
        ("running", {"journal_running": True}, "pass"),
        ("running", {"journal_running": False}, "fail medium"),
        ("running", {}, "unknown"),
        ("complete", {"journal_missing_locks": (), "journal_gaps": 0}, "pass"),
        ("complete", {"journal_missing_locks": (FRONT,)}, "fail medium"),
        ("complete", {"journal_gaps": 2}, "fail medium"),
        ("complete", {"journal_missing_locks": ()}, "unknown"),
        ("complete", {"journal_gaps": 0}, "unknown"),
        ("complete", {"journal_running": False}, "not_applicable"),
        ("complete", {}, "unknown"),
        ("verified", {"journal_intact": True, "journal_verified_at": NOW - timedelta(hours=24)}, "pass"),
        ("verified", {"journal_intact": True, "journal_verified_at": NOW - timedelta(hours=25)}, "fail medium"),
        ("verified", {"journal_intact": False, "journal_verified_at": NOW}, "fail critical"),
        ("verified", {"journal_intact": False}, "fail critical"),
        ("verified", {"journal_intact": True}, "unknown"),
        ("verified", {"journal_verified_at": NOW}, "unknown"),
        ("verified", {"journal_running": False}, "not_applicable"),
        ("verified", {"journal_running": False, "journal_intact": False}, "fail critical"),
        ("verified", {}, "unknown"),
    ],
)
def test_a_home_is_judged_by_its_own_log(check: str, facts: dict[str, Any], expected: str) -> None:
    elm = home(**facts)
    assert verdict(practice, check, elm) == expected
    if expected.startswith("fail"):
        assert fix_of(practice, check, elm).steps


def test_the_lock_whose_events_are_missing_is_named() -> None:
    lock = make(Lock, "front", name="Front door lock")
    elm = home(lock, journal_missing_locks=(lock,), journal_gaps=0)
    assert judge(practice, "complete", elm).because == "The log holds no events of Front door lock."
    assert "Front door lock" in fix_of(practice, "complete", elm).steps[0]


def test_a_day_of_25_hours_is_still_24_hours_of_trust() -> None:
    at = NOW - timedelta(hours=24, minutes=30)
    assert verdict(practice, "verified", home(journal_intact=True, journal_verified_at=at)) == "fail medium"
