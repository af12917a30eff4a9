"""Every kind that asks a peer, on bad ones, all at once: one clear error each in its time, and the audit completes."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha1
from pathlib import Path

import pytest

from tests.slow.planted import LIVE
from tests.slow.test_bad_input import Run
from tests.unit.ecosystems.fake_matter import INFO
from tests.unit.ecosystems.fake_zwavejs import VERSION

Talk = Callable[[socket.socket], None]
PATIENCE_S = 60.0
MIB = 1024 * 1024


def close(_: socket.socket) -> None:
    """Ends the connection as soon as it is there."""


def silent(peer: socket.socket) -> None:
    peer.recv(MIB)
    time.sleep(PATIENCE_S)


def garbage(peer: socket.socket) -> None:
    peer.sendall(bytes(range(256)) * 300)
    silent(peer)


def endless(peer: socket.socket) -> None:
    while True:
        peer.sendall(b"x" * MIB)


def endless_headers(peer: socket.socket) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        peer.sendall(b"A: b\r\n" * 10_000)


def dripping(peer: socket.socket) -> None:
    while True:
        peer.sendall(b"H")
        time.sleep(0.2)


def http(status: str, *headers: str, body: bytes = b"") -> Talk:
    def talk(peer: socket.socket) -> None:
        peer.recv(MIB)
        head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""))
        peer.sendall(head.encode() + body)

    return talk


def _upgraded(peer: socket.socket) -> None:
    asked = b""
    while b"\r\n\r\n" not in asked:
        part = peer.recv(4096)
        if not part:
            raise ConnectionError
        asked += part
    key = next(line for line in asked.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:")).split()[1]
    accept = b64encode(sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    peer.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def frame(text: bytes) -> bytes:
    length = bytes([len(text)]) if len(text) < 126 else b"\x7e" + len(text).to_bytes(2, "big")
    return b"\x81" + length + text


def websocket(*sent: bytes, again: bytes = b"") -> Talk:
    def talk(peer: socket.socket) -> None:
        _upgraded(peer)
        peer.sendall(b"".join(sent))
        while again:
            peer.sendall(again)
        silent(peer)

    return talk


HELLO = {
    "zwavejs": VERSION,
    "matter": INFO,
    "homeassistant": {"type": "auth_required", "ha_version": "2024.3.3"},
}
ADMITTED = b"\x20\x02\x00\x00"


def admitted(sent: bytes = b"", again: bytes = b"") -> Talk:
    """An MQTT broker that lets everybody in."""

    def talk(peer: socket.socket) -> None:
        peer.sendall(ADMITTED + sent)
        while again:
            peer.sendall(again)
        silent(peer)

    return talk


PEERS: Mapping[str, Talk] = {
    "close": close,
    "silent": silent,
    "garbage": garbage,
    "endless": endless,
    "endless-headers": endless_headers,
    "dripping": dripping,
    "http-200": http("200 OK", body=b"<html>"),
    "http-500": http("500 Internal Server Error"),
    "redirect": http("302 Found", "Location: http://127.0.0.2:9/elsewhere"),
}
WEBSOCKETS: Mapping[str, Talk] = {
    "ws-close": _upgraded,
    "ws-silent": websocket(),
    "ws-garbage": websocket(b"\xff" * 4096),
    "ws-huge-frame": websocket(b"\x81\x7f" + (2**62).to_bytes(8, "big"), again=b"x" * MIB),
    "ws-endless-parts": websocket(b"\x01\x01x", again=(b"\x00\x7e\xff\xff" + b"x" * 65_535) * 16),
    "ws-deep": websocket(frame(b"[" * 60_000)),
    "ws-pings": websocket(again=b"\x89\x00" * 1000),
    "ws-compressed": websocket(b"\xc1\x05hello"),
}
BROKERS: Mapping[str, Talk] = {
    "mqtt-then-silent": admitted(),
    "mqtt-then-close": lambda peer: peer.sendall(ADMITTED),
    "mqtt-then-garbage": admitted(b"\xff" * 4096),
    "mqtt-huge": admitted(b"\x30\xff\xff\xff\x7f", again=b"x" * MIB),
    "mqtt-refuses": lambda peer: peer.sendall(b"\x20\x02\x00\x05"),
}


@contextlib.contextmanager
def listening(talk: Talk, family: socket.AddressFamily = socket.AF_INET) -> Iterator[int]:
    """A port of this machine on which `talk` is held with each client."""
    server = socket.create_server(("::1" if family is socket.AF_INET6 else "127.0.0.1", 0), family=family)

    def hold(peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError, StopIteration):
            talk(peer)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=hold, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        server.close()


SETTINGS = {
    "homeassistant": 'url = "{http}://{host}:{port}"\ntoken = "env:WRONG"',
    "matter": 'url = "{ws}://{host}:{port}/ws"',
    "zigbee2mqtt": 'url = "{mqtt}://{host}:{port}"\nusername = "a"\npassword = "env:WRONG"',
    "zwavejs": 'url = "{ws}://{host}:{port}"',
}
OWN_TESTS = frozenset(("igd", "isolation"))
"""They talk datagrams to the local network: tests/unit/ecosystems/test_igd.py, tests/unit/sources/test_isolation.py."""


def table(kind: str, id_: str, port: int, *, host: str = "127.0.0.1", tls: bool = False) -> str:
    s = "s" if tls else ""
    setting = SETTINGS[kind].format(host=host, port=port, http=f"http{s}", ws=f"ws{s}", mqtt=f"mqtt{s}")
    return f'[[sources]]\nkind = "{kind}"\nid = "{id_}"\n{setting}\n'


def peers_of(kind: str) -> dict[str, Talk]:
    if kind == "zigbee2mqtt":
        return {**PEERS, **BROKERS}
    hello = frame(json.dumps(HELLO[kind]).encode())
    return {
        **PEERS,
        **WEBSOCKETS,
        "hello-then-garbage": websocket(hello, frame(b"\x00garbage")),
        "hello-then-silent": websocket(hello),
        "hello-then-list": websocket(hello, frame(b"[[]]")),
        "hello-then-events": websocket(hello, again=frame(b'{"type": "event"}') * 100),
        "hello-then-close": websocket(hello, b"\x88\x00"),
    }


def certificate(folder: Path) -> ssl.SSLContext:
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1"),
            *("-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def test_every_kind_that_asks_a_peer_is_in_the_table() -> None:
    assert SETTINGS.keys() == LIVE - OWN_TESTS


@pytest.mark.parametrize("kind", SETTINGS)
def test_bad_peers_fail_alone_each_with_its_address(kind: str, tmp_path: Path) -> None:
    context = certificate(tmp_path)

    def encrypted(peer: socket.socket) -> None:
        silent(context.wrap_socket(peer, server_side=True))

    with contextlib.ExitStack() as stack:
        named, tables = {}, ""
        for name, talk in peers_of(kind).items():
            port = stack.enter_context(listening(talk))
            tables += table(kind, name, port)
            named[name] = str(port)
        for name, talk, tls in (
            ("tls-where-none-is-expected", encrypted, False),
            ("no-tls-where-it-is", garbage, True),
        ):
            port = stack.enter_context(listening(talk))
            tables += table(kind, name, port, tls=tls)
            named[name] = str(port)
        port = stack.enter_context(listening(encrypted))
        tables += table(kind, "untrusted", port, tls=True)
        named["untrusted"] = "certificate"
        port = stack.enter_context(listening(garbage, socket.AF_INET6))
        tables += table(kind, "v6", port, host="[::1]")
        named["v6"] = f"[::1]:{port}"
        run = Run(tmp_path, tables)
    run.each_tells(named)


@pytest.mark.parametrize("kind", ["homeassistant", "matter", "zwavejs"])
@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "//x",
        "ws://",
        "http://",
        "ws://[",
        "http://a:b@h:1",
        "ws://a:b@h:1",
    ],
)
def test_an_address_that_is_none_of_the_kind_fails_alone(kind: str, url: str, tmp_path: Path) -> None:
    token = 'token = "env:WRONG"\n' if kind == "homeassistant" else ""
    run = Run(tmp_path, f'[[sources]]\nkind = "{kind}"\nurl = "{url}"\n{token}')
    run.each_tells({kind: "url"})
