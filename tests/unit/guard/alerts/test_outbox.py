"""Lines go out in order, together, at hours that are not quiet, until they are delivered; the digest once a day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from nightlatch.guard.alerts.outbox import LAST_RETRY
from nightlatch.guard.alerts.rules import MINUTE, SECOND
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from tests.unit.guard.alerts.homes import Standing, at, noticed, rules

NOON = at("2026-11-22 12:00")
NIGHT = at("2026-11-22 23:00")
QUIET = '[alerts.quiet]\nfrom = "22:30"\nuntil = "07:00"\n'
CRITICAL = Severity.CRITICAL


def standing(folder: Path, text: str = "", channels: tuple[str, ...] = ("phone",), now: int = NOON) -> Standing:
    return Standing(folder, rules(text, channels=channels), now=now)


def test_what_comes_within_seconds_goes_out_as_one_message_per_channel(tmp_path: Path) -> None:
    home = standing(tmp_path, channels=("phone", "mail"))
    for number in range(4):
        home.take(noticed(home.now, key=str(number)))
        home.run(0.5, step=0.5)
    assert home.sent == []
    home.run(5)
    assert [(channel, message.body.count("tampering")) for channel, message in home.sent] == [("phone", 4), ("mail", 4)]


def test_what_is_critical_waits_for_nothing_and_takes_along_what_waits(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.take(noticed(NOON))
    home.take(noticed(NOON, key="x", severity=CRITICAL))
    (sent,) = home.send()
    assert sent[1].title == "Critical: 2 alerts"
    assert sent[1].tone == "failure"


def test_what_is_critical_waits_for_no_retry_of_what_failed_before_it(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.down.add("phone")
    home.take(noticed(NOON))
    home.run(1800)
    home.down.clear()
    home.take(noticed(home.now, key="x", severity=CRITICAL))
    assert len(home.send()) == 1


def test_what_is_critical_and_was_tried_waits_for_its_retry_as_everything_does(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.down.add("phone")
    home.take(noticed(NOON, severity=CRITICAL))
    home.send()
    home.down.clear()
    assert home.send() == []
    assert len(home.run(10)) == 1


def test_what_is_critical_comes_first_however_much_waits_before_it(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.down.add("phone")
    home.take(*(noticed(NOON, key=str(number)) for number in range(600)))
    home.run(10)
    home.down.clear()
    home.take(noticed(home.now, key="x", severity=CRITICAL, what="Front door: it was forced."))
    assert "it was forced" in home.send()[0][1].body.splitlines()[0]


def test_quiet_hours_hold_all_but_what_is_critical_and_end_with_one_summary(tmp_path: Path) -> None:
    home = standing(tmp_path, QUIET, now=NIGHT)
    home.take(noticed(NIGHT))
    home.take(noticed(NIGHT, key="x"))
    home.run(3600, step=60)
    assert home.sent == []
    home.take(noticed(home.now, key="y", severity=CRITICAL))
    ((_, message),) = home.send()
    assert message.body.count("tampering") == 1
    home.take(noticed(home.now, key="x", over=True))
    assert home.run(3600, step=60) == []
    (summary,) = home.run(8 * 3600, step=60)
    assert home.now > at("2026-11-23 07:00")
    assert [line.partition(" ")[2] for line in summary[1].body.splitlines()] == [
        "Front door: the lock reports tampering. [1]",
        "Over: Front door: the lock reports tampering. [2]",
    ]


def test_what_a_channel_could_not_take_before_the_quiet_hours_waits_for_their_end(tmp_path: Path) -> None:
    home = standing(tmp_path, QUIET, now=at("2026-11-22 22:25"))
    home.down.add("phone")
    home.take(noticed(home.now))
    home.run(600)
    home.down.clear()
    assert home.run(3600, step=60) == []
    assert len(home.run(8 * 3600, step=60)) == 1


def test_a_channel_that_keeps_no_quiet_hours_is_told_at_night(tmp_path: Path) -> None:
    mail = '[[alerts.channels]]\nid = "mail"\nurl = "env:URL"\nquiet = false\n'
    home = standing(tmp_path, QUIET + mail, now=NIGHT)
    home.take(noticed(NIGHT))
    assert [channel for channel, _ in home.run(10)] == ["mail"]


def test_an_alert_held_at_night_is_escalated_only_after_people_were_told(tmp_path: Path) -> None:
    text = QUIET + '[[alerts.escalation]]\nafter_minutes = 10\nchannels = ["partner"]\n'
    home = standing(tmp_path, text, ("phone", "partner"), now=NIGHT)
    home.take(noticed(NIGHT))
    home.take(noticed(NIGHT, key="x", severity=CRITICAL))
    home.run(20 * 60, step=10)
    assert [channel for channel, _ in home.sent] == ["phone", "partner"], "what is critical is escalated at night"
    sent = home.run(8 * 3600, step=60)
    assert [channel for channel, _ in sent] == ["phone", "partner"]
    assert home.now >= at("2026-11-23 07:10")


def test_a_dead_channel_delays_no_other_and_loses_nothing(tmp_path: Path) -> None:
    home = standing(tmp_path, channels=("phone", "mail"))
    home.down.add("phone")
    for number in range(3):
        home.take(noticed(home.now, key=str(number)))
        home.run(60)
    assert [channel for channel, _ in home.sent] == ["mail"] * 3
    home.down.clear()
    (late,) = home.run(LAST_RETRY / SECOND + 1)
    assert [line[-3:] for line in late[1].body.splitlines()] == ["[1]", "[2]", "[3]"]


def test_the_journal_hears_once_that_a_channel_fails_and_once_that_it_works_again(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.down.add("phone")
    home.take(noticed(NOON))
    home.run(600)
    home.start()
    home.run(600)
    home.down.clear()
    home.run(600)
    told = [event for event in home.journal if event.kind == "delivery"]
    assert [(event.about, event.name, event.value) for event in told] == [
        ("home", "phone", "failed"),
        ("home", "phone", "delivered"),
    ]
    assert told[1].since == told[0].since


def test_a_failing_channel_is_tried_less_and_less_often_also_over_restarts(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.down.add("phone")
    home.take(noticed(NOON, severity=CRITICAL))
    tries = []
    while len(tries) < 12:
        wait = home.outbox.wait("phone", home.now, home.household)
        assert wait is not None
        home.now += wait
        home.send()
        tries.append((home.now - NOON) // SECOND)
        home.start()
    gaps = [later - sooner for sooner, later in pairwise(tries)]
    assert gaps[:6] == [5, 10, 20, 40, 80, 160]
    assert set(gaps[6:]) == {300}


@pytest.mark.parametrize("hours", [-1, 1, -24 * 365])
def test_a_clock_that_is_set_holds_up_no_message(tmp_path: Path, hours: int) -> None:
    home = standing(tmp_path)
    home.take(noticed(NOON))
    home.now += hours * 60 * MINUTE
    assert len(home.run(4)) == 1
    home.down.add("phone")
    home.take(noticed(home.now, key="x"))
    home.run(600)
    home.now += hours * 60 * MINUTE
    home.down.clear()
    assert len(home.run(LAST_RETRY / SECOND + 4)) == 1


def test_a_long_queue_goes_out_as_messages_that_can_be_read(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.take(*(noticed(NOON, key=str(number)) for number in range(40)))
    (sent,) = home.run(5)
    assert len(sent[1].body.splitlines()) == 13
    assert sent[1].body.endswith("And 28 more: nightlatch alerts list")


def test_the_digest_tells_how_things_stand_once_a_day(tmp_path: Path) -> None:
    home = standing(tmp_path, '[alerts.digest]\nat = "08:00"\n', ("phone",))
    assert home.send() == [], "on the first day there is nothing to look back on"
    home.take(noticed(NOON), noticed(NOON, detection="jam", about="lock:back", what="Back door: jammed."))
    home.take(noticed(NOON + 1, detection="jam", about="lock:back", over=True))
    home.run(10)
    home.sent.clear()
    home.run(19 * 3600 + 3540, step=60)
    assert home.sent == []
    ((_, message),) = home.run(60)
    assert message.title == "Nightlatch: 1 open alert"
    assert (
        message.body == "Since yesterday: 2 alerts, 1 of them over.\nhigh: Front door: the lock reports tampering. [1]"
    )
    home.start()
    assert home.run(23 * 3600, step=600) == []
    assert len(home.run(2 * 3600, step=600)) == 1


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
@pytest.mark.parametrize("time", ["02:30", "03:00", "00:00", "23:59"])
def test_there_is_one_digest_on_a_day_of_23_or_25_hours(tmp_path: Path, day: str, time: str) -> None:
    start = at((date.fromisoformat(day) - timedelta(days=2)).isoformat() + " 12:00")
    home = standing(tmp_path, f'[alerts.digest]\nat = "{time}"\n', now=start)
    home.run(5 * 86_400, step=30 * 60)
    with home.records.read() as book:
        days = sorted(book.digest_days())
    first = date.fromisoformat(days[0])
    assert days == [(first + timedelta(days=number)).isoformat() for number in range(len(days))]
    assert len(home.sent) == len(days) - 1 >= 4


def test_a_digest_names_the_channels_that_do_not_work(tmp_path: Path) -> None:
    home = standing(tmp_path, '[alerts.digest]\nat = "08:00"\nchannels = ["mail"]\n', ("phone", "mail"))
    home.send()
    home.down.add("phone")
    home.take(noticed(NOON))
    home.run(20 * 3600 + 60, step=60)
    assert "The channel phone does not work." in home.sent[-1][1].body


def test_a_notice_of_what_was_found_out_late_says_so(tmp_path: Path) -> None:
    home = standing(tmp_path, '[[alerts.notices]]\nchannels = ["phone"]\n')
    home.desk.event(0, Event(NOON, "unlocked", "lock:front", resync=True, since=NOON - 30 * MINUTE), NOON)
    ((_, message),) = home.run(5)
    assert message.body == "12:00 Front door: unlocked at some time since 11:30."
    assert message.title == "Front door"
