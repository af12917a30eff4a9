from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.service.hosts import Hosts, is_loopback

BEYOND = Hosts("0.0.0.0", ["door.example.org"])
HERE = Hosts("127.0.0.1")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:5625", "[::1]:5625", "localhost:5625", "LOCALHOST.", "nightlatch.localhost", "127.8.8.8"],
)
def test_this_machine_is_asked_by_its_own_names(host: str) -> None:
    assert HERE.refusal(host) is None


@pytest.mark.parametrize(
    "host",
    [
        *("", "rebound.example:5625", "127.0.0.1.example", "[.x", "nightlatch", "nightlatch.lan", "192.168.1.2"),
        *("0.0.0.0:5625", "[::]", "localhost.evil.example", "a@localhost", "localhost/x", "localhost:99999", "[::1"),
        *("x" * 400, "local host", "localhost#.evil.example"),
    ],
)
def test_what_listens_on_loopback_answers_to_no_other_name(host: str) -> None:
    assert HERE.refusal(host) is not None


@pytest.mark.parametrize(
    "host",
    [
        *("192.168.1.2:5625", "[fd00::5]:5625", "10.0.0.1", "nightlatch", "nightlatch.local:5625", "x.home.arpa"),
        *("door.example.org", "DOOR.example.org.:5625", "nightlatch.lan"),
    ],
)
def test_at_home_it_is_asked_by_address_or_by_a_name_of_home_or_one_that_was_set(host: str) -> None:
    assert BEYOND.refusal(host, "192.168.1.2") is None


@pytest.mark.parametrize(
    "host", ["rebound.example", "local", "evil.local.example", "sub.door.example.org", "0.0.0.0", "localhost", ".lan."]
)
def test_at_home_names_that_others_can_own_are_refused(host: str) -> None:
    assert (BEYOND.refusal(host, "192.168.1.2") is None) == (host in ("local", ".lan."))


def test_localhost_is_answered_to_where_it_means_this_machine() -> None:
    assert BEYOND.refusal("localhost:5625", "127.0.0.1") is None
    assert BEYOND.refusal("localhost:5625", "192.168.1.2") is not None


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False)]
)
def test_only_loopback_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


@given(st.text(max_size=80))
def test_whatever_stands_there_is_answered_or_refused(host: str) -> None:
    for hosts in (HERE, BEYOND):
        assert hosts.refusal(host) is None or "\n" not in str(hosts.refusal(host))
