"""Asks a router whether it is a UPnP internet gateway (UPnP Device Architecture 2.0, 1.3.2)."""

from __future__ import annotations

import re
import select
import socket
import time

import msgspec

GROUP = "239.255.255.250"
PORT = 1900
SECONDS = 3.0
_TYPE = "urn:schemas-upnp-org:device:InternetGatewayDevice:"
_ROUNDS = 2
"""How often each question is put: datagrams get lost."""
_MOST_ANSWERS = 200
_LONGEST = 2048
_HEADER = re.compile(rb"^([A-Za-z0-9.-]{1,40}):[ \t]*([^\r\n]{0,1024}?)[ \t]*$", re.MULTILINE)


class Heard(msgspec.Struct, frozen=True):
    """What the router answered: where its description is. Empty when it did not answer."""

    locations: tuple[str, ...] = ()


def search(router: str, own: str, seconds: float) -> Heard:
    """Ask the router itself and the local network's SSDP group; what others than the router answer is ignored.

    8 datagrams in all. Multicast goes out where the router is, and no router passes it on.
    """
    locations: dict[str, None] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        link.bind((own, 0))
        link.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        link.setblocking(False)
        began = time.monotonic()
        for number in range(_ROUNDS):
            for version in (1, 2):
                for target in (router, GROUP):
                    _send(link, _question(target, version), target)
            until = began + seconds * (number + 1) / _ROUNDS
            for answer in _answers(link, router, until):
                location = answer_of(answer)
                if location is not None:
                    locations[location] = None
    return Heard(tuple(locations)[:4])


def _send(link: socket.socket, question: bytes, target: str) -> None:
    try:
        link.sendto(question, (target, PORT))
    except OSError:
        return  # no way there, as on a network without multicast: the answer stays out


def _question(target: str, version: int) -> bytes:
    lines = ("M-SEARCH * HTTP/1.1", f"HOST: {target}:{PORT}", 'MAN: "ssdp:discover"', "MX: 1", f"ST: {_TYPE}{version}")
    return "\r\n".join((*lines, "", "")).encode()


def _answers(link: socket.socket, router: str, until: float) -> list[bytes]:
    waiting = select.poll()
    waiting.register(link, select.POLLIN)
    found: list[bytes] = []
    for _ in range(_MOST_ANSWERS):
        left = until - time.monotonic()
        if left <= 0 or not waiting.poll(left * 1000):
            break
        try:
            data, sender = link.recvfrom(_LONGEST)
        except OSError:
            continue  # a refusal of an earlier question
        if sender[0] == router:
            found.append(data)
    return found


def answer_of(data: bytes) -> str | None:
    """Where an answer to our question says that the description is (empty if it does not); None if it is none."""
    if not re.match(rb"HTTP/1\.[01] 200\b", data):
        return None
    headers: dict[bytes, bytes] = {name.lower(): value for name, value in _HEADER.findall(data.replace(b"\r\n", b"\n"))}
    if not headers.get(b"st", b"").startswith(_TYPE.encode()):
        return None
    return headers.get(b"location", b"").decode("ascii", "replace")
