"""Clocks that step back, zones far from UTC, changes of clocks, leap days, and files from the future."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from nightlatch.audit.drift import parse_since
from nightlatch.audit.merge import merge
from nightlatch.audit.run import audit, gather
from nightlatch.cli import auditing, common
from nightlatch.cli.app import run
from nightlatch.configuration.read import parse
from nightlatch.errors import ConfigurationError
from nightlatch.model.evidence import Claim, Grade, Item, Ref
from nightlatch.model.home import Home
from nightlatch.model.router import Router
from nightlatch.sources._dnslog import moment
from nightlatch.store.audits import Audits

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ROUTER = Ref("router", "r")


def claim(upnp: bool, at: datetime, source: str, grade: Grade = Grade.RECORDED) -> Claim:
    return Claim(ROUTER, "upnp", upnp, "export.rsc:1", at, grade, source)


def merged(*items: Item) -> Router:
    (router,) = merge(items, now=NOW).all(Router)
    return router


# Evidence from the future


def test_a_file_from_the_future_does_not_win_over_one_with_a_date_that_can_be() -> None:
    ahead = claim(True, NOW + timedelta(days=900), "ahead")
    for items in ((ahead, claim(False, NOW - timedelta(days=90), "past")),) * 2:
        router = merged(*items)
        assert router.upnp is not None
        assert (router.upnp.source, router.upnp.value) == ("past", False)
        (other,) = router.upnp.others
        assert (other.source, other.at, other.confidence) == ("ahead", NOW, "low")
        assert other.where == "export.rsc:1 (dated 2029-05-10, which lies ahead: a clock was wrong)"


def test_a_file_from_the_future_still_counts_where_nothing_else_is_known_and_by_its_grade() -> None:
    ahead = claim(True, NOW + timedelta(days=900), "ahead")
    router = merged(ahead, claim(False, NOW, "owner", Grade.DECLARED))
    assert router.upnp is not None
    assert (router.upnp.source, router.upnp.at, router.upnp.confidence) == ("ahead", NOW, "low")


def test_a_hubs_clock_that_is_a_little_ahead_is_not_called_wrong() -> None:
    router = merged(claim(True, NOW + timedelta(minutes=3), "hub"), claim(False, NOW - timedelta(days=1), "file"))
    assert router.upnp is not None
    assert (router.upnp.source, router.upnp.at, router.upnp.confidence) == ("hub", NOW, "")


def test_no_evidence_in_a_report_is_dated_after_the_audit(tmp_path: Path) -> None:
    backup = tmp_path / "etc" / "config"
    backup.mkdir(parents=True)
    for name in ("network", "firewall", "upnpd"):
        (backup / name).write_text("config defaults 'config'\n")
        os.utime(backup / name, (NOW.timestamp() + 1e8, NOW.timestamp() + 1e8))
    text = f'[[sources]]\nkind = "openwrt"\npath = "{tmp_path}"\n'
    document = audit(parse(text, tmp_path / "nightlatch.toml"), now=NOW, env={})
    facts = [fact for finding in document.findings for fact in finding.evidence if fact.source == "openwrt"]
    assert facts
    assert all(fact.at <= NOW and "lies ahead" in fact.where for fact in facts)


# Clocks that step back


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIGHTLATCH_STATE", str(tmp_path / "state"))
    path = tmp_path / "nightlatch.toml"
    path.write_text('[home]\nname = "Elm"\n[[doors]]\nid = "front"\n')
    return path


def audited(home: Path, at: datetime, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(auditing, "now", lambda: at)
    monkeypatch.setattr(common, "now", lambda: at)
    return run(["audit", "--config", str(home), "--fail-on", "never", *arguments])


def test_since_last_compares_with_the_audit_kept_last_though_the_clock_stepped_back(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ahead, early = NOW + timedelta(days=400), NOW - timedelta(days=1)
    assert audited(home, early, monkeypatch) == 0
    assert audited(home, ahead, monkeypatch) == 0
    capsys.readouterr()
    assert audited(home, NOW, monkeypatch, "--since", "last") == 0
    assert f"{ahead:%d %b %Y}" in capsys.readouterr().out
    assert audited(home, NOW, monkeypatch, "--since", "2d") == 0
    with Audits.open() as audits:
        last, until_now = audits.latest(str(home)), audits.latest(str(home), NOW)
    assert last is not None
    assert until_now is not None
    assert last.at == until_now.at == NOW


def test_an_answer_that_the_clock_has_not_reached_is_told_with_what_the_clock_says(tmp_path: Path) -> None:
    text = '[[answers]]\nabout = "home"\nfact = "needs"\nvalue = []\non = 2026-11-22\n'
    clock = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match="By this machine's clock it is 1970-01-01 00:03"):
        audit(parse(text, tmp_path / "nightlatch.toml"), now=clock, env={})


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_an_instant_that_no_span_of_time_fits_around_is_refused(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--sample", "--at", day]) == 2
    assert "1970 to 2999" in capsys.readouterr().err


@pytest.mark.parametrize("day", ["1970-01-01", "2028-02-29", "2999-12-31"])
def test_any_other_instant_can_be_judged_for(day: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", "--sample", "--at", day, "--format", "json"]) in (0, 1)
    assert json.loads(capsys.readouterr().out)["at"].startswith(day)


# Days in zones


@pytest.mark.parametrize(
    ("zone", "now", "day", "counts"),
    [
        ("Pacific/Kiritimati", "2026-11-22T10:30:00+00:00", "2026-11-23", True),
        ("Pacific/Kiritimati", "2026-11-22T09:30:00+00:00", "2026-11-23", False),
        ("Pacific/Pago_Pago", "2026-11-22T10:30:00+00:00", "2026-11-22", False),
        ("Pacific/Pago_Pago", "2026-11-22T11:30:00+00:00", "2026-11-22", True),
        ("Africa/Cairo", "2026-04-24T09:00:00+00:00", "2026-04-24", True),  # that day has no midnight
        ("Asia/Kathmandu", "2028-02-28T18:16:00+00:00", "2028-02-29", True),
    ],
)
def test_an_answers_day_is_a_day_of_the_home(tmp_path: Path, zone: str, now: str, day: str, counts: bool) -> None:
    text = f'[home]\ntimezone = "{zone}"\n[[answers]]\nabout = "home"\nfact = "needs"\nvalue = ["voice"]\non = {day}\n'
    configuration = parse(text, tmp_path / "nightlatch.toml")
    if counts:
        assert audit(configuration, now=datetime.fromisoformat(now), env={}).findings
    else:
        with pytest.raises(ConfigurationError, match="has not come yet"):
            audit(configuration, now=datetime.fromisoformat(now), env={})


@pytest.mark.parametrize(
    ("day", "end"),
    [
        ("2026-03-28", "2026-03-28T22:59:59+00:00"),
        ("2026-03-29", "2026-03-29T21:59:59+00:00"),  # 23 hours long
        ("2026-10-25", "2026-10-25T22:59:59+00:00"),  # 25 hours long
        ("2028-02-29", "2028-02-29T22:59:59+00:00"),
    ],
)
def test_since_a_day_means_its_end_at_home_on_days_of_23_and_25_hours_too(day: str, end: str) -> None:
    assert parse_since(day, NOW, ZoneInfo("Europe/Berlin")) == datetime.fromisoformat(end)


def test_a_span_of_days_is_of_24_hours_each_across_a_change_of_clocks() -> None:
    after = datetime(2026, 10, 25, 12, tzinfo=UTC)
    assert parse_since("1d", after, ZoneInfo("Europe/Berlin")) == after - timedelta(hours=24)


def test_a_log_line_of_a_leap_day_is_of_the_latest_leap_year() -> None:
    line = b"Feb 29 10:00:03 dnsmasq[1]: query"
    assert moment(line, NOW) == datetime(2024, 2, 29, 10, 0, 3, tzinfo=UTC)
    assert moment(line, datetime(2028, 3, 1, tzinfo=UTC)) == datetime(2028, 2, 29, 10, 0, 3, tzinfo=UTC)


def test_an_answer_goes_stale_by_the_days_between_not_by_the_clock_of_the_zone(tmp_path: Path) -> None:
    text = (
        '[home]\ntimezone = "Europe/Berlin"\n[[answers]]\nabout = "home"\nfact = "needs"\nvalue = []\non = 2026-05-26\n'
    )
    configuration = parse(text, tmp_path / "nightlatch.toml")
    begun = datetime(2026, 5, 25, 22, tzinfo=UTC)

    def stale(now: datetime) -> bool:
        home: Home = asyncio.run(gather(configuration, now=now, env={}))
        return home.needs is None

    assert not stale(begun + timedelta(days=180))
    assert stale(begun + timedelta(days=180, seconds=1))
