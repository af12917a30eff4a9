"""Everybody gets the least that lets them through the door when they need to, and not a day longer."""

from __future__ import annotations

from nightlatch.fixes import codes, first_codes, hubs
from nightlatch.model.evidence import Fact
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from nightlatch.practices.hubs import RADIO_SERVERS, lacks
from nightlatch.practices.interface import Judgement, Practice, fails, not_applicable, passes, unknown
from nightlatch.practices.setup._codes import CODES_FROM, codes_read, without_codes
from nightlatch.text import count, minute

practice = Practice(
    "least-privilege",
    number=8,
    section=Section.SETUP,
    severity=Severity.HIGH,
    title="Know every code, end the visitors' ones, keep administrators few",
    why="A code that nobody remembers is a key that somebody else holds. A visitor's code without an end still opens "
    "the door years later, and every administrator can make more of them.",
    standards=("ETSI EN 303 645 V3.1.3 5.5-5", "OWASP ISVS 2.1.1", "OWASP ISVS 2.1.13"),
)

longest_visit = practice.threshold("visitor-days", 366, unit="days", doc="a visitor's code may last from now at most")
most_admins = practice.threshold("admins", 2, unit="people", doc="a hub's administrators may be at most")

NOBODY = frozenset(("", "nobody", "no one", "none", "unknown", "?"))
"""Answers to "Whose code is this?" that say that it is nobody's."""

_WHO = f"{CODES_FROM}, and your answer whose each code is"
_VISITORS = frozenset(("guest", "service"))


def _is_nobody(person: Fact[str]) -> bool:
    return person.value.strip().casefold() in NOBODY


def _is_visitor(role: Fact[str] | None) -> bool:
    return role is not None and role.value in _VISITORS


@practice.check(
    "explained",
    per=Credential,
    title="It is known whose code it is",
    needs=(Credential.person,),
    settled_by=_WHO,
    absent=without_codes,
)
def explained(credential: Credential, home: Home) -> Judgement:
    """Judge whether somebody stands behind a code; an answer of "nobody" makes it a foreign one."""
    person = credential.person
    if person is None:
        return unknown(credential.slot)
    if _is_nobody(person):
        return fails(
            person,
            credential.slot,
            because="It is a foreign code: it opens the lock and belongs to nobody you know.",
            fix=codes.remove_code,
        )
    return passes(person, credential.slot, because=f"It belongs to {person.value}.")


@practice.check(
    "own-controller",
    per=Credential,
    title="Your own controller put the code on the lock, or you know whose it is",
    needs=(Credential.foreign_creator, Credential.person, Lock.radio),
    settled_by="a live Matter server that commands the lock (it tells the creator of every user)",
    absent=without_codes,
)
def own_controller(credential: Credential, home: Home) -> Judgement:
    """Judge the fabric that created a user; only Matter locks tell."""
    foreign = credential.foreign_creator
    if foreign is not None:
        if not foreign.value:
            return passes(foreign, credential.created_by, because="Your own controller put it on the lock.")
        person = credential.person
        if person is not None and not _is_nobody(person):
            return passes(
                foreign,
                credential.created_by,
                person,
                because=f"Another controller put it on the lock, and you know it: it belongs to {person.value}.",
            )
        return fails(
            foreign,
            credential.created_by,
            because="Another controller than the hub that told of it put it on the lock.",
            fix=codes.remove_unless_known,
        )
    lock = home.follow(credential.lock, Lock)
    if lock is not None and lock.radio is not None and lock.radio.value != "matter":
        return not_applicable(lock.radio, because="Only Matter locks tell who created a code.")
    return unknown()


@practice.check(
    "not-expired",
    per=Credential,
    title="The code is gone once its time is over",
    needs=(Credential.ends, Credential.role),
    settled_by=f"{CODES_FROM}, and your answer when each visitor's code must stop working",
    severity=Severity.CRITICAL,
    absent=without_codes,
)
def not_expired(credential: Credential, home: Home) -> Judgement:
    """Judge a code that outlived its end; one that the lock no longer accepts is closed."""
    ends = credential.ends
    if ends is None:
        role = credential.role
        if role is None or _is_visitor(role):
            return unknown(role)
        return not_applicable(role, because=f"It is a {role.value}'s code, which needs no end.")
    if ends.value > home.at:
        return passes(ends, because=f"It works until {minute(ends.value)}.")
    enabled = credential.enabled
    if enabled is not None and not enabled.value:
        return passes(ends, enabled, because="Its time is over and the lock no longer accepts it.")
    return fails(
        ends,
        enabled,
        credential.slot,
        because=f"Its time was over on {minute(ends.value)}, and it is still on the lock.",
        fix=codes.remove_code,
    )


@practice.check(
    "visitor-bounded",
    per=Credential,
    title="A visitor's code has an end and works at set times only",
    needs=(Credential.role, Credential.ends, Credential.scheduled),
    settled_by=f"{CODES_FROM}, and your answers who each holder is and when each code ends",
    absent=without_codes,
)
def visitor_bounded(credential: Credential, home: Home) -> Judgement:
    """Judge guests' and services' codes; no end is proven when the lock accepts the code at any time."""
    role, ends, scheduled = credential.role, credential.ends, credential.scheduled
    if role is None:
        return unknown(ends, scheduled)
    if not _is_visitor(role):
        return not_applicable(role, because=f"It is a {role.value}'s code.")
    if ends is None:
        if scheduled is not None and not scheduled.value:
            return fails(
                role,
                scheduled,
                because=f"It is a {role.value}'s code, works at any time, and has no end.",
                fix=codes.bound_code,
            )
        return unknown(role, scheduled)
    if (ends.value - home.at).days > longest_visit.of(home):
        return fails(
            role,
            ends,
            because=f"It is a {role.value}'s code and ends only on {home.day_of(ends.value)}.",
            fix=codes.bound_code,
        )
    if scheduled is None:
        return unknown(role, ends)
    if not scheduled.value:
        return fails(
            role,
            ends,
            scheduled,
            because=f"It is a {role.value}'s code and works at any time of day until {home.day_of(ends.value)}.",
            fix=codes.bound_code,
        )
    return passes(role, ends, scheduled, because=f"It works at set times only, and ends on {home.day_of(ends.value)}.")


practice.check(
    "codes-known",
    per=Lock,
    advice=first_codes.hand_out_codes,
    title="Every code on the lock was looked at",
    needs=(Lock.codes_read,),
    settled_by=CODES_FROM,
)(codes_read)


@practice.check(
    "few-admins",
    per=Hub,
    advice=hubs.fewer_admins,
    title="Only one or two people administer the hub",
    needs=(Hub.users, Hub.admins),
    settled_by="Home Assistant, asked live with an administrator's token, or its configuration folder; or your answers",
    severity=Severity.MEDIUM,
)
def few_admins(hub: Hub, home: Home) -> Judgement:
    """Judge how many of a hub's people may change everything."""
    users, admins = hub.users, hub.admins
    if users is None or admins is None:
        return lacks(hub, RADIO_SERVERS, "has no accounts of people") or unknown(users, admins)
    if admins.value > 1 and admins.value >= users.value:
        return fails(
            users,
            admins,
            because=f"Everybody is an administrator: {admins.value} of {count(users.value, 'account')}.",
            fix=hubs.fewer_admins,
        )
    if admins.value > most_admins.of(home):
        return fails(
            users,
            admins,
            because=f"{admins.value} of {count(users.value, 'account')} are administrators.",
            fix=hubs.fewer_admins,
        )
    return passes(users, admins, because=f"{count(admins.value, 'administrator')} of {count(users.value, 'account')}.")
