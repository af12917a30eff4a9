"""A fix that is not installed protects nobody, and everybody can read what it fixed."""

from __future__ import annotations

from nightlatch.fixes import hubs, locks, upkeep
from nightlatch.model.finding import Fix, Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.practices.dates import age_in_days
from nightlatch.practices.interface import (
    FixMaker,
    Judgement,
    Practice,
    as_set,
    fails,
    not_applicable,
    passes,
    unknown,
)
from nightlatch.practices.questions import question

practice = Practice(
    "updates",
    number=17,
    section=Section.MAINTENANCE,
    severity=Severity.HIGH,
    title="Keep locks and hubs up to date",
    why="Once an update is out, what it repairs is public, and attacks on those who did not install it follow within "
    "weeks.",
    standards=(
        "ETSI EN 303 645 V3.1.3 5.3-4",
        "ETSI EN 303 645 V3.1.3 5.3-5",
        "ETSI EN 303 645 V3.1.3 5.3-10",
    ),
)

grace = practice.threshold("days", 30, unit="days", doc="an update may wait")


@practice.check(
    "lock-firmware",
    per=Lock,
    advice=locks.update_firmware,
    title="The lock runs the newest firmware known",
    needs=(Lock.update_available,),
    settled_by="Home Assistant (its update entities), Zigbee2MQTT, a firmware index that you import, or your answer",
)
def lock_firmware(lock: Lock, home: Home) -> Judgement:
    """Judge whether an update has been waiting."""
    able = lock.can_update
    if lock.update_available is None and able is not None and not able.value:
        return not_applicable(able, because="The lock's firmware cannot be updated.")
    return _current(lock, home, locks.update_firmware)


@practice.check(
    "hub-software",
    per=Hub,
    advice=hubs.update_hub,
    title="The hub runs the newest software known",
    needs=(Hub.update_available,),
    settled_by="Home Assistant (its update entities), the hub's own page, or your answer",
)
def hub_software(hub: Hub, home: Home) -> Judgement:
    """Judge whether an update has been waiting."""
    return _current(hub, home, hubs.update_hub)


def _current(thing: Lock | Hub, home: Home, fix: FixMaker) -> Judgement:
    offered, since, newest = thing.update_available, thing.update_since, thing.update_version
    running = thing.firmware if isinstance(thing, Lock) else thing.version
    if offered is None:
        return unknown(running, newest)
    runs = f"It runs {running.value}" if running is not None else "It runs the newest version known"
    if not offered.value:
        return passes(offered, running, because=f"{runs}, and no newer version is offered.")
    update = f"Version {newest.value}" if newest is not None else "An update"
    if since is None:
        return unknown(
            offered,
            newest,
            running,
            because=f"{update} is offered, but nothing tells since when.",
            fix=lambda thing, home: _install_or_tell(thing, home, fix),
        )
    age, allowed = age_in_days(since.value, home), grace.of(home)
    if age <= allowed:
        return passes(
            offered,
            since,
            newest,
            running,
            because=f"{update} has been offered since {since.value}, which is not longer than {allowed:g} days.",
            advice=fix,
        )
    return fails(
        offered,
        since,
        newest,
        running,
        because=f"{update} has been offered since {since.value}, for {age} days.",
        fix=fix,
    )


def _install_or_tell(thing: Lock | Hub, home: Home, fix: FixMaker) -> Fix:
    install = fix(thing, home)
    since = Lock.update_since if isinstance(thing, Lock) else Hub.update_since
    return Fix(install.summary, (*install.steps, question(thing, since)), install.does)


@practice.check(
    "lock-automatic",
    per=Lock,
    advice=upkeep.update_lock_by_itself,
    severity=Severity.MEDIUM,
    title="The lock updates itself",
    needs=(Lock.auto_update,),
    settled_by="your answer from the lock's app",
)
def lock_automatic(lock: Lock, home: Home) -> Judgement:
    """Judge whether updates need somebody to remember them."""
    able = lock.can_update
    if able is not None and not able.value:
        return not_applicable(able, because="The lock's firmware cannot be updated.")
    return _automatic(lock, upkeep.update_lock_by_itself)


@practice.check(
    "hub-automatic",
    per=Hub,
    advice=upkeep.update_hub_by_itself,
    severity=Severity.MEDIUM,
    title="The hub updates itself",
    needs=(Hub.auto_update,),
    settled_by="your answer from the hub's settings",
)
def hub_automatic(hub: Hub, home: Home) -> Judgement:
    """Judge whether updates need somebody to remember them."""
    return _automatic(hub, upkeep.update_hub_by_itself)


def _automatic(thing: Lock | Hub, fix: FixMaker) -> Judgement:
    automatic = as_set(thing.auto_update)
    if automatic is None:
        return unknown()
    if automatic.value:
        return passes(automatic, because="It updates itself.")
    return fails(automatic, because="It does not update itself.", fix=fix)
