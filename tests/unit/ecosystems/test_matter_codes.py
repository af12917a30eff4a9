"""Codes on a Matter lock that is a model of the specification: in which order it is written, and what is believed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems._matter import codes, coding, lock
from nightlatch.ecosystems._matter.attributes import Attributes
from nightlatch.ecosystems._matter.coding import Coding
from nightlatch.ecosystems._matter.server import Declined, Node, Refused
from nightlatch.ecosystems._matter.watch import Watch
from nightlatch.ecosystems._websocket import Silent
from nightlatch.errors import SourceError
from nightlatch.model.command import ClearCode, Limit, Outcome, ReadCodes, SetCode, Slot, WeekDay, YearDay
from nightlatch.model.evidence import Ref
from nightlatch.secrets import Secret
from tests.unit.ecosystems.fake_matter_lock import CLOCK, HAS, NOW, Break, Lock

ABOUT = Ref("lock", "matter:1")
CODE, OTHER = Secret("471109"), Secret("820436")
STAY = (YearDay(NOW, NOW + 86_400_000_000),)


async def told(lock: Lock, command: Any) -> Outcome:
    watch = Watch(str(ABOUT), "matter", Node(1, True, lock.has), 1)
    outcome = await Coding(lock, watch, lambda: NOW).carry_out(command)  # type: ignore[arg-type]  # as the link does
    assert outcome.sent == len(lock.said)
    assert all(code.reveal() not in repr(outcome) for code in (CODE, OTHER))
    return outcome


async def test_a_code_gets_its_pin_only_after_its_times_were_read_back() -> None:
    lock = Lock()
    outcome = await told(lock, SetCode(ABOUT, 4, CODE, STAY))
    mine = Slot(
        4, "used", "presence", creator="this Matter server (vendor 0xfff1, fabric 1)", foreign=False, limits=STAY
    )
    assert (outcome.ending, outcome.slots) == ("evidence", (mine,))
    assert lock.said.index("SetYearDaySchedule") > lock.said.index("SetUser")
    assert lock.said.count("GetYearDaySchedule") == 2  # every one that a user can have
    assert max(n for n, name in enumerate(lock.said) if name == "GetYearDaySchedule") < lock.said.index("SetCredential")
    assert (lock.users[4]["userType"], lock.opens(CODE)) == (1, False)


async def test_a_code_without_limits_is_set_changed_and_cleared() -> None:
    lock = Lock()
    for code in (CODE, OTHER):
        assert (await told(lock, SetCode(ABOUT, 4, code))).ending == "evidence"
        lock.said.clear()
    assert (lock.pins, lock.opens(OTHER)) == ({4: "820436"}, True)
    cleared = await told(lock, ClearCode(ABOUT, 4))
    assert (cleared.ending, cleared.slots, lock.users, lock.pins) == (
        "evidence",
        (Slot(4, "empty", "value", limits=()),),
        {},
        {},
    )


async def test_another_number_is_found_for_a_pin_whose_own_is_taken() -> None:
    lock = Lock()
    for index in (1, 2, 4):
        lock.add(index + 10, pin=index, code=str(index) * 4)
    assert (await told(lock, SetCode(ABOUT, 4, CODE))).ending == "evidence"
    assert lock.pins[3] == "471109"
    lock.said.clear()
    assert (await told(lock, SetCode(ABOUT, 19, OTHER))).ending == "evidence"  # the lock has 10 PINs and 20 users
    assert lock.pins[5] == "820436"
    full = Lock()
    for index in range(1, 11):
        full.add(index, pin=index, code=str(index) * 4)
    refused = await told(full, SetCode(ABOUT, 11, CODE))
    assert (refused.why, refused.slots, 11 in full.users) == ("full", (Slot(11, "empty", "value", limits=()),), False)


@pytest.mark.parametrize(
    ("status", "why"), [(1, ""), (2, "duplicate"), (3, "slot"), (0x85, "invalid"), (0x89, "full"), (77, "")]
)
async def test_each_status_has_its_reason_and_leaves_nothing_behind(status: int, why: str) -> None:
    lock = Lock(breaks=lambda name, answer: {"status": status} if name == "SetCredential" else answer)
    outcome = await told(lock, SetCode(ABOUT, 4, CODE))
    assert (outcome.ending, outcome.why, outcome.slots[0].status, lock.users) == ("refused", why, "empty", {})


def _declining(at: str, status: str, cluster: int | None) -> Break:
    def breaks(name: str, answer: Any) -> Any:
        if name == at:
            error = Declined(f"the lock declined (status {status})")
            error.status, error.cluster = status, cluster
            raise error
        return answer

    return breaks


@pytest.mark.parametrize(
    ("at", "status", "cluster", "why"),
    [
        ("SetUser", "Failure", 3, "slot"),
        ("SetUser", "Failure", None, ""),
        ("SetUser", "UnsupportedAccess", None, "denied"),
        ("SetCredential", "UnsupportedCommand", None, "unsupported"),
        ("SetCredential", "Failure", 2, "duplicate"),
        ("SetCredential", "InvalidCommand", None, "invalid"),
        ("SetYearDaySchedule", "Failure", None, "limits"),
    ],
)
async def test_a_lock_that_declines_is_told_apart_by_why(at: str, status: str, cluster: int | None, why: str) -> None:
    lock = Lock(breaks=_declining(at, status, cluster))
    outcome = await told(lock, SetCode(ABOUT, 4, CODE, STAY))
    assert (outcome.ending, outcome.why, CODE.reveal() in lock.pins.values()) == ("refused", why, False)


@pytest.mark.parametrize("limits", [STAY, (WeekDay((0, 1), 0, 60),)])
@pytest.mark.parametrize("shows", [{"status": 0x8B}, {"status": 0, "localStartTime": 1, "localEndTime": 2}])
async def test_no_pin_is_sent_while_the_lock_shows_other_times(limits: tuple[Limit, ...], shows: Any) -> None:
    def breaks(name: str, answer: Any) -> Any:
        return shows if name.startswith("Get") and name.endswith("Schedule") else answer

    lock = Lock(breaks=breaks)
    outcome = await told(lock, SetCode(ABOUT, 4, CODE, limits))
    assert (outcome.ending, outcome.why, lock.users) == ("refused", "limits", {})
    assert "SetCredential" not in lock.said


async def test_times_that_are_left_from_somebody_before_are_seen() -> None:
    lock = Lock()
    lock.schedules["year", 4, 2] = {"localStartTime": 0, "localEndTime": 2**32 - 1}
    outcome = await told(lock, SetCode(ABOUT, 4, CODE, STAY))
    assert (outcome.why, lock.pins) == ("limits", {})


async def test_a_code_is_taken_off_again_when_the_lock_makes_its_user_one_who_always_may() -> None:
    lock = Lock()

    def breaks(name: str, answer: Any) -> Any:
        if name == "SetCredential":
            lock.users[4]["userType"] = 0
        return answer

    lock.breaks = breaks
    outcome = await told(lock, SetCode(ABOUT, 4, CODE, STAY))
    assert (outcome.ending, outcome.why, outcome.slots[0].status) == ("refused", "limits", "empty")
    assert (lock.users, lock.pins) == ({}, {})


async def test_what_could_not_be_taken_off_again_is_said() -> None:
    lock = Lock(breaks=lambda name, answer: {"status": 1} if name == "SetCredential" else answer)
    lock.ClearUser = lambda userIndex: None  # type: ignore[method-assign]  # it says yes and does nothing
    outcome = await told(lock, SetCode(ABOUT, 4, CODE))
    assert outcome.ending == "unknown"
    assert "could not be taken off again" in outcome.what


async def test_a_pin_that_outlives_its_user_is_no_cleared_code() -> None:
    lock = Lock()
    lock.add(4, pin=4, code="471109")
    lock.ClearUser = lambda userIndex: lock.users.pop(userIndex) and None  # type: ignore[method-assign,assignment]
    outcome = await told(lock, ClearCode(ABOUT, 4))
    assert (outcome.ending, outcome.why, outcome.slots[0].status) == ("refused", "unheeded", "used")


@pytest.mark.parametrize(
    ("said", "status", "form", "foreign"),
    [
        ({}, "used", "pin", False),
        ({"creatorFabricIndex": 2}, "used", "pin", True),
        ({"creatorFabricIndex": None}, "used", "pin", True),
        ({"userStatus": 3}, "disabled", "pin", False),
        ({"userType": 4}, "disabled", "pin", False),
        ({"userStatus": 9}, "unknown", "pin", False),
        ({"credentials": [], "creatorFabricIndex": 2}, "disabled", "other", True),
        ({"credentials": [{"credentialType": 2, "credentialIndex": 1}]}, "used", "tag", False),
        ({"credentials": [{"credentialType": 3, "credentialIndex": 1}]}, "used", "fingerprint", False),
        ({"credentials": [{"credentialType": 5, "credentialIndex": 1}]}, "used", "face", False),
        ({"credentials": [{"credentialType": 7, "credentialIndex": 1}]}, "used", "app", False),
        ({"credentials": [{"credentialType": 0, "credentialIndex": 0}]}, "used", "master", False),
        ({"credentials": [{"credentialType": 99, "credentialIndex": 1}]}, "used", "other", False),
    ],
)
async def test_whatever_is_in_a_slot_is_listed(said: Any, status: str, form: str, foreign: bool) -> None:
    lock = Lock()
    lock.add(6, pin=2, code="4711", **said)
    listed = await told(lock, ReadCodes(ABOUT))
    ((slot,), rules) = (listed.slots, listed.rules)
    assert (slot.slot, slot.status, slot.proof, slot.form, slot.foreign) == (6, status, "presence", form, foreign)
    assert rules is not None
    assert (rules.master, rules.slots, rules.year_days) == (form == "master", 20, 2)


@pytest.mark.parametrize(
    "said",
    [
        {"creatorFabricIndex": 2},
        {"creatorFabricIndex": None},
        {"credentials": [{"credentialType": 1, "credentialIndex": 4}, {"credentialType": 2, "credentialIndex": 1}]},
    ],
)
async def test_what_others_put_there_or_more_than_a_pin_is_not_written_over(said: Any) -> None:
    lock = Lock()
    lock.add(4, pin=4, code="820436", **said)
    outcome = await told(lock, SetCode(ABOUT, 4, CODE))
    assert (outcome.ending, outcome.why, outcome.slots[0].slot) == ("refused", "slot", 4)
    assert {*lock.said} <= {"GetUser", "read"}


async def test_a_user_of_ours_whose_pin_never_came_is_an_empty_slot_and_made_anew() -> None:
    lock = Lock()
    lock.add(4, userType=1)
    listed = await told(lock, ReadCodes(ABOUT, (4,)))
    assert listed.slots == (Slot(4, "empty", "value", limits=()),)
    lock.said.clear()
    assert (await told(lock, SetCode(ABOUT, 4, CODE))).ending == "evidence"
    assert lock.opens(CODE)


async def test_who_changed_what_another_made_is_named() -> None:
    lock = Lock()
    lock.add(4, pin=4, code="820436", creatorFabricIndex=1, lastModifiedFabricIndex=7)
    (slot,) = (await told(lock, ReadCodes(ABOUT, (4,)))).slots
    assert slot.creator == "this Matter server (vendor 0xfff1, fabric 1), last changed by fabric 7"


async def test_a_schedule_is_known_to_be_none_only_of_a_user_who_always_may() -> None:
    lock = Lock()
    lock.add(4, pin=4, code="820436")
    lock.add(5, pin=5, code="471109", userType=1)
    assert [slot.limits for slot in (await told(lock, ReadCodes(ABOUT))).slots] == [(), None]


@pytest.mark.parametrize(
    ("clock", "zone", "why"),
    [
        ({}, "UTC", ""),
        ({"0/56/7": None}, "UTC", ""),
        ({}, "Europe/Berlin", "limits"),
        ({"0/56/0": None, "0/56/7": None}, "UTC", "limits"),
        ({"0/56/0": CLOCK["0/56/0"] + 300_000_000}, "UTC", "limits"),
    ],
)
async def test_times_are_left_to_a_lock_only_whose_clock_is_right(clock: Any, zone: str, why: str) -> None:
    lock = Lock({**HAS, **CLOCK, **clock})
    assert (await told(lock, SetCode(ABOUT, 4, CODE, STAY, zone))).why == why


@pytest.mark.parametrize(
    "command",
    [
        SetCode(ABOUT, 0, CODE),
        SetCode(ABOUT, 21, CODE),
        ClearCode(ABOUT, 21),
        SetCode(ABOUT, 4, Secret("123")),
        SetCode(ABOUT, 4, Secret("123456789")),
        SetCode(ABOUT, 4, Secret("12345a")),
        SetCode(ABOUT, 4, CODE, (*STAY, WeekDay((0,), 0, 60))),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_sent(command: Any) -> None:
    lock = Lock()
    assert (await told(lock, command)).ending == "refused"
    assert lock.said == []


@pytest.mark.parametrize("bits", [None, 0x100, 0x1, 0])
@pytest.mark.parametrize("command", [SetCode(ABOUT, 4, CODE), ClearCode(ABOUT, 4), ReadCodes(ABOUT, (4,))])
async def test_a_lock_without_users_or_pins_cannot_be_told_codes(bits: int | None, command: Any) -> None:
    outcome = await told(Lock({**HAS, "1/257/65532": bits}), command)
    assert (outcome.ending, outcome.why) == ("refused", "unsupported")


WRITES = ("GetUser", "SetUser", "SetYearDaySchedule", "GetYearDaySchedule", "GetCredentialStatus", "SetCredential")
LOSSES = (Silent("the Matter server did not answer"), Refused("Node 1 is not available"), SourceError("closed"))


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("at", WRITES)
async def test_a_link_that_drops_anything_leaves_it_unknown_and_no_code_outside_its_times(
    at: str, done: bool, loss: SourceError
) -> None:
    lock = Lock()
    act = getattr(lock, at)

    def lost(**payload: Any) -> Any:
        if done:
            act(**payload)
        raise loss

    setattr(lock, at, lost)
    outcome = await told(lock, SetCode(ABOUT, 4, CODE, STAY))
    assert (outcome.ending, lock.opens(CODE)) == ("unknown", False)
    setattr(lock, at, act)
    lock.said.clear()
    assert (await told(lock, SetCode(ABOUT, 4, CODE, STAY))).ending == "evidence"


async def test_a_lock_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "TOTAL_S", 0.05)

    class Slow(Lock):
        async def ask(self, *asked: Any) -> Any:
            answer = await super().ask(*asked)
            await asyncio.sleep(0.02)
            return answer

    outcome = await told(Slow(), SetCode(ABOUT, 4, CODE, STAY))
    assert (outcome.ending, outcome.what) == ("unknown", "the lock did not answer within 0.05 s")


@pytest.mark.parametrize("following", [1, 0, -1, 2**70])
async def test_a_list_of_users_that_makes_no_sense_is_no_list(following: int) -> None:
    lock = Lock(breaks=lambda name, answer: {"nextUserIndex": following} if name == "GetUser" else answer)
    listed = await told(lock, ReadCodes(ABOUT))
    assert (listed.ending, listed.slots) == ("unknown", ())


VALUES = st.none() | st.booleans() | st.integers(-1, 300) | st.integers() | st.text(max_size=3)
FIELDS = st.sampled_from(
    (
        "userStatus",
        "userType",
        "creatorFabricIndex",
        "nextUserIndex",
        "nextCredentialIndex",
        "credentialExists",
        "status",
    )
)
HELD = st.lists(
    st.fixed_dictionaries({"credentialType": st.integers(-1, 12), "credentialIndex": st.integers(-1, 30)}), max_size=3
)
ANSWERS = st.dictionaries(FIELDS, VALUES, max_size=6) | st.builds(
    lambda one, held: {**one, "credentials": held}, st.dictionaries(FIELDS, VALUES, max_size=6), HELD
)
COMMANDS = st.sampled_from(
    (
        SetCode(ABOUT, 4, CODE, STAY),
        SetCode(ABOUT, 4, CODE),
        ClearCode(ABOUT, 4),
        ReadCodes(ABOUT),
        ReadCodes(ABOUT, (4, 9)),
    )
)


@given(COMMANDS, st.dictionaries(st.integers(0, 14), ANSWERS | VALUES, max_size=5))
@settings(max_examples=300, deadline=None)
def test_nothing_that_a_lock_answers_breaks_a_command_or_lets_a_code_out_of_its_times(
    command: Any, strange: dict[int, Any]
) -> None:
    lock = Lock()
    lock.add(2, pin=2, code="1357", creatorFabricIndex=2)
    lock.breaks = lambda name, answer: answer if name == "read" else strange.get(len(lock.said), answer)
    outcome = asyncio.run(told(lock, command))
    assert outcome.ending in ("evidence", "refused", "unknown")
    if not isinstance(command, SetCode) or command.limits:
        assert not lock.opens(CODE)
    assert lock.users[2]["creatorFabricIndex"] == 2  # another's is never touched


def test_no_slot_is_the_number_that_stands_for_every_user() -> None:
    told = {f"1/257/{number}": value for number, value in ((17, 65_535), (18, 10), (65532, lock.USERS | lock.PIN))}
    rules = codes.rules(Attributes(told, frozenset(), None), 1)
    assert rules is not None
    assert rules.slots < 0xFFFE
