"""An attack that nobody hears of goes on: wrong codes, tampering and silence must reach a person."""

from __future__ import annotations

from nightlatch.fixes import alerts
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.practices.dates import judge_last
from nightlatch.practices.interface import Judgement, Practice, fails, not_applicable, passes, unknown
from nightlatch.text import listed

practice = Practice(
    "activity-alerts",
    number=18,
    section=Section.MAINTENANCE,
    severity=Severity.HIGH,
    title="Let the lock tell you what happens, and listen",
    why="Somebody who tries codes or works on the lock can be stopped only if an alert reaches a person in time; and "
    "a channel that was never tested is silent when it matters.",
    standards=("ETSI EN 303 645 V3.1.3 5.10-1", "OWASP ISVS 1.4.1"),
)

tested = practice.threshold("test-days", 90, unit="days", doc="the age of the last test alert may be")
read = practice.threshold("read-days", 30, unit="days", doc="the time since the log was read may be")


@practice.check(
    "channel",
    per=Home,
    advice=alerts.make_channel,
    title="Alerts reach a person",
    needs=(Home.alert_channel,),
    settled_by="a running Nightlatch with [[alerts.channels]], or your answer where something else alerts you",
)
def channel(home: Home, _: Home) -> Judgement:
    """Judge whether anybody would hear of it."""
    found = home.alert_channel
    if found is None:
        return unknown()
    if found.value:
        return passes(found, because="Alerts reach a person.")
    return fails(found, because="No alert reaches a person.", fix=alerts.make_channel)


@practice.check(
    "channel-tested",
    per=Home,
    advice=alerts.try_channel,
    severity=Severity.MEDIUM,
    title="A test alert arrived within 90 days",
    needs=(Home.alert_tested_on,),
    settled_by="nightlatch alerts test and confirm; or where something else alerts you, a test and your answer",
)
def channel_tested(home: Home, _: Home) -> Judgement:
    """Judge how long ago the channel was seen working."""
    found = home.alert_channel
    if found is not None and not found.value:
        return not_applicable(found, because="There is no alert channel to test.")
    return judge_last(
        home.alert_tested_on, home, limit=tested, what="A test alert last arrived", fix=alerts.try_channel
    )


@practice.check(
    "detections",
    per=Home,
    title="Wrong codes, tampering, a low battery and silence raise alerts",
    needs=(Home.alerts_on,),
    settled_by="a running Nightlatch with [[alerts.channels]]; or where something else alerts you, your answer: a list",
)
def detections(home: Home, _: Home) -> Judgement:
    """Judge what would go unnoticed."""
    on, found = home.alerts_on, home.alert_channel
    if on is None and found is not None and not found.value:
        return not_applicable(found, because="There is no alert channel that anything could be told by.")
    if on is None:
        return unknown(found)
    missing = [words for event, words in alerts.EVENTS.items() if event not in on.value]
    if not missing:
        return passes(on, because=f"{_start(listed(alerts.EVENTS.values()))} raise alerts.")
    return fails(on, because=f"No alert is raised by {' or '.join(missing)}.", fix=alerts.add_alerts)


@practice.check(
    "log-read",
    per=Home,
    advice=alerts.read_log,
    severity=Severity.MEDIUM,
    title="The log was read within 30 days",
    needs=(Home.log_read_on,),
    settled_by="nightlatch journal show, or your answer, after reading another log",
)
def log_read(home: Home, _: Home) -> Judgement:
    """Judge how long ago somebody looked."""
    return judge_last(home.log_read_on, home, limit=read, what="The log was last read", fix=alerts.read_log)


@practice.check(
    "reports-wrong-codes",
    per=Lock,
    severity=Severity.MEDIUM,
    title="The lock can report wrong codes",
    needs=(Lock.can_report_wrong_code,),
    settled_by="a live connection to the hub that commands the lock, the lock's model in the catalogue, or your answer",
)
def reports_wrong_codes(lock: Lock, home: Home) -> Judgement:
    """Judge what the lock can tell its hub."""
    reports, keypad = lock.can_report_wrong_code, lock.can_keypad
    if reports is not None and reports.value:
        return passes(reports, because="It reports wrong codes.")
    if keypad is not None and not keypad.value:
        return not_applicable(keypad, because="The lock has no keypad to try codes on.")
    if reports is None:
        return unknown(keypad)
    return fails(reports, because="It cannot report wrong codes.", fix=alerts.substitute_reports)


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]
