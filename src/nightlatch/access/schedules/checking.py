"""Whether a schedule is one: before it is kept, whoever wrote it."""

from __future__ import annotations

from datetime import tzinfo

from nightlatch.access.schedules.rules import LONGEST_MINUTES, occurrences, starting
from nightlatch.access.schedules.wall import DAY_MINUTES, WEEK_MINUTES
from nightlatch.model.access import Dates, Recurring, Schedule, Weekly

MOST_PARTS = 400
MOST_DAYS = 200 * 366


def check(schedule: Schedule, zone: tzinfo) -> None:
    """ValueError, in words, for a schedule whose windows, days or rule cannot be used."""
    if isinstance(schedule, Weekly):
        if not 0 < len(schedule.windows) <= MOST_PARTS:
            raise ValueError(f"a week has 1 to {MOST_PARTS} windows, and this one has {len(schedule.windows)}")
        for begin, end in schedule.windows:
            if not 0 <= begin < WEEK_MINUTES or not begin < end <= begin + WEEK_MINUTES:
                raise ValueError(f"from minute {begin} to minute {end} is no window of the week")
    elif isinstance(schedule, Dates):
        if not 0 < len(schedule.ranges) <= MOST_PARTS:
            raise ValueError(f"there can be 1 to {MOST_PARTS} ranges of days, and there are {len(schedule.ranges)}")
        if (
            not 0 <= schedule.begins < DAY_MINUTES
            or not schedule.begins < schedule.ends <= schedule.begins + DAY_MINUTES
        ):
            raise ValueError(f"from minute {schedule.begins} to minute {schedule.ends} are no hours of a day")
        for first, last in schedule.ranges:
            if last < first:
                raise ValueError(f"{first}..{last} ends before it begins")
            if (last - first).days > MOST_DAYS or not 1970 <= first.year <= 9000:
                raise ValueError(f"{first}..{last} is longer than 200 years, or not between 1970 and 9000")
    elif isinstance(schedule, Recurring):
        if not 0 < schedule.minutes <= LONGEST_MINUTES:
            raise ValueError(f"each time lasts 1 to {LONGEST_MINUTES} minutes, and not {schedule.minutes}")
        if next(occurrences(schedule.rule, starting(schedule.start), zone), None) is None:
            raise ValueError(f"{schedule.rule} never comes in the 30 years from {schedule.start} on")
