"""The homeassistant ecosystem on configuration folders, whole and damaged."""

from __future__ import annotations

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems.homeassistant import HomeAssistant
from nightlatch.errors import NightlatchError, ReadError
from nightlatch.model.evidence import Claim, Gap, Grade, Item, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Account
from tests.unit.ecosystems.asking import ask, claims, context, reasons, values
from tests.unit.ecosystems.fake_homeassistant import (
    CONFIGURATION,
    OWNER,
    PIN,
    RESIDENT,
    SEED,
    STORAGE,
    TOKEN,
    ZWAVE_LOCK,
    write_folder,
)


async def look(folder: Path) -> tuple[list[Item], NightlatchError | None]:
    return await ask(HomeAssistant(HomeAssistant.Settings(config=folder), context("homeassistant")))


async def read(folder: Path) -> list[Item]:
    items, error = await look(folder)
    assert error is None
    return items


def about(user: dict[str, Any]) -> str:
    return str(user["id"])[:8]


async def test_who_has_an_authenticator_app_is_told_by_its_keys(tmp_path: Path) -> None:
    items = await read(write_folder(tmp_path))

    assert values(items, Account.two_factor, about(OWNER)) == ["app"]
    assert values(items, Account.two_factor, about(RESIDENT)) == ["none"]


async def test_without_the_file_nobody_has_an_authenticator_app(tmp_path: Path) -> None:
    storage = {name: data for name, data in STORAGE.items() if name != "auth_module.totp"}
    items = await read(write_folder(tmp_path, storage))

    assert set(values(items, Account.two_factor)) == {"none"}


async def test_codes_by_notification_are_a_second_factor_of_unknown_worth(tmp_path: Path) -> None:
    storage = {**STORAGE, "auth_module.notify": {"users": {RESIDENT["id"]: {"notify_service": "sms"}}}}
    configuration = "homeassistant:\n  auth_mfa_modules:\n    - type: totp\n    - type: notify\n"
    items = await read(write_folder(tmp_path, storage, configuration=configuration))

    assert values(items, Account.two_factor, about(RESIDENT)) == []
    assert "notification service" in reasons(items, Account.two_factor)[0]


async def test_an_authenticator_app_that_is_not_asked_for_does_not_count(tmp_path: Path) -> None:
    configuration = "homeassistant:\n  auth_mfa_modules: []\n"
    items = await read(write_folder(tmp_path, configuration=configuration))

    assert values(items, Account.two_factor, about(OWNER)) == ["none"]


async def test_seeds_tokens_and_default_codes_are_never_kept(tmp_path: Path) -> None:
    lock = {**ZWAVE_LOCK, "options": {"lock": {"default_code": PIN}}}
    items = await read(write_folder(tmp_path, {**STORAGE, "core.entity_registry": {"entities": [lock]}}))

    assert values(items, Hub.plain_pins) == [("lock.front (default code)",)]
    assert not any(secret in repr(items) for secret in (SEED, TOKEN, PIN))


async def test_what_is_recorded_has_the_file_s_time_and_place(tmp_path: Path) -> None:
    os.utime(write_folder(tmp_path) / ".storage" / "auth", (1_700_000_000, 1_700_000_000))
    (fact,) = claims(await read(tmp_path), Hub.admins)

    assert (fact.grade, fact.where) == (Grade.RECORDED, ".storage/auth (group_ids, is_owner)")
    assert fact.at is not None
    assert fact.at.timestamp() == 1_700_000_000


@pytest.mark.parametrize(
    ("http", "ban", "attempts", "proxies"),
    [
        ({}, False, 0, ()),  # banning is on by default, without a threshold
        ({"login_attempts_threshold": 5}, True, 5, ()),
        ({"login_attempts_threshold": 5, "ip_ban_enabled": False}, False, 0, ()),
        ({"use_x_forwarded_for": True, "trusted_proxies": ["10.0.0.0/8"]}, False, 0, ("10.0.0.0/8",)),
        ({"use_x_forwarded_for": False, "trusted_proxies": ["10.0.0.0/8"]}, False, 0, ()),
    ],
)
async def test_settings_of_the_web_server_are_judged_as_they_work(
    tmp_path: Path, http: dict[str, Any], ban: bool, attempts: int, proxies: tuple[str, ...]
) -> None:
    items = await read(write_folder(tmp_path, {**STORAGE, "http": http}))

    assert values(items, Hub.ip_ban) == [ban]
    assert values(items, Hub.login_attempts) == [attempts]
    assert values(items, Hub.trusted_proxies) == [proxies]


async def test_before_the_first_start_the_web_server_s_settings_are_those_written_down(tmp_path: Path) -> None:
    storage = {name: data for name, data in STORAGE.items() if name != "http"}
    configuration = "http:\n  login_attempts_threshold: 3\n  ssl_certificate: /ssl/chain.pem\n"
    items = await read(write_folder(tmp_path, storage, configuration=configuration))

    (fact,) = claims(items, Hub.ip_ban)
    assert (fact.value, fact.where) == (True, "configuration.yaml (ip_ban_enabled, login_attempts_threshold)")
    assert values(items, Hub.tls) == [True]


async def test_trusted_networks_and_external_url_are_read_from_the_configuration(tmp_path: Path) -> None:
    items = await read(write_folder(tmp_path))

    assert values(items, Hub.trusted_networks) == [("192.168.66.0/24", "fd00::/8")]
    assert values(items, Hub.external_url) == ["https://home.example.org"]


async def test_a_section_in_a_file_of_its_own_is_followed(tmp_path: Path) -> None:
    write_folder(tmp_path, configuration="homeassistant: !include core.yaml\n")
    (tmp_path / "core.yaml").write_text("auth_providers:\n  - type: trusted_networks\n    trusted_networks: ::1\n")

    assert values(await read(tmp_path), Hub.trusted_networks) == [("::1",)]


async def test_an_include_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("auth_providers: []\n")
    folder = write_folder(tmp_path / "config", configuration="homeassistant: !include ../outside.yaml\n")
    items = await read(folder)

    assert values(items, Hub.trusted_networks) == []
    assert "includes homeassistant from outside the folder" in reasons(items, Hub.trusted_networks)[0]


async def test_without_such_settings_no_network_is_trusted(tmp_path: Path) -> None:
    items = await read(write_folder(tmp_path, configuration="default_config:\n"))

    assert values(items, Hub.trusted_networks) == [()]
    assert values(items, Hub.external_url) == [""]


async def test_an_external_url_set_on_the_settings_page_is_read(tmp_path: Path) -> None:
    storage = {**STORAGE, "core.config": {"external_url": "https://ui.example"}}
    items = await read(write_folder(tmp_path, storage, configuration="default_config:\n"))

    (fact,) = claims(items, Hub.external_url)
    assert (fact.value, fact.where) == ("https://ui.example", ".storage/core.config (external_url)")


async def test_locks_offered_to_voice_are_those_of_both_files_without_a_cloud_that_is_off(tmp_path: Path) -> None:
    items = await read(write_folder(tmp_path))

    assert values(items, Hub.voice_exposed) == [("lock.front (Assist)", "lock.gate (Assist)")]


async def test_a_kept_sign_in_to_the_cloud_is_told_without_opening_it(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, {**STORAGE, "cloud": {"remote_enabled": True, "alexa_enabled": True}})
    assert values(await read(folder), Hub.cloud_connected) == [False]

    (folder / ".cloud").mkdir()
    (folder / ".cloud" / "production_auth.json").write_text("not JSON: never parsed")
    items = await read(folder)

    assert (values(items, Hub.cloud_connected), values(items, Hub.remote_access)) == ([True], [True])
    assert "lock.front (Alexa)" in values(items, Hub.voice_exposed)[0]


async def test_locks_are_known_by_the_registry_s_identifiers(tmp_path: Path) -> None:
    items = await read(write_folder(tmp_path))

    assert values(items, Lock.name) == ["Front"]
    assert [one.key for one in items if isinstance(one, Same)] == ["zwave:0xc16d02a3/12"]
    assert reasons(items, Lock.iot_class) == [
        "states, updates and integrations are told by the running Home Assistant only"
    ]


async def test_files_with_secrets_that_others_can_read_are_named() -> None:
    with TemporaryDirectory() as name:  # not pytest's folder: no one else may enter that
        folder = write_folder(Path(name))
        folder.chmod(0o755)
        assert values(await read(folder), Hub.open_files) == [()]
        (folder / ".storage" / "auth_module.totp").chmod(0o644)

        assert values(await read(folder), Hub.open_files) == [(".storage/auth_module.totp",)]


async def test_something_else_than_the_folder_is_one_clear_error(tmp_path: Path) -> None:
    items, error = await look(tmp_path)

    assert items == [item for item in items if not hasattr(item, "fact")]  # gaps at most
    assert isinstance(error, ReadError)
    assert (error.what, error.where) == ("holds no .storage folder", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "data", "field", "reason"),
    [
        ("auth", b"", Hub.users, ".storage/auth: is not valid JSON"),
        ("auth", b'{"data": {"users": [{"id": 5}]}}', Hub.users, "Expected `str`, got `int`"),
        ("auth_module.totp", b"\xff\xfe\x00", Account.two_factor, ".storage/auth_module.totp: is not valid JSON"),
        ("http", b"[" * 100, Hub.ip_ban, ".storage/http:1: nests deeper than 64 levels"),
        ("core.entity_registry", b'{"data": {}}', Hub.voice_exposed, "missing required field `entities`"),
    ],
)
async def test_a_damaged_file_costs_its_own_facts_only(
    tmp_path: Path, name: str, data: bytes, field: Any, reason: str
) -> None:
    items = await read(write_folder(tmp_path, {**STORAGE, name: data}))

    assert values(items, field) == []
    assert reason in reasons(items, field)[0]
    assert values(items, Hub.trusted_networks) != []


async def test_every_gap_is_about_a_thing_that_the_folder_told_of(tmp_path: Path) -> None:
    items = await read(write_folder(tmp_path, {**STORAGE, "auth_module.totp": b"", "http": b"", "core.analytics": b""}))
    things = {one.about for one in items if isinstance(one, Claim)}

    assert {one.about for one in items if isinstance(one, Gap)} <= things


async def test_a_configuration_that_is_no_yaml_names_the_line(tmp_path: Path) -> None:
    items = await read(write_folder(tmp_path, configuration=CONFIGURATION + "broken: [\n"))

    assert reasons(items, Hub.trusted_networks)[0].startswith("configuration.yaml:12: is not valid YAML")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=80, deadline=None)
@given(
    changes=st.dictionaries(
        st.sampled_from(sorted(STORAGE)),
        st.binary(max_size=40) | json_values.map(lambda value: json.dumps({"data": value}).encode()),
        min_size=1,
        max_size=4,
    ),
    configuration=st.text(max_size=60) | json_values.map(lambda value: json.dumps({"homeassistant": value})),
)
async def test_no_file_breaks_it(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, bytes], configuration: str
) -> None:
    folder = tmp_path_factory.mktemp("config")
    write_folder(folder, {**STORAGE, **changes}, configuration=None)
    (folder / "configuration.yaml").write_bytes(configuration.encode("utf-8", "surrogatepass"))
    items, error = await look(folder)  # any other exception than a NightlatchError fails the test

    assert error is None
    assert values(items, Hub.software) == ["homeassistant"]


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("https://ana:hunter2@home.example:8443/x?key=hunter2#hunter2", "https://home.example:8443"),
        ("hunter2", "an address that cannot be read"),
        ("http://[hunter2", "an address that cannot be read"),
        (None, ""),
    ],
)
async def test_of_the_external_address_only_scheme_host_and_port_are_told(
    tmp_path: Path, stored: str | None, told: str
) -> None:
    storage = {**STORAGE, "core.config": {"external_url": stored}}
    items = await read(write_folder(tmp_path, storage, configuration=""))
    assert values(items, Hub.external_url) == [told]
    assert "hunter2" not in repr(items)


async def test_a_configuration_that_holds_no_settings_proves_nothing(tmp_path: Path) -> None:
    items = await read(write_folder(tmp_path, configuration="<html>"))
    assert not values(items, Hub.trusted_networks)
    assert reasons(items, Hub.trusted_networks) == ["configuration.yaml: holds no settings."]


async def test_a_version_file_that_holds_none_is_told(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / ".HA_VERSION").write_text("<html>")
    items = await read(folder)
    assert reasons(items, Hub.version) == [".HA_VERSION: holds no version."]
