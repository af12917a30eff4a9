from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from nightlatch.configuration.read import parse
from nightlatch.errors import NightlatchError
from nightlatch.service import certificates, connections
from nightlatch.service import tls as of_tls
from nightlatch.service.http import serve
from nightlatch.service.tls import Tls


def now() -> datetime:
    return datetime.now(UTC)


def made(folder: Path, service: str) -> Tls:
    return Tls(parse(f'[home]\nname = "Elm"\n[service]\n{service}\n', folder / "nightlatch.toml"), folder, now)


def authority(folder: Path, *names: str) -> certificates.Files:
    place = certificates.files(folder)
    certificates.make(place, "Elm", names, now())
    return place


async def _until(what: Callable[[], object]) -> None:
    while not what():  # noqa: ASYNC110  # what is waited for has no event of its own
        await asyncio.sleep(0.05)


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["scheme"].encode()})


async def ask(port: int, place: certificates.Files, name: str = "localhost") -> str:
    trusted = ssl.create_default_context(cafile=str(place.folder / certificates.AUTHORITY))
    async with aiohttp.ClientSession() as session, session.get(f"https://{name}:{port}/", ssl=trusted) as answer:
        return await answer.text()


def test_on_this_machine_alone_nothing_is_encrypted(tmp_path: Path) -> None:
    tls = made(tmp_path, "")
    tls.begin()
    assert tls.context() is None
    assert tls.address(5625) == "http://localhost:5625"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "nightlatch.lan"])
def test_beyond_this_machine_it_does_not_start_without_a_certificate(tmp_path: Path, host: str) -> None:
    with pytest.raises(
        NightlatchError, match=r"nightlatch.toml:4: .*beyond this machine.*Make a certificate with: nigh"
    ):
        made(tmp_path, f'host = "{host}"').begin()


async def test_beyond_this_machine_everything_is_encrypted(tmp_path: Path) -> None:
    place = authority(tmp_path, "nightlatch.lan")
    tls = made(tmp_path, 'host = "0.0.0.0"')
    tls.begin()
    assert tls.address(5625) == "https://nightlatch.lan:5625"
    assert not tls.problem
    async with serve(hello, "127.0.0.1", 0, names=tls.names, secure=tls.context) as port:
        assert await ask(port, place) == "https"
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientError):
                await session.get(f"http://localhost:{port}/")


async def test_old_protocols_and_weak_ciphers_are_refused(tmp_path: Path) -> None:
    place = authority(tmp_path)
    tls = made(tmp_path, 'host = "0.0.0.0"')
    tls.begin()
    async with serve(hello, "127.0.0.1", 0, secure=tls.context) as port:
        for newest, ciphers in (
            (ssl.TLSVersion.TLSv1_2, "AES128-SHA:AES256-GCM-SHA384"),
            (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"),
        ):
            client = ssl.create_default_context(cafile=str(place.folder / certificates.AUTHORITY))
            with pytest.warns(DeprecationWarning) if newest < ssl.TLSVersion.TLSv1_2 else nullcontext():
                client.minimum_version = min(newest, ssl.TLSVersion.TLSv1_2)
                client.maximum_version = newest
            client.set_ciphers(ciphers)
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.open_connection("localhost", port, ssl=client)
        assert await ask(port, place) == "https"


async def test_who_begins_a_handshake_and_goes_no_further_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = authority(tmp_path)
    tls = made(tmp_path, 'host = "0.0.0.0"')
    tls.begin()
    monkeypatch.setitem(connections.LIMITS, "handshake", 0.5)
    monkeypatch.setattr(connections, "SWEEP_S", 0.05)
    async with serve(hello, "127.0.0.1", 0, secure=tls.context) as port:
        slow = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        for _, writer in slow[::2]:
            writer.write(b"\x16\x03\x01\x02\x00\x01")
        assert await ask(port, place) == "https"
        async with asyncio.timeout(3):
            for reader, writer in slow:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        async with asyncio.timeout(3):
            with suppress(ConnectionError):
                assert b"HTTP" not in await reader.read()
        writer.close()
        assert await ask(port, place) == "https"


async def test_the_owners_certificate_is_read_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_tls, "LOOK_S", 0.05)
    place = authority(tmp_path / "own", "door.example.org")
    tls = made(tmp_path, 'certificate = "own/tls/server.pem"\ncertificate_key = "own/tls/server.key"')
    tls.begin()
    assert tls.mode == "own"
    assert tls.address(443) == "https://door.example.org:443"
    task = asyncio.create_task(tls.run())
    async with serve(hello, "127.0.0.1", 0, secure=tls.context) as port:
        assert await ask(port, place) == "https"
        certificates.make(place, "Elm", ["other.lan"], now(), anew=True)
        os.utime(place.folder / "server.pem", (1, 1))
        async with asyncio.timeout(5):
            await _until(lambda: "other.lan" in tls.names)
        assert await ask(port, place) == "https"
        (place.folder / "server.pem").write_text("nonsense")
        async with asyncio.timeout(5):
            await _until(lambda: tls.problem)
        assert "server.pem" in tls.problem
        assert await ask(port, place) == "https"
    task.cancel()


async def test_a_certificate_of_the_homes_own_is_renewed_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_tls, "LOOK_S", 0.05)
    place = authority(tmp_path)
    tls = made(tmp_path, 'host = "0.0.0.0"')
    tls.begin()
    before, context = place.server, tls.context()
    tls._now = lambda: now() + timedelta(days=380)
    task = asyncio.create_task(tls.run())
    async with asyncio.timeout(5):
        await _until(lambda: tls.context() is not context)
    task.cancel()
    assert place.server.not_valid_after_utc > before.not_valid_after_utc


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ('certificate = "own/tls/server.pem"', "certificate_key is missing"),
        ('certificate_key = "own/tls/server.key"', "certificate is missing"),
        ('certificate = "own/tls/server.pem"\ncertificate_key = "nothing.key"', "nothing.key: cannot be read"),
        ('certificate = "nothing.pem"\ncertificate_key = "own/tls/server.key"', "nothing.pem: cannot be read"),
        ('certificate = "own/tls/server.pem"\ncertificate_key = "own/tls/authority.key"', "they do not match"),
        ('certificate = "own/tls/server.key"\ncertificate_key = "own/tls/server.key"', "server.key: cannot be"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_named_at_the_start(tmp_path: Path, service: str, said: str) -> None:
    authority(tmp_path / "own")
    with pytest.raises(NightlatchError, match=said):
        made(tmp_path, service).begin()


def test_a_key_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    place = authority(tmp_path / "own")
    (place.folder / "server.key").chmod(0o644)
    with pytest.raises(NightlatchError, match="everybody on this machine can read"):
        made(tmp_path, 'certificate = "own/tls/server.pem"\ncertificate_key = "own/tls/server.key"').begin()


@pytest.mark.parametrize(("days", "said"), [(0, ""), (390, "it ends on"), (500, "it ended on"), (-5, "it begins on")])
def test_a_certificate_that_ends_is_told_of(tmp_path: Path, days: int, said: str) -> None:
    authority(tmp_path / "own")
    tls = made(tmp_path, 'certificate = "own/tls/server.pem"\ncertificate_key = "own/tls/server.key"')
    tls._now = lambda: now() + timedelta(days=days)
    tls.begin()
    assert said in tls.problem
    assert bool(said) == bool(tls.problem)


def test_a_name_that_the_certificate_is_not_for_is_told_of(tmp_path: Path) -> None:
    authority(tmp_path, "nightlatch.lan")
    tls = made(tmp_path, 'host = "0.0.0.0"\nnames = ["nightlatch.lan", "attic.lan"]')
    tls.begin()
    assert tls.problem == "certificate: it is not for attic.lan: run: nightlatch tls init attic.lan"
