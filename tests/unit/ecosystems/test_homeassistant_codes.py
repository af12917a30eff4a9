"""Codes over Home Assistants that the rig cannot be: newer ones, which return what a lock answers, and ZHA."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightlatch.ecosystems._homeassistant import codes
from nightlatch.ecosystems._homeassistant.codes import Reported, slot_of
from nightlatch.ecosystems.homeassistant import HomeAssistant
from nightlatch.model.command import ClearCode, CloseJoin, Command, Outcome, ReadCodes, SetCode
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.secrets import Secret
from tests.unit.ecosystems.asking import context
from tests.unit.ecosystems.fake_homeassistant import DEVICE, TOKEN, ZWAVE_LOCK, serve, state
from tests.unit.ecosystems.hearing import hearing
from tests.unit.ecosystems.test_homeassistant_link import REFUSED, Home

PIN, OTHER = "264813", "097258"
PLUG = HomeAssistant(HomeAssistant.Settings(url="http://h:1", token=Secret("t")), context("homeassistant"))
FRONT = PLUG.ref(Lock, "lock.front")
UNKNOWN = {"success": False, "error": {"code": "unknown_command", "message": "Unknown command."}}


class Newer(Home):
    """One lock with a memory of its own. `heeds`: it does what it is told; `masked`: it shows asterisks."""

    def __init__(self, platform: str = "zwave_js") -> None:
        entity = {**ZWAVE_LOCK, "entity_id": "lock.front", "platform": platform}
        super().__init__(
            {
                "config/entity_registry/list": [entity],
                "config/device_registry/list": [DEVICE],
                "entity/source": {"lock.front": {"domain": platform}},
                "get_states": [state("lock.front", "locked")],
            }
        )
        self.slots: dict[int, str] = {}
        self.heeds, self.masked, self.answers_questions = True, False, True
        self.error: dict[str, Any] | None = None

    async def _handle(self, asked: dict[str, Any]) -> None:
        kind, id_ = asked["type"], asked["id"]
        if kind == "zwave_js/invoke_cc_api":
            await self.send({"id": id_, "type": "result", "success": True, "result": self._invoked(asked)})
        elif kind == "call_service" and self.error is not None:
            await self.send({"id": id_, "type": "result", "success": False, "error": self.error})
        else:
            if kind == "call_service" and self.heeds:
                data = asked["service_data"]
                code = data.get("usercode") or data.get("user_code")
                self.slots = {slot: pin for slot, pin in self.slots.items() if slot != data["code_slot"]}
                self.slots |= {data["code_slot"]: code} if code else {}
            await super()._handle(asked)

    def _invoked(self, asked: dict[str, Any]) -> Any:
        if not self.answers_questions:
            return None
        if asked["method_name"] == "getUsersCount":
            return 30
        (slot,) = asked["parameters"]
        if slot > 30:
            return {"userIdStatus": 254, "userCode": ""}
        code = self.slots.get(slot, "")
        return {"userIdStatus": int(bool(code)), "userCode": "*" * len(code) if self.masked else code}


async def carried_out(home: Home, *commands: Command) -> Outcome:
    async with serve(home) as url:
        plug = HomeAssistant(HomeAssistant.Settings(url=url, token=Secret(TOKEN)), context("homeassistant"))
        async with hearing(plug) as ear:
            for command in commands:
                outcome = await ear.link.command(command)
            assert not any(pin in repr((outcome, ear.all)) for pin in (PIN, OTHER))
            return outcome


def set_code(pin: str = PIN) -> SetCode:
    return SetCode(FRONT, 7, Secret(pin))


async def test_a_newer_home_assistant_gives_back_what_the_lock_answered() -> None:
    home = Newer()
    outcome = await carried_out(home, set_code(), set_code(OTHER))
    assert (outcome.ending, outcome.slots[0].proof, outcome.sent) == ("evidence", "value", 3)
    assert home.slots == {7: OTHER}
    outcome = await carried_out(home, ClearCode(FRONT, 7))
    assert (outcome.ending, outcome.slots[0].status, outcome.sent) == ("evidence", "empty", 2)
    outcome = await carried_out(home, ReadCodes(FRONT))
    assert outcome.rules is not None
    assert (outcome.rules.slots, outcome.rules.shortest, outcome.rules.gives_codes) == (30, 4, True)


async def test_a_lock_that_masks_its_codes_is_emptied_before_another_is_proven() -> None:
    home = Newer()
    home.masked, home.slots = True, {7: OTHER}
    outcome = await carried_out(home, set_code())
    assert (outcome.ending, outcome.slots[0].proof, outcome.slots[0].code) == ("evidence", "presence", None)
    assert [one["service"] for one in home.calls()] == ["clear_lock_usercode", "set_lock_usercode"]


async def test_a_lock_that_does_not_do_it_is_seen_through() -> None:
    home = Newer()
    home.heeds, home.slots = False, {7: OTHER}
    outcome = await carried_out(home, set_code())
    assert (outcome.ending, outcome.why, outcome.slots[0].status) == ("refused", "unheeded", "used")
    outcome = await carried_out(home, ClearCode(FRONT, 7))
    assert (outcome.ending, outcome.why, outcome.what) == (
        "refused",
        "unheeded",
        "the lock answered and did not do it: slot 7 still holds a code",
    )


async def test_a_lock_that_does_not_answer_is_given_no_code() -> None:
    home = Newer()
    home.answers_questions = False
    outcome = await carried_out(home, set_code())
    assert (outcome.ending, outcome.what) == ("unknown", "the lock did not answer when asked for slot 7")
    assert home.calls() == []


@pytest.mark.parametrize(
    ("error", "ending", "why"),
    [
        (REFUSED["error"], "refused", "denied"),
        ({"code": "home_assistant_error", "message": "userCode for code slot 7 not found"}, "refused", "slot"),
        ({"code": "home_assistant_error", "message": f"node is dead {PIN}"}, "unknown", ""),
        ({"code": "not_found", "message": "Service not found."}, "refused", "unsupported"),
    ],
)
async def test_why_home_assistant_did_not_pass_it_on(error: Any, ending: str, why: str) -> None:
    home = Newer()
    home.error = error
    outcome = await carried_out(home, set_code())
    assert (outcome.ending, outcome.why) == (ending, why)


async def test_of_zha_only_the_acknowledgement_is_known() -> None:
    home = Newer("zha")
    outcome = await carried_out(home, set_code())
    (slot,) = outcome.slots
    assert (outcome.ending, slot.status, slot.proof, outcome.sent) == ("unknown", "used", "acknowledged", 1)
    outcome = await carried_out(home, ClearCode(FRONT, 7))
    assert (outcome.ending, outcome.slots[0].status, outcome.slots[0].proof) == ("unknown", "empty", "acknowledged")
    assert [one["service"] for one in home.calls()] == ["set_lock_user_code", "clear_lock_user_code"]
    assert home.calls()[0]["service_data"] == {"code_slot": 7, "user_code": PIN}
    refused = await carried_out(home, ReadCodes(FRONT, (7,)))
    assert (refused.ending, refused.why) == ("refused", "unsupported")


async def test_no_command_about_codes_or_the_network_moves_a_bolt() -> None:
    home = Newer("mqtt")
    for command in (set_code(), ClearCode(FRONT, 7), ReadCodes(FRONT, (7,)), CloseJoin(PLUG.ref(Hub, "server"))):
        assert (await carried_out(home, command)).ending == "refused"
    assert home.calls() == []


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=8), st.lists, max_leaves=3))
def test_whatever_is_reported_of_a_slot_only_digits_are_a_code(code: Any) -> None:
    found = slot_of(7, Reported(1, code))
    assert found.status == "used"
    assert (found.code is not None) is (found.proof == "value")
    assert found.code is None or (isinstance(code, str) and code.isdecimal())
    assert slot_of(7, Reported(0, code)).code is None


def test_a_slot_beyond_the_last_is_none() -> None:
    with pytest.raises(codes.NotDone):
        slot_of(99, Reported(254, ""))
