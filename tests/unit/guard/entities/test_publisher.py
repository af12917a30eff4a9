"""Publishing at brokers that work, that fail, and that come back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from nightlatch.ecosystems import _mqtt
from nightlatch.guard.backoff import Backoff
from nightlatch.guard.entities import publisher as publishing
from nightlatch.guard.entities.publisher import Account, Publisher
from nightlatch.guard.entities.showing import DoorStanding, Names, OpenAlerts, Picture
from nightlatch.secrets import Secret
from tests.unit.ecosystems import fake_mqtt
from tests.unit.ecosystems.fake_mqtt import FakeBroker, Handler, listening

DOOR = DoorStanding("front", "Front door", "secured")
STATE, STATUS, HOME = "nightlatch/doors/front", "nightlatch/status", "nightlatch/home"
SOON = Backoff(first_s=0.02, cap_s=0.05)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "FORMER_S", 0.1)


@asynccontextmanager
async def published(url: str, picture: Picture, **account: object) -> AsyncIterator[Publisher]:
    given = Account(_mqtt.parse(url), **account)  # type: ignore[arg-type]
    publisher = Publisher(given, Names(), backoff=SOON, chance=lambda: 1.0)
    publisher.show(picture)
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(8):
        while not done():  # noqa: ASYNC110  # of a broker that tells nobody
            await asyncio.sleep(0.01)


def last(broker: FakeBroker, topic: str) -> bytes | None:
    return next((payload for name, payload in reversed(broker.published) if name == topic), None)


async def test_configurations_come_first_then_states_then_that_we_are_there() -> None:
    broker = FakeBroker({})
    async with listening(broker.serve) as url, published(url, Picture(doors=(DOOR,))) as publisher:
        await until(lambda: not publisher.error)
        topics = [topic for topic, _ in broker.published]

    assert [topic.endswith("/config") for topic in topics] == [True] * 9 + [False] * 3
    assert topics[-1] == STATUS
    assert json.loads(last(broker, STATE) or b"")["security"] == "secured"
    assert last(broker, STATUS) == b"offline"


async def test_only_what_changes_is_published_again() -> None:
    broker = FakeBroker({})
    async with listening(broker.serve) as url, published(url, Picture(doors=(DOOR,))) as publisher:
        await until(lambda: not publisher.error)
        before = len(broker.published)
        publisher.show(Picture(doors=(DOOR,)))
        publisher.show(Picture(alerts=OpenAlerts(1, "Tamper"), doors=(DOOR,)))
        await until(lambda: len(broker.published) > before)
        await asyncio.sleep(0.05)

        assert [topic for topic, _ in broker.published[before:]] == [HOME]


async def test_a_door_that_is_removed_is_removed() -> None:
    broker = FakeBroker({})
    async with listening(broker.serve) as url, published(url, Picture(doors=(DOOR,))) as publisher:
        await until(lambda: not publisher.error)
        before = len(broker.published)
        publisher.show(Picture())
        await until(lambda: len(broker.published) >= before + 4)
        gone = broker.published[before:]

    assert {payload for _, payload in gone} == {b""}
    assert {topic for topic, _ in gone} == {
        STATE,
        *(f"homeassistant/sensor/nightlatch/door_front_{key}/config" for key in ("security", "battery", "event")),
    }


async def test_a_door_that_went_while_we_were_away_is_removed_and_nothing_of_others() -> None:
    old = "homeassistant/sensor/nightlatch/door_shed_security/config"
    other = "homeassistant/sensor/zigbee/door_shed_security/config"
    broker = FakeBroker({old: b"{}", other: b"{}", "nightlatch/doors/shed": b"{}"})
    async with listening(broker.serve) as url, published(url, Picture()) as publisher:
        await until(lambda: not publisher.error)

    assert (last(broker, old), last(broker, "nightlatch/doors/shed"), last(broker, other)) == (b"", b"", None)


async def test_a_broker_that_comes_back_is_told_everything_as_it_is_now() -> None:
    broker = FakeBroker({})
    async with listening(broker.serve) as url, published(url, Picture(doors=(DOOR,))) as publisher:
        await until(lambda: not publisher.error)
        broker.published.clear()
        broker.drop()
        publisher.show(Picture())
        await until(lambda: last(broker, STATUS) == b"online")

    assert last(broker, HOME) is not None
    assert last(broker, STATE) is None


async def test_a_wrong_password_is_said_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    broker = FakeBroker({}, accounts={"nl": "right"})
    async with listening(broker.serve) as url:
        async with published(url, Picture(), username="nl", password=Secret("wrong-word")) as publisher:
            await until(lambda: "does not accept" in publisher.error)
            await asyncio.sleep(0.2)
        async with published(url, Picture(), username="nl", password=Secret("right")) as publisher:
            await until(lambda: not publisher.error)

    assert "wrong-word" not in caplog.text + publisher.error
    assert caplog.text.count("does not accept") == 1


@pytest.mark.parametrize(
    "peer",
    [
        fake_mqtt.silent,
        fake_mqtt.closing,
        fake_mqtt.speaking_http,
        fake_mqtt.admitting_then_silent,
        fake_mqtt.admitting_then_closing,
        fake_mqtt.sending_a_huge_message,
        fake_mqtt.flooding,
    ],
)
async def test_a_bad_broker_is_told_of_and_tried_again(peer: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_mqtt, "ANSWER_SECONDS", 0.3)
    connected = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected
        connected += 1
        await peer(reader, writer)

    async with listening(counted) as url, published(url, Picture()) as publisher:
        await until(lambda: connected >= 2)

        assert publisher.error.startswith("mqtt://127.0.0.1")
