import asyncio
import os
import resource
import socket
from pathlib import Path

import pytest

from nightlatch.access.feeds import fetching
from nightlatch.access.feeds.fetching import checked, fetch, host_of
from nightlatch.errors import SourceError, UsageError
from nightlatch.secrets import Secret
from tests.unit.access.feeds.serving import TOKEN, serving


async def trouble(address: str) -> str:
    with pytest.raises(SourceError) as caught:
        await fetch(Secret(address))
    told = f"{caught.value} {caught.value!r} {caught.value.__cause__}"
    assert TOKEN not in told
    assert "?" not in told
    return caught.value.what


async def test_a_calendar_is_fetched_packed_or_not() -> None:
    async with serving() as server:
        for path in ("calendar", "zipped"):
            assert (await fetch(Secret(server.address(path)))).content == server.content


async def test_what_did_not_change_is_not_given_again() -> None:
    async with serving() as server:
        server.tag = '"v1"'
        first = await fetch(Secret(server.address()))
        assert first.tag == '"v1"'
        assert (await fetch(Secret(server.address()), first.tag)).content is None
        server.tag = '"v2"'
        assert (await fetch(Secret(server.address()), first.tag)).content == server.content


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("nowhere", "127.0.0.1 answered with status 404: copy the calendar's address from the site again"),
        ("bomb", "127.0.0.1 gave more than 1 MiB"),
        ("huge", "127.0.0.1 gave more than 1 MiB"),
        ("cut_zip", "127.0.0.1 gave an answer that is cut off"),
        ("odd_zip", "127.0.0.1 gave an answer that cannot be unpacked"),
        ("brotli", "127.0.0.1 packed its answer in a way that was not asked for"),
        ("short", "127.0.0.1 could not be reached, or broke off (ClientPayloadError)"),
        ("round", "127.0.0.1 sends from one address to the next without end"),
    ],
)
async def test_what_a_server_does_wrong_is_said_without_the_address(path: str, what: str) -> None:
    async with serving() as server:
        assert await trouble(server.address(path)) == what


async def test_a_bomb_is_not_unpacked() -> None:
    async with serving() as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await trouble(server.address("bomb"))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB


async def test_a_server_that_says_nothing_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "ANSWER_S", 0.2)
    async with serving() as server:
        assert await trouble(server.address("silent")) == "127.0.0.1 did not answer within 0 s"


async def test_a_server_that_is_not_there_is_said() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "could not be reached" in await trouble(f"http://127.0.0.1:{port}/x?t={TOKEN}")


async def test_it_is_sent_on_within_this_machine_and_not_into_the_clear() -> None:
    async with serving() as server:
        to = server.address().replace("?", "%3F").replace("&", "%26")
        assert (await fetch(Secret(server.address("on") + f"&to={to}"))).content == server.content
        what = await trouble(server.address("on") + "&to=http://192.0.2.1/calendar")
        assert what == "127.0.0.1 sends on to an address in the clear, which is not followed"
        what = await trouble(server.address("on") + "&to=file:///etc/hostname")
        assert what == "127.0.0.1 sends on to what is no address"


def test_nobody_from_the_network_sends_to_this_machine() -> None:
    with pytest.raises(SourceError, match="sends on to this machine"):
        fetching._redirected("https://192.0.2.1/c?t=1", "http://localhost:5625/")


async def test_what_is_no_file_is_told_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="pipe is no file"):
        await asyncio.wait_for(fetch(Secret(f"file://{tmp_path}/pipe")), 5)
    with pytest.raises(SourceError, match="names no file"):
        await fetch(Secret(f"file://{tmp_path}/a%00b"))


async def test_a_file_is_read_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "stays of 2026.ics"
    path.write_bytes(b"BEGIN:VCALENDAR")
    assert (await fetch(checked(Secret(path.as_uri())))).content == b"BEGIN:VCALENDAR"
    with pytest.raises(SourceError, match=r"missing\.ics cannot be read"):
        await fetch(checked(Secret((tmp_path / "missing.ics").as_uri())))
    with pytest.raises(SourceError, match=r"cannot be read|is no file"):
        await fetch(checked(Secret(tmp_path.as_uri())))


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("https://www.airbnb.com/calendar/ical/1.ics?s=2", "https://www.airbnb.com/calendar/ical/1.ics?s=2"),
        (" webcal://example.org/c.ics ", "https://example.org/c.ics"),
        ("http://localhost:8080/c", "http://localhost:8080/c"),
        ("http://[::1]:8080/c", "http://[::1]:8080/c"),
        ("file:///srv/c.ics", "file:///srv/c.ics"),
    ],
)
def test_addresses_that_can_be_used(given: str, used: str) -> None:
    assert checked(Secret(given)).reveal() == used


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (f"http://example.org/{TOKEN}", "the calendar at example.org is read in the clear"),
        (TOKEN, "is none"),
        ("", "is none"),
        (f"https:///{TOKEN}", "is none"),
        (f"ftp://example.org/{TOKEN}", "is none"),
        (f"https://example.org/{TOKEN} x", "is none"),
        (f"file://host/{TOKEN}", "is none"),
        (f"https://example.org:99999/{TOKEN}", "is none"),
        ("https://example.org/" + "x" * 5000, "is none"),
    ],
)
def test_addresses_that_cannot_be_used_are_not_repeated(given: str, what: str) -> None:
    with pytest.raises(UsageError, match=what) as caught:
        checked(Secret(given))
    assert TOKEN not in str(caught.value)


def test_only_the_host_of_an_address_is_told() -> None:
    assert host_of(Secret(f"https://me:{TOKEN}@example.org/{TOKEN}")) == "example.org"
    assert host_of(Secret("file:///srv/c.ics")) == "a file here"
