"""What its maker no longer repairs stays broken: plan the end before it comes."""

from __future__ import annotations

from nightlatch.fixes import locks, upkeep
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.router import Router
from nightlatch.practices.dates import age_in_days
from nightlatch.practices.hubs import HOME_ASSISTANT, RADIO_SERVERS, lacks
from nightlatch.practices.interface import FixMaker, Judgement, Practice, fails, passes, unknown

practice = Practice(
    "lifecycle",
    number=19,
    section=Section.MAINTENANCE,
    severity=Severity.HIGH,
    title="Use what still gets security updates",
    why="After the end of support every flaw that is found stays open for good. A stated end lets you plan a "
    "replacement before that day.",
    standards=("ETSI EN 303 645 V3.1.3 5.3-13", "UK PSTI 2023 Sch.1 §3"),
)

silence = practice.threshold("silence-days", 1096, unit="days", doc="the maker may go without new firmware for")
"""Three years, of which at most one is a leap year."""

_SETTLED_END = "the maker's statement of support (sellers in the United Kingdom must publish it), or your answer"
_SETTLED_RELEASE = "a firmware index that you import, the Matter ledger, or your answer from the maker's release page"
_ROLLING = RADIO_SERVERS | HOME_ASSISTANT
_NEWEST_ONLY = "gets fixes in its newest release only, and whether that runs is judged by itself"


@practice.check(
    "lock-support",
    per=Lock,
    advice=locks.ask_maker,
    title="The lock's support ends on a stated day that lies ahead",
    needs=(Lock.support_until,),
    settled_by=_SETTLED_END,
)
def lock_support(lock: Lock, home: Home) -> Judgement:
    """Judge by the maker's stated end."""
    return _support(lock, home, upkeep.replace_lock)


@practice.check(
    "hub-support",
    per=Hub,
    title="The hub's support ends on a stated day that lies ahead",
    needs=(Hub.support_until,),
    settled_by=_SETTLED_END,
)
def hub_support(hub: Hub, home: Home) -> Judgement:
    """Judge by the maker's stated end; free software's is the next release, which `updates` judges."""
    if hub.support_until is None:
        return lacks(hub, _ROLLING, _NEWEST_ONLY) or unknown()
    return _support(hub, home, upkeep.replace_hub)


@practice.check(
    "lock-releases",
    per=Lock,
    severity=Severity.MEDIUM,
    title="The lock's maker still releases firmware",
    needs=(Lock.last_release_on,),
    settled_by=_SETTLED_RELEASE,
)
def lock_releases(lock: Lock, home: Home) -> Judgement:
    """Judge by the newest release, and by a maker who is known to release none."""
    publishes = lock.publishes_updates
    if lock.last_release_on is None and publishes is not None and not publishes.value:
        return fails(publishes, because="The maker publishes no firmware updates for it.", fix=upkeep.replace_lock)
    return _releases(lock, home, upkeep.replace_lock)


@practice.check(
    "hub-releases",
    per=Hub,
    severity=Severity.MEDIUM,
    title="The hub's maker still releases software",
    needs=(Hub.last_release_on,),
    settled_by=_SETTLED_RELEASE,
)
def hub_releases(hub: Hub, home: Home) -> Judgement:
    """Judge by the newest release."""
    return _releases(hub, home, upkeep.replace_hub)


@practice.check(
    "router-releases",
    per=Router,
    severity=Severity.MEDIUM,
    title="The router's maker still releases firmware",
    needs=(Router.last_release_on,),
    settled_by=_SETTLED_RELEASE,
)
def router_releases(router: Router, home: Home) -> Judgement:
    """Judge by the newest release."""
    return _releases(router, home, upkeep.replace_router)


def _support(thing: Lock | Hub, home: Home, fix: FixMaker) -> Judgement:
    until = thing.support_until
    if until is None:
        return unknown()
    past = age_in_days(until.value, home)
    if past <= 0:
        return passes(until, because=f"The maker promises security updates until {until.value}.")
    return fails(until, because=f"The maker's security updates ended on {until.value}.", fix=fix)


def _releases(thing: Lock | Hub | Router, home: Home, fix: FixMaker) -> Judgement:
    last = thing.last_release_on
    if last is None:
        return unknown()
    age = age_in_days(last.value, home)
    if age <= silence.of(home):
        return passes(last, because=f"The maker's newest release is of {last.value}.")
    return fails(last, because=f"The maker's newest release is of {last.value}, {age} days old.", fix=fix)
