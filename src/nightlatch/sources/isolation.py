"""A probe from the smart devices' network: whether what stands there reaches phones and laptops."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Literal

import msgspec

from nightlatch.errors import SourceError
from nightlatch.model.evidence import Grade, Item, Ref
from nightlatch.model.home import Home
from nightlatch.model.thing import Field
from nightlatch.reading.datagram import Refusal, ask, limit
from nightlatch.reading.local import beside, inside, own_address
from nightlatch.sources.interface import Settings as PlugSettings
from nightlatch.sources.interface import Source
from nightlatch.text import listed

MOST_TARGETS = 8
MOST_PORTS = 8
WAIT_S = 1.0
PAUSE_S = 0.05
"""Seconds between two probes: at most 20 in a second."""
CLOSED_PORTS = (33999, 42424)
"""UDP ports on which hardly anything listens, so that a machine that is reached says so itself."""

Reach = Literal["reached", "blocked", "silent", "unclear"]


class Outcome(msgspec.Struct, frozen=True):
    """What came of probing one target. `silent` may be a block or a target that does not answer."""

    target: str
    reach: Reach
    told: str

    def __str__(self) -> str:
        return f"{self.target}: {self.told}"


class Isolation(Source, kind="isolation"):
    """Knocks at addresses of the main network and reports who answers: the target or the router between.

    Run it on a machine in the smart devices' network. A refusal by the target itself proves that it was
    reached, one by another machine that the probe was stopped; nothing is sent over what it connects to.
    """

    grade = Grade.OBSERVED

    class Settings(PlugSettings, frozen=True):
        """What to knock at.

        `targets`: private IPv4 and IPv6 addresses of machines in the main network that are switched on.
        `ports`: TCP ports to try as well. `targets_answer`: the owner ran this source beside the targets,
        and each answered; only then does silence from elsewhere count as a block.
        """

        targets: tuple[str, ...]
        ports: tuple[int, ...] = (22, 80, 443, 445)
        targets_answer: bool = False

    gives = (Home.isolated_v4, Home.isolated_v6)

    def collect(self) -> Iterator[Item]:
        """Knock at every target, then judge each family by itself."""
        targets = self._targets()
        for field, name in ((Home.isolated_v4, "IPv4"), (Home.isolated_v6, "IPv6")):
            chosen = [target for target in targets if name == f"IPv{target.version}"]
            if not chosen:
                yield self.gap(
                    field,
                    reason=f"no {name} target was given, so isolation over {name} was not tried",
                    settle=f"Add a private {name} address of a machine in the main network to targets.",
                )
                continue
            outcomes = [self._probe(target) for target in chosen]
            standing = own_address(str(chosen[0])) or "this machine"
            yield self._verdict(field, name, outcomes, f"probed from {standing}")

    def _targets(self) -> list[IPv4Address | IPv6Address]:
        """The targets as addresses. SourceError before anything is sent when one is not inside a home."""
        settings = self.settings
        if not 1 <= len(settings.targets) <= MOST_TARGETS or len(settings.ports) > MOST_PORTS:
            raise SourceError(
                f"it takes 1 to {MOST_TARGETS} targets and at most {MOST_PORTS} ports", where="targets, ports"
            )
        if any(not 1 <= port <= 65_535 for port in settings.ports):
            raise SourceError("a port is a number from 1 to 65535", where="ports")
        found = []
        for text in settings.targets:
            address = inside(text)
            if address is None:
                raise SourceError(
                    f"{text[:64]!r} is not a private, link-local or unique local address; nothing was sent",
                    where="targets",
                    todo="Give addresses of machines inside the home, as 192.168.1.20 or fd12:3456::20.",
                )
            found.append(address)
        return list(dict.fromkeys(found))

    def _probe(self, target: IPv4Address | IPv6Address) -> Outcome:
        """Knock by UDP, then at the TCP ports while nothing showed that the target is reached."""
        text = str(target)
        if beside(target):
            return Outcome(text, "unclear", self._beside(text))
        udp = _knock(text)
        if udp.reach == "reached":
            return udp
        for port in self.settings.ports:
            if _accepts(text, port):
                if _accepts(text, port, hops=1):
                    return Outcome(text, "unclear", "it is an address of the router itself")
                return Outcome(text, "reached", f"TCP port {port} accepts a connection")
        return udp

    def _beside(self, target: str) -> str:
        """What to tell of a target on this machine's own network: there the probe only shows whether it answers."""
        answer = _knock(target, far=False)
        answers = answer.reach == "reached" or any(_accepts(target, port) for port in self.settings.ports)
        told = "answers" if answers else "does not answer, so that it is of no use as a target"
        return f"this machine stands in the same network, where it {told}"

    def _verdict(self, field: Field[bool], name: str, outcomes: list[Outcome], how: str) -> Item:
        """Reached once is not isolated; isolated takes a block of every target."""
        home = Ref("home", "home")
        reached = [outcome for outcome in outcomes if outcome.reach == "reached"]
        if reached:
            return field.claim(home, False, where=f"{listed(map(str, reached))} ({how})")
        silent = [outcome for outcome in outcomes if outcome.reach == "silent"]
        open_questions = [outcome for outcome in outcomes if outcome.reach == "unclear"]
        if not open_questions and (not silent or self.settings.targets_answer):
            told = listed(map(str, outcomes))
            if not silent:
                return field.claim(home, True, where=f"{told} ({how})")
            # That silence means a block rests on the owner's word that the targets answer.
            where = f"{told}; nightlatch.toml says that each answers in its own network ({how})"
            return field.claim(home, True, where=where, grade=Grade.DECLARED)
        return self.gap(
            field,
            reason=f"the probe does not show whether {name} is blocked: {listed(map(str, open_questions or silent))} "
            f"({how})",
            settle=_RUN_THERE if open_questions else _SILENCE,
        )


_RUN_THERE = (
    "Run this source on a machine in the smart devices' network, with targets that are machines of the main network."
)
_SILENCE = (
    "Run this source once in the targets' own network. If each target answers there, leave them on, set "
    "targets_answer = true and run it again here: then silence means that the router blocks."
)


def _knock(target: str, *, far: bool = True) -> Outcome:
    """One or two empty datagrams to closed ports; `far` makes sure that who answers is not the router itself."""
    answer = None
    for port in CLOSED_PORTS:
        time.sleep(PAUSE_S)
        answer = ask(target, port, b"", seconds=WAIT_S)
        if answer is not None:
            break
    if answer is None:
        return Outcome(target, "silent", "nothing came back")
    if isinstance(answer, Refusal) and answer.sender != target:
        return _stopped(target, answer)
    if far:
        time.sleep(PAUSE_S)
        near = ask(target, CLOSED_PORTS[0], b"", seconds=WAIT_S, hops=1)
        if isinstance(near, bytes) or (isinstance(near, Refusal) and near.sender == target):
            return Outcome(target, "unclear", "it is an address of the router itself")
    return Outcome(target, "reached", str(answer) if isinstance(answer, Refusal) else "it answers a datagram")


def _stopped(target: str, answer: Refusal) -> Outcome:
    """Another machine than the target refused: a firewall of the home, or one that finds no way to the target."""
    if inside(answer.sender) is not None and (answer.closed or answer.prohibited):
        return Outcome(target, "blocked", str(answer))
    # "Host unreachable" also comes from a router that would pass it on, but finds the target switched off.
    return Outcome(target, "unclear", f"{answer}: it may be switched off, or the address is wrong")


def _accepts(target: str, port: int, *, hops: int | None = None) -> bool:
    """Whether a TCP connection comes about. A refusal proves nothing: firewalls refuse in the target's name."""
    time.sleep(PAUSE_S)
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as link:
        link.settimeout(WAIT_S)
        try:
            limit(link, hops)
            link.connect((target, port))
        except OSError:
            return False
    return True
