"""The homeassistant ecosystem against the real Home Assistant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nightlatch.ecosystems.homeassistant import HomeAssistant
from nightlatch.errors import SourceError
from nightlatch.model.evidence import Grade, Item, Same
from nightlatch.model.finding import Finding, Verdict
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Account
from nightlatch.model.thing import Field
from nightlatch.secrets import Secret
from rigs.homeassistant.mqtt import ADDRESS
from rigs.homeassistant.rig import OWNER, RESIDENT, HomeAssistantRig
from tests.rigs.judging import findings
from tests.unit.ecosystems.asking import ask, claims, context, reasons, values

pytestmark = [pytest.mark.rig, pytest.mark.timeout(180)]


async def read(**settings: Any) -> list[Item]:
    items, error = await ask(HomeAssistant(HomeAssistant.Settings(**settings), context("homeassistant")))
    assert error is None
    return items


def judged(rig: HomeAssistantRig, token: str, *, folder: bool) -> dict[tuple[str, str], Finding]:
    settings = HomeAssistant.Settings(url=rig.url, token=Secret(token), config=rig.config if folder else None)
    return findings("homeassistant", lambda context: HomeAssistant(settings, context))


@pytest.fixture
def totp(homeassistant_rig: HomeAssistantRig) -> Iterator[None]:
    rig = homeassistant_rig
    rig.enable_totp(rig.token)
    rig.wait_stored("auth", rig.users[RESIDENT])
    yield
    rig.disable_totp(rig.token)


@pytest.mark.usefixtures("totp")
async def test_who_has_no_second_factor_is_found_in_the_folder(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    items = await read(config=rig.config)
    found = {key: values(items, Account.two_factor, rig.users[key][:8]) for key in (OWNER, RESIDENT)}

    assert found == {OWNER: ["app"], RESIDENT: ["none"]}
    (fact,) = claims(items, Account.two_factor, rig.users[RESIDENT][:8])
    assert (fact.grade, fact.where) == (Grade.RECORDED, ".storage/auth_module.totp (users)")


@pytest.mark.usefixtures("totp")
async def test_the_seed_of_the_authenticator_app_and_the_token_are_never_kept(
    homeassistant_rig: HomeAssistantRig,
) -> None:
    rig = homeassistant_rig
    seed = (rig.config / ".storage" / "auth_module.totp").read_text().split('"')[-2]
    told = repr(await read(url=rig.url, token=Secret(rig.token), config=rig.config))

    assert len(seed) == 32
    assert seed not in told
    assert rig.token not in told


async def test_the_running_server_tells_nobody_the_second_factor_of_others(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    items = await read(url=rig.url, token=Secret(rig.token))

    assert values(items, Account.two_factor, rig.users[OWNER][:8]) == ["none"]
    assert values(items, Account.two_factor, rig.users[RESIDENT][:8]) == []
    assert reasons(items, Account.two_factor) == [
        "Home Assistant tells nobody whether another user has a second factor"
    ]


async def test_a_lock_offered_to_voice_is_found_and_one_that_is_hidden_is_not(
    homeassistant_rig: HomeAssistantRig,
) -> None:
    rig = homeassistant_rig
    rig.expose("lock.kitchen_door", exposed=False)
    rig.expose("lock.openable_lock", to="cloud.alexa")
    try:
        (exposed,) = values(await read(url=rig.url, token=Secret(rig.token)), Hub.voice_exposed)
    finally:
        rig.expose("lock.kitchen_door")
        rig.expose("lock.openable_lock", to="cloud.alexa", exposed=False)

    assert "lock.front_door (Assist)" in exposed
    assert "lock.kitchen_door (Assist)" not in exposed
    # Set for Alexa, but nobody is signed in to the cloud that would tell Alexa.
    assert "lock.openable_lock (Alexa)" not in exposed


async def test_the_folder_and_the_server_agree_on_what_is_offered_to_voice(
    homeassistant_rig: HomeAssistantRig,
) -> None:
    rig = homeassistant_rig
    rig.wait_stored("homeassistant.exposed_entities", "lock.front_door")
    rig.wait_stored("core.entity_registry", "lock.back_door")

    live = values(await read(url=rig.url, token=Secret(rig.token)), Hub.voice_exposed)
    assert values(await read(config=rig.config), Hub.voice_exposed) == live


async def test_a_token_of_no_administrator_leaves_gaps_that_name_the_permission(
    homeassistant_rig: HomeAssistantRig,
) -> None:
    rig = homeassistant_rig
    items = await read(url=rig.url, token=Secret(rig.user_token))

    refused: tuple[tuple[Field[Any], str], ...] = (
        (Hub.users, "config/auth/list"),
        (Hub.voice_exposed, "homeassistant/expose_entity/list"),
        (Hub.analytics, "analytics"),
    )
    for field, command in refused:
        assert values(items, field) == []
        assert reasons(items, field) == [
            f"Home Assistant refused {command} (unauthorized): the token is rob's, who is not an administrator"
        ]
    assert len(values(items, Lock.bolt)) == 5  # what it may see, it tells


async def test_locks_updates_and_integrations_are_read(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    items = await read(url=rig.url, token=Secret(rig.token))
    key = "lock.back_door"

    assert values(items, Lock.bolt, key) == ["thrown"]
    assert values(items, Lock.firmware, key) == ["0.0.9"]
    assert values(items, Lock.iot_class, key) == ["local_push"]
    assert (values(items, Lock.update_available, key), values(items, Lock.update_version, key)) == ([True], ["12"])
    assert [one.key for one in items if isinstance(one, Same)] == [f"ieee:{ADDRESS}"]
    assert values(items, Lock.bolt, "lock.kitchen_door") == ["retracted"]


async def test_accounts_cloud_analytics_and_address_are_read(homeassistant_rig: HomeAssistantRig) -> None:
    rig = homeassistant_rig
    items = await read(url=rig.url, token=Secret(rig.token))

    assert (values(items, Hub.users), values(items, Hub.admins)) == ([2], [1])
    assert values(items, Account.opens_door, rig.users[RESIDENT][:8]) == [True]
    assert values(items, Hub.cloud_connected) == [False]
    assert values(items, Hub.analytics) == [False]
    assert values(items, Hub.external_url) == ["https://home.example.org"]
    assert values(items, Hub.version) == ["2024.3.3"]


async def test_sign_in_settings_are_read_from_the_folder(homeassistant_rig: HomeAssistantRig) -> None:
    items = await read(config=homeassistant_rig.config)

    assert values(items, Hub.trusted_networks) == [("192.168.66.0/24",)]
    assert (values(items, Hub.ip_ban), values(items, Hub.login_attempts)) == ([False], [0])
    assert values(items, Hub.trusted_proxies) == [()]


def test_the_user_without_a_second_factor_fails_and_the_one_who_sets_it_up_passes(
    homeassistant_rig: HomeAssistantRig,
) -> None:
    rig = homeassistant_rig
    check, owner = "two-factor/second-factor", f"homeassistant:user-{rig.users[OWNER][:8]}"
    resident = f"homeassistant:user-{rig.users[RESIDENT][:8]}"
    rig.wait_stored("auth", rig.users[RESIDENT])
    before = judged(rig, rig.token, folder=True)
    rig.enable_totp(rig.token)
    try:
        after = judged(rig, rig.token, folder=True)
    finally:
        rig.disable_totp(rig.token)

    assert [before[check, owner].verdict, after[check, owner].verdict] == [Verdict.FAIL, Verdict.PASS]
    assert after[check, resident].verdict is Verdict.FAIL


def test_a_lock_offered_to_voice_fails_and_passes_once_all_are_hidden(homeassistant_rig: HomeAssistantRig) -> None:
    rig, voice = homeassistant_rig, ("unused-features/voice", "homeassistant:server")
    locks = ("back_door", "front_door", "kitchen_door", "openable_lock", "poorly_installed_door")
    before = judged(rig, rig.token, folder=False)[voice]
    for lock in locks:
        rig.expose(f"lock.{lock}", exposed=False)
    try:
        after = judged(rig, rig.token, folder=False)[voice]
    finally:
        for lock in locks:
            rig.expose(f"lock.{lock}")

    assert (before.verdict, after.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert "lock.front_door (Assist)" in before.summary


def test_with_a_token_of_no_administrator_the_verdict_is_unknown_and_names_the_permission(
    homeassistant_rig: HomeAssistantRig,
) -> None:
    rig = homeassistant_rig
    found = judged(rig, rig.user_token, folder=False)

    for check, subject in (
        ("unused-features/voice", "homeassistant:server"),
        ("least-privilege/few-admins", "homeassistant:server"),
        ("two-factor/second-factor", "homeassistant:others"),
        ("data-minimisation/analytics", "homeassistant:server"),
    ):
        finding = found[check, subject]
        assert finding.verdict is Verdict.UNKNOWN
        assert "the token is rob's, who is not an administrator" in finding.summary


async def test_a_wrong_token_is_one_clear_error(homeassistant_rig: HomeAssistantRig) -> None:
    settings = HomeAssistant.Settings(url=homeassistant_rig.url, token=Secret("not a token"))
    items, error = await ask(HomeAssistant(settings, context("homeassistant")))

    assert isinstance(error, SourceError)
    assert error.what == "Home Assistant refused the token"
    assert "not a token" not in repr((items, error, str(error)))


async def test_a_folder_after_shutdown_tells_the_settings_in_force(tmp_path: Path) -> None:
    rig = HomeAssistantRig(tmp_path)
    rig.stop()
    items = await read(config=rig.config)

    (fact,) = claims(items, Hub.ip_ban)
    assert (fact.value, fact.where) == (False, ".storage/http (ip_ban_enabled, login_attempts_threshold)")
