from __future__ import annotations

import pytest

from nightlatch.model.lock import Lock
from nightlatch.model.values import KnownVulnerability
from nightlatch.practices.device_selection.vendor import practice
from tests.unit.practices.builder import fix_of, judge, make, verdict


def flaw(name: str, applies: str, severity: str = "high", **values: object) -> KnownVulnerability:
    return KnownVulnerability(name, applies, "the lock opens", "radio range", severity, **values)  # type: ignore[arg-type]


def lock(*flaws: KnownVulnerability, firmware: str = "1.0") -> Lock:
    return make(Lock, "front", vulnerabilities=flaws, firmware=firmware)


@pytest.mark.parametrize("severity", ["critical", "high", "medium", "low"])
def test_a_flaw_that_applies_fails_with_its_own_severity(severity: str) -> None:
    assert verdict(practice, "no-known-vulnerability", lock(flaw("CVE-1", "yes", severity))) == f"fail {severity}"


def test_of_several_flaws_the_worst_is_told_first() -> None:
    found = judge(
        practice, "no-known-vulnerability", lock(flaw("CVE-1", "yes", "low"), flaw("CVE-2", "yes", "critical"))
    )
    assert found.severity == "critical"
    assert found.because.startswith("It is affected by CVE-2 and CVE-1: ")


@pytest.mark.parametrize("applies", ["cannot_tell", "possible"])
def test_a_flaw_that_may_apply_is_unknown_and_named(applies: str) -> None:
    found = judge(practice, "no-known-vulnerability", lock(flaw("CVE-1", applies, reason="the firmware is not known")))
    assert found.verdict == "unknown"
    assert "CVE-1" in found.because and "the firmware is not known" in found.because


def test_a_flaw_that_is_fixed_here_passes_and_so_does_a_model_without_one() -> None:
    assert verdict(practice, "no-known-vulnerability", lock(flaw("CVE-1", "no"))) == "pass"
    assert verdict(practice, "no-known-vulnerability", lock()) == "pass"


def test_a_model_that_nobody_knows_is_unknown() -> None:
    for check in ("no-known-vulnerability", "publishes-updates", "takes-reports"):
        assert verdict(practice, check, make(Lock, "front")) == "unknown"


def test_a_flaw_without_a_fix_says_so_and_advises_to_replace() -> None:
    bad = lock(flaw("CVE-1", "yes", has_fix=False))
    assert "no fix exists" in judge(practice, "no-known-vulnerability", bad).because
    assert "replace" in fix_of(practice, "no-known-vulnerability", bad).summary


def test_a_flaw_with_a_fix_names_the_version_that_closes_it() -> None:
    fix = fix_of(practice, "no-known-vulnerability", lock(flaw("CVE-1", "yes", fixed_in="2.0")))
    assert "2.0" in fix.summary and len(fix.steps) > 1


def test_a_maker_without_updates_fails_and_one_with_updates_passes() -> None:
    assert verdict(practice, "publishes-updates", make(Lock, "front", publishes_updates=False)) == "fail high"
    assert verdict(practice, "publishes-updates", make(Lock, "front", publishes_updates=True)) == "pass"


def test_a_place_for_reports_passes_and_not_having_found_one_proves_nothing() -> None:
    known = make(Lock, "front", disclosure_contact="https://example.com/security")
    assert verdict(practice, "takes-reports", known) == "pass"
    assert verdict(practice, "takes-reports", make(Lock, "front", disclosure_contact="")) == "unknown"
