"""Another Nightlatch as a witness, over HTTP on loopback: it co-signs what grows, and refuses every other history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from litestar import Litestar

from nightlatch.errors import ReadError, SourceError
from nightlatch.journal import notes
from nightlatch.journal.cosigning import Cosigner, cosigned_at
from nightlatch.journal.journal import Journal
from nightlatch.journal.notes import Signer
from nightlatch.journal.serving import router
from nightlatch.journal.witnesses import nightlatch as module
from nightlatch.journal.witnesses.interface import Contradicted
from nightlatch.journal.witnesses.nightlatch import Nightlatch, NightlatchSettings
from nightlatch.journal.witnessing import Witnessing
from nightlatch.service.http import serve
from tests.unit.journal.making import event, filled
from tests.unit.journal.witnesses.logs import ATTACKS, Attack, published

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEY = Cosigner(Signer("witness", bytes(32))).verifier.text


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = published(tmp_path / "log")
    yield journal
    journal.close()


@pytest.fixture
async def other(tmp_path: Path, journal: Journal) -> AsyncIterator[tuple[Witnessing, str]]:
    """Another Nightlatch that witnesses this journal, and where it does."""
    folder = tmp_path / "other"
    folder.mkdir()
    witnessing = Witnessing(folder, journal.verifiers, lambda: NOW)
    async with serve(Litestar([router(witnessing)], openapi_config=None), "127.0.0.1", 0) as port:
        yield witnessing, f"http://127.0.0.1:{port}/witness"


def witness(url: str, key: str) -> Nightlatch:
    return Nightlatch(NightlatchSettings(url=url, key=key), "neighbour")


async def test_a_growing_journal_is_cosigned_also_by_who_begins_anew(
    other: tuple[Witnessing, str], journal: Journal
) -> None:
    witnessing, url = other
    one = witness(url, witnessing.verifier.text)
    for more in (0, 1, 300):
        journal.append([event(number) for number in range(more)])
        found = await one.publish(journal)
        assert found.size == journal.size
        assert cosigned_at(notes.parse(found.note + found.cosignature), witnessing.verifier) == NOW.timestamp()
    journal.append([event(1)])
    fresh = witness(url, witnessing.verifier.text)  # it does not know what was signed last, and is told
    assert await fresh.compare(journal) == journal.size


@pytest.mark.parametrize(("attack", "told"), ATTACKS)
async def test_a_journal_that_is_not_the_one_it_saw_is_told(
    other: tuple[Witnessing, str], journal: Journal, tmp_path: Path, attack: Attack, told: str
) -> None:
    witnessing, url = other
    await witness(url, witnessing.verifier.text).publish(journal)
    kept = witnessing.newest(journal.verifiers[0].name)
    journal.close()
    changed = attack(tmp_path / "log")
    with pytest.raises(Contradicted, match=told):
        await witness(url, witnessing.verifier.text).publish(changed)
    assert witnessing.newest(notes.parse(changed.checkpoint()).origin) == kept
    changed.close()


async def test_a_journal_or_key_that_the_other_does_not_know_says_what_to_do_there(
    other: tuple[Witnessing, str], journal: Journal, tmp_path: Path
) -> None:
    witnessing, url = other
    stranger = filled(tmp_path / "stranger", 3)
    with pytest.raises(SourceError, match="does not witness this journal") as caught:
        await witness(url, witnessing.verifier.text).publish(stranger)
    assert "cosigns" in caught.value.todo
    stranger.close()
    journal.rotate(1)
    journal.append([event(1)])
    with pytest.raises(SourceError, match="does not know the key"):
        await witness(url, witnessing.verifier.text).publish(journal)


async def test_an_answer_signed_by_another_key_is_no_witness(other: tuple[Witnessing, str], journal: Journal) -> None:
    _, url = other
    with pytest.raises(ReadError, match="without the signature of the key that is configured"):
        await witness(url, KEY).publish(journal)


@pytest.mark.parametrize(
    ("status", "body", "type_", "why"),
    [
        (200, b"", "text/plain", "without the signature"),
        (200, b"\xff", "text/plain", "no text"),
        (200, b"x" * 40_000, "text/plain", "more than"),
        (200, "— witness AAAA\n".encode(), "text/plain", "no signed checkpoint|without"),
        (302, b"", "text/plain", "HTTP 302"),
        (404, b"", "text/html", "does not witness"),
        (409, b"many", "text/x.tlog.size", "no size"),
        (409, b"7\n", "text/x.tlog.size", "signed other checkpoints"),
        (500, b"oops", "text/plain", "HTTP 500"),
    ],
)
async def test_what_a_broken_peer_answers_is_one_clear_error(
    journal: Journal, status: int, body: bytes, type_: str, why: str
) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, body=body, headers={"Content-Type": type_, "Location": "http://127.0.0.1:1"})

    async with _peer(answer) as url:
        with pytest.raises((SourceError, ReadError), match=why) as caught:
            await witness(url, KEY).publish(journal)
    assert not isinstance(caught.value, Contradicted)
    assert caught.value.where.startswith(url)


async def test_a_peer_that_never_ends_or_never_answers_is_given_up(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_S", 0.3)

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x")
            await asyncio.sleep(0.01)

    async with _peer(endless) as url:
        with pytest.raises(SourceError, match="did not answer within"):
            await witness(url, KEY).publish(journal)
    with pytest.raises(SourceError, match="cannot be reached"):
        await witness(url, KEY).publish(journal)  # nothing listens there any more


@pytest.mark.parametrize(
    ("url", "key", "why"),
    [
        ("ftp://x", KEY, "url must look like"),
        ("http://a:b@x/witness", KEY, "url must look like"),
        ("http://x:99999/", KEY, "url must look like"),
        ("http://x/?a=b", KEY, "url must look like"),
        ("http://x", "nonsense", "key is no public key"),
        ("http://x", Signer("log", bytes(32)).verifier.text, "not a witness's"),
    ],
)
def test_settings_that_cannot_be_are_refused(url: str, key: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        witness(url, key)


class _peer:
    """A server of aiohttp's on loopback."""

    def __init__(self, handler: object) -> None:
        application = web.Application()
        application.router.add_post("/witness/add-checkpoint", handler)  # type: ignore[arg-type]
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)

    async def __aenter__(self) -> str:
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/witness"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
