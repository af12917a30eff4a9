"""Next steps about doors, power, alerts, upkeep and privacy: what they tell to type must be understood."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest

from nightlatch.audit.answering import typed
from nightlatch.emergency.failures import FAILURES
from nightlatch.fixes import alerts, doors, keyholes, power, privacy, upkeep
from nightlatch.model.door import Door
from nightlatch.model.finding import Fix
from nightlatch.model.home import Home
from nightlatch.model.hub import Hub
from nightlatch.model.kinds import KINDS
from nightlatch.model.lock import Lock
from nightlatch.model.network import Device
from nightlatch.model.people import Vendor
from nightlatch.model.router import Router
from nightlatch.model.thing import Thing
from nightlatch.model.values import HostContact
from nightlatch.sources.declared import convert
from tests.unit.practices.builder import home, make

MAKERS: dict[type[Thing], tuple[Callable[[Any, Home], Fix], ...]] = {
    Door: (
        doors.remount,
        doors.reinforce,
        doors.lengthen_screws,
        doors.align,
        doors.place_key,
        doors.try_key,
        doors.add_way_in,
        doors.free_exit,
    ),
    Home: (
        doors.print_sheet,
        doors.drill,
        alerts.make_channel,
        alerts.try_channel,
        alerts.add_alerts,
        alerts.read_log,
        alerts.keep_log,
        alerts.verify_log,
        alerts.distrust_log,
        alerts.bound_log,
    ),
    Lock: (
        keyholes.upgrade_cylinder,
        keyholes.shelter_keypad,
        keyholes.notice_tampering,
        alerts.substitute_reports,
        power.change_battery,
        power.keep_emergency_power,
        power.stay_locked,
        upkeep.update_lock_by_itself,
        upkeep.replace_lock,
    ),
    Hub: (power.hub_on_ups, upkeep.update_hub_by_itself, upkeep.replace_hub),
    Router: (power.router_on_ups, upkeep.replace_router),
    Vendor: (privacy.read_policy, privacy.ask_vendor, privacy.leave_vendor),
}
CASES = [(kind, maker) for kind, makers in MAKERS.items() for maker in makers]


@pytest.mark.parametrize(("kind", "maker"), CASES, ids=lambda case: getattr(case, "__name__", ""))
def test_a_next_step_stands_without_knowing_anything_and_its_answers_are_understood(
    kind: type[Thing], maker: Callable[[Any, Home], Fix]
) -> None:
    thing = home() if kind is Home else kind("it")
    fix = maker(thing, thing if isinstance(thing, Home) else home(thing))
    assert fix.summary.endswith(".") and all(fix.steps)
    for about, name, value in re.findall(r"nightlatch answer (\S+) (\w+) ([\w,-]+)", " ".join(fix.steps)):
        assert about == str(thing.ref)
        field = KINDS[thing.kind].fields[name]
        assert field.ask, f"{field.path} cannot be answered"
        if value not in ("VALUE", "YYYY-MM-DD"):
            convert(field, typed(about, name, value), UTC)


def test_there_is_a_second_way_for_every_failure() -> None:
    steps = {power.second_way(failure.value, ["Front door"]).steps[0] for failure in FAILURES}
    assert len(steps) == len(FAILURES)


def test_a_way_in_reminds_of_what_powers_the_lock_from_outside() -> None:
    door = make(Door, "front", name="Front door")
    lock = make(Lock, "front", door=door, emergency_power="9V terminals")
    assert "9V terminals" in doors.add_way_in(door, home(door, lock)).steps[1]


def test_the_drill_names_the_exterior_doors() -> None:
    elm = home(make(Door, "front", name="Front door", exterior=True), make(Door, "office", exterior=False))
    assert "get in at Front door as" in doors.drill(elm, elm).steps[0]


@pytest.mark.parametrize("software", ["zwave-js", "zigbee2mqtt", "matter-server", "homeassistant"])
def test_a_hubs_own_way_to_update_itself_is_named(software: str) -> None:
    known = upkeep.update_hub_by_itself(make(Hub, "it", software=software), home()).steps[0]
    assert known != upkeep.update_hub_by_itself(make(Hub, "it"), home()).steps[0]


def test_only_what_is_not_needed_is_blocked() -> None:
    contacts = (HostContact("a.example", "Yale", "cloud", 1), HostContact("b.example", "Mixpanel", "analytics", 1))
    hub, device = make(Hub, "it", address="10.0.0.2"), make(Device, "it", address="10.0.0.2", contacts=contacts)
    elm = home(hub, device, make(Router, "r", software="openwrt"), needs=("remote",))
    steps = " ".join(privacy.block_contacts(hub, elm).steps)
    assert "b.example" in steps and "a.example" not in steps
