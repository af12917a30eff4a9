"""Line 6: the real Home Assistant: no second factor, a lock offered to voice, and a token that may not see enough."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rigs.homeassistant.rig import OWNER, RESIDENT, HomeAssistantRig
from tests.rigs.owner import Owner, known, steps

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]

HOUSE = """
[[answers]]
about = "home"
fact = "needs"
value = []
on = 2026-10-01

[[sources]]
kind = "homeassistant"
"""
FACTOR, VOICE, ADMINS = "two-factor/second-factor", "unused-features/voice", "least-privilege/few-admins"


@pytest.fixture
def at_home(owner: Owner, homeassistant_rig: HomeAssistantRig) -> Owner:
    """The tokens are in the environment, and nowhere else."""
    owner.secrets = {"OWNERS_TOKEN": homeassistant_rig.token, "RESIDENTS_TOKEN": homeassistant_rig.user_token}
    owner.configure(HOUSE + server(homeassistant_rig, "OWNERS_TOKEN"))
    return owner


def server(rig: HomeAssistantRig, token: str) -> str:
    return f'url = "{rig.url}"\ntoken = "env:{token}"\n'


def account(rig: HomeAssistantRig, name: str) -> str:
    return f"account:homeassistant:user-{rig.users[name][:8]}"


@pytest.fixture
def second_factors(homeassistant_rig: HomeAssistantRig) -> Iterator[HomeAssistantRig]:
    """The owner has an authenticator app; who gets one in the test loses it afterwards."""
    rig = homeassistant_rig
    rig.enable_totp(rig.token)
    rig.wait_stored("auth", rig.users[RESIDENT])
    yield rig
    for token in (rig.token, rig.user_token):
        rig.disable_totp(token)


def test_a_user_without_a_second_factor_is_found_and_passes_with_one(
    at_home: Owner, second_factors: HomeAssistantRig
) -> None:
    rig = second_factors
    at_home.configure(HOUSE + server(rig, "OWNERS_TOKEN") + f'config = "{rig.config}"\n')
    report = at_home.audit()
    finding = report.finding(FACTOR, account(rig, RESIDENT))
    assert (finding["verdict"], finding["severity"]) == ("fail", "high")
    assert finding["label"] == "Home Assistant: rob"
    factor, opens = finding["evidence"]
    assert known([factor, opens]) == [
        ("two_factor", "none", "recorded", "homeassistant"),
        ("opens_door", True, "observed", "homeassistant"),
    ]
    assert factor["where"] == ".storage/auth_module.totp (users)"
    assert "turn on an authenticator app" in steps(finding)
    assert report.finding(FACTOR, account(rig, OWNER))["verdict"] == "pass"

    rig.enable_totp(rig.user_token)
    assert at_home.audit().finding(FACTOR, account(rig, RESIDENT))["verdict"] == "pass"
    seeds = (rig.config / ".storage" / "auth_module.totp").read_text().split('"')
    for path in at_home.files():
        assert not [one for one in seeds if len(one) == 32 and one in path.read_text("latin-1")]


def test_locks_offered_to_voice_are_found_by_name_and_pass_once_taken_out(
    at_home: Owner, homeassistant_rig: HomeAssistantRig
) -> None:
    rig = homeassistant_rig
    finding = at_home.audit().finding(VOICE)
    exposed = finding["evidence"][0]["value"]
    assert (finding["verdict"], finding["severity"]) == ("fail", "medium")
    assert known(finding["evidence"])[0] == ("voice_exposed", exposed, "observed", "homeassistant")
    assert finding["evidence"][0]["where"] == "homeassistant/expose_entity/list"
    assert "lock.front_door (Assist)" in exposed
    assert "lock.front_door (Assist)" in steps(finding)
    locks = [one.split()[0] for one in exposed]
    try:
        for lock in locks:
            rig.expose(lock, exposed=False)
        finding = at_home.audit().finding(VOICE)
    finally:
        for lock in locks:
            rig.expose(lock)
    assert (finding["verdict"], finding["summary"]) == ("pass", "No lock is offered to a voice assistant.")


def test_a_token_of_no_administrator_leaves_unknowns_that_name_the_permission(
    at_home: Owner, homeassistant_rig: HomeAssistantRig
) -> None:
    at_home.configure(HOUSE + server(homeassistant_rig, "RESIDENTS_TOKEN"))
    report = at_home.audit()
    refused = {VOICE: "homeassistant/expose_entity/list", ADMINS: "config/auth/list"}
    whose = "(unauthorized): the token is rob's, who is not an administrator"
    for check, command in refused.items():
        finding = report.finding(check)
        assert (finding["verdict"], finding["evidence"]) == ("unknown", [])
        assert finding["summary"] == f"Home Assistant refused {command} {whose}."
        assert "A long-lived access token of an administrator." in steps(finding)
    source = report.source("homeassistant")
    assert (source["status"], source["todo"].split(".")[0]) == (
        "partial",
        "A long-lived access token of an administrator",
    )
    for form, text in at_home.reports().items():
        for command in refused.values():
            assert f"Home Assistant refused {command} {whose}" in text, form
        assert "A long-lived access token of an administrator" in text, form


def test_no_token_is_in_any_output_or_file(at_home: Owner, homeassistant_rig: HomeAssistantRig) -> None:
    at_home.reports()
    at_home.run("sources", "-c", "nightlatch.toml")
    for path in at_home.files():
        assert homeassistant_rig.token not in path.read_text("latin-1")
