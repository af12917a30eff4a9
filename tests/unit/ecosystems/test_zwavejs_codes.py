"""Code commands against whatever a Z-Wave JS server may answer: nothing is called done that the lock did not show."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems._zwavejs import clock, link, work
from nightlatch.ecosystems._zwavejs.asker import Asker
from nightlatch.ecosystems._zwavejs.credentials import Credentials, change, number_of
from nightlatch.ecosystems._zwavejs.happenings import Message, Told
from nightlatch.ecosystems._zwavejs.messages import Node
from nightlatch.ecosystems._zwavejs.server import Refused
from nightlatch.ecosystems._zwavejs.slots import Habits
from nightlatch.ecosystems._zwavejs.usercodes import UserCodes
from nightlatch.ecosystems._zwavejs.work import HeardOfCodes
from nightlatch.errors import SourceError
from nightlatch.model.command import ClearCode, CloseJoin, Outcome, ReadCodes, SetCode, YearDay
from nightlatch.model.evidence import Ref
from nightlatch.reading import structured
from nightlatch.secrets import Secret
from tests.unit.ecosystems.fake_zwavejs import NO_ACK, FakeServer
from tests.unit.ecosystems.zwavejs_link import THREE, door, listening, quick

__all__ = ["quick"]
pytestmark = pytest.mark.usefixtures("quick", "at_once")

CODE = "482917"
SET, CLEAR, READ = SetCode(THREE, 3, Secret(CODE)), ClearCode(THREE, 3), ReadCodes(THREE, (3,))
HUB = Ref("hub", "zwavejs:controller")
USERS = [{"index": 0, "commandClasses": [{"id": 98, "version": 1}, {"id": 131, "version": 1}]}]
NOW = int(datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture(scope="module", autouse=True)
def at_once() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "LOOKS_S", (0.0, 0.0))
        patch.setattr(work, "WORD_S", 0.0)
        yield


class Conversation:
    """Answers each question as `answers` does; what that raises is raised."""

    def __init__(self, answers: Callable[[str, dict[str, Any]], Any]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def ask(self, command: str, type: type[Any], seconds: float, **arguments: Any) -> Any:  # noqa: A002
        assert seconds > 0
        self.asked.append((command, arguments))
        answer = self.answers(command, arguments)
        await asyncio.sleep(0)
        return structured.json(json.dumps(answer).encode(), type, where="a server")


def node(*classes: tuple[int, int]) -> Node:
    listed = [{"id": id_, "version": version} for id_, version in classes]
    return msgspec.convert({"nodeId": 3, "endpoints": [{"index": 0, "commandClasses": listed}]}, Node)


def do(
    conversation: Conversation,
    command: SetCode | ClearCode | ReadCodes,
    *classes: tuple[int, int],
    habits: Habits | None = None,
) -> Outcome:
    asker = Asker(conversation, node(*classes), time.monotonic() + 5)  # type: ignore[arg-type]
    kept = habits if habits is not None else Habits()
    if any(id_ == 131 for id_, _ in classes):
        return asyncio.run(Credentials(asker, kept, HeardOfCodes(), lambda: NOW).do(command))
    return asyncio.run(UserCodes(asker, kept, HeardOfCodes(), lambda: NOW, has_master=True).do(command))


# Over a link


@pytest.mark.parametrize("command", [SET, CLEAR, READ])
async def test_no_acknowledgement_is_unknown(command: SetCode | ClearCode | ReadCodes) -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.fail = {3: NO_ACK}
        outcome = await ear.link.command(command)
    assert (outcome.ending, outcome.what) == ("unknown", "the lock was not reached (Controller_CallbackNOK)")
    assert outcome.sent == 1


@pytest.mark.parametrize("command", [SET, CLEAR, READ])
async def test_a_hub_that_does_not_send_it_has_refused_and_nothing_was_sent(
    command: SetCode | ClearCode | ReadCodes,
) -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.fail = {3: {"errorCode": "node_not_found"}}
        outcome = await ear.link.command(command)
    assert (outcome.ending, outcome.why, outcome.sent) == ("refused", "denied", 0)


async def test_a_connection_that_breaks_is_unknown_once_something_was_sent_and_an_error_before() -> None:
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.mute = {"get"}
        commanded = asyncio.create_task(ear.link.command(SET))
        await asyncio.sleep(0.1)
        await server.sockets[0].close()
        outcome = await commanded
        assert (outcome.ending, outcome.what) == ("unknown", "the Z-Wave JS server closed the connection")
        await ear.ended()
        with pytest.raises(SourceError):
            await ear.link.command(SET)


async def test_a_lock_without_codes_refuses_them() -> None:
    only_bolt = [{"index": 0, "commandClasses": [{"id": 98, "version": 1}]}]
    server = FakeServer(door(endpoints=only_bolt))
    async with listening(server) as ear:
        await ear.has(1)
        for command in (SET, CLEAR, READ):
            outcome = await ear.link.command(command)
            assert (outcome.ending, outcome.why, outcome.sent) == ("refused", "unsupported", 0)


async def test_a_server_too_old_for_users_and_credentials_says_so() -> None:
    server = FakeServer(door(endpoints=USERS))
    async with listening(server) as ear:
        await ear.has(1)
        outcome = await ear.link.command(SET)
    assert (outcome.ending, outcome.why) == ("refused", "unsupported")
    assert "too old" in outcome.what


@pytest.mark.parametrize(
    ("state", "ending", "what"),
    [
        (0, "evidence", "no device can join"),
        (4, "evidence", "no device can join"),
        (3, "refused", "a device is joining or leaving right now"),
        (None, "unknown", "the hub does not tell whether devices can join"),
    ],
)
async def test_closing_a_network_ends_in_what_the_controller_says(
    monkeypatch: pytest.MonkeyPatch, state: int | None, ending: str, what: str
) -> None:
    monkeypatch.setattr("nightlatch.ecosystems._zwavejs.joining.LOOKS_S", (0.0, 0.0))
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.state["controller"]["inclusionState"] = state
        outcome = await ear.link.command(CloseJoin(HUB))
        assert (outcome.ending, outcome.what) == (ending, what)
        server.state["controller"]["inclusionState"] = 1  # and the server knows no `controller.stop_inclusion`
        assert (await ear.link.command(CloseJoin(HUB))).why == "denied"


async def test_a_command_ends_in_time_whatever_the_server_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "COMMAND_S", 0.3)
    server = FakeServer(door())
    async with listening(server) as ear:
        await ear.has(1)
        server.mute = {"get", "set", "clear"}
        begun = time.monotonic()
        assert (await ear.link.command(SET)).ending == "unknown"
        assert time.monotonic() - begun < 2


# What is said of time


@pytest.mark.parametrize(
    ("classes", "answers", "wrong"),
    [
        (((138, 1),), {"getTime": {"hour": 10, "minute": 0}, "getDate": {"year": 2026, "month": 11, "day": 23}}, ""),
        (
            ((138, 1),),
            {"getTime": {"hour": 9, "minute": 0}, "getDate": {"year": 2026, "month": 11, "day": 23}},
            "the lock's clock shows 2026-11-23 09:00 when it is 2026-11-23 10:00 at home",
        ),
        (
            ((138, 1),),
            {"getTime": {"hour": 10, "minute": 0}, "getDate": {"year": 2026, "month": 11, "day": 31}},
            "shows no time that there is",
        ),
        (((129, 1),), {"get": {"hour": 10, "minute": 1, "weekday": 1}}, ""),
        (((129, 1),), {"get": {"hour": 10, "minute": 1, "weekday": 2}}, "2026-11-24 10:01"),
        (((129, 1),), {"get": {"hour": 24, "minute": 1, "weekday": 2}}, "shows no time that there is"),
        (
            ((139, 1), (78, 3)),
            {"get": "2026-11-23T09:00:20.000Z", "getTimezone": {"standardOffset": 60, "dstOffset": 120}},
            "",
        ),
        (
            ((139, 1), (78, 3)),
            {"get": "2026-11-23T09:00:20.000Z", "getTimezone": {"standardOffset": 0, "dstOffset": 0}},
            "2026-11-23 09:00",
        ),
        (((139, 1), (78, 3)), {"get": "2026-11-23T09:00:20", "getTimezone": {}}, "shows no time that there is"),
        ((), {}, "the lock's clock cannot be read"),
    ],
)
def test_a_clock_is_right_when_it_shows_the_time_at_home(
    classes: tuple[tuple[int, int], ...], answers: dict[str, Any], wrong: str
) -> None:
    def answer(command: str, arguments: dict[str, Any]) -> Any:
        return {} if command == "node.set_date_and_time" else {"response": answers[arguments["methodName"]]}

    asker = Asker(Conversation(answer), node(*classes), time.monotonic() + 5)  # type: ignore[arg-type]
    said = asyncio.run(clock.wrong(asker, ZoneInfo("Europe/Berlin"), NOW))
    assert wrong in said
    assert bool(said) == bool(wrong)


# Users and credentials


@pytest.mark.parametrize(
    ("event", "args", "expected"),
    [
        ("credential added", {"userId": 3, "credentialType": 1, "credentialSlot": 4}, ("code_added", 4, "")),
        ("credential modified", {"credentialType": 1, "credentialSlot": 4}, ("code_changed", 4, "")),
        (
            "credential deleted",
            {"credentialType": 3, "credentialSlot": 4},
            ("code_removed", 300_004, "a credential of another form: tag"),
        ),
        ("user deleted", {"userId": 7}, ("code_removed", 7, "the user was deleted")),
        ("user added", {"userId": 7}, None),
        ("credential added", {"credentialSlot": "four"}, None),
    ],
)
def test_a_lock_of_users_tells_its_changes_by_slot(event: str, args: dict[str, Any], expected: Any) -> None:
    told = {"source": "node", "event": event, "nodeId": 3, "endpointIndex": 0, "args": {**args, "data": CODE}}
    text = json.dumps({"type": "event", "event": told}).encode()
    happening = msgspec.json.decode(text, type=Message).event
    assert happening is not None
    heard = Told(happening, text, 0)
    assert change(heard) == expected
    assert CODE not in heard.raw


def test_a_tag_is_not_taken_for_the_pin_of_its_number() -> None:
    assert len({number_of(type_, slot) for type_ in range(1, 13) for slot in (1, 2, 65_535)}) == 36


class Keyring:
    """A lock of users and credentials: user 3 has PIN 3, and what else is said, by type and slot."""

    def __init__(self, *others: tuple[int, int]) -> None:
        self.held = {(1, 3), *others}
        self.changed: list[str] = []

    def __call__(self, command: str, told: dict[str, Any]) -> Any:
        name = command.rpartition(".")[2]
        if name.startswith("delete_"):
            self.changed.append(name)
            self.held -= self.held if name == "delete_user" else {(1, 3)}
            return {"result": 0}
        every = [{"userId": 3, "type": type_, "slot": slot, "data": CODE} for type_, slot in sorted(self.held)]
        if name == "get_credential":
            place = (told["credentialType"], told["credentialSlot"])
            return {"credential": next((one for one in every if (one["type"], one["slot"]) == place), {})}
        return {
            "get_credentials": {"credentials": every},
            "get_user": {"user": {"userId": 3, "active": True}},
            "get_credential_capabilities_cached": {
                "capabilities": {"supportedCredentialTypes": {"1": {"numberOfCredentialSlots": 20}}}
            },
        }.get(name, {})


def test_with_a_pin_goes_the_user_who_has_nothing_else_and_never_somebodys_tag() -> None:
    alone, tagged = Keyring(), Keyring((3, 7))
    assert do(Conversation(alone), CLEAR, (131, 1)).ending == "evidence"
    assert (alone.changed, alone.held) == (["delete_user"], set())
    assert do(Conversation(tagged), CLEAR, (131, 1)).ending == "evidence"
    assert (tagged.changed, tagged.held) == (["delete_credential"], {(3, 7)})


# Whatever it answers

CLASSES = ((98, 4), (99, 2), (78, 3), (138, 1))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 300) | st.sampled_from(["", CODE, "****", "1234", "2026-11-23"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    *("userIdStatus", "userCode", "status", "hour", "minute", "day", "month", "year", "weekday"),
                    *("supportedUserIDStatuses", "supportsAdminCode", "numYearDaySlots", "startYear", "credential"),
                    *(
                        "userId",
                        "type",
                        "slot",
                        "data",
                        "user",
                        "active",
                        "result",
                        "credentials",
                        "code",
                        "capabilities",
                    ),
                    *("supportedCredentialTypes", "numberOfCredentialSlots", "1", "value"),
                )
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
COMMANDS = (
    *(SET, CLEAR, READ, ReadCodes(THREE), ReadCodes(THREE, (0, 3, 251, 300_001))),
    SetCode(THREE, 3, Secret(CODE), (YearDay(NOW, NOW + 10**11),), "Europe/Berlin"),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(),
    command=st.sampled_from(COMMANDS),
    classes=st.sampled_from([CLASSES, ((99, 1),), ((131, 1),), ((131, 1), (99, 2))]),
)
def test_no_answer_of_a_server_breaks_a_command_or_shows_a_code(
    data: st.DataObject, command: SetCode | ClearCode | ReadCodes, classes: tuple[tuple[int, int], ...]
) -> None:
    shown: list[str] = []

    def answer(_: str, arguments: dict[str, Any]) -> Any:
        value = data.draw(VALUES)
        if data.draw(st.integers(0, 9)) == 0:
            raise Refused(data.draw(st.sampled_from(["Controller_NodeTimeout", "Argument_Invalid", "unknown_command"])))
        if arguments.get("methodName") == "get":
            shown.append(json.dumps(value))
        elif "methodName" not in arguments:
            shown.append(json.dumps(value))
            return value if isinstance(value, dict) else {"credential": value}
        return {"response": value}

    outcome = do(Conversation(answer), command, *classes)
    assert CODE not in repr(outcome)
    assert outcome.sent >= 0
    if isinstance(command, SetCode) and outcome.ending == "evidence" and outcome.slots[0].proof == "value":
        assert any(CODE in one for one in shown)
    if isinstance(command, ClearCode) and outcome.ending == "evidence":
        assert outcome.slots[0].status == "empty"
