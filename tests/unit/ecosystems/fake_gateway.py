"""A router on loopback that answers SSDP, HTTP and NAT-PMP as it is told to: well, badly or never."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from nightlatch.ecosystems import igd
from nightlatch.ecosystems._igd import natpmp, ssdp

HOST = "127.0.0.1"
CONTROL = "urn:schemas-upnp-org:service:WANIPConnection:1"
Reply = Callable[[bytes], bytes | None]
"""A question in, an answer out; None for none. Raw HTTP where the peer speaks HTTP."""


def description(control: str = "/ctl", service: str = CONTROL, maker: str = "Acme", extra: str = "") -> str:
    return (
        f'<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">{extra}<device><deviceType>x</deviceType>'
        f"<manufacturer>{maker}</manufacturer><modelName>Gate 3</modelName><deviceList><device><serviceList><service>"
        f"<serviceType>{service}</serviceType><controlURL>{control}</controlURL></service></serviceList></device>"
        "</deviceList></device></root>"
    )


def entry(
    client: str = "192.168.1.5",
    outer: str = "8123",
    inner: str = "8123",
    *,
    protocol: str = "TCP",
    on: str = "1",
    label: str = "hass",
) -> str:
    return envelope(
        f'<u:GetGenericPortMappingEntryResponse xmlns:u="{CONTROL}"><NewRemoteHost></NewRemoteHost>'
        f"<NewExternalPort>{outer}</NewExternalPort><NewProtocol>{protocol}</NewProtocol>"
        f"<NewInternalPort>{inner}</NewInternalPort><NewInternalClient>{client}</NewInternalClient>"
        f"<NewEnabled>{on}</NewEnabled><NewPortMappingDescription>{label}</NewPortMappingDescription>"
        "<NewLeaseDuration>0</NewLeaseDuration></u:GetGenericPortMappingEntryResponse>"
    )


def error(number: int) -> str:
    return envelope(
        "<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>"
        f'<UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>{number}</errorCode></UPnPError>'
        "</detail></s:Fault>"
    )


def envelope(body: str) -> str:
    return (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">'
        f"<s:Body>{body}</s:Body></s:Envelope>"
    )


def http(body: str | bytes, status: str = "200 OK", *headers: str) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(data)}", "Connection: close", *headers)
    return "\r\n".join((*lines, "", "")).encode() + data


class Gateway:
    """What the router says. `asked` keeps what it was asked over HTTP: request line and headers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[bytes] = []
        self.mappings: list[str] = []
        self.describes = description()
        self.location = ""
        self.http: Reply = self.answer
        self.ssdp: Reply = lambda _: self.found()
        self.natpmp: Reply = lambda _: bytes((0, 128, 0, 0, 0, 0, 0, 9, 203, 0, 113, 7))
        self.has_ssdp = self.has_natpmp = self.has_page = True
        self.drip = False
        self._monkeypatch = monkeypatch

    def found(self, type_: str = "urn:schemas-upnp-org:device:InternetGatewayDevice:1") -> bytes:
        lines = ("HTTP/1.1 200 OK", f"ST: {type_}", f"LOCATION: {self.location}", "CACHE-CONTROL: max-age=120", "", "")
        return "\r\n".join(lines).encode()

    def answer(self, request: bytes) -> bytes:
        """The description, and one mapping for each index."""
        if request.startswith(b"GET "):
            return http(self.describes)
        index = int(request.partition(b"<NewPortMappingIndex>")[2].partition(b"<")[0])
        if index < len(self.mappings):
            return http(self.mappings[index])
        return http(error(713), "500 Internal Server Error")

    @contextmanager
    def up(self) -> Iterator[None]:
        """The router answers on ports of loopback, and the plug asks those."""
        with ExitStack() as stack:
            page = stack.enter_context(_serving(self._page))
            self.location = self.location or f"http://{HOST}:{page}/desc.xml"
            set_ = self._monkeypatch.setattr
            set_(ssdp, "PORT", stack.enter_context(_datagrams(self.ssdp, self.has_ssdp)))
            set_(natpmp, "PORT", stack.enter_context(_datagrams(self.natpmp, self.has_natpmp)))
            set_(igd, "PAGES", (page if self.has_page else _closed(),))
            set_(ssdp, "SECONDS", 0.3)
            set_(natpmp, "WAITS", (0.1, 0.1, 0.1))
            yield

    def _page(self, link: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            data = link.recv(65536)
            if not data:
                return
            request += data
        head, _, body = request.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += link.recv(65536)
        self.asked.append(head)
        answer = self.http(head + b"\r\n\r\n" + body)
        if answer is None:
            time.sleep(3)
            return
        if self.drip:
            for octet in answer:
                link.sendall(bytes((octet,)))
                time.sleep(0.05)
        link.sendall(answer)


def _closed() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _datagrams(reply: Reply, there: bool) -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind((HOST, 0))
        port = int(link.getsockname()[1])
        if not there:
            link.close()
            yield port
            return

        def serve() -> None:
            with contextlib.suppress(OSError):
                while data := link.recvfrom(4096):
                    if not data[0]:
                        return
                    answer = reply(data[0])
                    if answer is not None:
                        link.sendto(answer, data[1])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield port
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
                end.sendto(b"", (HOST, port))
            thread.join(5)


@contextmanager
def _serving(page: Callable[[socket.socket], None]) -> Iterator[int]:
    server = socket.create_server((HOST, 0))

    def one(link: socket.socket) -> None:
        with link, contextlib.suppress(OSError):
            page(link)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(server.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield int(server.getsockname()[1])
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)
