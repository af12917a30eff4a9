"""What changed between two audits of a home."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from nightlatch.errors import UsageError
from nightlatch.model.document import Audit, Changes, FindingDocument
from nightlatch.model.finding import Verdict


def compare(before: Audit, now: Audit) -> Changes:
    """What changed from one audit to a later one. A finding never judged before counts when it fails.

    Where another profile was used then, only the checks that both judged are compared.
    """
    other = before.profile != now.profile
    both = {check(item) for item in before.findings} & {check(item) for item in now.findings}
    was_judged = [item for item in before.findings if not other or check(item) in both]
    is_judged = [item for item in now.findings if not other or check(item) in both]
    old = {finding.key: finding for finding in was_judged}
    failing: list[FindingDocument] = []
    fixed: list[FindingDocument] = []
    lost: list[FindingDocument] = []
    stale: list[FindingDocument] = []
    known: list[FindingDocument] = []
    for finding in is_judged:
        was = old.get(finding.key)
        verdict, then = finding.verdict, was.verdict if was else None
        if finding.open and not (was and was.open):
            failing.append(finding)
        elif then is Verdict.FAIL and verdict in (Verdict.PASS, Verdict.NOT_APPLICABLE):
            fixed.append(finding)
        elif verdict is Verdict.UNKNOWN and then in (Verdict.PASS, Verdict.FAIL):
            (stale if finding.stale else lost).append(finding)
        elif then is Verdict.UNKNOWN and verdict is Verdict.PASS:
            known.append(finding)
    keys = {finding.key for finding in is_judged}
    gone = [finding for finding in was_judged if finding.key not in keys and finding.verdict is Verdict.FAIL]
    return Changes(
        before.at,
        before.profile,
        before.score,
        tuple(failing),
        tuple(fixed),
        tuple(lost),
        tuple(stale),
        tuple(known),
        tuple(gone),
    )


def check(finding: FindingDocument) -> tuple[str, str]:
    """What was judged, whatever it was judged for."""
    return (finding.practice, finding.check)


def parse_since(text: str, now: datetime, zone: tzinfo) -> datetime:
    """The instant that `7d`, `12h`, `3w` or a day (its beginning in the home's zone) means, UTC."""
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
