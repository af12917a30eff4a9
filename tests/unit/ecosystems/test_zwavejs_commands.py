"""Commands over a link to a Z-Wave JS server: each ends in what the lock itself says, and none resets it."""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import Any

import pytest

from nightlatch.ecosystems._zwavejs import link
from nightlatch.errors import SourceError
from nightlatch.model.command import CloseJoin, LockDoor, Outcome, SetParameter, UnlockDoor
from nightlatch.model.evidence import Ref
from tests.unit.ecosystems.fake_zwavejs import (
    KWIKSET,
    NO_ACK,
    NOBODY_KNOWS,
    SCHLAGE,
    YALE_WITH_RESET,
    FakeServer,
)
from tests.unit.ecosystems.test_zwavejs_events import SENSED, value
from tests.unit.ecosystems.zwavejs_link import (
    LOCKED,
    THREE,
    UNLOCKED,
    door,
    keypad,
    listening,
    quick,
    update,
)

__all__ = ["quick"]
pytestmark = pytest.mark.usefixtures("quick")


# Commands


async def test_a_command_ends_in_what_the_lock_says_and_its_event_is_by_us() -> None:
    server = FakeServer(door())
    server.operation = UNLOCKED
    async with listening(server) as ear:
        await ear.has(1)
        outcome = await ear.link.command(LockDoor(THREE))
        await server.tell(**update(98, "boltStatus", "locked"))
        await ear.has(2)
    assert (outcome.ending, outcome.what, outcome.where) == ("evidence", "bolt thrown", "node 3, Door Lock boltStatus")
    assert outcome.at > 0
    assert [(one.kind, one.by) for one in ear.events] == [("locked", "remote")]
    assert server.asked[1:] == [(3, 98, "set", (255,)), (3, 98, "get", ())]


async def test_an_unlock_is_read_back_too() -> None:
    server = FakeServer(door())
    server.operation = LOCKED
    async with listening(server) as ear:
        await ear.has(1)
        outcome = await ear.link.command(UnlockDoor(THREE))
    assert (outcome.ending, outcome.what) == ("evidence", "bolt retracted")


async def test_a_lock_with_only_the_lock_class_is_commanded_and_read_back() -> None:
    classes = [{"id": 118, "version": 1}]

    class Old(FakeServer):
        locked = False

        def read(self, node: int, command_class: int, method: str, args: list[Any]) -> dict[str, Any]:
            assert command_class == 118
            if method == "set":
                self.locked = args[0]
            return self.ok({"response": None if method == "set" else self.locked})

    server = Old(door(value(118, "locked", False), endpoints=[{"index": 0, "commandClasses": classes}]))
    async with listening(server) as ear:
        await ear.has(1)
        outcome = await ear.link.command(LockDoor(THREE))
    assert outcome.ending == "evidence"


async def test_a_bolt_that_jams_is_refused() -> None:
    server = FakeServer(door())
    server.operation, server.obeys = {"currentMode": 255, "boltStatus": "unlocked"}, False
    async with listening(server) as ear:
        await ear.has(1)
        commanded = asyncio.create_task(ear.link.command(LockDoor(THREE)))
        await asyncio.sleep(0.02)
        await server.tell(**update(113, "Access Control", 11, propertyKey="Lock state"))
        outcome = await commanded
    assert (outcome.ending, outcome.what) == ("refused", "the bolt jammed")


@pytest.mark.parametrize(
    ("supervision", "expected"),
    [
        ({"status": 2}, Outcome("refused", "the lock refused: its bolt is retracted", "node 3, Door Lock boltStatus")),
        ({"status": 255}, Outcome("refused", "its bolt is retracted", "node 3, Door Lock boltStatus")),
        (None, Outcome("refused", "its bolt is retracted", "node 3, Door Lock boltStatus")),
    ],
)
async def test_a_lock_that_says_yes_and_does_nothing_is_refused(supervision: Any, expected: Outcome) -> None:
    server = FakeServer(door())
    server.operation, server.obeys, server.supervision = UNLOCKED, False, supervision
    async with listening(server) as ear:
        await ear.has(1)
        outcome = await ear.link.command(LockDoor(THREE))
    assert (outcome.ending, outcome.what, outcome.where) == (expected.ending, expected.what, expected.where)


async def test_a_set_without_a_read_back_is_unknown_whatever_the_lock_said() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.operation, server.obeys = None, False
        outcome = await ear.link.command(LockDoor(THREE))
    assert (outcome.ending, outcome.what) == ("unknown", "the lock does not tell where its bolt is")


async def test_a_lock_that_is_not_reached_is_unknown() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.fail = {3: NO_ACK}
        outcome = await ear.link.command(LockDoor(THREE))
    assert (outcome.ending, outcome.what) == ("unknown", "the lock was not reached (Controller_CallbackNOK)")


async def test_a_hub_that_says_no_has_refused() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.fail = {3: {"errorCode": "node_not_found"}}
        outcome = await ear.link.command(LockDoor(THREE))
    assert (outcome.ending, outcome.what) == ("refused", "the hub refused (node_not_found)")


async def test_no_answer_in_time_is_unknown() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.mute = {"set"}
        outcome = await ear.link.command(LockDoor(THREE))
    assert (outcome.ending, outcome.what) == ("unknown", "the Z-Wave JS server did not answer within 0.3 s")


async def test_a_command_takes_no_longer_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "COMMAND_S", 0.2)
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.mute = {"set"}
        outcome = await ear.link.command(LockDoor(THREE))
    assert outcome.ending == "unknown"


async def test_a_connection_that_breaks_after_sending_is_unknown_and_before_it_an_error() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.mute = {"set"}
        commanded = asyncio.create_task(ear.link.command(LockDoor(THREE)))
        await asyncio.sleep(0.05)
        await server.sockets[0].close()
        outcome = await commanded
        assert (outcome.ending, outcome.what) == ("unknown", "the Z-Wave JS server closed the connection")
        await ear.ended()
        with pytest.raises(SourceError, match="closed the connection"):
            await ear.link.command(LockDoor(THREE))


async def test_commands_to_several_locks_run_beside_each_other_and_beside_hearing() -> None:
    server = FakeServer(door(), door(node=4))
    async with listening(server) as ear:
        await ear.has(2)
        server.mute = {"set"}
        started = time.monotonic()
        both = asyncio.gather(*(ear.link.command(LockDoor(Ref("lock", f"zwavejs:{node}"))) for node in (3, 4)))
        await server.tell(**keypad())
        await ear.has(3)
        assert not both.done()
        assert {outcome.ending for outcome in await both} == {"unknown"}
        assert time.monotonic() - started < 0.55


async def test_a_lock_of_another_hub_is_refused() -> None:
    async with listening(FakeServer(door())) as ear:
        await ear.has(1)
        outcome = await ear.link.command(LockDoor(Ref("lock", "zwavejs:8")))
    assert outcome == Outcome("refused", "this hub has no lock zwavejs:8")


async def test_only_an_unlock_unlocks() -> None:
    server = FakeServer(door())
    server.operation = LOCKED
    async with listening(server) as ear:
        await ear.has(1)
        outcome = await ear.link.command(CloseJoin(THREE))
    assert outcome.ending == "refused"
    assert (3, 98, "set", (0,)) not in server.asked


# Settings

LISTED = tuple(value(112, number, 5) for number in (1, 2, 3, 4, 7, 11, 40))


async def set_parameter(node: dict[str, Any], name: str, number: int, **server: Any) -> tuple[Outcome, FakeServer]:
    fake = FakeServer(node)
    for attribute, given in server.items():
        setattr(fake, attribute, given)
    async with listening(fake) as ear:
        await ear.has(1)
        return await ear.link.command(SetParameter(THREE, name, number)), fake


def written(server: FakeServer) -> list[Any]:
    return [args[0] for _, command_class, method, args in server.asked if (command_class, method) == (112, "set")]


async def test_a_setting_is_written_by_the_models_own_parameter_and_read_back() -> None:
    outcome, server = await set_parameter(door(*SENSED, *LISTED), "wrong_code_lockout_s", 90)
    assert (outcome.ending, outcome.what) == ("evidence", "Wrong Code Lockout Time is 90")
    assert outcome.where == "node 3, parameter 7 (Wrong Code Lockout Time)"
    assert written(server) == [{"parameter": 7, "value": 90}]


async def test_the_locks_own_relock_is_its_delay_then_its_switch() -> None:
    outcome, server = await set_parameter(door(*SENSED, *LISTED), "auto_relock_s", 60)
    assert outcome.ending == "evidence"
    assert written(server) == [{"parameter": 3, "value": 60}, {"parameter": 2, "value": 255}]
    outcome, server = await set_parameter(door(*SENSED, *LISTED), "auto_relock_s", 0)
    assert written(server) == [{"parameter": 2, "value": 0}]


async def test_a_switch_is_written_in_the_models_own_values() -> None:
    _, server = await set_parameter(door(*SENSED, *LISTED), "one_touch", 1)
    assert written(server) == [{"parameter": 11, "value": 255}]
    listed = (value(112, 7, 0), value(112, 15, 0))
    outcome, server = await set_parameter(door(*SENSED, *listed, ids=SCHLAGE), "tamper_alarm", 1)
    assert (outcome.ending, written(server)) == ("evidence", [{"parameter": 7, "value": 2}])


@pytest.mark.parametrize(
    ("node", "name", "number", "what"),
    [
        (door(*SENSED, *LISTED), "wrong_code_limit", 40, "Wrong Code Limit takes 3 to 10"),
        (door(*SENSED, *LISTED), "auto_relock_s", 600, "Auto Relock Time takes 0 to 180 seconds"),
        (
            door(*SENSED, *LISTED),
            "tamper_alarm",
            1,
            "the catalogue knows no parameter of this model that sets tamper_alarm",
        ),
        (
            door(*SENSED),
            "wrong_code_limit",
            5,
            "the catalogue knows no parameter of this model that sets wrong_code_limit",
        ),
        (
            door(*SENSED, value(112, 15, 0), ids=SCHLAGE),
            "auto_relock_s",
            30,
            "this model's own relock has no delay that can be set",
        ),
        (
            door(*SENSED, *LISTED, ids=NOBODY_KNOWS),
            "one_touch",
            0,
            "the catalogue does not know what the parameters of this model mean",
        ),
        (
            door(*SENSED, value(112, 31, 1, propertyKey=2), ids=KWIKSET),
            "auto_relock_s",
            0,
            "the catalogue knows no parameter of this model for its own relock",
        ),
    ],
)
async def test_what_cannot_be_set_is_refused_and_nothing_is_written(
    node: dict[str, Any], name: str, number: int, what: str
) -> None:
    outcome, server = await set_parameter(node, name, number)
    assert outcome == Outcome("refused", what, "node 3")
    assert written(server) == []


async def test_no_name_and_no_value_ever_writes_a_parameter_that_resets_the_lock() -> None:
    fields = ("wrong_code_limit", "wrong_code_lockout_s", "tamper_alarm", "one_touch", "auto_relock_s")
    values = tuple(value(112, number, 0) for number in range(1, 60))
    for ids in (YALE_WITH_RESET, KWIKSET):
        server = FakeServer(door(*SENSED, *values, ids=ids))
        async with listening(server) as ear:
            await ear.has(1)
            for name, number in itertools.product(
                (*fields, "15", "40", "reset_danger", "operating_mode"), (0, 1, 5, 255)
            ):
                await ear.link.command(SetParameter(THREE, name, number))
        resets = {one.number for one in _parameters(ids) if one.role == "reset_danger"}
        assert resets
        assert not resets & {one["parameter"] for one in written(server)}


def _parameters(ids: tuple[int, int, int]) -> Any:
    from nightlatch.catalogue import Catalogue
    from nightlatch.catalogue.structs import ZwaveModel

    model = Catalogue().zwave(*ids)
    assert model is not None
    assert isinstance(model.entry, ZwaveModel)
    return model.entry.parameters


async def test_a_setting_that_the_lock_did_not_take_is_refused() -> None:
    outcome, _ = await set_parameter(door(*SENSED, *LISTED), "wrong_code_limit", 7, obeys=False, parameters={4: 5})
    assert (outcome.ending, outcome.what) == ("refused", "Wrong Code Limit is 5")


async def test_a_setting_that_cannot_be_read_back_is_unknown() -> None:
    server: dict[str, Any] = {"supervision": None, "parameters": None, "obeys": False}
    outcome, _ = await set_parameter(door(*SENSED, *LISTED), "wrong_code_limit", 7, **server)
    assert (outcome.ending, outcome.what) == ("unknown", "the lock did not answer when its setting was read back")
