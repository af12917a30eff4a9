"""A keypad that never locks out gives a thief all night; an alarm that is off tells nobody."""

from __future__ import annotations

from nightlatch.fixes import keyholes, locks
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.practices.interface import Judgement, Practice, as_set, fails, not_applicable, passes, unknown
from nightlatch.text import count

practice = Practice(
    "tamper-resistance",
    number=15,
    section=Section.PHYSICAL,
    severity=Severity.HIGH,
    title="Make the lock resist and report tampering",
    why="Without a lockout a four-digit code falls to patience. Without a tamper alarm somebody can work on the lock "
    "unnoticed. A plain cylinder beside a clever keypad is the way that a burglar takes.",
    standards=(
        "ETSI EN 303 645 V3.1.3 5.6-3",
        "ETSI EN 303 645 V3.1.3 5.6-4",
        "ETSI EN 303 645 V3.1.3 5.1-5",
    ),
)

most_tries = practice.threshold("wrong-codes", 5, unit="wrong codes", doc="the keypad must lock out after at most")


@practice.check(
    "lockout",
    per=Lock,
    advice=locks.limit_wrong_codes,
    title="The keypad locks out after a few wrong codes",
    needs=(Lock.wrong_code_limit,),
    settled_by="the hub: Z-Wave JS reads the parameter, a Matter server the attribute WrongCodeEntryLimit (0x30); or "
    "your answer, after trying wrong codes with the door open",
)
def lockout(lock: Lock, home: Home) -> Judgement:
    """Judge how many codes somebody may try."""
    limit, pause = as_set(lock.wrong_code_limit), as_set(lock.wrong_code_lockout_s)
    if limit is None:
        for without in (lock.can_keypad, lock.can_lockout):
            if without is not None and not without.value:
                return not_applicable(without, because=f"The lock has no {_FEATURES[without.name]}.")
        return unknown(pause)
    if limit.value <= 0:
        return fails(limit, pause, because="The keypad never locks out.", fix=locks.limit_wrong_codes)
    if pause is not None and pause.value <= 0:
        return fails(
            limit, pause, because="The keypad's lockout lasts 0 seconds, which is none.", fix=locks.limit_wrong_codes
        )
    tries = count(limit.value, "wrong code")
    most = most_tries.of(home)
    if limit.value > most:
        return fails(
            limit,
            pause,
            because=f"The keypad locks out after {tries} only; {most:g} is enough.",
            fix=locks.limit_wrong_codes,
        )
    lasts = f", for {pause.value} seconds" if pause is not None else ""
    return passes(limit, pause, because=f"The keypad locks out after {tries}{lasts}.")


_FEATURES = {"can_keypad": "keypad", "can_lockout": "lockout after wrong codes"}


@practice.check(
    "tamper-alarm",
    per=Lock,
    advice=locks.enable_tamper_alarm,
    title="The tamper alarm is on",
    needs=(Lock.tamper_alarm,),
    settled_by="the hub, which reads the lock's alarm setting, or your answer from the lock's menu",
)
def tamper_alarm(lock: Lock, home: Home) -> Judgement:
    """Judge whether the lock notices that somebody works on it."""
    alarm = as_set(lock.tamper_alarm)
    if alarm is not None and alarm.value:
        return passes(alarm, because="The tamper alarm is on.")
    able = lock.can_tamper_alarm
    if able is not None and not able.value:
        return not_applicable(able, alarm, because="The lock has no tamper alarm.")
    if alarm is None:
        return unknown(able)
    return fails(alarm, able, because="The tamper alarm is off.", fix=locks.enable_tamper_alarm)


@practice.check(
    "tamper-report",
    per=Lock,
    severity=Severity.MEDIUM,
    title="The lock can report tampering to the hub",
    needs=(Lock.can_report_tamper,),
    settled_by="a live connection to the hub that commands the lock, or your answer",
)
def tamper_report(lock: Lock, home: Home) -> Judgement:
    """Judge whether an alarm at the door reaches somebody who is away."""
    reports, able = lock.can_report_tamper, lock.can_tamper_alarm
    if reports is not None and reports.value:
        return passes(reports, because="It reports tampering to the hub.")
    if able is not None and not able.value:
        return not_applicable(able, reports, because="The lock has no tamper alarm to report.")
    if reports is None:
        return unknown(able)
    return fails(reports, able, because="It cannot report tampering to the hub.", fix=keyholes.notice_tampering)


@practice.check(
    "cylinder",
    per=Lock,
    advice=keyholes.upgrade_cylinder,
    title="The cylinder resists picking, drilling and snapping",
    needs=(Lock.cylinder_grade,),
    settled_by="your answer: the grade is stamped on the cylinder's face or printed on its box",
)
def cylinder(lock: Lock, home: Home) -> Judgement:
    """Judge the mechanical way in."""
    grade, keyhole = lock.cylinder_grade, lock.can_cylinder
    if grade is not None and grade.value == "none":
        return not_applicable(grade, because="The lock has no cylinder.")
    if keyhole is not None and not keyhole.value:
        return not_applicable(keyhole, grade, because="The lock has no cylinder.")
    if grade is None:
        return unknown(keyhole)
    if grade.value == "high":
        return passes(grade, because="The cylinder is a graded one.")
    if grade.value == "standard":
        return fails(
            grade,
            because="The cylinder is a standard one without a grade.",
            fix=keyholes.upgrade_cylinder,
            severity=Severity.MEDIUM,
        )
    return fails(grade, because="The cylinder resists attack poorly.", fix=keyholes.upgrade_cylinder)


@practice.check(
    "keypad-sheltered",
    per=Lock,
    advice=keyholes.shelter_keypad,
    severity=Severity.LOW,
    title="The keypad is out of the weather and out of strangers' view",
    needs=(Lock.keypad_sheltered,),
    settled_by="your answer, after a look from the street",
)
def keypad_sheltered(lock: Lock, home: Home) -> Judgement:
    """Judge where the keypad is."""
    sheltered, keypad = lock.keypad_sheltered, lock.can_keypad
    if keypad is not None and not keypad.value:
        return not_applicable(keypad, because="The lock has no keypad.")
    if sheltered is None:
        return unknown(keypad)
    if sheltered.value:
        return passes(sheltered, because="The keypad is sheltered from weather and view.")
    return fails(
        sheltered, because="The keypad is open to the weather or to strangers' eyes.", fix=keyholes.shelter_keypad
    )
