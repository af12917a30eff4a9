from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from nightlatch.service import connections
from nightlatch.service.connections import STREAM, origin_of
from nightlatch.service.http import serve

TEXT = "47" + "11"
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answers what it is asked: /big, /stream, /break, /half; else how long the body was."""
    headers = [(b"content-type", b"text/plain")]
    if scope["path"] == "/break":
        raise ValueError(TEXT)
    if scope["path"] == "/unread":
        await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        return
    if scope["path"] == "/stream" and not scope["extensions"][STREAM]():
        await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})
        return
    if scope["path"] in ("/big", "/stream", "/half"):
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["path"] == "/half":
            raise ValueError(TEXT)
        for _ in range(100_000 if scope["path"] == "/stream" else 3000):
            await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
            if scope["path"] == "/stream":
                await asyncio.sleep(0.005)
        await send({"type": "http.response.body", "body": b""})
        return
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": f"{size} bytes".encode()})


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of a test's length."""
    for phase, seconds in connections.LIMITS.items():
        monkeypatch.setitem(connections.LIMITS, phase, min(seconds, 1.0) if phase != "streaming" else seconds)
    monkeypatch.setattr(connections, "SWEEP_S", 0.05)


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    async with serve(application, "127.0.0.1", 0) as port:
        yield port


async def _asked(port: int, sent: bytes, limit: float = 4.0) -> bytes:
    """All that comes back until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        async with asyncio.timeout(limit):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def _ended(reader: asyncio.StreamReader) -> bool:
    return reader.at_eof() or reader.exception() is not None


async def _fine(port: int) -> None:
    """A request of somebody else is answered at once."""
    before = time.perf_counter()
    assert (await _asked(port, REQUEST + b"Connection: close\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    assert time.perf_counter() - before < 0.5


async def test_headers_that_come_byte_by_byte_are_not_waited_for() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        begun = time.perf_counter()
        with suppress(ConnectionError):
            for byte in REQUEST + b"X-Slow: " + b"y" * 200:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)
                if _ended(reader):
                    break
            await _fine(port)
            assert await reader.read() == b""
        assert 0.9 < time.perf_counter() - begun < 3
        writer.close()


async def test_a_body_that_comes_byte_by_byte_is_not_waited_for() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n")
        begun = time.perf_counter()
        with suppress(ConnectionError):
            while not _ended(reader) and time.perf_counter() - begun < 4:
                writer.write(b"z")
                await asyncio.sleep(0.02)
        assert 0.9 < time.perf_counter() - begun < 3
        await _fine(port)
        writer.close()


async def test_a_long_body_may_take_its_time_as_long_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "BODY_RATE", 10_000)
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 40000\r\n\r\n")
        for _ in range(20):
            writer.write(b"z" * 2000)
            await asyncio.sleep(0.1)
        assert b"40000 bytes" in await reader.read()
        writer.close()


@pytest.mark.parametrize("path", [b"/big", b"/stream"])
async def test_who_does_not_read_the_answer_is_dropped(path: bytes) -> None:
    async with served() as port:
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        peer.connect(("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=peer, limit=1024)
        writer.write(REQUEST.replace(b"/", path, 1) + b"\r\n")
        await asyncio.sleep(2.5)
        await _fine(port)
        taken = 0
        with suppress(ConnectionError):
            async with asyncio.timeout(5):
                while part := await reader.read(100_000):
                    taken += len(part)
        assert taken < 10_000_000
        writer.close()


async def test_a_stream_that_is_read_lasts() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST.replace(b"/", b"/stream", 1) + b"\r\n")
        end = time.perf_counter() + 2.5
        while time.perf_counter() < end:
            assert await reader.read(100_000)
        writer.close()


async def test_streams_end_at_once_when_the_server_does() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST.replace(b"/", b"/stream", 1) + b"\r\n")

        async def read() -> None:
            with suppress(ConnectionError):
                while await reader.read(100_000):
                    pass

        task = asyncio.create_task(read())
        await asyncio.sleep(0.3)
        begun = time.perf_counter()
    assert time.perf_counter() - begun < 1
    await task
    writer.close()


async def test_a_reader_that_is_gone_before_its_stream_begins_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with served() as port:
        for _ in range(50):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(REQUEST.replace(b"/", b"/stream", 1) + b"\r\n")
            await asyncio.sleep(0)
            writer.transport.abort()
        await asyncio.sleep(0.2)
        await _fine(port)
    assert "broke" not in caplog.text


async def test_more_streams_than_there_may_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_STREAMS", 2)
    async with served() as port:
        statuses = []
        writers = []
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(REQUEST.replace(b"/", b"/stream", 1) + b"\r\n")
            statuses.append((await reader.readline()).split()[1])
            writers.append(writer)
        for writer in writers:
            writer.close()
        assert statuses == [b"200", b"200", b"503"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (REQUEST + b"X-Long: " + b"h" * 20_000 + b"\r\n\r\n", b"431"),
        (REQUEST + b"".join(b"X-%d: y\r\n" % k for k in range(3000)) + b"\r\n", b"431"),
        (b"GET /" + b"p" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"431"),
        (REQUEST + b"X-Endless: " + b"h" * 300_000, b"400"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnope\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.0\r\n\r\n", b"421"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: b\rc: d\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n X-Folded: d\r\n\r\n", b"421"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"\x00" * 100 + b"\r\n\r\n", b"400"),
        (b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n", b"421"),
    ],
)
async def test_what_is_no_request_is_refused_in_words(sent: bytes, status: bytes) -> None:
    async with served() as port:
        answer = await _asked(port, sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1), 8)
        if answer or status != b"400":  # what was sent too much of may take the answer with it
            assert answer.split()[1] == status
        if status != b"200" and answer:
            assert b"x-content-type-options: nosniff" in answer
            assert b"Traceback" not in answer
        await _fine(port)


@pytest.mark.parametrize("path", [b"/break", b"/half"])
async def test_what_breaks_tells_no_text_of_the_error(path: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with served() as port:
        answer = await _asked(port, REQUEST.replace(b"/", path, 1) + b"\r\n")
        assert b"4711" not in answer + caplog.text.encode()
        assert (b" 500 " in answer) == (path == b"/break")
        assert "answering broke (ValueError)" in caplog.text
        await _fine(port)


async def test_a_body_that_nobody_wants_is_not_taken_for_long() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /unread HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000000\r\n\r\n")
        assert b"404" in await reader.readline()
        begun = time.perf_counter()
        with suppress(ConnectionError):
            while time.perf_counter() - begun < 4:
                writer.write(b"z" * 1000)
                await asyncio.sleep(0.01)
                await writer.drain()
        assert time.perf_counter() - begun < 3
        writer.close()


async def test_many_that_say_nothing_make_room_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 20)
    monkeypatch.setitem(connections.LIMITS, "headers", 60.0)
    async with served() as port:
        idle = [await asyncio.open_connection("127.0.0.1", port) for _ in range(100)]
        for _, writer in idle:
            writer.write(b"GET / HT")
        await asyncio.sleep(0.2)
        for _ in range(10):
            await _fine(port)
        open_ = sum(not _ended(reader) for reader, _ in idle)
        assert open_ <= 20
        for _, writer in idle:
            writer.close()


async def test_one_other_machine_takes_only_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "origin_of", lambda address: "" if address == "127.0.0.1" else address)
    monkeypatch.setattr(connections, "MOST_EACH", 3)
    monkeypatch.setattr(connections, "MOST_STREAMS_EACH", 1)
    async with serve(application, "0.0.0.0", 0) as port:
        made = [await asyncio.open_connection("127.0.0.2", port, local_addr=("127.0.0.3", 0)) for _ in range(3)]
        for _, writer in made:
            writer.write(b"POST / HTTP/1.1\r\nHost: 127.0.0.2\r\nContent-Length: 9\r\n\r\n")
        await asyncio.sleep(0.1)
        reader, writer = await asyncio.open_connection("127.0.0.2", port, local_addr=("127.0.0.3", 0))
        with suppress(ConnectionError):
            assert await reader.read() == b""
        reader, other = await asyncio.open_connection("127.0.0.2", port, local_addr=("127.0.0.4", 0))
        other.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.2\r\n\r\n")
        assert b"200" in await reader.readline()
        for one in (writer, other, *(writer for _, writer in made)):
            one.close()


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        *(("127.0.0.1", ""), ("127.9.9.9", ""), ("::1", ""), ("::ffff:127.0.0.1", ""), ("192.168.1.7", "192.168.1.7")),
        *(("fd00:1:2:3:4:5:6:7", "fd00:1:2:3::/64"), ("fe80::1%eth0", "fe80::/64"), ("::ffff:10.0.0.1", "10.0.0.1")),
    ],
)
def test_peers_are_counted_by_machine_or_network(address: str, origin: str) -> None:
    assert origin_of(address) == origin
