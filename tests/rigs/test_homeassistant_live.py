"""The homeassistant ecosystem's events and commands against the real Home Assistant."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from nightlatch.ecosystems.homeassistant import HomeAssistant
from nightlatch.ecosystems.interface import Heard, Link
from nightlatch.errors import SourceError
from nightlatch.model.command import LockDoor, Outcome, SetParameter, UnlockDoor
from nightlatch.model.event import Event, State
from nightlatch.model.lock import Lock
from nightlatch.secrets import Secret
from rigs.homeassistant.lock import MqttLock
from rigs.homeassistant.rig import OWNER, HomeAssistantRig
from tests.unit.ecosystems.asking import context

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]

FRONT, KITCHEN, POOR = "lock.front_door", "lock.kitchen_door", "lock.poorly_installed_door"
MOST_LATENCY_S = 0.5


def plug(rig: HomeAssistantRig, token: str | None = None) -> HomeAssistant:
    settings = HomeAssistant.Settings(url=rig.url, token=Secret(token or rig.token))
    return HomeAssistant(settings, context("homeassistant"))


def say(figure: str) -> None:
    """For who reads a run with -s."""
    sys.stdout.write(f"{figure}\n")


class Ears:
    """A link that is listened to."""

    def __init__(self, link: Link, named: HomeAssistant) -> None:
        self.link = link
        self.plug = named
        self.heard: list[Heard] = []
        self.error: SourceError | None = None
        self.news = asyncio.Event()

    async def listen(self) -> None:
        try:
            async for one in self.link.hear():
                self.heard.append(one)
                self.news.set()
        except SourceError as error:
            self.error = error
            self.news.set()

    async def until(self, done: Callable[[], Any], seconds: float = 10) -> Any:
        async with asyncio.timeout(seconds):
            while not (found := done()):
                self.news.clear()
                await self.news.wait()
        return found

    def events(self, entity_id: str, *kinds: str) -> list[Event]:
        about = str(self.plug.ref(Lock, entity_id))
        found = [one for one in self.heard if isinstance(one, Event) and one.about == about]
        return [one for one in found if not kinds or one.kind in kinds]

    def state(self, entity_id: str) -> State | None:
        about = str(self.plug.ref(Lock, entity_id))
        return next((one for one in reversed(self.heard) if isinstance(one, State) and one.about == about), None)

    async def event(self, entity_id: str, kind: str, after: int = 0) -> Event:
        """The first event of a kind after so many of the same."""
        found: Event = (await self.until(lambda: self.events(entity_id, kind)[after:]))[0]
        say(f"{kind} of {entity_id}: {(found.at - found.told) / 1000:.1f} ms after Home Assistant's change")
        assert found.at - found.told < MOST_LATENCY_S * 1e6
        return found

    async def lock(self, entity_id: str) -> Outcome:
        return await self.link.command(LockDoor(self.plug.ref(Lock, entity_id)))

    async def unlock(self, entity_id: str) -> Outcome:
        return await self.link.command(UnlockDoor(self.plug.ref(Lock, entity_id)))


@asynccontextmanager
async def listening(rig: HomeAssistantRig, token: str | None = None) -> AsyncIterator[Ears]:
    source = plug(rig, token)
    async with source.connect() as link:
        ears = Ears(link, source)
        task = asyncio.create_task(ears.listen())
        try:
            await ears.until(lambda: ears.state(FRONT), 70)
            yield ears
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def garage(homeassistant_rig: HomeAssistantRig) -> Iterator[MqttLock]:
    yield from lock_over_mqtt(homeassistant_rig, "garage")


def lock_over_mqtt(rig: HomeAssistantRig, name: str, shown: str = "locked", **more: Any) -> Iterator[MqttLock]:
    lock = MqttLock(rig.mqtt_port, name, **more)
    try:
        rig.wait_state(lock.entity_id, shown)
        yield lock
    finally:
        lock.forget()
        rig.wait_state(lock.entity_id, None)


async def test_the_states_of_all_locks_come_first(homeassistant_rig: HomeAssistantRig) -> None:
    async with listening(homeassistant_rig) as ears:
        first = ears.heard[:5]

    assert all(isinstance(one, State) for one in first)
    assert ears.state("lock.back_door") == State("lock:homeassistant:lock.back_door", bolt="thrown", reachable=True)


async def test_a_command_ends_in_evidence_and_is_heard_as_a_remote_one(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    async with listening(rig) as ears:
        unlocked, locked = await ears.unlock(FRONT), await ears.lock(FRONT)
        event = await ears.event(FRONT, "locked")

    assert (unlocked.ending, unlocked.what) == ("evidence", "bolt retracted")
    assert (locked.ending, locked.what, locked.where) == ("evidence", "bolt thrown", f"state of {FRONT}")
    assert locked.at == event.at
    assert [one.kind for one in ears.events(FRONT)] == ["unlocked", "locked"]
    assert (event.by, event.detail) == ("remote", f"by the account user-{rig.users[OWNER][:8]} of Home Assistant")
    assert rig.token not in repr(ears.heard)


async def test_a_jam_is_refused_and_told_each_time(homeassistant_rig: HomeAssistantRig) -> None:
    async with listening(homeassistant_rig) as ears:
        outcomes = [await ears.lock(POOR), await ears.lock(POOR)]
        await ears.event(POOR, "jammed", 1)
        await ears.unlock(POOR)

    assert [(one.ending, one.what) for one in outcomes] == [("refused", "the bolt jammed")] * 2


async def test_a_lock_that_is_not_there_and_what_home_assistant_cannot_do_are_refused(
    homeassistant_rig: HomeAssistantRig,
) -> None:
    async with listening(homeassistant_rig) as ears:
        missing = await ears.lock("lock.nowhere")
        setting = await ears.link.command(SetParameter(ears.plug.ref(Lock, FRONT), "auto_relock_s", 30))

    assert (missing.ending, missing.what) == ("refused", "Home Assistant has no such lock")
    assert (setting.ending, setting.what) == ("refused", "Home Assistant cannot set this; use its hub")


async def test_alexa_is_told_as_voice_and_an_automation_as_one(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    async with listening(rig) as ears:
        await asyncio.to_thread(rig.ask_alexa, "Unlock", FRONT)
        spoken = await ears.event(FRONT, "unlocked")
        await ears.lock(KITCHEN)
        await asyncio.sleep(5.1)  # as long as Home Assistant holds the entity's last command for the reason
        await asyncio.to_thread(rig.client.post, "/api/events/rig_says_so", {}, token=rig.token)
        automatic = await ears.event(KITCHEN, "unlocked")
        await ears.lock(FRONT)

    assert (spoken.by, spoken.detail) == ("voice", "alexa_smart_home")
    assert (automatic.by, automatic.detail) == ("remote", "an automation of Home Assistant")


async def test_bolt_door_and_battery_of_a_lock_are_heard_as_they_change(
    homeassistant_rig: HomeAssistantRig, garage: MqttLock
) -> None:
    async with listening(homeassistant_rig) as ears:
        state = await ears.until(lambda: ears.state(garage.entity_id))
        garage.report(state="UNLOCKED")
        unlocked = await ears.event(garage.entity_id, "unlocked")
        garage.report(contact="open")
        await ears.event(garage.entity_id, "door_opened")
        garage.report(contact="closed", battery=12)
        await ears.event(garage.entity_id, "door_closed")
        battery = await ears.event(garage.entity_id, "battery")
        garage.report(state="LOCKED")
        await ears.event(garage.entity_id, "locked")

    assert (state.bolt, state.door, state.battery, state.reachable) == ("thrown", "closed", 80, True)
    assert (unlocked.by, battery.value) == ("", 12)


async def test_a_lock_out_of_reach_is_offline_and_what_moved_meanwhile_is_told(
    homeassistant_rig: HomeAssistantRig, garage: MqttLock
) -> None:
    async with listening(homeassistant_rig) as ears:
        garage.available(False)
        offline = await ears.event(garage.entity_id, "offline")
        refused = await ears.lock(garage.entity_id)
        garage.report(state="UNLOCKED")
        garage.available(True)
        await ears.event(garage.entity_id, "online")
        (moved,) = await ears.until(lambda: ears.events(garage.entity_id, "unlocked"))

    assert (refused.ending, garage.told) == ("refused", [])
    assert (moved.resync, moved.since) == (True, offline.at)


async def test_only_the_lock_s_own_report_is_evidence(
    homeassistant_rig: HomeAssistantRig, garage: MqttLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightlatch.ecosystems._homeassistant.link.COMMAND_S", 1.5)
    async with listening(homeassistant_rig) as ears:
        done = await ears.unlock(garage.entity_id)
        garage.mute = True
        ignored = await ears.lock(garage.entity_id)

    assert (done.ending, ignored.ending) == ("evidence", "unknown")
    assert garage.told == ["UNLOCK", "LOCK"]
    assert ignored.what == "no new state was reported within 1.5 s"


async def test_a_lock_whose_state_is_only_assumed_never_gives_evidence(
    homeassistant_rig: HomeAssistantRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightlatch.ecosystems._homeassistant.link.COMMAND_S", 1.5)
    for lock in lock_over_mqtt(homeassistant_rig, "shed", optimistic=True, mute=True):
        async with listening(homeassistant_rig) as ears:
            outcome = await ears.unlock(lock.entity_id)

        assert (outcome.ending, lock.told) == ("unknown", ["UNLOCK"])
        assert outcome.what == "Home Assistant only assumes the state of this lock, which never reports"


async def test_a_lock_that_wants_a_code_is_sent_nothing(homeassistant_rig: HomeAssistantRig) -> None:
    for lock in lock_over_mqtt(homeassistant_rig, "attic", code_format="^\\d{4}$"):
        async with listening(homeassistant_rig) as ears:
            outcome = await ears.unlock(lock.entity_id)

        assert (outcome.ending, lock.told) == ("refused", [])
        assert "wants a code" in outcome.what


async def test_a_lock_that_appears_is_heard_without_a_new_connection(homeassistant_rig: HomeAssistantRig) -> None:
    async with listening(homeassistant_rig) as ears:
        for lock in lock_over_mqtt(homeassistant_rig, "cellar"):
            state = await ears.until(lambda: ears.state("lock.cellar_door"))
            lock.report(state="UNLOCKED")
            await ears.event(lock.entity_id, "unlocked")

    assert state.bolt == "thrown"


async def test_a_token_of_no_administrator_hears_and_commands_all_the_same(homeassistant_rig: HomeAssistantRig) -> None:
    async with listening(homeassistant_rig, homeassistant_rig.user_token) as ears:
        outcome = await ears.unlock(FRONT)
        event = await ears.event(FRONT, "unlocked")
        await ears.lock(FRONT)

    assert (outcome.ending, event.by) == ("evidence", "remote")


async def test_a_restart_of_home_assistant_ends_the_link_and_the_next_one_gives_the_states_again(
    homeassistant_rig: HomeAssistantRig,
) -> None:
    rig = homeassistant_rig
    async with listening(rig) as ears:
        await asyncio.to_thread(rig.end)
        error = await ears.until(lambda: ears.error)
        with pytest.raises(SourceError):
            await ears.lock(FRONT)
    with pytest.raises(SourceError):
        async with plug(rig).connect():
            pass
    began = time.monotonic()
    await asyncio.to_thread(rig.begin)
    async with listening(rig) as ears:
        say(f"heard again {time.monotonic() - began:.1f} s after the start of Home Assistant")
        await ears.until(lambda: ears.state("lock.back_door"))
        outcome = await ears.unlock(FRONT)
        await ears.lock(FRONT)

    assert "closed the connection" in str(error)
    assert outcome.ending == "evidence"
