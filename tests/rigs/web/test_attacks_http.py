"""Attacks over raw sockets on the real `nightlatch run` of the demo's home, sign-in and all."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from nightlatch import demo
from nightlatch.service.folder import prepare

pytestmark = pytest.mark.rig


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where `nightlatch run` answers."""
    state = tmp_path_factory.mktemp("demo") / "state"
    prepare(state)
    path = demo.configuration(state).path
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path.write_text(path.read_text().replace("port = 5625", f"port = {port}"))
    command = [sys.executable, "-m", "nightlatch", "run", "--config", str(path)]
    env = {**os.environ, "NIGHTLATCH_STATE": str(state)}
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE) as process:
        end = time.monotonic() + 60
        while True:
            with suppress(OSError):
                if b" 200 " in ask(port, b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"):
                    break
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            assert time.monotonic() < end
            time.sleep(0.2)
        yield port
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        _, said = process.communicate(timeout=30)
        assert time.monotonic() - began < 10
        assert process.returncode == 0
        assert b"Traceback" not in said


def ask(port: int, sent: bytes, seconds: float = 5) -> bytes:
    """What is answered, all of it or as much as comes in that time."""
    found = b""
    with socket.create_connection(("127.0.0.1", port), seconds) as peer:
        end = time.monotonic() + seconds
        with suppress(OSError):
            peer.sendall(sent.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            while time.monotonic() < end and (part := peer.recv(65_536)):
                found += part
    return found


def status(answer: bytes) -> int:
    """The status; 0: the connection was ended without one."""
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    return int(found[1]) if found else 0


def request(method: str, path: str, *headers: str, host: str = "localhost", body: bytes = b"") -> bytes:
    """A request as it is sent."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def fine(port: int) -> None:
    """Somebody else is answered at once."""
    began = time.monotonic()
    assert status(ask(port, request("GET", "/sign-in", f"Origin: http://localhost:{port}"))) in (200, 303)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "0.0.0.0", "192.168.0.1", "nightlatch.lan"])
@pytest.mark.parametrize("path", ["/", "/api/openapi.json", "/live", "/metrics", "/health", "/sign-in", "/static/x/y"])
def test_a_name_that_was_pointed_here_gets_nothing(port: int, host: str, path: str) -> None:
    answer = ask(port, request("GET", path, host=f"{host}:{port}"))
    assert status(answer) == 421
    assert b"localhost" in answer
    assert b"set-cookie" not in answer.lower()


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/password", "/sign-in/begin", "/", "/alerts", "/api/doors"])
@pytest.mark.parametrize(
    "headers",
    [
        ("Origin: http://evil.example",),
        ("Origin: null",),
        ("Origin: https://localhost:{port}",),
        ("Sec-Fetch-Site: cross-site",),
        ("Sec-Fetch-Site: same-site", "Origin: http://localhost:9"),
        ("Referer: http://evil.example/localhost",),
        (),
    ],
)
def test_another_sites_form_is_refused_everywhere(port: int, path: str, headers: tuple[str, ...]) -> None:
    said = [one.replace("{port}", str(port)) for one in headers]
    form = "Content-Type: application/x-www-form-urlencoded"
    answer = ask(port, request("POST", path, form, *said, host=f"localhost:{port}", body=b"name=x&password=y"))
    assert status(answer) in (403, 429)
    assert b"set-cookie" not in answer.lower()


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_another_sites_script_reads_nothing(port: int, method: str) -> None:
    said = (
        "Origin: http://evil.example",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: cors",
        "Sec-Fetch-Dest: empty",
    )
    for path in ("/", "/api/openapi.json", "/live"):
        answer = ask(port, request(method, path, *said, "Access-Control-Request-Method: POST"))
        assert status(answer) == 403
        assert b"access-control-allow" not in answer.lower()


@pytest.mark.parametrize(
    "path",
    [
        "/static/x/../../../../../../etc/passwd",
        "/static/x/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/static/x/%2e%2e/%2e%2e/app.py",
        "/static/%2e%2e/app.py",
        "/static/x/%2fetc%2fpasswd",
        "/static/x/....//....//etc/passwd",
        "/static/x/..%5c..%5capp.py",
        "/static/x/%00tokens.css",
        "/static/x/tokens.css%00.py",
        "//etc/passwd",
        "/../../etc/passwd",
        "/static/x/%c0%ae%c0%ae/app.py",
    ],
)
def test_no_path_leads_out_of_the_pages(port: int, path: str) -> None:
    answer = ask(port, request("GET", path))
    assert status(answer) in (303, 400, 401, 404)
    assert b"root:" not in answer
    assert b"import " not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in?next=%0d%0aSet-Cookie:%20planted=1",
        "/nothing%0d%0aSet-Cookie:%20planted=1",
        "/more?x=%0d%0a%0d%0a<script>planted</script>",
        "/sign-in?next=//evil.example",
        "/sign-in?next=http://evil.example/",
    ],
)
def test_no_request_puts_a_header_into_the_answer_or_leads_elsewhere(port: int, path: str) -> None:
    head, _, body = ask(port, request("GET", path)).partition(b"\r\n\r\n")
    assert b"\r\nset-cookie: planted" not in head.lower()
    assert b"<script>planted" not in body
    location = re.search(rb"\r\nlocation: ([^\r]*)", head, re.IGNORECASE)
    assert location is None or re.match(rb"/(?!/)", location[1])
    assert b'href="http://evil' not in body
    assert b'href="//evil' not in body


@pytest.mark.parametrize(
    "sent",
    [
        request("GET", "/", "X-Long: " + "h" * 100_000),
        request("GET", "/" + "p" * 100_000),
        request("GET", "/", *(f"X-{k}: y" for k in range(5000))),
        request("GET", "/", "Cookie: " + "; ".join(f"a{k}=b" for k in range(5000))),
        b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /x",
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\nx",
        b"\x80\x00\xff" * 100 + b"\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"G" * 50_000,
    ],
)
def test_what_is_no_sane_request_breaks_nothing(port: int, sent: bytes) -> None:
    answer = ask(port, sent, 3)
    assert status(answer) < 500 or status(answer) == 501
    assert b"Traceback" not in answer
    fine(port)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(port: int) -> None:
    ours = (f"Origin: http://localhost:{port}", "Content-Type: application/x-www-form-urlencoded")
    for path in ("/sign-in", "/sign-in/password"):
        answer = ask(port, request("POST", path, *ours, host=f"localhost:{port}", body=b"a=" + b"b" * 400_000))
        assert status(answer) in (0, 400, 401, 403, 404, 405, 413)
    fine(port)


def test_slow_and_silent_peers_by_the_hundred_hold_up_nobody(port: int) -> None:
    with ExitStack() as stack:
        peers = []
        for number in range(700):
            with suppress(OSError):
                peer = stack.enter_context(socket.create_connection(("127.0.0.1", port), 2))
                peer.setblocking(False)
                peers.append(peer)
                with suppress(OSError):
                    if number % 3 == 0:
                        peer.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
                    elif number % 3 == 1:
                        peer.send(b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")
        for _ in range(20):
            for peer in peers:
                with suppress(OSError):
                    peer.send(b"x")
            fine(port)
            time.sleep(0.1)
    fine(port)


def test_every_answer_forbids_what_pages_never_do(port: int) -> None:
    for path in ("/", "/sign-in", "/nothing", "/api/nothing", "/health"):
        head = ask(port, request("GET", path)).partition(b"\r\n\r\n")[0].lower()
        for name in (b"content-security-policy", b"x-content-type-options: nosniff", b"cache-control: no-store"):
            assert name in head, path
        assert b"unsafe-" not in head
        assert b"\r\nserver:" not in head
