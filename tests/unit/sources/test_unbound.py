from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError
from nightlatch.sources.unbound import Unbound
from tests.unit.sources.dnslogs import (
    LOCK,
    NAMES,
    PHONE,
    assert_only_vendors,
    contacts,
    last,
    log,
    refused,
    written,
)

FORMS = {
    "plain": "[1772186403] unbound[812:0] info: {client} {name}. {kind} IN\n",
    "ascii time": "Feb 27 10:00:03 unbound[812:0] info: {client} {name}. {kind} IN\n",
    "iso time": "2026-02-27T10:00:03.000+00:00 unbound[812:0] info: {client} {name}. {kind} IN\n",
    "syslog": "Feb 27 10:00:03 router unbound: [812:0] info: {client} {name}. {kind} IN\n",
    "opnsense": '<30>1 2026-02-27T10:00:03+00:00 fw.lan unbound 812 - [meta sequenceId="1"] [812:0] info: '
    "{client} {name}. {kind} IN\n",
    "tagged": "[1772186403] unbound[812:0] info: query: {client} {name}. {kind} IN\n",
}


def lines(form: str) -> str:
    asked = [(LOCK, "api.aaecosystem.com", "A"), (LOCK, "api.aaecosystem.com", "AAAA"), (PHONE, NAMES[2], "HTTPS")]
    return "".join(FORMS[form].format(client=client, name=name, kind=kind) for client, name, kind in asked)


@pytest.mark.parametrize("form", FORMS)
def test_look_ups_are_counted_in_every_form_of_the_log(tmp_path: Path, form: str) -> None:
    items = list(log(Unbound, written(tmp_path / "unbound.log", lines(form))).collect())
    assert contacts(items) == {LOCK: {"aaecosystem.com": 2}, PHONE: {}}
    assert last(items, "aaecosystem.com") == datetime(2026, 2, 27, 10, 0, 3, tzinfo=UTC)


def test_replies_are_not_counted_again(tmp_path: Path) -> None:
    reply = f"[1772186403] unbound[812:0] info: {LOCK} api.aaecosystem.com. A IN NOERROR 0.028 0 64\n"
    tagged = f"[1772186403] unbound[812:0] info: reply: {LOCK} api.aaecosystem.com. A IN NOERROR 0.028 0 64\n"
    items = list(log(Unbound, written(tmp_path / "unbound.log", lines("plain") + reply + tagged)).collect())
    assert contacts(items)[LOCK] == {"aaecosystem.com": 2}


def test_no_other_name_leaves_the_source(tmp_path: Path) -> None:
    content = "".join(FORMS["plain"].format(client=PHONE, name=name, kind="A") for name in NAMES)
    assert_only_vendors(*log(Unbound, written(tmp_path / "unbound.log", content)).collect())


@pytest.mark.parametrize("content", [b"", b"[1] unbound[1:0] info: start of service\n", b"\xff" * 900, b"y" * 70_000])
def test_other_files_are_one_clear_error(tmp_path: Path, content: bytes) -> None:
    refused(Unbound, written(tmp_path / "unbound.log", content))


def test_the_error_of_a_log_without_look_ups_says_what_to_switch_on(tmp_path: Path) -> None:
    assert "log-queries" in refused(Unbound, written(tmp_path / "unbound.log", "info: nothing\n")).todo


FRAGMENTS = st.sampled_from([b"info: ", b"192.168.1.9 ", b"web.nuki.io. ", b"A IN", b"\n", b"[99999999999] "])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(FRAGMENTS | st.binary(max_size=12), max_size=60))
def test_whatever_bytes_come_only_clear_errors_do(tmp_path: Path, parts: list[bytes]) -> None:
    try:
        list(log(Unbound, written(tmp_path / "unbound.log", b"".join(parts))).collect())
    except NightlatchError as error:
        assert error.where
