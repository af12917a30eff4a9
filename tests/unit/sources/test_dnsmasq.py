from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError
from nightlatch.model.evidence import Claim
from nightlatch.model.network import Device
from nightlatch.sources._dnslog import moment
from nightlatch.sources.dnsmasq import Dnsmasq
from tests.unit.sources.dnslogs import (
    LOCK,
    NAMES,
    PHONE,
    WRITTEN,
    assert_only_vendors,
    contacts,
    gaps,
    keys,
    last,
    log,
    refused,
    written,
)


def asked(serial: int, client: str, name: str, answer: str = "forwarded {} to 9.9.9.9", kind: str = "A") -> str:
    head = f"Feb 27 10:00:{serial % 60:02d} dnsmasq[812]: {serial} {client}/53412"
    return f"{head} query[{kind}] {name} from {client}\n{head} {answer.format(name)}\n"


USUAL = "".join(
    [
        "Feb 27 09:00:00 dnsmasq[812]: started, version 2.90 cachesize 1000\n",
        asked(1, LOCK, "api.aaecosystem.com"),
        asked(2, LOCK, "api.aaecosystem.com", kind="AAAA"),
        asked(3, LOCK, "websocket.aaecosystem.com", kind="HTTPS"),
        asked(4, LOCK, NAMES[0]),
        *(asked(number, PHONE, name) for number, name in enumerate(NAMES, 10)),
        asked(20, "fd00::7", "o1234.ingest.sentry.io"),
        "Feb 27 10:01:00 dnsmasq-dhcp[812]: DHCPACK(br-lan) 192.168.1.30 aa:bb:cc:dd:ee:ff phone\n",
    ]
)


def test_look_ups_of_vendors_are_counted_per_device_by_their_longest_suffix(tmp_path: Path) -> None:
    items = list(log(Dnsmasq, written(tmp_path / "dnsmasq.log", USUAL)).collect())
    assert contacts(items) == {
        LOCK: {"aaecosystem.com": 2, "websocket.aaecosystem.com": 1},
        PHONE: {},
        "fd00::7": {"sentry.io": 1},
    }
    assert keys(items) == {(LOCK, f"ip:{LOCK}"), (PHONE, f"ip:{PHONE}"), ("fd00::7", "ip:fd00::7")}
    assert {item.value for item in items if isinstance(item, Claim) and item.fact == Device.address.name} == {
        LOCK,
        PHONE,
        "fd00::7",
    }


def test_no_other_name_leaves_the_source(tmp_path: Path) -> None:
    items = list(log(Dnsmasq, written(tmp_path / "dnsmasq.log", USUAL)).collect())
    assert_only_vendors(*items)
    assert "br-lan" not in repr(items)


def test_a_look_up_that_dnsmasq_blocked_is_not_a_contact(tmp_path: Path) -> None:
    content = (
        asked(1, LOCK, "log.aqara.com", "config {} is NXDOMAIN")
        + asked(2, LOCK, "log.aqara.com", "config {} is 0.0.0.0")
        + asked(3, LOCK, "track.aqara.com", "/etc/blocklist {} is ::")
        + asked(4, LOCK, "aiot-rpc-usa.aqara.com", "cached {} is 1.2.3.4")
    )
    items = list(log(Dnsmasq, written(tmp_path / "dnsmasq.log", content)).collect())
    assert contacts(items) == {LOCK: {"aiot-rpc-usa.aqara.com": 1}}


def test_a_log_without_serial_numbers_is_counted_too(tmp_path: Path) -> None:
    content = "".join(f"Feb 27 10:00:00 dnsmasq[1]: query[A] web.nuki.io from {LOCK}\n" for _ in range(5000))
    assert contacts(log(Dnsmasq, written(tmp_path / "a.log", content)).collect()) == {LOCK: {"web.nuki.io": 5000}}


def test_evidence_names_the_line_and_the_time(tmp_path: Path) -> None:
    items = list(log(Dnsmasq, written(tmp_path / "dnsmasq.log", USUAL)).collect())
    places = {item.where for item in items if isinstance(item, Claim) and item.fact == Device.contacts.name}
    assert "dnsmasq.log:6" in places
    assert last(items, "websocket.aaecosystem.com") == datetime(2026, 2, 27, 10, 0, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "instant"),
    [
        (b"Feb  7 10:00:03 x", datetime(2026, 2, 7, 10, 0, 3, tzinfo=UTC)),
        (b"Dec 31 10:00:03 x", datetime(2025, 12, 31, 10, 0, 3, tzinfo=UTC)),
        (b"Feb 29 10:00:03 x", datetime(2024, 2, 29, 10, 0, 3, tzinfo=UTC)),
        (b"Mar  1 23:00:00 x", WRITTEN),
        (b"Fri Feb 27 10:00:03 2026 daemon.info dnsmasq", datetime(2026, 2, 27, 10, 0, 3, tzinfo=UTC)),
        (b"2026-02-27T10:00:03.5+01:00 host dnsmasq", datetime(2026, 2, 27, 9, 0, 3, 500_000, tzinfo=UTC)),
        (b"[1772186403] unbound", datetime(2026, 2, 27, 10, 0, 3, tzinfo=UTC)),
        (b"Feb 31 10:00:03 x", None),
        (b"2026-99-99T10:00:03 x", None),
        (b"no time", None),
    ],
)
def test_times_are_read_as_routers_write_them(line: bytes, instant: datetime | None) -> None:
    assert moment(line, WRITTEN) == instant


def test_a_rotated_log_in_gzip_is_read(tmp_path: Path) -> None:
    file = written(tmp_path / "dnsmasq.log.1.gz", gzip.compress(USUAL.encode()))
    assert contacts(log(Dnsmasq, file).collect())[LOCK]["aaecosystem.com"] == 2


def test_a_gzip_bomb_ends_at_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.sources._dnslog.MAX_BYTES", 1024 * 1024)
    file = written(tmp_path / "bomb.gz", gzip.compress(b"x\n" * 5_000_000))
    assert "is larger than 1 MiB" in refused(Dnsmasq, file).what


def test_a_file_beyond_the_bound_is_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "huge.log"
    with file.open("wb") as out:
        out.truncate(10 * 1024**3)
    assert "is larger than 512 MiB" in refused(Dnsmasq, file).what


def test_devices_beyond_the_bound_are_reported_as_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightlatch.sources._dnslog.MAX_DEVICES", 3)
    content = "".join(asked(number, f"10.0.0.{number}", "web.nuki.io") for number in range(1, 9))
    items = list(log(Dnsmasq, written(tmp_path / "dnsmasq.log", content)).collect())
    assert len(contacts(items)) == 3
    assert gaps(items) == ["only its first 3 devices were looked at"]


def test_the_dns_servers_own_look_ups_are_a_gap_and_no_device(tmp_path: Path) -> None:
    items = list(log(Dnsmasq, written(tmp_path / "dnsmasq.log", asked(1, "127.0.0.1", "web.nuki.io"))).collect())
    assert contacts(items) == {}
    assert "own machine" in gaps(items)[0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing of the kind\n",
        b"\x00\x01\x02\xff" * 5000,
        USUAL.encode("utf-16"),
        b"x" * 70_000,
        b"1" * 65_000 + b"\n",
        gzip.compress(USUAL.encode(), mtime=0)[:60],
        b"\x1f\x8bnot gzip",
    ],
)
def test_other_files_are_one_clear_error(tmp_path: Path, content: bytes) -> None:
    refused(Dnsmasq, written(tmp_path / "dnsmasq.log", content))


def test_a_missing_file_and_a_folder_are_one_clear_error(tmp_path: Path) -> None:
    refused(Dnsmasq, tmp_path / "none.log")
    refused(Dnsmasq, tmp_path)


def test_lines_made_to_slow_a_search_down_are_read_in_time(tmp_path: Path) -> None:
    lines = [
        b"1" * 60_000,
        b"query[A] " * 7000,
        b"1 1.1.1.1/1 " * 5000,
        b"query[A] " + b"a" * 60_000 + b" from 1.1.1.1",
        b"1 " + b"a:" * 30_000,
    ]
    content = asked(1, LOCK, "web.nuki.io").encode() + b"\n".join(lines * 20)
    items = list(log(Dnsmasq, written(tmp_path / "dnsmasq.log", content)).collect())
    assert contacts(items) == {LOCK: {"web.nuki.io": 1}}


FRAGMENTS = st.sampled_from(
    [b"Feb 27 10:00:00 ", b"query[A] ", b" from ", b"192.168.1.9", b"web.nuki.io", b"7 1.2.3.4/5 ", b"config ", b"\n"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(FRAGMENTS | st.binary(max_size=12), max_size=60))
def test_whatever_bytes_come_only_clear_errors_do(tmp_path: Path, parts: list[bytes]) -> None:
    try:
        list(log(Dnsmasq, written(tmp_path / "dnsmasq.log", b"".join(parts))).collect())
    except NightlatchError as error:
        assert error.where
