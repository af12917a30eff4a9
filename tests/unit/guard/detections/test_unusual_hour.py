"""Uses at an hour that is new for a credential."""

from __future__ import annotations

from datetime import datetime, timedelta

from nightlatch.model.event import Event
from tests.unit.guard.detections.play import Player, berlin, event, holder, home

ID = "unusual-hour"
HOME = home(holders={("lock:front", 3): holder()})


def used(when: int, slot: int = 3) -> Event:
    return event(when, "unlocked", by="code", slot=slot)


def mornings(days: int, hour: int = 8, first: str = "2026-09-01") -> list[Event]:
    """One use each day at a fixed hour by the clock on the wall."""
    start = datetime.fromisoformat(first)
    whens = (start + timedelta(days=day, hours=hour, minutes=day % 50) for day in range(days))
    return [used(berlin(when.isoformat())) for when in whens]


def test_the_first_use_at_night_is_told_with_the_history_it_is_judged_by() -> None:
    player = Player(ID, HOME)
    assert player.hear_all(mornings(30)) == []
    (noticed,) = player.hear(used(berlin("2026-10-01T03:12")))
    assert noticed.what == (
        "Front door was unlocked at 03:12 with the code in slot 3. That is unusual: judged by 30 uses over 29 days, "
        "none between 02:00 and 05:00."
    )
    assert (noticed.person, noticed.key) == ("ana", "lock:front/3")


def test_the_second_use_at_that_hour_is_no_first_one() -> None:
    player = Player(ID, HOME)
    player.hear_all(mornings(30))
    assert len(player.hear(used(berlin("2026-10-01T03:12")), used(berlin("2026-10-02T03:12")))) == 1


def test_too_few_uses_or_too_few_days_are_not_judged_by() -> None:
    few = Player(ID, HOME)
    few.hear_all(mornings(19))
    assert few.hear(used(berlin("2026-10-01T03:12"))) == []
    short = Player(ID, HOME)
    short.hear_all(used(berlin("2026-09-01T08:00") + number) for number in range(100))
    assert short.hear(used(berlin("2026-09-14T03:12"))) == []


def test_the_hours_next_to_a_habit_belong_to_it_around_midnight_too() -> None:
    player = Player(ID, HOME)
    player.hear_all(mornings(30, hour=23))
    assert player.hear(used(berlin("2026-10-01T00:30"))) == []
    assert len(Player(ID, HOME, around_hours=0).hear_all([*mornings(30, 23), used(berlin("2026-10-01T00:30"))])) == 1


def test_each_credential_is_judged_by_its_own_history() -> None:
    player = Player(ID, HOME)
    player.hear_all(mornings(30))
    assert player.hear(used(berlin("2026-10-01T03:12"), slot=4)) == []


def test_a_habit_keeps_its_hour_when_the_clocks_change() -> None:
    # 8:00 stays 8:00 on the wall: in UTC it moved by an hour, which would be a new hour without reach.
    player = Player(ID, HOME, around_hours=0)
    assert player.hear_all(mornings(90, first="2026-09-01")) == []
    assert player.hear_all(mornings(90, first="2027-02-20")) == []


def test_both_hours_from_two_to_three_of_an_autumn_night_are_one_hour_of_the_wall() -> None:
    player = Player(ID, HOME, around_hours=0)
    player.hear_all(mornings(30))
    night = [used(berlin("2026-10-25T02:30", fold)) for fold in (0, 1)]
    assert len(player.hear_all(night)) == 1


def test_a_restart_keeps_the_history_and_names_nobody() -> None:
    player = Player(ID, HOME)
    player.hear_all(mornings(30))
    assert b"ana" not in player.restart().lower()
    assert len(player.hear(used(berlin("2026-10-01T03:12")))) == 1


def test_habits_of_long_ago_weigh_less_but_are_not_lost() -> None:
    player = Player(ID, HOME)
    player.hear_all(mornings(30, hour=3, first="2020-01-01"))
    player.hear_all(mornings(2000, hour=8, first="2020-02-01"))
    assert player.hear(used(berlin("2026-10-01T03:12"))) == []


def test_what_was_found_out_after_a_reconnect_is_neither_judged_nor_counted() -> None:
    player = Player(ID, HOME)
    player.hear_all(mornings(30))
    late = event(berlin("2026-10-01T03:12"), "unlocked", by="code", slot=3, resync=True)
    assert player.hear(late) == []
    assert len(player.hear(used(berlin("2026-10-02T03:12")))) == 1


def test_a_leap_day_counts_as_a_day() -> None:
    player = Player(ID, HOME, least_uses=5, least_days=2)
    player.hear_all(used(berlin("2028-02-28T08:00") + number) for number in range(5))
    (noticed,) = player.hear(used(berlin("2028-03-01T20:00")))
    assert "over 2 days" in noticed.what
