"""A lock with a flat battery is a locked door for everybody but a burglar."""

from __future__ import annotations

from nightlatch.emergency.answers import Answer
from nightlatch.emergency.failures import BATTERY, POWER_CUT
from nightlatch.emergency.outlook import Outcome, outlook
from nightlatch.emergency.ways import AnyFact
from nightlatch.fixes import power
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.router import Router
from nightlatch.practices.interface import Judgement, Practice, as_set, fails, passes, unknown
from nightlatch.text import count

practice = Practice(
    "power-backup",
    number=24,
    section=Section.EMERGENCY,
    severity=Severity.HIGH,
    title="Keep batteries charged, and power in reserve",
    why="Locks slow down, report wrongly and then stop as their batteries go. A hub or router without a UPS takes "
    "every way in that needs it along in a power cut.",
    standards=("ETSI EN 303 645 V3.1.3 5.9-1", "ETSI EN 303 645 V3.1.3 5.9-2"),
)

low = practice.threshold("battery-percent", 30, unit="%", doc="the battery must hold at least", stricter="higher")
flat = practice.threshold("critical-percent", 15, unit="%", doc="it is critical below", stricter="higher")
ahead = practice.threshold("forecast-days", 30, unit="days", doc="it must last at least", stricter="higher")


@practice.check(
    "battery",
    per=Lock,
    title="The lock's battery is well charged",
    needs=(Lock.battery_percent,),
    settled_by="a live connection to the hub that commands the lock, or your answer from the app",
)
def battery(lock: Lock, home: Home) -> Judgement:
    """Judge what is left; a lock that says low is believed before a percentage is."""
    level, says_low = as_set(lock.battery_percent), as_set(lock.battery_low)
    if level is not None and level.value < low.of(home):
        critical = level.value < flat.of(home)
        return fails(
            level,
            says_low,
            because=f"Its battery holds {level.value} %.",
            fix=power.change_battery,
            severity=Severity.CRITICAL if critical else None,
        )
    if says_low is not None and says_low.value:
        read = f", although it reads {level.value} %" if level is not None else ""
        return fails(says_low, level, because=f"The lock says that its battery is low{read}.", fix=power.change_battery)
    if level is None:
        if says_low is None:
            return unknown()
        return unknown(says_low, because="The lock says that its battery is not low, but not how much it holds.")
    return passes(level, says_low, because=f"Its battery holds {level.value} %.")


@practice.check(
    "forecast",
    per=Lock,
    title="The battery will last another month",
    needs=(Lock.battery_days_left,),
    settled_by="your answer, going by how long the last batteries did",
)
def forecast(lock: Lock, home: Home) -> Judgement:
    """Judge the trend of the battery's own history."""
    days = lock.battery_days_left
    if days is None:
        return unknown(lock.battery_percent)
    lasts = f"Its battery is expected to last {count(days.value, 'more day')}"
    if days.value >= ahead.of(home):
        return passes(days, because=f"{lasts}.")
    return fails(days, because=f"{lasts} only.", fix=power.change_battery)


@practice.check(
    "emergency-power",
    per=Lock,
    title="How to get in with a flat battery is known",
    needs=(Lock.emergency_power,),
    settled_by="the lock's model in the catalogue, its manual, or your answer",
)
def emergency_power(lock: Lock, home: Home) -> Judgement:
    """Judge whether a flat lock can be powered from outside, or opened without power."""
    outside = lock.emergency_power
    if outside is None:
        return unknown()
    if power.emergency_power(lock):
        return passes(outside, because=f"It can be powered from outside: {outside.value}.")
    outcome = _without_battery(lock, home)
    if outcome is None or outcome.way_in is None:
        return unknown(
            outside, because="It cannot be powered from outside, and no other way in with a flat battery is known."
        )
    if outcome.way_in:
        return passes(
            outside,
            *outcome.evidence,
            because=f"It cannot be powered from outside, but {outcome.left[0].text} lets a resident in.",
        )
    return fails(
        outside,
        *outcome.evidence,
        because="It cannot be powered from outside, and nothing else lets a resident in.",
        fix=power.keep_emergency_power,
    )


def _without_battery(lock: Lock, home: Home) -> Outcome | None:
    seen = home.cached(outlook).by_subject.get(lock.ref)
    return seen.after(BATTERY) if seen is not None else None


@practice.check(
    "hub-power",
    per=Hub,
    advice=power.hub_on_ups,
    title="The hub runs on in a power cut, or nobody needs it to get in",
    needs=(Hub.on_ups, Hub.needed_to_enter),
    settled_by="your answer",
)
def hub_power(hub: Hub, home: Home) -> Judgement:
    """Judge whether a power cut takes a way in along."""
    ups, needed = hub.on_ups, hub.needed_to_enter
    if ups is not None and ups.value:
        return passes(ups, because="It is on a UPS.")
    if needed is not None:
        if not needed.value:
            return passes(needed, ups, because="Nobody needs it to get in.")
        if ups is not None:
            return fails(
                ups, needed, because="It is not on a UPS, and somebody needs it to get in.", fix=power.hub_on_ups
            )
        return unknown(needed)
    if _in_a_power_cut(home):
        return passes(ups, *_ways_left(home), because="In a power cut a way in without it remains at every door.")
    return unknown(ups)


@practice.check(
    "router-power",
    per=Router,
    advice=power.router_on_ups,
    title="The router runs on in a power cut, or nobody needs it to get in",
    needs=(Router.on_ups,),
    settled_by="your answer",
)
def router_power(router: Router, home: Home) -> Judgement:
    """Judge whether a power cut takes a way in along."""
    ups = router.on_ups
    if ups is not None and ups.value:
        return passes(ups, because="It is on a UPS.")
    remains = _in_a_power_cut(home)
    if remains:
        return passes(ups, *_ways_left(home), because="In a power cut a way in without it remains at every door.")
    if ups is None:
        return unknown()
    if remains is None:
        return unknown(ups, because="It is not on a UPS, and whether a way in without it remains is not known.")
    return fails(ups, because="It is not on a UPS, and without it no way in remains.", fix=power.router_on_ups)


def _in_a_power_cut(home: Home) -> Answer:
    return home.cached(_power_cut)[0]


def _ways_left(home: Home) -> tuple[AnyFact, ...]:
    return home.cached(_power_cut)[1]


def _power_cut(home: Home) -> tuple[Answer, tuple[AnyFact, ...]]:
    """Whether every door still lets a resident in, and what shows it: worked out once, for every hub and router."""
    seen = home.cached(outlook)
    return seen.after(POWER_CUT), tuple(fact for door in seen.doors for fact in door.after(POWER_CUT).evidence)
