"""Find out what the lock does without battery, power or network before the night it happens."""

from __future__ import annotations

from functools import partial

from nightlatch.emergency.failures import BATTERY, HUB
from nightlatch.emergency.outlook import lets_in
from nightlatch.fixes import doors, locks, power
from nightlatch.model.door import Door
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.practices.dates import judge_last
from nightlatch.practices.interface import Judgement, Practice, as_set, fails, not_applicable, passes, unknown
from nightlatch.practices.questions import ask

practice = Practice(
    "fail-safe",
    number=23,
    section=Section.EMERGENCY,
    severity=Severity.HIGH,
    title="Know what the lock does when something fails",
    why="A lock that opens when its battery is flat lets anybody in; one that cannot be opened from inside in a fire "
    "kills. Only a test shows what yours does.",
    standards=("ETSI EN 303 645 V3.1.3 5.9-1", "UL 1034"),
)

tested = practice.threshold("test-days", 365, unit="days", doc="the age of a test may be")

_WITHOUT_BATTERY = partial(power.try_without, fact="flat_battery_tested_on", how="with its battery out")
_WITHOUT_POWER = partial(power.try_without, fact="power_cut_tested_on", how="with the home's power off")
_WITHOUT_NETWORK = partial(power.try_without, fact="network_loss_tested_on", how="with Wi-Fi and hub off")


@practice.check(
    "stays-locked",
    per=Lock,
    advice=power.stay_locked,
    title="The door stays locked when the battery is flat",
    needs=(Lock.on_flat_battery,),
    settled_by="the lock's manual or a test with the battery out, and your answer",
)
def stays_locked(lock: Lock, home: Home) -> Judgement:
    """Judge whether a flat battery lets anybody in."""
    flat = lock.on_flat_battery
    opens = lets_in(lock, BATTERY, home).opens
    if flat is None or opens is None:
        return unknown()
    if opens:
        return fails(flat, because="It unlocks when its battery is flat.", fix=power.stay_locked)
    how = "stays locked" if flat.value == "stays_locked" else "stays as it is, locked or not,"
    return passes(flat, because=f"It {how} when its battery is flat.")


@practice.check(
    "auto-lock",
    per=Lock,
    advice=locks.enable_auto_relock,
    title="Locking by itself does not depend on the hub alone",
    needs=(Lock.auto_lock_by, Lock.auto_relock_s),
    settled_by="the hub, which reads the lock's relock time, or your answer",
)
def auto_lock(lock: Lock, home: Home) -> Judgement:
    """Judge whether the door still locks when the hub is down."""
    outcome = lets_in(lock, HUB, home)
    by, relock = as_set(lock.auto_lock_by), as_set(lock.auto_relock_s)
    if outcome.opens:
        return fails(
            *outcome.evidence,
            because="Only the hub locks the door by itself: with the hub down it stays unlocked.",
            fix=locks.enable_auto_relock,
        )
    if outcome.opens is None:
        return unknown(*outcome.evidence)
    if relock is not None and relock.value > 0:
        return passes(*outcome.evidence, because=f"The lock locks itself after {relock.value} seconds.")
    if by is not None and by.value == "nobody":
        return not_applicable(*outcome.evidence, because="The door is always locked by hand.")
    return passes(*outcome.evidence, because="The lock locks itself, without the hub.")


@practice.check(
    "way-out",
    per=Lock,
    advice=doors.free_exit_of,
    title="People inside can always leave",
    needs=(Lock.door, Door.egress_without_power),
    settled_by="your answer, after opening the door from inside with the battery out",
)
def way_out(lock: Lock, home: Home) -> Judgement:
    """Judge whether a fire finds the door openable by hand."""
    door = home.follow(lock.door, Door)
    if door is None:
        return unknown(lock.door, because="Nothing tells which door the lock is fitted to.")
    leave = door.egress_without_power
    if leave is None:
        return unknown(
            lock.door,
            because="Nothing tells whether people inside can open the door by hand.",
            fix=ask(door, Door.egress_without_power),
        )
    if leave.value:
        return passes(leave, because="People inside can always open the door by hand.")
    return fails(
        leave,
        because="People inside cannot open the door without power, code or phone.",
        fix=doors.free_exit(door, home),
    )


@practice.check(
    "flat-battery-tested",
    per=Lock,
    advice=_WITHOUT_BATTERY,
    severity=Severity.MEDIUM,
    title="The door was tried with the lock's battery out within a year",
    needs=(Lock.flat_battery_tested_on,),
    settled_by="a test, and your answer with the day",
)
def flat_battery_tested(lock: Lock, home: Home) -> Judgement:
    """Judge how long ago that was tried."""
    return judge_last(
        lock.flat_battery_tested_on,
        home,
        limit=tested,
        what="It was last tried without its battery",
        fix=_WITHOUT_BATTERY,
    )


@practice.check(
    "power-cut-tested",
    per=Lock,
    advice=_WITHOUT_POWER,
    severity=Severity.MEDIUM,
    title="The door was tried with the home's power off within a year",
    needs=(Lock.power_cut_tested_on,),
    settled_by="a test, and your answer with the day",
)
def power_cut_tested(lock: Lock, home: Home) -> Judgement:
    """Judge how long ago that was tried."""
    return judge_last(
        lock.power_cut_tested_on,
        home,
        limit=tested,
        what="It was last tried with the home's power off",
        fix=_WITHOUT_POWER,
    )


@practice.check(
    "network-loss-tested",
    per=Lock,
    advice=_WITHOUT_NETWORK,
    severity=Severity.MEDIUM,
    title="The door was tried with Wi-Fi and hub off within a year",
    needs=(Lock.network_loss_tested_on,),
    settled_by="a test, and your answer with the day",
)
def network_loss_tested(lock: Lock, home: Home) -> Judgement:
    """Judge how long ago that was tried."""
    return judge_last(
        lock.network_loss_tested_on,
        home,
        limit=tested,
        what="It was last tried with Wi-Fi and hub off",
        fix=_WITHOUT_NETWORK,
    )
