"""Which known vulnerabilities concern a model, and whether they apply to its firmware."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from nightlatch.catalogue.structs import Affected, Knowledge, Vulnerability
from nightlatch.catalogue.versions import Within, place, same

_OF_THE_LOCK = ("lock", "padlock", "lockbox")
_LINKS = {"s0": "Z-Wave S0", "s2": "Z-Wave S2", "none": "no Z-Wave security"}


class Status(StrEnum):
    """Whether a vulnerability applies. `possible`: matched by text from imported records only."""

    APPLIES = "applies"
    FIXED = "fixed"
    NOT_AFFECTED = "not_affected"
    CANNOT_TELL = "cannot_tell"
    POSSIBLE = "possible"


_RANK = (Status.APPLIES, Status.POSSIBLE, Status.CANNOT_TELL, Status.FIXED, Status.NOT_AFFECTED)


class Judged(msgspec.Struct, frozen=True):
    """A vulnerability judged for one lock; `part` is what the status speaks of, `reason` why."""

    vulnerability: Vulnerability
    part: Affected
    status: Status
    reason: str


def concerns(part: Affected, model: Knowledge) -> bool:
    """Whether a product of a vulnerability is this model, belongs to it, or is a protocol it speaks."""
    entry, profile = model.entry, model.profile
    return bool(
        (entry and (entry.key in part.entries or entry.protocol in part.protocols))
        or (profile and profile.name in part.profiles)
        or model.maker in part.makers
        or (model.product and model.product == part.name)
    )


def judge(
    vulnerability: Vulnerability,
    model: Knowledge,
    firmware: str | None,
    *,
    link: str | None = None,
    parts: Mapping[str, str] | None = None,
) -> Judged | None:
    """What one vulnerability means for a lock; None when it does not concern the model.

    `firmware` is the lock's version, `link` its radio security ("s0", "s2" or "none"), `parts` the
    versions of companion products by the catalogue's name ("Nuki Bridge v1": "1.20.0"). What is not
    given counts as not known. Of several products the worst status is told, but a companion product
    of unknown version does not hide what is known of the lock itself.
    """
    judged: list[Judged] = []
    for part in vulnerability.products:
        if concerns(part, model):
            status, reason = _status(part, firmware, link, parts or {})
            if vulnerability.possible and status is Status.APPLIES:
                status, reason = Status.POSSIBLE, f"{reason}; matched by its text only"
            judged.append(Judged(vulnerability, part, status, reason))
    if any(one.part.kind in _OF_THE_LOCK for one in judged):
        judged = [one for one in judged if one.part.kind in _OF_THE_LOCK or one.part.name in (parts or {})]
    return min(judged, key=lambda one: _RANK.index(one.status)) if judged else None


def _status(part: Affected, firmware: str | None, link: str | None, parts: Mapping[str, str]) -> tuple[Status, str]:
    if part.link:
        if link is None:
            needed = " or ".join(_LINKS[one] for one in part.link)
            return Status.CANNOT_TELL, f"concerns locks joined with {needed}; how this one is joined is not known"
        if link not in part.link:
            return Status.NOT_AFFECTED, f"does not concern a lock with {_LINKS.get(link, link)}"
    if part.hardware:
        return Status.CANNOT_TELL, f"concerns a {part.hardware}; which one this model has is not known"
    if part.kind == "protocol" and part.range is None:
        return Status.CANNOT_TELL, f"the record does not say which models are affected ({part.affected})"
    if part.kind == "cloud":
        return Status.CANNOT_TELL, f"a flaw in {part.name}; it matters if this lock uses that cloud"
    if part.kind in _OF_THE_LOCK or part.kind == "protocol":
        return _by_version(part, firmware, "the lock's firmware")
    return _by_version(part, parts.get(part.name), f"the version of {part.name} here")


def _by_version(part: Affected, version: str | None, what: str) -> tuple[Status, str]:
    if part.range is not None and part.range.every:
        return Status.APPLIES, f"every version of {part.name} is affected"
    if version is None:
        return Status.CANNOT_TELL, f"{what} is not known; affected: {part.affected}"
    if part.fixed and same(version, part.fixed):
        return Status.FIXED, f"{version} is the fixed version"
    if part.range is None:
        return Status.CANNOT_TELL, f"the record gives no version to compare with ({part.affected})"
    where = place(version, part.range)
    if where is Within.INSIDE:
        return Status.APPLIES, f"{version} is an affected version ({part.affected})"
    if where is Within.AFTER:
        if part.fixed:
            return Status.FIXED, f"{version} is not older than the fix {part.fixed}"
        return Status.CANNOT_TELL, f"{version} is newer than the known affected ones ({part.affected}); no fix is known"
    if where is Within.BEFORE:
        return Status.CANNOT_TELL, f"{version} is older than the affected ones that the record names ({part.affected})"
    if part.range.exactly:
        return Status.CANNOT_TELL, f"the record names only {part.range.exactly}; this lock has {version}"
    return Status.CANNOT_TELL, f"{version} cannot be compared with {part.affected}"
