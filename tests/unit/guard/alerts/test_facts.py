"""What the audit learns of alerts."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from nightlatch.audit.own import own_sources
from nightlatch.configuration.read import parse
from nightlatch.guard.alerts.outbox import Outbox
from nightlatch.guard.alerts.rules import MINUTE, read_rules
from nightlatch.model.event import instant, micros
from nightlatch.model.evidence import Claim, Gap
from nightlatch.service.folder import held
from nightlatch.store.alerts import AlertRecords, Line
from tests.unit.guard.alerts.homes import HOME, Sealer, records

# Apprise loads the libraries of all its services at once; what those say of each other is not ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
CHANNEL = '[[alerts.channels]]\nid = "phone"\nurl = "env:PHONE"\n'


def facts(
    folder: Path, text: str = CHANNEL, *, url: str = "json://127.0.0.1:1", runs: bool = True
) -> dict[str, object]:
    """By field what is claimed, or the Gap; while a service holds the folder, or not."""
    env = {"NIGHTLATCH_STATE": str(folder), "PHONE": url}
    found: dict[str, object] = {}
    with held(folder) if runs else nullcontext():
        for source in own_sources(parse(HOME + text, Path("nightlatch.toml")), now=NOW, env=env):
            for item in source.collect():
                if isinstance(item, Claim):
                    found[item.fact] = item.value
                elif isinstance(item, Gap):
                    found |= dict.fromkeys((path.partition(".")[2] for path in item.facts), item)
    return found


def confirmed(store: AlertRecords, at: datetime, channel: str = "phone") -> None:
    with store.begin() as book:
        book.sent_test(channel, "123456", micros(at))
        book.confirm(book.tests()[-1].id, micros(at))


def test_without_a_channel_the_owners_answers_count(tmp_path: Path) -> None:
    assert facts(tmp_path, "") == {}


def test_a_channel_that_takes_everything_raises_all_four(tmp_path: Path) -> None:
    assert facts(tmp_path) == {
        "alert_channel": True,
        "alerts_on": ("failed_codes", "tamper", "low_battery", "offline"),
    }
    assert not (tmp_path / "nightlatch.db").exists(), "an audit makes no database of alerts"


def test_what_no_channel_takes_or_no_detection_watches_for_raises_no_alert(tmp_path: Path) -> None:
    assert facts(tmp_path, CHANNEL + 'severity = "critical"\n')["alerts_on"] == ("tamper",)
    off = facts(tmp_path, CHANNEL + "[detections.tamper]\non = false\n")
    assert off["alerts_on"] == ("failed_codes", "low_battery", "offline")


def test_a_channel_for_one_door_is_none_for_the_others(tmp_path: Path) -> None:
    assert facts(tmp_path, CHANNEL + 'doors = ["front"]\n')["alerts_on"] == ()
    both = '[[alerts.channels]]\nid = "back"\nurl = "env:PHONE"\ndoors = ["back"]\n'
    assert len(facts(tmp_path, CHANNEL + 'doors = ["front"]\n' + both)["alerts_on"]) == 4  # type: ignore[arg-type]


def test_a_url_that_cannot_be_had_here_is_unknown_and_one_that_is_none_reaches_nobody(tmp_path: Path) -> None:
    gap = facts(tmp_path, url="")["alert_channel"]
    assert isinstance(gap, Gap)
    assert "the environment variable PHONE is not set" in gap.reason
    assert facts(tmp_path, url="nosuch://zqtoken") == {"alert_channel": False, "alerts_on": ()}


def test_where_no_nightlatch_runs_no_channel_reaches_anybody_and_a_confirmed_test_still_counts(tmp_path: Path) -> None:
    confirmed(records(tmp_path), NOW)
    found = facts(tmp_path, runs=False)
    gap = found["alert_channel"]
    assert isinstance(gap, Gap)
    assert gap.settle == "start it: nightlatch run"
    assert found["alerts_on"] is gap
    assert "alert_tested_on" in found


def test_a_channel_that_has_failed_for_long_reaches_nobody(tmp_path: Path) -> None:
    store = records(tmp_path)
    rules = read_rules(parse(HOME + CHANNEL, Path("nightlatch.toml")), {"PHONE": "json://127.0.0.1"})
    outbox = Outbox(store, rules, Sealer(), lambda: 1.0)
    now = micros(NOW)
    with store.begin() as book:
        book.say(Line(channel="phone", form="notice", at=now, patient=True, urgent=False))
    outbox.failed("phone", "down", now - 5 * MINUTE)
    outbox.failed("phone", "down", now - 4 * MINUTE)
    assert facts(tmp_path)["alert_channel"] is True
    outbox.failed("phone", "down", now)
    with store.begin() as book:
        book.set_fare(type(book.fare("phone"))("phone", 3, now - 11 * MINUTE))
    assert facts(tmp_path)["alert_channel"] is False


def test_the_last_confirmed_test_counts_by_the_day_at_home(tmp_path: Path) -> None:
    store = records(tmp_path)
    confirmed(store, datetime(2026, 11, 1, 12, tzinfo=UTC))
    confirmed(store, datetime(2026, 11, 20, 23, 30, tzinfo=UTC))
    confirmed(store, instant(micros(NOW)), "gone")
    with store.begin() as book:
        book.sent_test("phone", "999999", micros(NOW))
    assert facts(tmp_path)["alert_tested_on"] == date(2026, 11, 21)
