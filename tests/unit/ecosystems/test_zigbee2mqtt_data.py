from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.ecosystems._zigbee2mqtt.settings import PUBLISHED_KEY, network_key_quality
from nightlatch.ecosystems.zigbee2mqtt import Zigbee2Mqtt
from nightlatch.errors import NightlatchError
from nightlatch.model.evidence import Gap, Grade, Item, Same
from nightlatch.model.hub import Hub
from nightlatch.model.lock import Lock
from nightlatch.model.people import Credential
from tests.unit.ecosystems.asking import ask, claims, context, reasons, values

DATABASE = (Path(__file__).parent / "data/zigbee2mqtt/database.db").read_text()
LOCK = "0x000d6f0011223344"
PRIVATE_KEY = random.Random("a network key that nobody else has").choices(range(256), k=16)
TOKEN, PASSWORD, PIN = "t0ken-of-the-frontend", "pa55word-of-the-hub", "264813"


def configuration(**sections: Any) -> dict[str, Any]:
    """A well-kept one, with sections replaced."""
    return {
        "version": 5,
        "mqtt": {"base_topic": "zigbee2mqtt", "server": "mqtt://localhost:1883", "user": "hub", "password": PASSWORD},
        "advanced": {"network_key": PRIVATE_KEY},
        "frontend": {"enabled": True, "host": "127.0.0.1", "port": 8080, "auth_token": TOKEN},
        "devices": {LOCK: {"friendly_name": "front_door"}},
    } | sections


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that others can enter; pytest's own temporary folders are closed to them."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        (path / "data").mkdir()
        yield path / "data"


def write(folder: Path, settings: object = None, **files: str) -> None:
    text = yaml.safe_dump(configuration() if settings is None else settings, sort_keys=False)
    (folder / "configuration.yaml").write_text(text)
    for name, content in files.items():
        (folder / name.replace("_DOT_", ".")).write_text(content)


async def read(folder: Path) -> tuple[list[Item], NightlatchError | None]:
    items, error = await ask(Zigbee2Mqtt(Zigbee2Mqtt.Settings(data=folder), context("zigbee2mqtt")))
    said = repr(items) + repr(error) + str(error)
    assert not any(secret in said for secret in (TOKEN, PASSWORD, PIN, str(PRIVATE_KEY), bytes(PRIVATE_KEY).hex()))
    return items, error


async def facts(folder: Path) -> list[Item]:
    items, error = await read(folder)
    assert error is None
    return items


def backup(key: bytes) -> str:
    return json.dumps({"metadata": {"format": "zigpy/open-coordinator-backup"}, "network_key": {"key": key.hex()}})


# The network key


@pytest.mark.parametrize(
    ("key", "quality"),
    [
        (PRIVATE_KEY, "private"),
        (PUBLISHED_KEY, "published_default"),
        ([7] * 16, "weak"),
        (list(range(16)), "weak"),
        ([1, 2] * 8, "weak"),
        (list(b"ZigBeeAlliance09"), "weak"),
    ],
)
async def test_the_network_keys_quality_is_told_and_its_place(folder: Path, key: list[int], quality: str) -> None:
    write(folder, configuration(advanced={"network_key": list(key)}))
    [claim] = claims(await facts(folder), Hub.network_key)
    assert (claim.value, claim.grade) == (quality, Grade.RECORDED)
    assert claim.where == "configuration.yaml:8 (advanced.network_key)"


@given(st.binary(min_size=16, max_size=16))
def test_every_key_has_a_quality(key: bytes) -> None:
    assert network_key_quality(tuple(key)) in ("private", "published_default", "weak")


async def test_a_key_that_is_not_set_is_the_published_one(folder: Path) -> None:
    write(folder, configuration(advanced={"channel": 15}))
    [claim] = claims(await facts(folder), Hub.network_key)
    assert claim.value == "published_default"
    assert "not set, so the published one is used" in claim.where


async def test_the_key_that_the_coordinator_really_uses_is_in_its_backup(folder: Path) -> None:
    write(folder, coordinator_backup_DOT_json=backup(bytes(PUBLISHED_KEY)))
    assert values(await facts(folder), Hub.network_key) == ["published_default", "private"]
    write(folder, configuration(advanced={}), coordinator_backup_DOT_json=backup(bytes(PRIVATE_KEY)))
    assert values(await facts(folder), Hub.network_key) == ["private"]


async def test_a_key_kept_in_the_secret_file_is_followed(folder: Path) -> None:
    write(
        folder,
        configuration(advanced={"network_key": "!secret network_key"}),
        secret_DOT_yaml=yaml.safe_dump({"network_key": list(PUBLISHED_KEY)}),
    )
    assert values(await facts(folder), Hub.network_key) == ["published_default"]


async def test_a_reference_written_as_a_yaml_tag_is_followed_too(folder: Path) -> None:
    write(folder, secret_DOT_yaml=yaml.safe_dump({"network_key": list(PUBLISHED_KEY)}))
    (folder / "configuration.yaml").write_text("version: 5\nadvanced:\n  network_key: !secret network_key\n")
    [claim] = claims(await facts(folder), Hub.network_key)
    assert (claim.value, claim.where) == ("published_default", "configuration.yaml:3 (advanced.network_key)")


@pytest.mark.parametrize("key", ["GENERATE", [1, 2, 3], ["a"] * 16])
async def test_a_key_that_is_none_is_unknown_and_not_judged(folder: Path, key: object) -> None:
    write(folder, configuration(advanced={"network_key": key}))
    items = await facts(folder)
    assert values(items, Hub.network_key) == []
    assert reasons(items, Hub.network_key) == [
        "configuration.yaml:8 (advanced.network_key) is not a key of 16 numbers",
    ]


@pytest.mark.parametrize("text", ["", "{", '{"network_key": {"key": "xyz"}}', '{"network_key": {"key": "0102"}}', "[]"])
async def test_a_damaged_backup_leaves_the_key_unknown_and_the_rest_told(folder: Path, text: str) -> None:
    write(folder, coordinator_backup_DOT_json=text)
    items = await facts(folder)
    [reason] = reasons(items, Hub.network_key)
    assert "coordinator_backup.json" in reason
    assert values(items, Hub.frontend_sign_in) == [True]


# Signing in


async def test_a_frontend_without_a_token_asks_for_no_sign_in(folder: Path) -> None:
    write(folder, configuration(frontend={"enabled": True, "port": 8080}))
    items = await facts(folder)
    assert values(items, Hub.frontend_sign_in) == [False]
    assert values(items, Hub.listens) == ["network"]
    write(folder)
    items = await facts(folder)
    assert values(items, Hub.frontend_sign_in) == [True]
    assert values(items, Hub.listens) == ["loopback"]
    assert claims(items, Hub.frontend_sign_in)[0].where == "configuration.yaml:29 (frontend.auth_token)"


@pytest.mark.parametrize(
    ("frontend", "listens"),
    [
        ({"enabled": True, "host": "0.0.0.0"}, "network"),
        ({"enabled": True, "host": "::"}, "network"),
        ({"enabled": True, "host": "192.168.1.5"}, "network"),
        ({"enabled": True, "host": "localhost"}, "loopback"),
        ({"enabled": True, "host": "::1"}, "loopback"),
        ({"enabled": True, "host": "/run/zigbee2mqtt.sock"}, "loopback"),
    ],
)
async def test_who_can_reach_the_frontend_is_told_by_its_address(
    folder: Path, frontend: dict[str, object], listens: str
) -> None:
    write(folder, configuration(frontend=frontend))
    assert values(await facts(folder), Hub.listens) == [listens]


@pytest.mark.parametrize("frontend", [{"enabled": False}, False, None, {"port": 8080}])
async def test_a_frontend_that_is_off_is_not_judged_for_its_sign_in(folder: Path, frontend: object) -> None:
    write(folder, configuration(frontend=frontend))
    items = await facts(folder)
    assert values(items, Hub.web_page) == [False]
    assert not values(items, Hub.frontend_sign_in)
    assert not values(items, Hub.listens)


async def test_the_frontend_of_version_1_is_on_when_its_section_is_there(folder: Path) -> None:
    write(folder, {"mqtt": {"server": "mqtt://localhost"}, "frontend": {"port": 8080}, "permit_join": True})
    items = await facts(folder)
    assert values(items, Hub.web_page) == [True]
    assert values(items, Hub.permit_join) == [True]


async def test_a_token_in_a_secret_file_counts_and_one_in_a_missing_file_is_unknown(folder: Path) -> None:
    settings = configuration(frontend={"enabled": True, "auth_token": "!secrets.yaml token"})
    write(folder, settings, secrets_DOT_yaml=f"token: {TOKEN}\n")
    assert values(await facts(folder), Hub.frontend_sign_in) == [True]
    write(folder, settings, secrets_DOT_yaml="other: 1\n")
    assert values(await facts(folder), Hub.frontend_sign_in) == [False]
    (folder / "secrets.yaml").unlink()
    items = await facts(folder)
    assert values(items, Hub.frontend_sign_in) == []
    assert "refers to a file that cannot be read" in reasons(items, Hub.frontend_sign_in)[0]


async def test_a_reference_does_not_leave_the_data_folder(folder: Path) -> None:
    (folder.parent / "outside.yaml").write_text(f"token: {TOKEN}\n")
    write(folder, configuration(frontend={"enabled": True, "auth_token": "!../outside.yaml token"}))
    assert values(await facts(folder), Hub.frontend_sign_in) == []


# The broker connection


@pytest.mark.parametrize(
    ("server", "off_host", "encrypted"),
    [
        ("mqtt://localhost", [False], [False]),
        ("mqtt://127.0.0.1:1883", [False], [False]),
        ("mqtt://[::1]:1883", [False], [False]),
        ("mqtt://192.168.1.9", [True], [False]),
        ("mqtts://broker.lan:8883", [True], [True]),
        ("wss://broker.lan", [True], [True]),
        ("mqtt://core-mosquitto:1883", [], [False]),
        ("nonsense", [], []),
        ("mqtt://[", [], []),
    ],
)
async def test_where_the_broker_is_and_whether_the_way_there_is_encrypted(
    folder: Path, server: str, off_host: list[bool], encrypted: list[bool]
) -> None:
    write(folder, configuration(mqtt={"server": server, "user": "hub", "password": PASSWORD}))
    items = await facts(folder)
    assert values(items, Hub.mqtt_off_host) == off_host
    assert values(items, Hub.mqtt_tls) == encrypted


async def test_a_certificate_that_is_not_checked_is_said_with_the_evidence(folder: Path) -> None:
    write(folder, configuration(mqtt={"server": "mqtts://broker.lan", "user": "hub", "reject_unauthorized": False}))
    assert "certificate not checked" in claims(await facts(folder), Hub.mqtt_tls)[0].where


async def test_a_hub_that_signs_in_without_a_user_shows_that_the_broker_lets_anybody_in(folder: Path) -> None:
    write(folder, configuration(mqtt={"server": "mqtt://localhost"}))
    assert values(await facts(folder), Hub.mqtt_anonymous) == [True]
    write(folder)
    assert values(await facts(folder), Hub.mqtt_anonymous) == []


# Locks and codes


async def test_locks_are_found_in_the_database_with_their_model_and_firmware(folder: Path) -> None:
    write(folder, database_DOT_db=DATABASE)
    items = await facts(folder)
    assert {values(items, field)[0] for field in (Lock.name, Lock.maker, Lock.zigbee_model, Lock.firmware)} == {
        "front_door",
        "Yale",
        "YRD226HA2619",
        "0x30680030",
    }
    assert values(items, Lock.radio) == values(items, Lock.security) == ["zigbee"]
    assert [one.key for one in items if isinstance(one, Same)] == [f"ieee:{LOCK}"]
    assert [[ref.key for ref in refs] for refs in values(items, Hub.locks)] == [[f"zigbee2mqtt:{LOCK}"]]


async def test_names_may_be_kept_in_files_of_their_own(folder: Path) -> None:
    write(
        folder,
        configuration(devices=["a.yaml", "missing.yaml"]),
        database_DOT_db=DATABASE,
        a_DOT_yaml=yaml.safe_dump({LOCK: {"friendly_name": "back_door"}}),
    )
    assert values(await facts(folder), Lock.name) == ["back_door"]


async def test_the_last_state_tells_battery_bolt_and_users_but_never_a_pin(folder: Path) -> None:
    state = {
        "battery": 81.6,
        "lock_state": "not_fully_locked",
        "auto_relock_time": 30,
        "last_seen": "2026-11-22T09:30:00+01:00",
        "update": {"state": "available", "installed_version": 3, "latest_version": 7},
        "users": {
            "3": {"status": "enabled", "pin_code": PIN},
            "4": {"status": "disabled", "pin_code": int(PIN) + 1},
            "5": {"status": "available"},
            "x": {"status": "enabled"},
        },
    }
    write(folder, database_DOT_db=DATABASE, state_DOT_json=json.dumps({LOCK: state}))
    items = await facts(folder)
    assert values(items, Lock.battery_percent) == [82]
    assert values(items, Lock.bolt) == ["unknown"]
    assert values(items, Lock.auto_relock_s) == [30]
    assert [at.isoformat() for at in values(items, Lock.last_heard)] == ["2026-11-22T08:30:00+00:00"]
    assert (values(items, Lock.update_available), values(items, Lock.update_version)) == ([True], ["7"])
    assert values(items, Credential.slot) == [3, 4]
    assert values(items, Credential.enabled) == [True, False]
    assert values(items, Credential.length) == [6, 6]
    first, second = values(items, Credential.fingerprint)
    assert values(items, Credential.near) == [(second,), (first,)]
    assert values(items, Hub.plain_pins) == [("state.json",)]


@pytest.mark.parametrize(
    "state",
    [
        {"battery": "full", "lock_state": 7, "update": "soon", "users": [1, 2], "auto_relock_time": True},
        {"battery": 300, "users": {"3": "enabled"}, "last_seen": 1e99, "update": {"state": "idle"}},
        {"battery": float("nan"), "last_seen": "yesterday", "users": {"9" * 9: {"status": "enabled"}}},
    ],
)
async def test_values_of_a_wrong_kind_are_left_unknown(folder: Path, state: dict[str, Any]) -> None:
    text = json.dumps({LOCK: state}).replace("NaN", "null")
    write(folder, database_DOT_db=DATABASE, state_DOT_json=text)
    items = await facts(folder)
    told = (
        Lock.battery_percent,
        Lock.bolt,
        Lock.update_available,
        Lock.last_heard,
        Lock.auto_relock_s,
        Credential.slot,
    )
    assert not any(claims(items, field) for field in told)


async def test_pins_that_the_hub_publishes_are_seen_in_its_options(folder: Path) -> None:
    write(folder, database_DOT_db=DATABASE)
    assert values(await facts(folder), Lock.pin_over_air) == []
    write(folder, configuration(device_options={"expose_pin": True}), database_DOT_db=DATABASE)
    assert values(await facts(folder), Lock.pin_over_air) == [True]
    own = {LOCK: {"friendly_name": "front_door", "expose_pin": False}}
    write(folder, configuration(device_options={"expose_pin": True}, devices=own), database_DOT_db=DATABASE)
    assert values(await facts(folder), Lock.pin_over_air) == []


@pytest.mark.parametrize("text", ["{}\nnot json\n", '{"endpoints": 3}\n', "[" * 10_000])
async def test_a_damaged_database_is_told_with_its_line_and_the_rest_goes_on(folder: Path, text: str) -> None:
    write(folder, database_DOT_db=text)
    items = await facts(folder)
    assert "database.db:" in reasons(items, Lock.hub)[0]
    assert values(items, Hub.open_files)


# Files


async def test_files_with_secrets_that_others_can_read_are_named(folder: Path) -> None:
    write(folder, database_DOT_db=DATABASE, coordinator_backup_DOT_json=backup(bytes(PRIVATE_KEY)))
    for name in ("configuration.yaml", "coordinator_backup.json", "database.db"):
        (folder / name).chmod(0o644)
    assert values(await facts(folder), Hub.open_files) == [("configuration.yaml", "coordinator_backup.json")]
    (folder / "configuration.yaml").chmod(0o600)
    (folder / "coordinator_backup.json").chmod(0o640)
    assert values(await facts(folder), Hub.open_files) == [("coordinator_backup.json",)]
    (folder / ".").chmod(0o700)
    assert values(await facts(folder), Hub.open_files) == [()]


async def test_a_configuration_whose_secrets_are_elsewhere_may_be_read_by_others(folder: Path) -> None:
    settings = configuration(
        mqtt={"server": "mqtt://localhost", "user": "hub", "password": "!secret mqtt"},
        frontend={"enabled": True, "auth_token": "!secret token"},
        advanced={"network_key": "!secret key"},
    )
    write(folder, settings, secret_DOT_yaml=yaml.safe_dump({"mqtt": PASSWORD, "token": TOKEN, "key": PRIVATE_KEY}))
    (folder / "configuration.yaml").chmod(0o644)
    (folder / "secret.yaml").chmod(0o644)
    assert values(await facts(folder), Hub.open_files) == [("secret.yaml",)]


@pytest.mark.parametrize(
    "line",
    [
        f'{{"pin_code": {PIN}}}',
        f'on \'zigbee2mqtt/front_door/set\' with data \'{{"pin_code":{{"user":3}},"pin_code":{PIN}}}\'',
        f'{{"message": "{{\\"pin_code\\": \\"{PIN}\\"}}"}}',
    ],
)
async def test_a_pin_in_a_log_is_found(folder: Path, line: str) -> None:
    write(folder)
    (folder / "log/2026-11-22").mkdir(parents=True)
    (folder / "log/2026-11-22/log.log").write_text(f"all is well\n{line}\n")
    assert values(await facts(folder), Hub.plain_pins) == [("log/2026-11-22/log.log",)]


# Bad input


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "holds no settings"),
        (b"- 1\n- 2\n", "holds no settings"),
        (b"a: [1\n", "is not valid YAML"),
        (b"a: &x [1]\nb: *x\n", "uses an alias"),
        (b"a: " + b"[" * 200, "nests deeper than 64 levels"),
        (b"\xff\xfe\xff", "text"),
        (b"a: !!python/object/apply:os.system ['true']\n", "is not valid YAML"),
        (b"x: y\n" * 900_000, "is larger than 4 MiB"),
    ],
)
async def test_an_unusable_configuration_is_one_clear_error_that_names_the_file(
    folder: Path, text: bytes, says: str
) -> None:
    (folder / "configuration.yaml").write_bytes(text)
    items, error = await read(folder)
    assert error is not None
    assert "configuration.yaml" in str(error)
    assert says in str(error)
    assert all(isinstance(one, Gap) for one in items)


async def test_a_folder_without_configuration_is_said_so(folder: Path) -> None:
    _items, error = await read(folder)
    assert error is not None
    assert "configuration.yaml: does not exist" in str(error)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.dictionaries(
            st.sampled_from(["mqtt", "advanced", "frontend", "devices", "device_options", "permit_join", "version"]),
            st.recursive(
                st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20)),
                lambda inner: st.one_of(
                    st.lists(inner, max_size=4),
                    st.dictionaries(
                        st.sampled_from(["server", "user", "password", "network_key", "auth_token", "host", LOCK]),
                        inner,
                        max_size=4,
                    ),
                ),
                max_leaves=8,
            ),
        ),
        st.text(max_size=50),
    )
)
async def test_any_configuration_is_either_read_or_refused(folder: Path, document: object) -> None:
    write(folder, document, database_DOT_db=DATABASE)
    items, error = await ask(Zigbee2Mqtt(Zigbee2Mqtt.Settings(data=folder), context("zigbee2mqtt")))
    assert error is not None or claims(items, Hub.software)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["configuration.yaml", "database.db", "state.json", "coordinator_backup.json"]), st.data())
async def test_any_damage_to_a_file_is_either_read_over_or_told(folder: Path, name: str, data: st.DataObject) -> None:
    write(
        folder,
        database_DOT_db=DATABASE,
        state_DOT_json=json.dumps({LOCK: {"battery": 80, "users": {"3": {"status": "enabled"}}}}),
        coordinator_backup_DOT_json=backup(bytes(PRIVATE_KEY)),
    )
    whole = (folder / name).read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    (folder / name).write_bytes(
        whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + data.draw(st.integers(0, 40)) :]
    )
    items, error = await ask(Zigbee2Mqtt(Zigbee2Mqtt.Settings(data=folder), context("zigbee2mqtt")))
    assert error is not None or claims(items, Hub.software)
