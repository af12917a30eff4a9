from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.errors import SourceError
from nightlatch.model.evidence import Claim, Gap, Grade, Item
from nightlatch.plugs import Context
from nightlatch.reading.datagram import Answer, Refusal
from nightlatch.secrets import Fingerprinter
from nightlatch.sources import isolation
from nightlatch.sources.isolation import Isolation

PHONE, LAPTOP, PHONE6 = "192.168.10.50", "192.168.10.51", "fd77:a::50"
ROUTER, ROUTER6 = "192.168.20.1", "fd77:b::1"
REJECTED, REJECTED6 = Refusal(ROUTER, 3, 3), Refusal(ROUTER6, 1, 4)
FORBIDDEN = Refusal(ROUTER, 3, 13)
OFF = Refusal(ROUTER, 3, 1)
EXPIRED = Refusal(ROUTER, 11, 0)


class Network:
    """What comes back from an address; nothing is sent. `near` answers what only the next machine receives."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, Answer] = {}
        self.near: dict[str, Answer] = {}
        self.open: dict[tuple[str, int], bool] = {}
        """Ports that accept; True when the next machine is the one that accepts."""
        self.beside: set[str] = set()
        self.sent: list[tuple[str, int]] = []
        monkeypatch.setattr(isolation, "ask", self._ask)
        monkeypatch.setattr(isolation, "_accepts", self._accepts)
        monkeypatch.setattr(isolation, "beside", lambda address: str(address) in self.beside)
        monkeypatch.setattr(isolation, "own_address", lambda peer: "192.168.20.30")
        monkeypatch.setattr(isolation, "PAUSE_S", 0)

    def _ask(self, peer: str, port: int, payload: bytes, *, seconds: float, hops: int | None = None) -> Answer:
        assert (payload, seconds) == (b"", isolation.WAIT_S)
        self.sent.append((peer, port))
        return self.answers.get(peer) if hops is None else self.near.get(peer, EXPIRED)

    def _accepts(self, target: str, port: int, *, hops: int | None = None) -> bool:
        self.sent.append((target, port))
        return (target, port) in self.open and (hops is None or self.open[target, port])


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Network:
    return Network(monkeypatch)


def probe(*targets: str, ports: tuple[int, ...] = (22, 443), targets_answer: bool = False) -> list[Item]:
    settings = Isolation.Settings(targets=targets, ports=ports, targets_answer=targets_answer)
    context = Context("isolation", "isolation", datetime(2026, 11, 22, tzinfo=UTC), Fingerprinter())
    return list(Isolation(settings, context).collect())


def told(items: list[Item]) -> dict[str, bool]:
    return {item.fact: item.value for item in items if isinstance(item, Claim)}


def where(items: list[Item]) -> str:
    return " | ".join(item.where for item in items if isinstance(item, Claim))


def reason(items: list[Item], fact: str = "isolated_v4") -> str:
    [gap] = [item for item in items if isinstance(item, Gap) and item.facts == (f"home.{fact}",)]
    return gap.reason


def test_a_refusal_by_the_target_itself_proves_that_it_was_reached(network: Network) -> None:
    network.answers = {PHONE: Refusal(PHONE, 3, 3), PHONE6: Refusal(PHONE6, 1, 4)}
    items = probe(PHONE, PHONE6)
    assert told(items) == {"isolated_v4": False, "isolated_v6": False}
    assert f"{PHONE}: port unreachable (ICMP 3/3) from {PHONE} (probed from 192.168.20.30)" in where(items)


def test_a_refusal_by_the_routers_firewall_proves_the_block(network: Network) -> None:
    network.answers = {PHONE: REJECTED, LAPTOP: FORBIDDEN, PHONE6: REJECTED6}
    items = probe(PHONE, LAPTOP, PHONE6)
    assert told(items) == {"isolated_v4": True, "isolated_v6": True}
    assert f"from {ROUTER}" in where(items)


def test_isolation_over_ipv4_only_is_told_per_family(network: Network) -> None:
    network.answers = {PHONE: REJECTED, PHONE6: Refusal(PHONE6, 1, 4)}
    assert told(probe(PHONE, PHONE6)) == {"isolated_v4": True, "isolated_v6": False}


def test_silence_alone_proves_nothing(network: Network) -> None:
    items = probe(PHONE)
    assert told(items) == {}
    assert "nothing came back" in reason(items)


def test_silence_of_targets_that_are_known_to_answer_is_a_block_on_the_owners_word(network: Network) -> None:
    items = probe(PHONE, targets_answer=True)
    assert told(items) == {"isolated_v4": True}
    [claim] = [item for item in items if isinstance(item, Claim)]
    assert claim.grade is Grade.DECLARED
    assert "nightlatch.toml says that each answers" in claim.where


def test_one_reached_target_is_enough_and_one_open_question_too_many(network: Network) -> None:
    network.answers = {PHONE: REJECTED, LAPTOP: Refusal(LAPTOP, 3, 3)}
    assert told(probe(PHONE, LAPTOP)) == {"isolated_v4": False}
    network.answers = {PHONE: REJECTED}
    assert told(probe(PHONE, LAPTOP)) == {}
    network.answers = {PHONE: REJECTED, LAPTOP: OFF}
    assert told(probe(PHONE, LAPTOP, targets_answer=True)) == {}


def test_a_target_that_is_switched_off_is_no_block(network: Network) -> None:
    network.answers = {PHONE: OFF}
    assert "may be switched off" in reason(probe(PHONE, targets_answer=True))


def test_a_refusal_from_the_internet_is_no_block_by_the_home(network: Network) -> None:
    network.answers = {PHONE: Refusal("203.0.113.1", 3, 13)}
    assert told(probe(PHONE)) == {}


def test_a_machine_without_a_way_there_learns_nothing(network: Network) -> None:
    network.answers = {PHONE6: Refusal("", reason="Network is unreachable")}
    assert "Network is unreachable" in reason(probe(PHONE6, targets_answer=True), "isolated_v6")


def test_a_connection_that_comes_about_proves_that_it_was_reached(network: Network) -> None:
    network.answers = {PHONE: REJECTED}
    network.open = {(PHONE, 443): False}
    items = probe(PHONE)
    assert told(items) == {"isolated_v4": False}
    assert "TCP port 443 accepts a connection" in where(items)


def test_the_routers_own_address_is_no_target(network: Network) -> None:
    network.answers = network.near = {PHONE: Refusal(PHONE, 3, 3)}
    assert "the router itself" in reason(probe(PHONE))
    network.answers, network.open = {}, {(PHONE, 22): True}
    assert "the router itself" in reason(probe(PHONE))


def test_beside_the_target_the_probe_only_tells_whether_it_answers(network: Network) -> None:
    network.beside = {PHONE}
    network.answers = {PHONE: Refusal(PHONE, 3, 3)}
    items = probe(PHONE)
    assert told(items) == {}
    assert "stands in the same network, where it answers" in reason(items)
    network.answers = {}
    assert "does not answer" in reason(probe(PHONE))


def test_a_family_without_a_target_is_said_not_to_be_tried(network: Network) -> None:
    network.answers = {PHONE: REJECTED}
    assert "no IPv6 target was given" in reason(probe(PHONE), "isolated_v6")


@pytest.mark.parametrize("target", ["8.8.8.8", "2001:db8::1", "phone.lan", "", "224.0.0.1", "192.168.1.0/24"])
def test_a_target_outside_the_home_is_refused_before_anything_is_sent(network: Network, target: str) -> None:
    with pytest.raises(SourceError, match="nothing was sent"):
        probe(PHONE, target)
    assert network.sent == []


@pytest.mark.parametrize(
    ("targets", "ports"),
    [((), (22,)), (tuple(f"10.0.0.{n}" for n in range(9)), (22,)), ((PHONE,), tuple(range(1, 10)))],
)
def test_more_than_it_may_probe_is_refused(network: Network, targets: tuple[str, ...], ports: tuple[int, ...]) -> None:
    with pytest.raises(SourceError, match="1 to 8 targets and at most 8 ports"):
        probe(*targets, ports=ports)
    assert network.sent == []


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_a_port_that_is_none_is_refused(network: Network, port: int) -> None:
    with pytest.raises(SourceError, match="from 1 to 65535"):
        probe(PHONE, ports=(port,))


def test_probes_are_few_and_none_is_repeated_for_a_target_named_twice(network: Network) -> None:
    targets = tuple(f"10.0.0.{n}" for n in range(8))
    probe(*targets, ports=tuple(range(1, 9)))
    assert len(network.sent) == 8 * (2 + 8)
    network.sent.clear()
    probe(PHONE, PHONE)
    assert len(network.sent) == 2 + 2


def test_no_more_than_twenty_in_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(isolation, "WAIT_S", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert isolation._accepts("127.0.0.1", server.getsockname()[1])
        assert not isolation._accepts("127.0.0.1", 9)
    isolation._knock("127.0.0.1")
    assert slept == [isolation.PAUSE_S] * 4
    assert isolation.PAUSE_S >= 1 / 20


ANSWERS: Mapping[str, Callable[[str], Answer]] = {
    "target": lambda target: Refusal(target, 3, 3),
    "router": lambda _: REJECTED,
    "off": lambda _: OFF,
    "silent": lambda _: None,
}


@given(st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=4), st.booleans())
def test_isolated_takes_a_block_of_every_target(kinds: list[str], targets_answer: bool) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        network = Network(monkeypatch)
        targets = [f"192.168.10.{50 + number}" for number in range(len(kinds))]
        network.answers = {target: ANSWERS[kind](target) for target, kind in zip(targets, kinds, strict=True)}
        found = told(probe(*targets, targets_answer=targets_answer)).get("isolated_v4")
    blocks = {"router", "silent"} if targets_answer else {"router"}
    assert found is (False if "target" in kinds else True if set(kinds) <= blocks else None)
