"""The journal's witness on a real broker: kept across its clients, guarded by its rules, told when they forbid it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightlatch.errors import SourceError
from nightlatch.journal.witnesses.interface import Contradicted
from nightlatch.journal.witnesses.mqtt import Mqtt, MqttSettings
from nightlatch.secrets import Secret
from rigs.launch import free_port
from rigs.zigbee import broker
from tests.unit.journal.making import event
from tests.unit.journal.witnesses.logs import forked, published, rolled_back

pytestmark = pytest.mark.rig

ACL = "user nightlatch\ntopic readwrite nightlatch/#\nuser reader\ntopic read nightlatch/#\n"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    broker.install()
    port = free_port()
    process = broker.start(tmp_path / "broker", port, {"nightlatch": "opensesame", "reader": "opensesame"}, ACL)
    yield f"mqtt://127.0.0.1:{port}"
    process.stop()


def witness(url: str, user: str = "nightlatch") -> Mqtt:
    return Mqtt(MqttSettings(url=url, username=user, password=Secret("opensesame")), "broker")


async def test_mosquitto_keeps_the_newest_checkpoint_and_tells_a_rollback_and_a_fork(url: str, tmp_path: Path) -> None:
    journal = published(tmp_path / "log")
    assert await witness(url).compare(journal) == 0
    assert (await witness(url).publish(journal)).size == 300
    journal.append([event(1)])
    assert (await witness(url).publish(journal)).size == 301
    assert await witness(url, "reader").compare(journal) == 301
    journal.close()
    for attack in (rolled_back, forked):
        other = attack(tmp_path / "log")
        with pytest.raises(Contradicted):
            await witness(url).publish(other)
        other.close()


async def test_a_user_who_may_not_write_the_topic_is_told_although_mosquitto_acknowledges(
    url: str, tmp_path: Path
) -> None:
    journal = published(tmp_path / "log")
    with pytest.raises(SourceError, match=r"does not keep it|broker cannot be used"):
        await witness(url, "reader").publish(journal)
    assert await witness(url).compare(journal) == 0
    journal.close()
