"""A log at home that nobody can change unseen answers who came in, also when the vendor is gone."""

from __future__ import annotations

from datetime import timedelta

from nightlatch.fixes import alerts
from nightlatch.model.finding import Section, Severity
from nightlatch.model.home import Home
from nightlatch.model.lock import Lock
from nightlatch.practices.interface import Judgement, Practice, fails, not_applicable, passes, unknown
from nightlatch.text import count, listed

practice = Practice(
    "local-logging",
    number=22,
    section=Section.PRIVACY,
    severity=Severity.MEDIUM,
    title="Keep your own log, whole and verified",
    why="After a break-in, or a quarrel about who was there, a log that the vendor may lose and an intruder may edit "
    "settles nothing.",
    standards=("OWASP ISVS 1.4.6",),
)

verify_every = practice.threshold("verified-hours", 24, unit="hours", doc="the age of the last verification may be")


@practice.check(
    "running",
    per=Home,
    advice=alerts.keep_log,
    title="A log at home records every event",
    needs=(Home.journal_running,),
    settled_by="nightlatch run, which keeps a journal; for another log your answer",
)
def running(home: Home, _: Home) -> Judgement:
    """Judge whether there is a log at all."""
    log = home.journal_running
    if log is None:
        return unknown()
    if log.value:
        return passes(log, because="A log at home records events.")
    return fails(log, because="Nothing at home keeps a log now.", fix=alerts.keep_log)


@practice.check(
    "complete",
    per=Home,
    title="The log holds every lock's events without gaps",
    needs=(Home.journal_missing_locks, Home.journal_gaps),
    settled_by="Nightlatch's own journal, or your answers, after a look at the log",
)
def complete(home: Home, _: Home) -> Judgement:
    """Judge what the log lacks."""
    if (none := _no_log(home)) is not None:
        return none
    missing, gaps = home.journal_missing_locks, home.journal_gaps
    if missing is not None and missing.value:
        labels = [lock.label if (lock := home.get(Lock, ref.key)) is not None else ref.key for ref in missing.value]
        return fails(missing, gaps, because=f"The log holds no events of {listed(labels)}.", fix=alerts.complete_log)
    if gaps is not None and gaps.value > 0:
        return fails(
            gaps, missing, because=f"The log has {count(gaps.value, 'gap')} in 30 days.", fix=alerts.complete_log
        )
    if missing is None or gaps is None:
        return unknown(missing, gaps)
    return passes(missing, gaps, because="The log holds every lock's events, without a gap in 30 days.")


@practice.check(
    "verified",
    per=Home,
    title="The log was verified whole within a day",
    needs=(Home.journal_intact, Home.journal_verified_at),
    settled_by="nightlatch journal verify; for another log your answers: one that is signed or chained can be verified"
    ", a plain one cannot",
)
def verified(home: Home, _: Home) -> Judgement:
    """Judge whether somebody could have changed it unseen."""
    intact, at = home.journal_intact, home.journal_verified_at
    if (none := _no_log(home)) is not None and (intact is None or intact.value):
        return none
    if intact is not None and not intact.value:
        when = f" on {at.value:%Y-%m-%d}" if at is not None else ""
        return fails(
            intact,
            at,
            because=f"The log was verified{when} and found changed or damaged.",
            fix=alerts.distrust_log,
            severity=Severity.CRITICAL,
        )
    if intact is None or at is None:
        return unknown(intact, at)
    age, hours = home.at - at.value, verify_every.of(home)
    if age <= timedelta(hours=hours):
        return passes(intact, at, because=f"The log was verified whole on {at.value:%Y-%m-%d %H:%M} UTC.")
    return fails(
        intact,
        at,
        because=f"The log was last verified on {at.value:%Y-%m-%d %H:%M} UTC, more than {hours:g} hours ago.",
        fix=alerts.verify_log,
    )


def _no_log(home: Home) -> Judgement | None:
    log = home.journal_running
    if log is None or log.value:
        return None
    return not_applicable(log, because="Nothing at home keeps a log now.")
