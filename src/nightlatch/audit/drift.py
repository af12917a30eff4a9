"""What changed between two audits of a home."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

import msgspec

from nightlatch.errors import UsageError
from nightlatch.model.document import Audit, FindingDocument
from nightlatch.model.finding import Verdict


class Changes(msgspec.Struct, frozen=True):
    """The findings that changed since an audit; each as it is now, `gone` ones as they were."""

    since: datetime
    score_before: float | None
    score_now: float | None
    newly_failing: tuple[FindingDocument, ...]
    fixed: tuple[FindingDocument, ...]
    went_unknown: tuple[FindingDocument, ...]
    gone_stale: tuple[FindingDocument, ...]
    """Unknown now because an answer grew too old."""
    became_known: tuple[FindingDocument, ...]
    gone: tuple[FindingDocument, ...]
    """Judged then, not now: the thing or the check no longer exists, or another profile was used."""

    @property
    def any(self) -> bool:
        """Whether anything changed."""
        return any(found for _, found in self.named())

    def named(self) -> tuple[tuple[str, tuple[FindingDocument, ...]], ...]:
        """The changes with what each list is called in a report, worst first."""
        return (
            ("Newly failing", self.newly_failing),
            ("Went unknown", self.went_unknown),
            ("Evidence gone stale", self.gone_stale),
            ("Fixed", self.fixed),
            ("Became known and passes", self.became_known),
            ("No longer judged", self.gone),
        )


def compare(before: Audit, now: Audit) -> Changes:
    """What changed from one audit to a later one. A finding never judged before counts when it fails."""
    old = {finding.key: finding for finding in before.findings}
    failing: list[FindingDocument] = []
    fixed: list[FindingDocument] = []
    lost: list[FindingDocument] = []
    stale: list[FindingDocument] = []
    known: list[FindingDocument] = []
    for finding in now.findings:
        was = old.get(finding.key)
        verdict, then = finding.verdict, was.verdict if was else None
        if verdict is Verdict.FAIL and then is not Verdict.FAIL:
            failing.append(finding)
        elif then is Verdict.FAIL and verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE):
            fixed.append(finding)
        elif verdict is Verdict.UNKNOWN and then in (Verdict.PASS, Verdict.FAIL):
            (stale if finding.stale else lost).append(finding)
        elif then is Verdict.UNKNOWN and verdict is Verdict.PASS:
            known.append(finding)
    keys = {finding.key for finding in now.findings}
    gone = [finding for finding in before.findings if finding.key not in keys and finding.verdict is Verdict.FAIL]
    return Changes(
        before.at,
        before.score,
        now.score,
        tuple(failing),
        tuple(fixed),
        tuple(lost),
        tuple(stale),
        tuple(known),
        tuple(gone),
    )


def parse_since(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The instant that `last`, `7d`, `12h`, `3w` or a day (its beginning in the home's zone) means, UTC."""
    if text == "last":
        return now
    if match := re.fullmatch(r"(\d{1,5})([hdw])", text):
        hours = int(match[1]) * {"h": 1, "d": 24, "w": 168}[match[2]]
        return now - timedelta(hours=hours)
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no time", todo="Write last, 7d, 12h, 3w or a day such as 2026-10-01.") from None
    if day.tzinfo is None:
        # A bare day means audits up to its end: "since Monday" compares with Monday's state.
        end = time(23, 59, 59) if len(text) <= len("2026-10-01") else day.time()
        day = datetime.combine(day.date(), end, zone)
    return day.astimezone(UTC)
