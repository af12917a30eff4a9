from __future__ import annotations

import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch import plugs
from nightlatch.errors import NightlatchError
from nightlatch.model.people import Account
from nightlatch.sources.onepassword import OnePassword
from tests.unit.sources.vaults import (
    HASS,
    MARK,
    NUKI,
    SHARED,
    SHOP,
    STRONG,
    YALE,
    assert_silent,
    facts,
    gaps,
    vault,
)

MARCH_2024 = 1_709_632_800
MAY_2025 = 1_746_612_000


def item(url: str, password: str, **more: Any) -> dict[str, Any]:
    details = {
        "loginFields": [
            {"value": f"{MARK}-ana", "id": "", "name": f"{MARK}", "fieldType": "T", "designation": "username"},
            {"value": password, "id": "", "name": f"{MARK}", "fieldType": "P", "designation": "password"},
            {"value": f"{MARK}pin", "id": "", "name": f"{MARK}", "fieldType": "P"},
        ],
        "notesPlain": f"{MARK} note",
        "sections": more.pop("sections", []),
        "passwordHistory": more.pop("history", []),
    } | more.pop("details", {})
    return {
        "uuid": f"{MARK}",
        "createdAt": MARCH_2024,
        "updatedAt": MAY_2025,
        "state": "active",
        "categoryUuid": "001",
        "details": details,
        "overview": {
            "title": f"{MARK} title",
            "subtitle": f"{MARK} subtitle",
            "url": url,
            "urls": [{"label": f"{MARK}", "url": url}],
            "tags": [f"{MARK}"],
        },
    } | more


def totp() -> list[dict[str, Any]]:
    field = {"title": f"{MARK}", "id": f"TOTP_{MARK}", "value": {"totp": f"otpauth://totp/{MARK}?secret={MARK}"}}
    return [{"title": f"{MARK}", "name": f"{MARK}", "fields": [field]}]


def router() -> dict[str, Any]:
    fields = [
        {"title": "base station name", "id": "name", "value": {"string": f"{MARK}"}},
        {"title": "base station password", "id": "password", "value": {"concealed": f"{MARK}-router"}},
        {"title": "server / IP address", "id": "server", "value": {"string": "192.168.1.1"}},
        {"title": "wireless password", "id": "wireless_password", "value": {"concealed": f"{MARK}-wifi"}},
    ]
    made = item("", "", categoryUuid="109")
    made["details"] = {"sections": [{"title": "", "fields": fields}]}
    return made


def export() -> list[dict[str, Any]]:
    card = item("", "", categoryUuid="002")
    card["details"] = {"sections": [{"fields": [{"id": "ccnum", "value": {"creditCardNumber": f"{MARK}4111"}}]}]}
    return [
        card,
        item(YALE, SHARED, history=[{"value": f"{MARK}old", "time": MAY_2025}]),
        item(SHOP, SHARED),
        item(HASS, STRONG, sections=totp()),
        item(NUKI, SHARED, state="archived"),
        item(NUKI, SHARED, trashed=True),
        router(),
        item("https://app.tedee.com", f"{MARK}-t", details={"passkey": {"privateKey": f"{MARK}"}}),
    ]


def written(path: Path, items: object, **members: bytes) -> Path:
    file = path / "export.1pux"
    vaults = [{"attrs": {"name": f"{MARK}"}, "items": items}]
    data = {"accounts": [{"attrs": {"email": f"{MARK}@x", "name": f"{MARK}"}, "vaults": vaults}]}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export.attributes", '{"version": 3}')
        archive.writestr(f"files/{MARK}.pdf", MARK * 10)
        archive.writestr("export.data", members.get("data", json.dumps(data).encode()))
    return file


def refused(path: Path) -> NightlatchError:
    with pytest.raises(NightlatchError) as caught:
        list(vault(OnePassword, path).collect())
    assert caught.value.where.startswith(str(path))
    assert_silent(caught.value)
    return caught.value


def test_the_kind_is_found_although_no_module_can_have_its_name() -> None:
    assert plugs.find("1password") is OnePassword


def test_accounts_of_vendors_hub_and_router_are_told_with_strength_reuse_and_age(tmp_path: Path) -> None:
    items = list(vault(OnePassword, written(tmp_path, export())).collect())
    assert facts(items, Account.service) == {
        "yale": "Yale",
        "homeassistant": "homeassistant",
        "home-network-192.168.1.1": "home network",
        "tedee": "Tedee",
    }
    assert facts(items, Account.password_reused)["yale"] == 1
    assert facts(items, Account.password_changed_on)["yale"] == date(2025, 5, 7)
    assert facts(items, Account.password_changed_on)["homeassistant"] == date(2024, 3, 5)


def test_a_code_seed_is_an_app_and_a_passkey_is_a_passkey(tmp_path: Path) -> None:
    items = list(vault(OnePassword, written(tmp_path, export())).collect())
    assert facts(items, Account.two_factor) == {"homeassistant": "app", "tedee": "passkey"}
    assert len(gaps(items, Account.two_factor)) == 2


def test_no_planted_text_leaves_the_source(tmp_path: Path) -> None:
    source = vault(OnePassword, written(tmp_path, export()))
    assert_silent(source, source.settings, *source.collect(), *source.logins())


def test_values_that_are_objects_are_passed_over(tmp_path: Path) -> None:
    odd = item(YALE, STRONG)
    odd["details"]["loginFields"][0]["value"] = {"email_address": f"{MARK}"}
    assert facts(vault(OnePassword, written(tmp_path, [odd])).collect(), Account.name) == {"yale": "Yale account"}


@pytest.mark.parametrize("data", [b"", b"{}", b'{"accounts": 1}', b"\xff", b'{"accounts": [' + b"[" * 90])
def test_damaged_content_is_one_clear_error(tmp_path: Path, data: bytes) -> None:
    assert "export.data" in refused(written(tmp_path, [], data=data)).where


def test_other_files_are_one_clear_error(tmp_path: Path) -> None:
    whole = written(tmp_path, export()).read_bytes()
    for number, content in enumerate((b"", b"PK\x03\x04", b"not a zip", whole[:-30], whole[: len(whole) // 2])):
        file = tmp_path / f"{number}.1pux"
        file.write_bytes(content)
        refused(file)


def test_a_zip_that_is_no_export_is_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "other.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../export.data", "{}")
    assert "no 1PUX export" in refused(file).what


def test_content_that_unfolds_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    assert "larger than 16 MiB" in refused(written(tmp_path, [], data=b" " * (17 * 1024 * 1024))).what


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
ITEMS = st.lists(
    st.dictionaries(
        st.sampled_from(["state", "trashed", "createdAt", "details", "overview"]),
        PLAIN
        | st.dictionaries(
            st.sampled_from(["loginFields", "sections", "passwordHistory", "url", "urls", "password"]),
            PLAIN
            | st.lists(st.dictionaries(st.sampled_from(["fields", "time", "url", "value", "designation"]), PLAIN)),
        ),
    )
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items=ITEMS | PLAIN)
def test_whatever_items_come_only_clear_errors_do(tmp_path: Path, items: object) -> None:
    try:
        list(vault(OnePassword, written(tmp_path, items)).collect())
    except NightlatchError as error:
        assert error.where
