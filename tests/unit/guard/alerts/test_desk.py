"""What becomes of what was noticed: opened once, counted, told again by policy, ended, escalated."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from nightlatch.errors import StoreError
from nightlatch.guard.alerts.owner import acknowledge, close
from nightlatch.guard.alerts.rules import MINUTE, SECOND
from nightlatch.model.event import Event
from nightlatch.model.finding import Severity
from tests.unit.guard.alerts.homes import Standing, at, noticed, rules

NOON = at("2026-11-22 12:00")
MEDIUM, HIGH, CRITICAL = Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL


def standing(folder: Path, text: str = "", channels: tuple[str, ...] = ("phone",)) -> Standing:
    return Standing(folder, rules(text, channels=channels), now=NOON)


def bodies(sent: list) -> list[str]:
    return [message.body for _, message in sent]


def test_what_repeats_is_counted_under_one_alert_and_told_once(tmp_path: Path) -> None:
    home = standing(tmp_path)
    for second in range(5):
        home.take(noticed(NOON + second * SECOND))
    (alert,) = home.live
    assert (alert.count, alert.first, alert.last) == (5, NOON, NOON + 4 * SECOND)
    assert len(home.run(60)) == 1
    assert [(event.kind, event.name, event.value) for event in home.journal] == [("alert", "tamper", "raised")]


def test_a_case_of_another_key_thing_or_detection_is_an_alert_of_its_own(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.take(
        noticed(NOON),
        noticed(NOON, key="other"),
        noticed(NOON, about="lock:back"),
        noticed(NOON, detection="jam"),
    )
    assert len(home.live) == 4
    assert len(home.run(5)) == 1, "what comes together goes out together"


def test_what_goes_on_is_told_again_after_an_hour_unless_somebody_sees_to_it(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.take(noticed(NOON))
    home.run(59 * 60, step=60)
    home.take(noticed(NOON + 1))
    assert home.run(10) == []
    home.run(60)
    home.take(noticed(NOON + 2))
    assert len(home.run(10)) == 1
    acknowledge(home.records, [], home.now)
    home.run(2 * 3600, step=600)
    home.take(noticed(NOON + 50 * MINUTE))
    assert home.run(10) == []
    assert home.live[0].count == 4


def test_what_comes_again_after_it_was_quiet_is_told_though_it_was_once_acknowledged(tmp_path: Path) -> None:
    home = standing(tmp_path, '[[alerts.escalation]]\nafter_minutes = 10\nchannels = ["partner"]', ("phone", "partner"))
    home.take(noticed(NOON))
    home.run(5)
    acknowledge(home.records, [], home.now)
    home.now = NOON + 21 * 24 * 60 * MINUTE
    home.take(noticed(home.now))
    (alert,) = home.live
    assert (alert.state, alert.count) == ("open", 2)
    assert [channel for channel, _ in home.run(11 * 60)] == ["phone", "partner"]


def test_only_the_newest_notices_are_remembered_as_taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.store.alerts.KEPT_NOTICES", 20)
    monkeypatch.setattr("nightlatch.store.alerts.SWEEP", 5)
    home = standing(tmp_path)
    for number in range(100):
        home.take(noticed(NOON + number))
    with home.records.read() as book:
        kept = book._connection.scalar(sa.text("SELECT count(*) FROM alert_seen"))
    assert kept is not None
    assert 20 <= kept <= 25
    home.take(*(noticed(NOON + number) for number in range(90, 100)))
    assert home.live[0].count == 100


def test_what_gets_worse_is_told_at_once_and_is_open_again(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.take(noticed(NOON, severity=MEDIUM))
    home.run(10)
    acknowledge(home.records, [], home.now)
    home.take(noticed(NOON + 1, severity=CRITICAL))
    assert len(home.send()) == 1
    (alert,) = home.live
    assert (alert.state, alert.severity) == ("open", CRITICAL)
    home.take(noticed(NOON + 2, severity=MEDIUM))
    assert home.live[0].severity is CRITICAL, "it does not get better by itself"


def test_the_end_is_told_to_those_who_were_told_of_it(tmp_path: Path) -> None:
    text = '[[alerts.channels]]\nid = "mail"\nurl = "env:URL"\nseverity = "critical"\n'
    home = standing(tmp_path, text)
    home.take(noticed(NOON))
    home.run(5)
    home.take(noticed(NOON + 5 * SECOND, over=True))
    sent = home.run(5)
    assert [channel for channel, _ in sent] == ["phone"]
    assert sent[0][1].tone == "success"
    assert "Over: Front door: the lock reports tampering." in sent[0][1].body
    assert home.live == []
    home.take(noticed(NOON + 60 * SECOND))
    assert [alert.id for alert in home.live] == [2], "the next case is an alert of its own"


def test_an_end_of_nothing_is_nothing(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.take(noticed(NOON, over=True))
    assert (home.live, home.run(5), home.journal) == ([], [], [])


def test_what_a_restart_gives_again_is_known(tmp_path: Path) -> None:
    home = standing(tmp_path)
    told = [noticed(NOON), noticed(NOON + 1), noticed(NOON + 2, over=True), noticed(NOON + 3)]
    for one in told:
        home.take(one)
    home.run(5)
    home.start()
    for one in told:
        home.take(one)
    assert [(alert.id, alert.count) for alert in home.live] == [(2, 1)]
    assert home.run(10) == []
    home.take(noticed(NOON + 4, over=True))
    assert home.live == [], "an alert from before the restart ends as any other"


def test_one_that_was_put_aside_is_raised_anew(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.take(noticed(NOON))
    close(home.records, [1], home.now)
    home.take(noticed(NOON + 1))
    assert [alert.id for alert in home.live] == [2]


def test_nobody_acknowledging_brings_in_further_channels(tmp_path: Path) -> None:
    text = """
[[alerts.escalation]]
after_minutes = 10
channels = ["partner"]
[[alerts.escalation]]
after_minutes = 30
channels = ["neighbour"]
severity = "critical"
"""
    home = standing(tmp_path, text, ("phone", "partner", "neighbour"))
    home.take(noticed(NOON), noticed(NOON, detection="jam", severity=CRITICAL), noticed(NOON, key="m", severity=MEDIUM))
    first = home.run(9 * 60)
    assert {channel for channel, _ in first} == {"phone"}
    (partner,) = home.run(5 * 60)
    assert partner[0] == "partner"
    assert partner[1].body.count("Nobody has acknowledged this") == 2, "medium is not escalated"
    (neighbour,) = home.run(20 * 60)
    assert neighbour[0] == "neighbour"
    assert neighbour[1].body.count("Nobody") == 1
    assert home.run(3600, step=30) == []
    assert [event.value for event in home.journal].count("escalated") == 3


def test_an_acknowledged_alert_is_not_escalated(tmp_path: Path) -> None:
    home = standing(tmp_path, '[[alerts.escalation]]\nafter_minutes = 10\nchannels = ["partner"]', ("phone", "partner"))
    home.take(noticed(NOON))
    home.run(60)
    acknowledge(home.records, [1], home.now)
    assert home.run(3600, step=30) == []


def test_a_clock_that_is_set_neither_hastens_nor_delays_an_escalation(tmp_path: Path) -> None:
    text = '[[alerts.escalation]]\nafter_minutes = 10\nchannels = ["partner"]'
    home = standing(tmp_path, text, ("phone", "partner"))
    home.take(noticed(NOON))
    home.run(60)
    for hours in (-1, 5):
        home.now += hours * 60 * MINUTE
        home.desk.stepped(hours * 60 * MINUTE)
    assert home.run(8 * 60) == []
    assert [channel for channel, _ in home.run(2 * 60)] == ["partner"]


def test_channels_take_what_they_were_set_to(tmp_path: Path) -> None:
    text = """
[[alerts.channels]]
id = "back"
url = "env:URL"
doors = ["back"]
[[alerts.channels]]
id = "jams"
url = "env:URL"
detections = ["jam"]
[[alerts.channels]]
id = "ana"
url = "env:URL"
people = ["ana"]
"""
    home = standing(tmp_path, text, ())
    home.take(noticed(NOON), noticed(NOON, about="home"))
    assert home.run(5) == []
    home.take(noticed(NOON, about="lock:back"), noticed(NOON, detection="jam"), noticed(NOON, key="x", person="ana"))
    assert sorted(channel for channel, _ in home.run(5)) == ["ana", "back", "jams"]


def test_somebody_coming_home_is_told_to_who_asked(tmp_path: Path) -> None:
    text = """
[[alerts.notices]]
people = ["ana"]
channels = ["phone"]
[[alerts.notices]]
kinds = ["door_opened"]
doors = ["back"]
channels = ["phone"]
"""
    home = standing(tmp_path, text)
    come = Event(NOON, "unlocked", "lock:front", by="code", slot=3)
    assert home.desk.event(0, come, home.now)
    assert not home.desk.event(1, Event(NOON, "unlocked", "lock:front", by="code", slot=4), home.now)
    assert not home.desk.event(2, Event(NOON, "locked", "lock:front", by="code", slot=3), home.now)
    assert home.desk.event(3, Event(NOON, "door_opened", "door:back"), home.now)
    assert not home.desk.event(4, Event(NOON, "door_opened", "door:front"), home.now)
    assert not home.desk.event(0, come, home.now), "a restart gives it again"
    (sent,) = home.run(5)
    assert sent[1].body.splitlines() == [
        "12:00 Front door: unlocked by Ana with a code.",
        "12:00 Back door: opened.",
    ]
    assert home.desk.size == 5
    home.start()
    assert home.desk.size == 5, "looked at up to there, even where nobody was told"


def test_somebody_who_came_days_ago_is_told_to_nobody(tmp_path: Path) -> None:
    home = standing(tmp_path, '[[alerts.notices]]\nchannels = ["phone"]')
    assert not home.desk.event(0, Event(NOON - 25 * 60 * MINUTE, "unlocked", "lock:front"), NOON)
    assert home.desk.event(1, Event(NOON - 23 * 60 * MINUTE, "unlocked", "lock:front"), NOON)
    assert home.desk.size == 2


def test_nothing_is_taken_in_by_halves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = standing(tmp_path)
    full = home.sealer.seal

    def broken(person: str, data: bytes) -> str:
        raise StoreError("the disk is full")

    monkeypatch.setattr(home.sealer, "seal", broken)
    both = (noticed(NOON), noticed(NOON, key="x", person="ana"))
    with pytest.raises(StoreError):
        home.take(*both)
    assert home.live == []
    monkeypatch.setattr(home.sealer, "seal", full)
    home.take(*both)
    assert len(home.live) == 2
    assert len(home.run(5)) == 1


def test_erasing_somebody_leaves_neither_words_nor_an_alert_that_cannot_end(tmp_path: Path) -> None:
    home = standing(tmp_path, '[[alerts.notices]]\npeople = ["ana"]\nchannels = ["phone"]')
    home.down.add("phone")
    home.take(noticed(NOON, person="ana", key="ana", what="Front door: ana at an unusual hour."))
    home.desk.event(0, Event(NOON, "unlocked", "lock:front", person="ana"), home.now)
    home.run(5)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'nightlatch.db'}")
    with engine.connect() as connection:
        for table in sa.inspect(engine).get_table_names():
            rows = connection.execute(sa.text(f"SELECT * FROM {table}")).all()
            assert "ana" not in repr(rows).lower(), table
    home.sealer.erase("ana")
    home.start()
    assert home.live == []
    home.down.clear()
    (sent,) = home.run(400)
    assert "Ana" not in sent[1].body
    assert "ana" not in sent[1].body
    assert "Something happened that has been erased since." in sent[1].body


def test_what_is_long_over_is_let_go_and_what_is_open_is_kept(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.take(noticed(NOON), noticed(NOON, detection="jam"), noticed(NOON + 1, detection="jam", over=True))
    home.run(5)
    home.now += 91 * 24 * 60 * MINUTE
    home.send()
    with home.records.read() as book:
        assert [row.detection for row in book.latest(10)] == ["tamper"]
        assert [line.form for line in book.lines_of(1)] == ["raised"]
        assert book.lines_of(2) == []


def test_damaged_words_cost_neither_the_alert_nor_the_others(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.take(noticed(NOON), noticed(NOON, key="x"))
    with home.records.begin() as book:
        book._connection.execute(sa.text("UPDATE alerts SET data = '{' WHERE id = 1"))
    home.start()
    (sent,) = home.run(5)
    assert sent[1].body.splitlines() == [
        "12:00 Front door: The lock reports tampering. [1]",
        "12:00 Front door: the lock reports tampering. [2]",
    ]


def test_a_damaged_alert_is_one_clear_error(tmp_path: Path) -> None:
    home = standing(tmp_path)
    home.take(noticed(NOON))
    with home.records.begin() as book:
        book._connection.execute(sa.text("UPDATE alerts SET severity = 'loud'"))
    with pytest.raises(StoreError, match="what is kept of an alert is damaged"):
        home.desk.open()
