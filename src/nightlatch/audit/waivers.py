"""Waivers: the owner accepts a finding, for a reason and until a day; then it counts again by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from nightlatch.model.finding import Finding, Verdict, Waiver


def waive(findings: Iterable[Finding], waivers: Sequence[Waiver], today: date) -> list[Finding]:
    """The findings, each failing or unknown one with the waiver that covers it, marked when it has ended.

    A waiver for "home" covers every subject of its practice. `until` is the last day it holds.
    """
    if not waivers:
        return list(findings)
    return [_waived(finding, waivers, today) for finding in findings]


def _waived(finding: Finding, waivers: Sequence[Waiver], today: date) -> Finding:
    if finding.verdict not in (Verdict.FAIL, Verdict.UNKNOWN):
        return finding
    covering = [waiver for waiver in waivers if covers(waiver, finding)]
    if not covering:
        return finding
    # The one that ends last decides: an older, ended one beside it is of no interest.
    latest = max(covering, key=lambda waiver: waiver.until)
    return msgspec.structs.replace(finding, waiver=msgspec.structs.replace(latest, expired=latest.until < today))


def covers(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver is about this finding, whatever its end."""
    return (
        waiver.practice == finding.practice
        and waiver.check in ("", finding.check)
        and waiver.subject in ("home", str(finding.subject))
    )
