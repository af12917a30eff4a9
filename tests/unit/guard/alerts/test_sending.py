"""What goes over the wire by apprise, and what never leaves by a log or an error: the channel's URL."""

from __future__ import annotations

import asyncio
import json
import logging
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from nightlatch.guard.alerts.render import Message
from nightlatch.guard.alerts.rules import Channel
from nightlatch.guard.alerts.sending import Apprise
from nightlatch.secrets import Secret

# Apprise loads the libraries of all its services at once; what those say of each other is not ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TOKEN = "zq9f3tokenb71"
MESSAGE = Message("Critical: The lock reports tampering", "12:00 <b>Front</b> door & co.\n12:01 Übrigens.", "failure")


class Web(HTTPServer):
    """A web hook on loopback: what it was sent, and what it answers."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, bytes]] = []
        self.answer = 200
        self.delay = 0.0
        super().__init__(("127.0.0.1", 0), _Hook)


class _Hook(BaseHTTPRequestHandler):
    server: Web

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        time.sleep(self.server.delay)
        self.server.posted.append((self.path, body))
        self.send_response(self.server.answer)
        if self.server.answer == 302:
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Mail(socketserver.TCPServer):
    """As much of a mail server as a client needs to leave one mail."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Letterbox)


class _Letterbox(socketserver.StreamRequestHandler):
    server: Mail

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            if line[:4].upper() == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                mail = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    mail += line
                self.server.mails.append(mail)
            if line[:4].upper() == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            self.wfile.write(b"250 ok\r\n")


@contextmanager
def serving(server: Web | Mail) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    with serving(server):
        yield server


def hook(web: Web) -> Channel:
    return Channel("phone", Secret(f"json://ana:{TOKEN}@127.0.0.1:{web.server_port}/{TOKEN}"))


async def test_a_web_hook_gets_the_message_as_plain_text(web: Web) -> None:
    assert await Apprise().send(hook(web), MESSAGE) == ""
    ((path, body),) = web.posted
    assert path == f"/{TOKEN}"
    sent = json.loads(body)
    assert (sent["title"], sent["message"], sent["type"]) == (MESSAGE.title, MESSAGE.body, "failure")
    assert sent["attachments"] == []


async def test_mail_holds_the_words_and_nothing_else() -> None:
    server = Mail()
    with serving(server):
        url = f"mailto://127.0.0.1:{server.server_address[1]}/?to=ana@example.org&from=home@example.org&mode=insecure"
        assert await Apprise().send(Channel("mail", Secret(url)), MESSAGE) == ""
    (mail,) = [message_from_bytes(one) for one in server.mails]
    assert str(make_header(decode_header(mail["subject"]))) == MESSAGE.title
    parts = [part for part in mail.walk() if not part.is_multipart()]
    assert {part.get_content_maintype() for part in parts} == {"text"}, "no attachments"
    texts = [part.get_payload(decode=True) for part in parts]
    assert all(isinstance(text, bytes) and "Übrigens." in text.decode() for text in texts)


@pytest.mark.parametrize("answer", [403, 500, 302])
async def test_a_message_counts_as_delivered_only_when_the_service_took_it(web: Web, answer: int) -> None:
    web.answer = answer
    reason = await Apprise().send(hook(web), MESSAGE)
    assert reason == "the service did not take it, or cannot be reached"
    assert len(web.posted) == 1


async def test_a_service_that_is_not_there_is_a_failure() -> None:
    assert await Apprise().send(Channel("phone", Secret(f"json://127.0.0.1:1/{TOKEN}")), MESSAGE) != ""


async def test_a_service_that_hangs_is_given_up_in_time(web: Web) -> None:
    web.delay = 1.0
    begin = time.monotonic()
    assert await Apprise(timeout=0.2).send(hook(web), MESSAGE) == "it took longer than 0 seconds"
    assert time.monotonic() - begin < 0.9


@pytest.mark.parametrize(
    "url",
    [
        f"nosuch://{TOKEN}",
        f"tgram://{TOKEN}",
        TOKEN,
        f"json://[{TOKEN}",
        f"json://\x00{TOKEN}",
        "",
        f"file:///{TOKEN}",
        f"mailto://{TOKEN}:{TOKEN}",
    ],
)
async def test_a_url_that_is_none_is_one_clear_reason_that_does_not_repeat_it(
    url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = Channel("phone", Secret(url))
    assert await Apprise().send(channel, MESSAGE) == "its URL is none that apprise knows"
    assert Apprise().problem(channel) == "its URL is none that apprise knows"
    out, err = capsys.readouterr()
    assert TOKEN not in caplog.text + out + err


@pytest.mark.parametrize("answer", [200, 500])
async def test_no_log_holds_the_url_whatever_level_is_set(
    web: Web, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str], answer: int
) -> None:
    caplog.set_level(1)
    for name in ("apprise", "urllib3", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(1)
    web.answer = answer
    await Apprise().send(hook(web), MESSAGE)
    out, err = capsys.readouterr()
    assert TOKEN not in caplog.text + out + err
    assert web.posted


async def test_a_channel_without_its_secret_says_why() -> None:
    channel = Channel("phone", None, "the environment variable PHONE is not set")
    assert await Apprise().send(channel, MESSAGE) == "the environment variable PHONE is not set"


async def test_what_breaks_inside_a_service_is_a_failure_of_its_channel_without_its_words(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    def broken(*_: object, **__: object) -> bool:
        raise RuntimeError(f"cannot reach {TOKEN}")

    monkeypatch.setattr(NotifyJSON, "send", broken)
    assert await Apprise().send(hook(web), MESSAGE) == "sending broke (RuntimeError)"
    assert TOKEN not in caplog.text


async def test_two_channels_are_sent_to_at_the_same_time(web: Web) -> None:
    apprise = Apprise()
    assert await asyncio.gather(*(apprise.send(hook(web), MESSAGE) for _ in range(4))) == [""] * 4
    assert len(web.posted) == 4
