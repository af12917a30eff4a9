"""Judges what must be done again and again: tried, tested, read, printed."""

from __future__ import annotations

from datetime import date

from nightlatch.model.evidence import Fact
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.practices.interface import FixMaker, Judgement, Threshold, fails, passes, unknown


def age_in_days(day: date, home: Home) -> int:
    """Whole calendar days from that day to the day it is at home; negative for days to come."""
    return (home.today - day).days


def judge_last(fact: Fact[date] | None, home: Home, *, limit: Threshold, what: str, fix: Fix | FixMaker) -> Judgement:
    """Pass when the day lies within `limit` days; `what` begins the sentence, as "The log was last read"."""
    if fact is None:
        return unknown()
    age = age_in_days(fact.value, home)
    if age < -1:  # a day ahead is a matter of time zones; more is a wrong clock
        return unknown(fact, because=f"{what} on {fact.value}, which has not come yet.")
    when = f"{age} days ago, on {fact.value}" if age > 1 else f"on {fact.value}"
    allowed = limit.of(home)
    if age <= allowed:
        return passes(fact, because=f"{what} {when}.")
    return fails(fact, because=f"{what} {when}; {allowed:g} days is the limit.", fix=fix)
