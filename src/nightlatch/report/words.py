"""How values, times and verdicts read in every report."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nightlatch.model.document import Audit, Evidence, FindingDocument
from nightlatch.model.finding import Verdict

VERDICTS = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "FAIL",
    Verdict.UNKNOWN: "unknown",
    Verdict.NOT_APPLICABLE: "not applicable",
}
SYMBOLS = {Verdict.PASS: "✓", Verdict.FAIL: "✗", Verdict.UNKNOWN: "?", Verdict.NOT_APPLICABLE: "–"}

_COMMAND = re.compile(
    r"(ssh|uci|wifi|read -|passwd\b|service|chmod|sysupgrade|opkg|apk|owut|reload_config|/etc/init\.d/|nightlatch)\b"
    r"|/(ip|ipv6|interface|system|user|password|tool|export)\b"
)


def value(given: Any) -> str:
    """A fact's value in words: yes and no, lists with commas, structures by their fields."""
    if given is None:
        return "nothing"
    if isinstance(given, bool):
        return "yes" if given else "no"
    if isinstance(given, (list, tuple)):
        return ", ".join(value(item) for item in given) if given else "none"
    if isinstance(given, dict):
        if "id" in given and "applies" in given:
            return f"{given['id']} (applies: {str(given['applies']).replace('_', ' ')})"
        return " ".join(f"{key}={value(item)}" for key, item in given.items() if item not in ("", None, [], ()))
    return str(given)


def zone(audit: Audit) -> ZoneInfo:
    """The home's time zone; UTC when this machine does not know it."""
    try:
        return ZoneInfo(audit.home.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def moment(at: datetime, where: ZoneInfo) -> str:
    """An instant in the home's zone, as 22 Nov 2026 11:00 CET."""
    return f"{at.astimezone(where):%-d %b %Y %H:%M %Z}"


def known_by(fact: Evidence, where: ZoneInfo) -> str:
    """How a value is known: `observed by zwavejs on 22 Nov 2026 11:00 CET (node 3)`."""
    how = "declared by you" if fact.source == "declared" else f"{fact.grade.value} by {fact.source}"
    trust = f", {fact.confidence} confidence" if fact.confidence else ""
    place = f" ({fact.where})" if fact.where else ""
    return f"{how}{trust} on {moment(fact.at, where)}{place}"


def score(number: float | None) -> str:
    """`62` of a hundred, or a dash when nothing applies."""
    return "–" if number is None else f"{number:.0f}"


def percent(share: float | None) -> str:
    """`71 %`, or a dash when nothing applies."""
    return "–" if share is None else f"{100 * share:.0f} %"


def state(finding: FindingDocument) -> str:
    """A verdict with its severity or waiver: `FAIL critical`, `waived until 2027-01-31`."""
    if finding.waived and finding.waiver:
        return f"waived until {finding.waiver.until}"
    if finding.verdict is Verdict.FAIL:
        return f"FAIL {finding.severity.value}"
    return VERDICTS[finding.verdict]


def headline(audit: Audit) -> str:
    """The answer in one sentence."""
    fails = [finding for finding in audit.findings if finding.open]
    grave = [finding for finding in fails if finding.severity.value in ("critical", "high")]
    unknown = sum(finding.verdict is Verdict.UNKNOWN for finding in audit.findings)
    if grave:
        first = f"{len(grave)} {'thing needs' if len(grave) == 1 else 'things need'} you"
    elif fails:
        first = f"Nothing grave is open; {len(fails)} smaller {'thing is' if len(fails) == 1 else 'things are'}"
    else:
        first = "Nothing that was checked is wrong"
    return f"{first}. {unknown} of {len(audit.findings)} checks could not be made." if unknown else f"{first}."


def then(audit: Audit) -> list[str]:
    """What stands above the changes: the score then and now, or that another profile was used; that nothing changed."""
    changes = audit.changes
    if changes is None:
        return []
    lines = [f"Score {score(changes.score)} then, {score(audit.score)} now."]
    if changes.profile != audit.profile:
        lines = [f"That audit used the profile {changes.profile}: what only one of the two judges is left out."]
    return lines if changes.any else [*lines, "Nothing changed."]


def is_command(step: str) -> bool:
    """Whether a step is a command to type, not a sentence."""
    return _COMMAND.match(step) is not None
