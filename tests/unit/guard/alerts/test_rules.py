"""What the owner sets of alerts: read, or refused at its line; hours at home, on DST nights too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.configuration.read import parse
from nightlatch.errors import ConfigurationError
from nightlatch.guard.alerts.rules import MINUTE, SECOND, Digest, Quiet, read_rules
from nightlatch.model.event import micros
from nightlatch.model.finding import Severity
from tests.unit.guard.alerts.homes import HOME, ZONE, at

WHOLE = """
[alerts]
group_seconds = 5
again_minutes = 30
[alerts.quiet]
from = "22:30"
until = "07:00"
[alerts.digest]
at = "07:30"
[[alerts.channels]]
id = "phone"
url = "env:PHONE"
severity = "medium"
detections = ["tamper", "jam"]
doors = ["front"]
people = ["ana"]
quiet = false
[[alerts.channels]]
id = "neighbour"
url = "env:NEIGHBOUR"
[[alerts.notices]]
people = ["ana"]
channels = ["phone"]
[[alerts.escalation]]
after_minutes = 15
channels = ["neighbour"]
"""
ENV = {"PHONE": "json://127.0.0.1/zqtoken"}
TEXT = HOME + WHOLE


def read(text: str) -> object:
    return read_rules(parse(text, Path("nightlatch.toml")), ENV)


def test_everything_that_can_be_set_is_read() -> None:
    rules = read_rules(parse(TEXT, Path("nightlatch.toml")), ENV)
    phone, neighbour = rules.channels.values()
    assert phone.url is not None
    assert phone.url.reveal() == ENV["PHONE"]
    assert (phone.severity, phone.detections, phone.doors, phone.people, phone.quiet, phone.kept) == (
        Severity.MEDIUM,
        {"tamper", "jam"},
        {"door:front"},
        {"ana"},
        False,
        False,
    )
    assert neighbour.kept, "an escalation names it"
    assert neighbour.url is None
    assert neighbour.problem == "the environment variable NEIGHBOUR is not set", "the others must work without it"
    assert rules.quiet == Quiet(time(22, 30), time(7))
    assert rules.digest == Digest(time(7, 30), ("phone",)), "not to those who are kept for escalation"
    assert (rules.group, rules.again) == (5 * SECOND, 30 * MINUTE)
    (notice,) = rules.notices
    assert (notice.kinds, notice.people) == ({"unlocked"}, {"ana"})
    (stage,) = rules.stages
    assert (stage.after, stage.channels, stage.severity) == (15 * MINUTE, ("neighbour",), Severity.HIGH)
    assert "zqtoken" not in repr(rules)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('severity = "medium"', 'severity = "loud"', "'loud'"),
        ('detections = ["tamper", "jam"]', 'detections = ["tampr"]', 'Did you mean "tamper"?'),
        ('doors = ["front"]', 'doors = ["fron"]', 'Did you mean "front"?'),
        ('people = ["ana"]\nquiet', 'people = ["bob"]\nquiet', "there is no person 'bob'"),
        ('id = "neighbour"', 'id = "phone"', "two channels have the id 'phone'"),
        ('id = "neighbour"', 'id = "a b"', "cannot be an id"),
        ('until = "07:00"', 'until = "7"', "no time of the day"),
        ('until = "07:00"', 'until = "22:30"', "quiet hours end when they begin"),
        ('from = "22:30"', 'begin = "22:30"', "unknown key 'begin'"),
        ('at = "07:30"', 'at = "25:00"', "no time of the day"),
        ("after_minutes = 15", "after_minutes = 0", "a week at most"),
        ('channels = ["neighbour"]', 'channels = ["neighbor"]', 'Did you mean "neighbour"?'),
        ('channels = ["neighbour"]', "channels = []", "names no channel"),
        ('people = ["ana"]\nchannels', 'kinds = ["unlock"]\nchannels', 'Did you mean "unlocked"?'),
        ('people = ["ana"]\nchannels', 'kinds = ["alert"]\nchannels', "no kind that can be told 'alert'"),
        ("group_seconds = 5", "group_seconds = 61", "from 0 to 60"),
        ("again_minutes = 30", "again_minutes = -1", "from 0 to"),
    ],
)
def test_what_cannot_be_is_refused_at_its_line(old: str, new: str, told: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(ConfigurationError) as caught:
        read(TEXT.replace(old, new))
    assert told in str(caught.value)
    wrong = [number for number, line in enumerate(TEXT.replace(old, new).splitlines(), 1) if line in new.splitlines()]
    assert int(caught.value.where.rpartition(":")[2]) in wrong


@pytest.mark.parametrize("url", ["json://127.0.0.1/zqpasted", "plain:zqpasted", "zqpasted"])
def test_a_url_pasted_into_the_configuration_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(TEXT.replace("env:PHONE", url))
    assert "a secret may not stand in the configuration" in str(caught.value)
    assert "zqpasted" not in str(caught.value)


@given(
    now=st.integers(at("2020-01-01 00:00"), at("2030-01-01 00:00")),
    begin=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    end=st.times().map(lambda one: one.replace(second=0, microsecond=0)),
)
def test_the_end_of_the_quiet_hours_is_the_first_instant_that_is_not_quiet(now: int, begin: time, end: time) -> None:
    if begin == end:
        return
    quiet = Quiet(begin, end)
    ends = quiet.ends(now, ZONE)
    assert 0 <= ends - now <= 25 * 3600 * SECOND
    assert not quiet.at(ends, ZONE)
    assert (ends == now) == (not quiet.at(now, ZONE))
    for part in range(1, 20):
        before = now + (ends - now) * part // 20
        assert before >= ends or quiet.at(before, ZONE)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-03-28 23:00", "2026-03-29 07:00"),
        ("2026-10-24 23:00", "2026-10-25 07:00"),
        ("2026-11-22 03:00", "2026-11-22 07:00"),
        ("2026-11-22 07:00", "2026-11-22 07:00"),
        ("2026-11-22 12:00", "2026-11-22 12:00"),
    ],
)
def test_quiet_hours_are_hours_at_home(now: str, ends: str) -> None:
    assert Quiet(time(22, 30), time(7)).ends(at(now), ZONE) == at(ends)


def test_a_time_that_a_night_skips_is_due_when_the_clock_has_passed_it() -> None:
    digest = Digest(time(2, 30), ())
    before = micros(datetime(2026, 3, 29, 0, 59, tzinfo=UTC))
    assert digest.last(before, ZONE)[0].isoformat() == "2026-03-28"
    assert digest.last(before + MINUTE, ZONE) == (date(2026, 3, 29), 0)
