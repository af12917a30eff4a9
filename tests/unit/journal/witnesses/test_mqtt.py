"""A witness that is a retained message: kept by the broker, read back, and never replaced by what contradicts it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.journal.journal import Journal
from nightlatch.journal.witnesses import mqtt as module
from nightlatch.journal.witnesses.interface import Contradicted
from nightlatch.journal.witnesses.mqtt import Mqtt, MqttSettings
from nightlatch.secrets import Secret
from tests.unit.ecosystems.fake_mqtt import FakeBroker, closing, listening, silent, speaking_http
from tests.unit.journal.making import event
from tests.unit.journal.witnesses.logs import ATTACKS, Attack, published


class Keeping(FakeBroker):
    """It retains every message, as a broker does with those that are marked so."""

    def say(self, topic: str, payload: bytes) -> None:
        self.retained[topic] = payload
        super().say(topic, payload)


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETAINED_S", 0.2)
    monkeypatch.setattr(module, "ANSWER_S", 1.0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = published(tmp_path / "log")
    yield journal
    journal.close()


@pytest.fixture
async def broker() -> AsyncIterator[tuple[Keeping, str]]:
    broker = Keeping({}, accounts={"nightlatch": "opensesame"})
    async with listening(broker.serve) as url:
        yield broker, url


def witness(url: str, password: str = "opensesame", topic: str = "") -> Mqtt:
    return Mqtt(MqttSettings(url=url, username="nightlatch", password=Secret(password), topic=topic), "broker")


async def test_the_newest_checkpoint_is_retained_and_read_back(broker: tuple[Keeping, str], journal: Journal) -> None:
    held, url = broker
    one = witness(url)
    assert await one.compare(journal) == 0
    assert (await one.publish(journal)).size == 300
    topic = f"{journal.verifiers[0].name}/checkpoint"
    assert held.retained == {topic: journal.checkpoint().encode()}
    journal.append([event(1)])
    assert await one.compare(journal) == 300
    assert (await one.publish(journal)).size == 301
    assert held.retained == {topic: journal.checkpoint().encode()}
    await one.publish(journal)
    assert len(held.published) == 2, "what is kept already is not published again"


async def test_a_topic_of_ones_own_is_used(broker: tuple[Keeping, str], journal: Journal) -> None:
    held, url = broker
    await witness(url, topic="home/journal").publish(journal)
    assert list(held.retained) == ["home/journal"]


@pytest.mark.parametrize(("attack", "told"), ATTACKS)
async def test_a_journal_that_is_not_the_one_it_saw_is_told_and_the_evidence_stays(
    broker: tuple[Keeping, str], journal: Journal, tmp_path: Path, attack: Attack, told: str
) -> None:
    held, url = broker
    await witness(url).publish(journal)
    kept = dict(held.retained)
    journal.close()
    other = attack(tmp_path / "log")
    with pytest.raises(Contradicted, match=told):
        await witness(url).compare(other)
    with pytest.raises(Contradicted, match=told):
        await witness(url).publish(other)
    assert held.retained == kept
    other.close()


async def test_a_broker_that_takes_a_checkpoint_and_does_not_keep_it_is_told(journal: Journal) -> None:
    broker = FakeBroker({})
    async with listening(broker.serve) as url:
        with pytest.raises(SourceError, match=r"does not keep it") as caught:
            await witness(url).publish(journal)
    assert "broker's rules" in caught.value.todo


@pytest.mark.parametrize("payload", [b"\xff", b"nonsense", b"x" * 70_000])
async def test_a_message_that_is_no_checkpoint_is_refused_and_not_replaced(
    broker: tuple[Keeping, str], journal: Journal, payload: bytes
) -> None:
    held, url = broker
    held.retained["t"] = payload
    with pytest.raises(ReadError):
        await witness(url, topic="t").publish(journal)
    assert held.retained["t"] == payload


@pytest.mark.parametrize("peer", [silent, closing, speaking_http])
async def test_what_is_no_broker_is_one_clear_error(journal: Journal, peer: object) -> None:
    async with listening(peer) as url:  # type: ignore[arg-type]
        with pytest.raises(SourceError, match="broker cannot be used") as caught:
            await witness(url).publish(journal)
    assert caught.value.where == url


async def test_a_wrong_password_is_refused_and_never_told(broker: tuple[Keeping, str], journal: Journal) -> None:
    _, url = broker
    with pytest.raises(NightlatchError) as caught:
        await witness(url, password="hunter2secret").compare(journal)
    assert "hunter2secret" not in str(caught.value)
    assert "password" in caught.value.todo


@pytest.mark.parametrize(
    ("url", "topic", "why"),
    [
        ("http://broker", "", "must look like"),
        ("mqtt://", "", "must look like"),
        ("mqtt://a:b@broker", "", "may not hold a user"),
        ("mqtt://broker:999999", "", "cannot be read"),
        ("mqtt://broker", "home/+/x", "may not hold"),
    ],
)
def test_settings_that_cannot_be_are_refused(url: str, topic: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        witness(url, topic=topic)
