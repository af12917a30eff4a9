from __future__ import annotations

import socket
import struct
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import SourceError
from nightlatch.reading.datagram import Refusal, ask, refusal


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_closed_port_is_refused_by_its_own_machine() -> None:
    answer = ask("127.0.0.1", free_port(), b"", seconds=2)
    assert answer == Refusal("127.0.0.1", 3, 3)
    assert isinstance(answer, Refusal)
    assert answer.closed
    assert str(answer) == "port unreachable (ICMP 3/3) from 127.0.0.1"


def test_over_ipv6_the_refusal_has_numbers_of_its_own() -> None:
    answer = ask("::1", free_port(), b"", seconds=2)
    assert isinstance(answer, Refusal)
    assert (answer.sender, answer.type, answer.code, answer.closed) == ("::1", 1, 4, True)


def test_a_port_that_says_nothing_is_silence() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as quiet:
        quiet.bind(("127.0.0.1", 0))
        assert ask("127.0.0.1", quiet.getsockname()[1], b"?", seconds=0.1) is None
        assert quiet.recv(10) == b"?"


def test_an_answer_from_somebody_else_does_not_count() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as quiet:
        quiet.bind(("127.0.0.1", 0))
        quiet.settimeout(5)

        def forge() -> None:
            _, sender = quiet.recvfrom(10)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(b"forged", sender)

        thread = threading.Thread(target=forge)
        thread.start()
        assert ask("127.0.0.1", quiet.getsockname()[1], b"?", seconds=0.3) is None
        thread.join()


def test_a_peer_without_a_way_there_is_told_with_its_reason() -> None:
    answer = ask("fe80::1", 9, b"", seconds=0.1)  # on no interface
    assert isinstance(answer, Refusal)
    assert answer.sender == ""
    assert answer.reason
    assert not answer.closed
    assert not answer.prohibited


@pytest.mark.parametrize(
    ("told", "prohibited"),
    [
        (Refusal("10.0.0.1", 3, 13), True),
        (Refusal("10.0.0.1", 3, 1), False),
        (Refusal("10.0.0.1", 11, 0), False),
        (Refusal("fd00::1", 1, 1), True),
        (Refusal("fd00::1", 1, 3), False),
        (Refusal("fd00::1", 3, 0), False),
    ],
)
def test_a_firewalls_no_is_told_apart_from_a_machine_that_is_not_there(told: Refusal, prohibited: bool) -> None:
    assert (told.prohibited, told.closed) == (prohibited, False)


def test_a_system_that_does_not_tell_who_refuses_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(SourceError, match="Run this source on Linux"):
        ask("127.0.0.1", 9, b"", seconds=0.1)


@given(st.lists(st.binary(max_size=64), max_size=2))
def test_whatever_the_error_queue_holds_gives_a_refusal(told: list[bytes]) -> None:
    assert isinstance(refusal(told), Refusal)


def test_an_error_of_this_machine_itself_names_no_sender() -> None:
    told = struct.pack("=IBBBBII", 113, 1, 0, 0, 0, 0, 0) + bytes(16)
    assert refusal([told]) == Refusal("", reason="No route to host")
