"""How a hub was reached, and who else can: read from the kernel's list of listening sockets."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from yarl import URL

from nightlatch.model.evidence import Claim, Ref
from nightlatch.model.hub import Hub

_LISTEN = "0A"
"""The state of a listening socket in /proc/net/tcp (include/net/tcp_states.h of Linux)."""


def listens(host: str, port: int, proc: Path = Path("/proc/net")) -> Literal["loopback", "network"] | None:
    """Who can reach `host:port`: this machine alone, or the network; None where that cannot be told.

    A host that is not this machine was reached over the network. For a loopback host the kernel's
    list decides: a server that listens on every address is open to the network as well.
    """
    if not is_loopback(host):
        return "network"
    found = [address for table in ("tcp", "tcp6") for address in _listeners(proc / table, port)]
    if not found:
        return None
    return "loopback" if all(address.is_loopback for address in found) else "network"


def is_loopback(host: str) -> bool:
    """Whether what is sent to a host never leaves this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")


def _listeners(table: Path, port: int) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return []
    found = []
    for line in lines:
        local, _, state = line.split()[1:4]
        address, _, local_port = local.partition(":")
        if state == _LISTEN and int(local_port, 16) == port:
            found.append(_address(address))
    return found


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """`0100007F`: 32-bit words in the machine's byte order."""
    words = (int(text[at : at + 8], 16).to_bytes(4, sys.byteorder) for at in range(0, len(text), 8))
    address = ipaddress.ip_address(b"".join(words))
    return getattr(address, "ipv4_mapped", None) or address


def reached(hub: Ref, url: URL, greeting: str) -> Iterator[Claim]:
    """How a hub was reached that let a client in which had signed in nowhere; `greeting` is what it said first."""
    host, port = str(url.host), url.port or 0
    yield Hub.address.claim(hub, f"{host}:{port}", where="url")
    yield Hub.tls.claim(hub, url.scheme == "wss", where="url")
    yield Hub.asks_sign_in.claim(hub, False, where=f"{greeting}, sent to a client that signed in nowhere")
    reach = listens(host, port)
    if reach is not None:
        yield Hub.listens.claim(hub, reach, where=f"who can connect to {host}:{port}")
