"""A lock is as safe as its maker is diligent: known flaws, updates, and a way to report new ones."""

from __future__ import annotations

from nightlatch.fixes import locks
from nightlatch.model.finding import SEVERITY_WEIGHT, Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.model.values import KnownVulnerability
from nightlatch.practices.interface import Judgement, Practice, fails, passes, unknown
from nightlatch.text import listed

practice = Practice(
    "vendor",
    number=2,
    section=Section.DEVICE_SELECTION,
    severity=Severity.HIGH,
    title="Choose a maker that fixes flaws and says so",
    why="Flaws are found in every lock sooner or later. Only a maker that takes reports and publishes updates can "
    "close them; a published flaw without a fix is a manual for burglars.",
    standards=("ETSI EN 303 645 V3.1.3 5.2-1", "UK PSTI 2023 Sch.1 §2"),
)


@practice.check(
    "no-known-vulnerability",
    per=Lock,
    advice=locks.settle_vulnerabilities,
    title="No published vulnerability applies to this model and firmware",
    needs=(Lock.vulnerabilities, Lock.firmware, Lock.model),
    settled_by="the lock's model and firmware version: from its hub, or as you answer them",
)
def no_known_vulnerability(lock: Lock, home: Home) -> Judgement:
    """Judge by the worst that applies; what cannot be told apart stays unknown."""
    known = lock.vulnerabilities
    if known is None:
        return unknown()
    applying = [one for one in known.value if one.applies == "yes"]
    if applying:
        worst = max(applying, key=_weight)
        return fails(
            known,
            lock.firmware,
            because=f"It is affected by {_named(applying)}: {_clause(worst.effect)}"
            f"{'.' if worst.has_fix else '; no fix exists.'}",
            severity=Severity(worst.severity),
            fix=locks.mitigate_vulnerability,
        )
    open_ones = [one for one in known.value if one.applies != "no"]
    if open_ones:
        reasons = "; ".join(list(dict.fromkeys(_clause(one.reason) for one in open_ones if one.reason))[:2])
        return unknown(
            known,
            lock.firmware,
            because=f"It may be affected by {_named(open_ones)}{f': {reasons}' if reasons else ''}.",
            fix=locks.settle_vulnerabilities,
        )
    if known.value:
        return passes(known, lock.firmware, because="Every published vulnerability of the model is fixed here.")
    return passes(known, because="No published vulnerability of the model is known.")


def _weight(one: KnownVulnerability) -> int:
    return SEVERITY_WEIGHT[Severity(one.severity)]


def _named(found: list[KnownVulnerability]) -> str:
    ids = [one.id for one in sorted(found, key=_weight, reverse=True)]
    return listed(ids if len(ids) <= 3 else [*ids[:2], f"{len(ids) - 2} more"])


def _clause(text: str) -> str:
    return text.strip().rstrip(".")


@practice.check(
    "publishes-updates",
    per=Lock,
    advice=locks.ask_maker,
    title="The maker publishes firmware updates for this lock",
    needs=(Lock.publishes_updates, Lock.model),
    settled_by="the lock's model, so that the catalogue can be asked; an imported firmware index; or your answer",
)
def publishes_updates(lock: Lock, home: Home) -> Judgement:
    """Judge the model: without updates no flaw is ever closed."""
    updates = lock.publishes_updates
    if updates is None:
        return unknown()
    if updates.value:
        return passes(updates, because="The maker publishes firmware updates for this model.")
    return fails(updates, because="The maker publishes no firmware updates for this model.", fix=locks.ask_maker)


@practice.check(
    "takes-reports",
    per=Lock,
    advice=locks.ask_maker,
    title="The maker names a place to report flaws to",
    needs=(Lock.disclosure_contact, Lock.maker),
    settled_by="the maker's vulnerability disclosure policy, as the catalogue knows it; or your answer, after a look "
    "at its site (/.well-known/security.txt)",
)
def takes_reports(lock: Lock, home: Home) -> Judgement:
    """Judge the maker by a published contact; not having found one proves nothing."""
    contact = lock.disclosure_contact
    if contact is None or not contact.value:
        return unknown(contact)
    return passes(contact, because=f"The maker takes reports of flaws at {contact.value}.")
