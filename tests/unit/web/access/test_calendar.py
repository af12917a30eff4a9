"""The calendar: who may open which door, day by day."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from nightlatch.access.register import Register
from nightlatch.access.schedules import weekly
from nightlatch.configuration.read import parse
from nightlatch.model.access import Grant, Person
from nightlatch.model.event import micros
from nightlatch.web.access.grants_view import calendar
from tests.unit.web.access.homes import TWO_DOORS

BERLIN = ZoneInfo("Europe/Berlin")
NOW = micros(datetime(2026, 10, 22, 12, tzinfo=BERLIN))


def at(day: int, hour: int = 0, month: int = 10) -> int:
    return micros(datetime(2026, month, day, hour, tzinfo=BERLIN))


def home(*grants: Grant) -> Register:
    people = [Person("mia", "Mia", groups=("cleaners",))]
    return Register(parse(TWO_DOORS, Path("nightlatch.toml")), (people, list(grants), [], []))


def grant(id_: str, begins: int, ends: int, **more: object) -> Grant:
    return Grant(id_, "person:mia", ("door:front",), starts=begins, ends=ends, made=at(1), **more)  # type: ignore[arg-type]


def test_a_stay_is_on_each_of_its_days_from_its_begin_to_its_end() -> None:
    found = calendar(home(grant("g1", at(23, 15), at(25, 11))), "week", date(2026, 10, 22), NOW)
    days = {day.date: [(one.begins, one.ends) for one in day.events] for day in found.weeks[0]}
    assert days["2026-10-22"] == []
    assert days["2026-10-23"] == [("15:00", "24:00")]
    assert days["2026-10-24"] == [("00:00", "24:00")]
    assert days["2026-10-25"] == [("00:00", "11:00")]  # an hour longer: the clock goes back
    assert [day.today for day in found.weeks[0]].index(True) == 3


def test_a_month_is_whole_weeks_and_tells_how_many_more_there_are() -> None:
    many = [grant(f"g{number}", at(5, 9), at(5, 10 + number)) for number in range(5)]
    found = calendar(home(*many), "month", date(2026, 10, 9), NOW)
    assert [len(week) for week in found.weeks] == [7] * 5
    assert (found.weeks[0][0].date, found.weeks[0][0].other) == ("2026-09-28", True)
    busy = next(day for week in found.weeks for day in week if day.date == "2026-10-05")
    assert (len(busy.events), busy.more) == (3, 2)
    assert (found.before, found.after) == ("2026-09-01", "2026-11-01")


def test_what_holds_at_any_time_is_in_a_row_of_its_own() -> None:
    found = calendar(home(grant("g1", 0, 0)), "week", date(2026, 10, 22), NOW)
    assert [one.id for one in found.always] == ["g1"]
    assert not any(day.events for day in found.weeks[0])


def test_a_window_across_midnight_is_on_both_days_and_none_is_before_its_grant_was_made() -> None:
    night = grant("g1", 0, 0, schedule=weekly("Sat 22:00-02:00"))
    found = calendar(home(night), "month", date(2026, 10, 1), NOW)
    told = {day.date: [(one.begins, one.ends) for one in day.events] for week in found.weeks for day in week}
    assert (told["2026-10-03"], told["2026-10-04"]) == ([("22:00", "24:00")], [("00:00", "02:00")])
    assert told["2026-09-28"] == []


def test_only_what_opens_a_door_is_told_when_one_is_chosen() -> None:
    found = calendar(home(grant("g1", at(22), at(23))), "day", date(2026, 10, 22), NOW, door="door:back")
    assert not any(day.events for week in found.weeks for day in week)
