from __future__ import annotations

import hmac
import json
import os
from base64 import b64encode
from datetime import date
from hashlib import pbkdf2_hmac, sha256
from pathlib import Path
from typing import Any

import pytest
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError, ReadError, SourceError
from nightlatch.model.people import Account
from nightlatch.sources.bitwarden import Bitwarden
from tests.unit.sources.vaults import (
    HASS,
    MARK,
    MASTER,
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


def login(url: str, password: str | None, user: str = f"{MARK}-ana@{MARK}.example", **more: Any) -> dict[str, Any]:
    part = {"uris": [{"match": None, "uri": url}], "username": user, "password": password, "totp": None}
    part |= {key: more.pop(key) for key in ("totp", "fido2Credentials") if key in more}
    return {
        "id": f"{MARK}-id",
        "type": 1,
        "name": f"{MARK} title",
        "notes": f"{MARK} note",
        "fields": [{"name": f"{MARK} field", "value": f"{MARK} value", "type": 1}],
        "login": part,
        "passwordHistory": None,
        "creationDate": "2024-03-05T10:00:00.000Z",
        "revisionDate": "2026-01-01T10:00:00.000Z",
        "deletedDate": None,
    } | more


def export() -> dict[str, Any]:
    return {
        "encrypted": False,
        "folders": [{"id": f"{MARK}", "name": f"{MARK}"}],
        "items": [
            {"type": 3, "name": f"{MARK} card", "card": {"number": f"{MARK}4111", "code": f"{MARK}123"}},
            login(
                YALE, SHARED, passwordHistory=[{"lastUsedDate": "2025-02-03T04:05:06.000Z", "password": f"{MARK}old"}]
            ),
            login(SHOP, SHARED),
            login(HASS, STRONG, totp=f"otpauth://totp/{MARK}?secret={MARK}"),
            login(NUKI, SHARED, deletedDate="2025-01-01T00:00:00.000Z"),
            login(NUKI, SHARED, archivedDate="2025-01-01T00:00:00.000Z"),
            login("androidapp://com.august.luna", f"{MARK}-other", fido2Credentials=[{"keyValue": f"{MARK}key"}]),
        ],
    }


def sealed(plain: bytes, keys: tuple[bytes, bytes]) -> str:
    vector = os.urandom(16)
    padded = plain + bytes([16 - len(plain) % 16]) * (16 - len(plain) % 16)
    encryptor = Cipher(algorithms.AES(keys[0]), modes.CBC(vector)).encryptor()
    text = encryptor.update(padded) + encryptor.finalize()
    seal = hmac.digest(keys[1], vector + text, "sha256")
    return "2." + "|".join(b64encode(part).decode() for part in (vector, text, seal))


def protected(content: bytes, **kdf: Any) -> dict[str, Any]:
    """An export under MASTER, as Bitwarden writes it."""
    salt = b64encode(os.urandom(16)).decode()
    if kdf["kdfType"] == 0:
        master = pbkdf2_hmac("sha256", MASTER.encode(), salt.encode(), kdf["kdfIterations"])
    else:
        master = hash_secret_raw(
            MASTER.encode(),
            sha256(salt.encode()).digest(),
            time_cost=kdf["kdfIterations"],
            memory_cost=kdf["kdfMemory"] * 1024,
            parallelism=kdf["kdfParallelism"],
            hash_len=32,
            type=Type.ID,
        )
    keys = (hmac.digest(master, b"enc\x01", "sha256"), hmac.digest(master, b"mac\x01", "sha256"))
    return {
        "encrypted": True,
        "passwordProtected": True,
        "salt": salt,
        **kdf,
        "encKeyValidation_DO_NOT_EDIT": sealed(b"a guid", keys),
        "data": sealed(content, keys),
    }


PBKDF2 = {"kdfType": 0, "kdfIterations": 5000}
ARGON2 = {"kdfType": 1, "kdfIterations": 2, "kdfMemory": 16, "kdfParallelism": 4}


def written(path: Path, content: object) -> Path:
    file = path / "export.json"
    file.write_text(json.dumps(content))
    return file


def refused(path: Path, password: str | None = MASTER) -> NightlatchError:
    with pytest.raises(NightlatchError) as caught:
        list(vault(Bitwarden, path, password).collect())
    assert caught.value.where.startswith(str(path))
    assert_silent(caught.value)
    return caught.value


def test_accounts_of_locks_and_of_home_assistant_are_told_and_a_shop_is_not(tmp_path: Path) -> None:
    items = list(vault(Bitwarden, written(tmp_path, export())).collect())
    assert facts(items, Account.name) == {
        "yale": "Yale account",
        "homeassistant": "Home Assistant account",
        "august": "August account",
    }
    assert facts(items, Account.opens_door) == {"yale": True, "august": True}
    assert set(facts(items, Account.in_manager)) == {"yale", "homeassistant", "august"}


def test_reuse_counts_every_entry_of_the_vault_that_is_not_deleted(tmp_path: Path) -> None:
    items = list(vault(Bitwarden, written(tmp_path, export())).collect())
    assert facts(items, Account.password_reused) == {"yale": 1, "homeassistant": 0, "august": 0}


def test_the_same_account_kept_twice_is_no_reuse(tmp_path: Path) -> None:
    content = {"items": [login(YALE, STRONG), login("https://account.aaecosystem.com", STRONG)]}
    items = list(vault(Bitwarden, written(tmp_path, content)).collect())
    assert facts(items, Account.password_reused) == {"yale": 0}


def test_two_people_with_one_password_at_one_vendor_reuse_it(tmp_path: Path) -> None:
    content = {"items": [login(YALE, STRONG, user="a"), login(YALE, STRONG, user="b")]}
    items = list(vault(Bitwarden, written(tmp_path, content)).collect())
    assert facts(items, Account.password_reused) == {"yale": 1, "yale-2": 1}
    assert facts(items, Account.name)["yale-2"] == "Yale account 2"


def test_strength_takes_the_vendor_and_the_user_name_as_guesses(tmp_path: Path) -> None:
    content = {"items": [login(YALE, "zanzibarquokka", user="zanzibarquokka"), login(NUKI, "zanzibarquokka", user="b")]}
    scores = facts(list(vault(Bitwarden, written(tmp_path, content)).collect()), Account.password_score)
    assert scores["yale"] < scores["nuki"]


def test_age_comes_from_the_last_use_of_the_previous_password_or_else_from_the_items_creation(tmp_path: Path) -> None:
    days = facts(list(vault(Bitwarden, written(tmp_path, export())).collect()), Account.password_changed_on)
    assert days == {"yale": date(2025, 2, 3), "homeassistant": date(2024, 3, 5), "august": date(2024, 3, 5)}


def test_a_code_seed_is_an_app_a_passkey_is_a_passkey_and_neither_proves_nothing(tmp_path: Path) -> None:
    items = list(vault(Bitwarden, written(tmp_path, export())).collect())
    assert facts(items, Account.two_factor) == {"homeassistant": "app", "august": "passkey"}
    (gap,) = gaps(items, Account.two_factor)
    assert gap.about is not None
    assert gap.about.key == "bitwarden:yale"
    assert "does not prove" in gap.reason


def test_an_entry_without_a_password_has_unknown_strength(tmp_path: Path) -> None:
    items = list(vault(Bitwarden, written(tmp_path, {"items": [login(YALE, None)]})).collect())
    assert facts(items, Account.password_score) == {}
    assert facts(items, Account.in_manager) == {}
    assert len(gaps(items, Account.password_reused)) == 1


def test_a_vault_without_a_fitting_login_says_so(tmp_path: Path) -> None:
    items = list(vault(Bitwarden, written(tmp_path, {"items": [login(SHOP, SHARED)]})).collect())
    assert facts(items, Account.name) == {}
    (gap,) = items
    assert_silent(gap)
    assert gaps(items, Account.password_score) == [gap]


def test_no_planted_text_leaves_the_source(tmp_path: Path) -> None:
    source = vault(Bitwarden, written(tmp_path, export()))
    assert_silent(source, source.settings, *source.collect(), *source.logins())


@pytest.mark.parametrize("kdf", [PBKDF2, ARGON2], ids=["pbkdf2", "argon2id"])
def test_a_password_protected_export_tells_the_same_as_a_plain_one(tmp_path: Path, kdf: dict[str, int]) -> None:
    file = written(tmp_path, protected(json.dumps(export()).encode(), **kdf))
    items = list(vault(Bitwarden, file).collect())
    assert facts(items, Account.password_reused) == {"yale": 1, "homeassistant": 0, "august": 0}
    assert_silent(*items)


def test_a_wrong_password_and_a_missing_one_are_told_apart(tmp_path: Path) -> None:
    file = written(tmp_path, protected(b"{}", **PBKDF2))
    assert "password is wrong" in refused(file, "not it").what
    assert "needs its password" in refused(file, None).what


def test_an_account_restricted_export_is_refused_with_what_to_choose_instead(tmp_path: Path) -> None:
    content = {"encrypted": True, "encKeyValidation_DO_NOT_EDIT": "2.a|b|c", "items": [{"type": 1, "name": "2.x|y|z"}]}
    error = refused(written(tmp_path, content))
    assert isinstance(error, SourceError)
    assert "Password protected" in error.todo


def test_content_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    content = protected(b"{}" * 40, **PBKDF2)
    vector, text, seal = content["data"].split("|")
    content["data"] = "|".join((vector, text[:8] + ("A" if text[8] != "A" else "B") + text[9:], seal))
    assert "seal" in refused(written(tmp_path, content)).what


@pytest.mark.parametrize(
    "hostile",
    [
        {"kdfType": 0, "kdfIterations": 2**31},
        {"kdfType": 0, "kdfIterations": 0},
        {"kdfType": 1, "kdfIterations": 3, "kdfMemory": 10_240, "kdfParallelism": 4},
        {"kdfType": 1, "kdfIterations": 2**31, "kdfMemory": 64, "kdfParallelism": 4},
        {"kdfType": 1, "kdfIterations": 3, "kdfMemory": 64, "kdfParallelism": 100_000},
        {"kdfType": 1, "kdfIterations": 3, "kdfMemory": -1, "kdfParallelism": 1},
        {"kdfType": 7, "kdfIterations": 1},
    ],
)
def test_a_key_derivation_that_asks_for_too_much_is_refused_before_it_runs(
    tmp_path: Path, hostile: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def must_not_run(*_: object, **__: object) -> bytes:
        raise AssertionError("derived")

    monkeypatch.setattr("nightlatch.sources._kdf.pbkdf2_hmac", must_not_run)
    monkeypatch.setattr("argon2.low_level.hash_secret_raw", must_not_run)
    file = written(tmp_path, {**protected(b"{}", **PBKDF2), **hostile})
    assert isinstance(refused(file), ReadError)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"items": 3}',
        b'{"items": [{"type": 1, "login": {"password": 5}}]}',
        b'{"encrypted": true, "passwordProtected": true, "data": "0.x"}',
        b"[" * 100_000,
        '{"items": []}'.encode("utf-16"),
        b'{"items": [{"type": 1, "login": {"password": "\xff\xfe"}}]}',
        json.dumps(export()).encode()[:-40],
    ],
)
def test_damaged_files_are_one_clear_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "export.json"
    file.write_bytes(content)
    refused(file)


def test_a_missing_file_and_a_folder_are_one_clear_error(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "nothing.json").what
    refused(tmp_path)


def test_a_vault_of_too_many_logins_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightlatch.sources._vault.MAX_LOGINS", 5)
    assert "more than 5 logins" in refused(written(tmp_path, {"items": [login(SHOP, SHARED)] * 6})).what


def test_accounts_beyond_the_bound_are_reported_as_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nightlatch.sources._vault.MAX_ACCOUNTS", 2)
    content = {"items": [login(YALE, f"{MARK}{number}", user=str(number)) for number in range(4)]}
    items = list(vault(Bitwarden, written(tmp_path, content)).collect())
    assert len(facts(items, Account.name)) == 2
    assert any("only its first 2" in gap.reason for gap in gaps(items, Account.name))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
ODD_LOGIN = st.fixed_dictionaries(
    {"type": st.just(1) | JSON},
    optional={
        "login": st.fixed_dictionaries(
            {},
            optional={
                "uris": st.lists(st.fixed_dictionaries({"uri": st.text() | st.sampled_from([YALE, HASS, "//[::1"])})),
                "password": st.text() | st.none(),
                "username": st.text() | st.none(),
                "totp": JSON,
            },
        ),
        "creationDate": st.text(),
        "passwordHistory": st.lists(st.fixed_dictionaries({"lastUsedDate": st.text()})) | JSON,
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=JSON | st.fixed_dictionaries({"items": st.lists(ODD_LOGIN, max_size=5)}))
def test_whatever_json_comes_only_clear_errors_do(tmp_path: Path, content: object) -> None:
    file = written(tmp_path, content)
    try:
        list(vault(Bitwarden, file).collect())
    except NightlatchError as error:
        assert error.where
