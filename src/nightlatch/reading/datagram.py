"""One UDP datagram to a peer, and what comes back: an answer, a refusal and by whom, or silence (Linux).

Who refuses matters: an ICMP error from the peer itself shows that the datagram got there, one from a router
shows that it did not. The kernel tells on the socket's error queue (IP_RECVERR, ip(7)).
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import sys
import time

import msgspec

from nightlatch.errors import SourceError

_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
"""IP_RECVERR and IPV6_RECVERR of Linux, which Python names from 3.14 on."""
_ERROR = struct.Struct("=IBBBBII")
"""struct sock_extended_err: errno, origin, type, code, padding, info, data."""
_BY_ICMP = (2, 3)
"""Origins SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6."""
LONGEST = 2048
"""Octets of an answer that are read."""


class Refusal(msgspec.Struct, frozen=True):
    """An ICMP error: `sender` sent it, of this type and code. From this machine itself: no sender, and `reason`."""

    sender: str
    type: int = 0
    code: int = 0
    reason: str = ""

    @property
    def closed(self) -> bool:
        """Port unreachable: nothing listens there, or a firewall says so."""
        return (self.type, self.code) == ((1, 4) if ":" in self.sender else (3, 3))

    @property
    def prohibited(self) -> bool:
        """A firewall says that it does not let this through (RFC 1812 5.2.7.1, RFC 4443 3.1)."""
        return self.type == 1 and self.code in (1, 5, 6) if ":" in self.sender else self.type == 3 and self.code in _NO

    def __str__(self) -> str:
        if not self.sender:
            return self.reason
        word = "port unreachable" if self.closed else "prohibited" if self.prohibited else "unreachable"
        return f"{word} (ICMP {self.type}/{self.code}) from {self.sender}"


_NO = (9, 10, 13)
Answer = bytes | Refusal | None


def ask(peer: str, port: int, payload: bytes, *, seconds: float, hops: int | None = None) -> Answer:
    """Send `payload` once; the peer's answer, the refusal, or None when nothing came back in time.

    `hops` is how many machines may pass it on, the first included. Others than the peer cannot answer: the
    socket is connected to it. SourceError on systems other than Linux.
    """
    if sys.platform != "linux":
        raise SourceError("this system does not tell who refuses a datagram", todo="Run this source on Linux.")
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as link:
        try:
            link.setsockopt(*_RECVERR[family], 1)
            limit(link, hops)
            link.connect((peer, port))
            link.send(payload)
        except OSError as error:
            return Refusal("", reason=os.strerror(error.errno) if error.errno else type(error).__name__)
        return _wait(link, time.monotonic() + seconds)


def limit(link: socket.socket, hops: int | None) -> None:
    """Let what a socket sends reach `hops` machines far at most; None leaves it as it is."""
    if hops is not None and link.family == socket.AF_INET6:
        link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)
    elif hops is not None:
        link.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)


def _wait(link: socket.socket, until: float) -> Answer:
    waiting = select.poll()
    waiting.register(link, select.POLLIN)
    link.setblocking(False)
    while (left := until - time.monotonic()) > 0:
        if not waiting.poll(left * 1000):
            return None
        try:
            _, control, _, _ = link.recvmsg(LONGEST, LONGEST, socket.MSG_ERRQUEUE)
        except BlockingIOError:
            pass
        else:
            return refusal([data for level, kind, data in control if (level, kind) == _RECVERR[link.family]])
        try:
            return link.recv(LONGEST)
        except OSError:
            continue  # what was announced has gone, as a datagram with a wrong checksum
    return None


def refusal(told: list[bytes]) -> Refusal:
    """What the error queue tells of one error: struct sock_extended_err and the sender's address behind it."""
    if not told or len(told[0]) < _ERROR.size:
        return Refusal("", reason="the kernel told an error without its cause")
    number, origin, type_, code, *_ = _ERROR.unpack_from(told[0])
    behind = told[0][_ERROR.size :]
    family = int.from_bytes(behind[:2], sys.byteorder)
    if origin in _BY_ICMP and family == socket.AF_INET and len(behind) >= 8:
        return Refusal(socket.inet_ntop(socket.AF_INET, behind[4:8]), type_, code)
    if origin in _BY_ICMP and family == socket.AF_INET6 and len(behind) >= 24:
        return Refusal(socket.inet_ntop(socket.AF_INET6, behind[8:24]), type_, code)
    return Refusal("", reason=os.strerror(number) if number in errno.errorcode else f"error {number}")
