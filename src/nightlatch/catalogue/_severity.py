"""A judged vulnerability in the words of the model."""

from __future__ import annotations

from typing import Literal

from nightlatch.catalogue.flaws import Judged, Status
from nightlatch.catalogue.structs import Vulnerability
from nightlatch.model.values import KnownVulnerability

_APPLIES: dict[Status, Literal["yes", "no", "cannot_tell", "possible"]] = {
    Status.APPLIES: "yes",
    Status.POSSIBLE: "possible",
    Status.CANNOT_TELL: "cannot_tell",
    Status.FIXED: "no",
    Status.NOT_AFFECTED: "no",
}
_AT_HAND = ("physical", "near tag", "local phone", "one card", "app holder")


def severity(flaw: Vulnerability) -> Literal["critical", "high", "medium", "low"]:
    """By CVSS 3.1's qualitative scale; unscored: medium for who must be at hand and for lost service, else high."""
    if flaw.cvss is not None:
        score = flaw.cvss.score
        return "critical" if score >= 9 else "high" if score >= 7 else "medium" if score >= 4 else "low"
    lost_service = "denial of service" in flaw.effect or "battery drained" in flaw.effect
    return "medium" if flaw.possible or lost_service or flaw.reach.startswith(_AT_HAND) else "high"


def known_vulnerability(judged: Judged) -> KnownVulnerability:
    """The vulnerability as the model holds it, with why it applies or does not."""
    flaw = judged.vulnerability
    return KnownVulnerability(
        id=flaw.id,
        applies=_APPLIES[judged.status],
        effect=flaw.effect,
        reach=flaw.reach,
        severity=severity(flaw),
        fixed_in=judged.part.fixed,
        fix=flaw.fix,
        has_fix=not flaw.unfixed,
        reason=judged.reason,
        sources=flaw.sources,
        product=judged.part.name,
    )
