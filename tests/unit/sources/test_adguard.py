from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError
from nightlatch.sources.adguard import AdGuard
from tests.unit.sources.dnslogs import (
    LOCK,
    NAMES,
    OTHER,
    PHONE,
    WRITTEN,
    assert_only_vendors,
    contacts,
    keys,
    last,
    log,
    refused,
    written,
)


def entry(client: str, name: str, **more: Any) -> str:
    whole = {
        "T": "2026-02-27T11:00:03.123456789+01:00",
        "QH": name,
        "QT": "A",
        "QC": "IN",
        "CP": "",
        "CID": OTHER,
        "Upstream": f"https://{OTHER}.example/dns-query",
        "Answer": "AAAA",
        "IP": client,
        "Result": {},
        "Elapsed": 1,
    } | more
    return json.dumps(whole) + "\n"


BLOCKED = {"Result": {"IsFiltered": True, "Reason": 3, "Rules": [{"Text": f"||{OTHER}^", "FilterListID": 1}]}}
USUAL = "".join(
    [
        entry(LOCK, "api.aaecosystem.com"),
        entry(LOCK, "log.aqara.com", **BLOCKED),
        entry(f"::ffff:{LOCK}", "API.AAEcosystem.com"),
        *(entry(PHONE, name) for name in NAMES),
        entry("", "web.nuki.io"),
    ]
)


def test_look_ups_that_were_not_filtered_are_counted_per_device(tmp_path: Path) -> None:
    items = list(log(AdGuard, written(tmp_path / "querylog.json", USUAL)).collect())
    assert contacts(items) == {LOCK: {"aaecosystem.com": 2}, PHONE: {}}
    assert keys(items) == {(LOCK, f"ip:{LOCK}"), (PHONE, f"ip:{PHONE}")}
    assert last(items, "aaecosystem.com") == datetime(2026, 2, 27, 10, 0, 3, 123456, tzinfo=UTC)


def test_no_other_name_leaves_the_source(tmp_path: Path) -> None:
    assert_only_vendors(*log(AdGuard, written(tmp_path / "querylog.json", USUAL)).collect())


def test_a_last_line_that_is_still_being_written_is_passed_over(tmp_path: Path) -> None:
    file = written(tmp_path / "querylog.json", USUAL + entry(LOCK, "web.nuki.io")[:40])
    assert contacts(log(AdGuard, file).collect())[LOCK] == {"aaecosystem.com": 2}


def test_a_damaged_line_is_an_error_that_names_it(tmp_path: Path) -> None:
    file = written(tmp_path / "querylog.json", entry(LOCK, NAMES[0]) + "{broken\n" + entry(LOCK, NAMES[0]))
    assert refused(AdGuard, file).where == f"{file}:2"


def test_a_time_that_is_none_leaves_the_count(tmp_path: Path) -> None:
    items = list(log(AdGuard, written(tmp_path / "q.json", entry(LOCK, "web.nuki.io", T="soon"))).collect())
    assert contacts(items) == {LOCK: {"web.nuki.io": 1}}
    assert last(items, "web.nuki.io") is None


def test_a_time_after_the_file_was_written_is_not_believed(tmp_path: Path) -> None:
    late = entry(LOCK, "web.nuki.io", T="2031-01-01T00:00:00Z")
    assert last(log(AdGuard, written(tmp_path / "q.json", late)).collect(), "web.nuki.io") == WRITTEN


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]\n",
        b"\n",
        b'{"T": 1, "QH": "x", "IP": "y"}\n',
        b'{"T": "", "QH": "x"}\n',
        b"\xff\xfe\n",
        USUAL.encode("utf-16"),
        b'{"Result":' + b"[" * 60_000,
        b"{" + b" " * 70_000,
    ],
)
def test_other_files_are_one_clear_error(tmp_path: Path, content: bytes) -> None:
    refused(AdGuard, written(tmp_path / "querylog.json", content))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=st.lists(
        st.dictionaries(
            st.sampled_from(["T", "QH", "IP", "Result"]),
            st.none() | st.text() | st.integers() | st.sampled_from([LOCK, "web.nuki.io", "2026-01-01T00:00:00Z"]),
        )
    ),
    tail=st.binary(max_size=10),
)
def test_whatever_lines_come_only_clear_errors_do(tmp_path: Path, entries: list[dict[str, Any]], tail: bytes) -> None:
    content = USUAL.encode() + "".join(json.dumps(one) + "\n" for one in entries).encode() + tail
    try:
        list(log(AdGuard, written(tmp_path / "querylog.json", content)).collect())
    except NightlatchError as error:
        assert error.where
