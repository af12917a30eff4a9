"""Messages are short, plain, and hold no more of people than a first name."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.guard.alerts.render import MOST_LETTERS, MOST_LINES, Point, label, message, notice, plain
from nightlatch.guard.alerts.sealed import ERASED, Said
from nightlatch.guard.detections.registry import detections
from nightlatch.guard.household import Household
from nightlatch.model.finding import Severity
from nightlatch.store.alerts import AlertRow
from tests.unit.guard.alerts.homes import HOUSEHOLD, at

NOON = at("2026-11-22 12:00")
ALERT = AlertRow(
    id=7,
    detection="tamper",
    about="lock:front",
    severity=Severity.CRITICAL,
    first=NOON,
    last=NOON,
    told=NOON,
    told_severity=Severity.CRITICAL,
    sealed=False,
    data="",
)
SAID = Said("Front door: the lock reports tampering.", "lock:front", "ana")


def point(row: AlertRow = ALERT, said: Said = SAID, **changed: object) -> Point:
    return msgspec.structs.replace(Point("raised", NOON, said, row, row.severity), **changed)


def test_one_alert_is_told_with_time_first_name_and_the_number_to_acknowledge() -> None:
    told = message([point()], HOUSEHOLD)
    assert told.title == "Critical: The lock reports tampering"
    assert told.body == "12:00 Front door: the lock reports tampering (Ana). [7]"
    assert told.tone == "failure"


def test_what_repeats_tells_how_often() -> None:
    row = msgspec.structs.replace(ALERT, count=3, last=NOON + 1)
    assert "tampering (Ana). (3 times since 12:00) [7]" in message([point(row)], HOUSEHOLD).body


def test_what_is_over_or_was_put_aside_says_so() -> None:
    for state, word in (("over", "Over"), ("closed", "Closed by hand")):
        row = msgspec.structs.replace(ALERT, state=state, ended=NOON + 60_000_000)
        told = message([point(row, severity=Severity.LOW)], HOUSEHOLD)
        assert told.body.startswith(f"12:01 {word}: Front door")
        assert (told.title, told.tone) == ("Over: The lock reports tampering", "success")


def test_of_somebody_who_was_erased_only_what_and_where_is_left() -> None:
    assert message([point(said=ERASED)], HOUSEHOLD).body == "12:00 Front door: The lock reports tampering. [7]"
    assert notice(ERASED, HOUSEHOLD) == "Something happened that has been erased since."


def test_somebody_without_a_name_is_not_called_by_their_id() -> None:
    assert "zoe" not in message([point(said=msgspec.structs.replace(SAID, person="zoe"))], HOUSEHOLD).body


def test_every_detection_has_words_for_a_title() -> None:
    assert all(label(one) == detection.title for one, detection in detections().items())
    assert label("gone-by-now") == "gone by now"


@given(name=st.text(max_size=400), what=st.text(max_size=3000), number=st.integers(1, 60))
def test_a_message_stays_short_and_plain_whatever_devices_call_themselves(name: str, what: str, number: int) -> None:
    household = Household(names={"door:front": name}, door_of={"lock:front": "door:front"})
    points = [point(said=Said(what)), Point("notice", NOON, Said(kind="unlocked", about="lock:front"))] * number
    told = message(points, household)
    lines = told.body.split("\n")
    assert len(lines) <= MOST_LINES + 1
    assert all(len(line) <= MOST_LETTERS + 10 for line in lines)
    assert all(plain(line) == line.strip() for line in lines)
    assert "\n" not in told.title
